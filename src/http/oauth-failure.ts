import type { ContentfulStatusCode } from 'hono/utils/http-status';
import type { OAuthFailure } from './openapi/schemas.ts';

export type OAuthError = OAuthFailure['error'];

/** Endpoints whose clients read `error` and `error_description` (RFC 6749, section 5.2). */
const ENDPOINTS = new Set(['/oauth2', '/introspect', '/revoke']);

export const isOAuthEndpoint = (path: string) => ENDPOINTS.has(path);

/** What OAuth calls a failure with this status that has no name of its own. */
export function oauthErrorFor(status: ContentfulStatusCode): OAuthError {
  switch (status) {
    case 401:
      return 'invalid_client';
    case 403:
      return 'access_denied';
    case 429:
    case 502:
    case 503:
      return 'temporarily_unavailable';
    case 500:
      return 'server_error';
    default:
      return 'invalid_request';
  }
}

/** The message in the characters that RFC 6749, section 5.2, allows: ASCII without `"` and `\`. */
export function oauthDescription(message: string): string {
  return message.replaceAll('"', "'").replaceAll(/[^ !#-[\]-~]+/g, ' ');
}
