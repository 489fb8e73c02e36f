import type { Context } from 'hono';
import type { HTTPException } from 'hono/http-exception';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { type AppError, sentenceFor } from '../core/errors.ts';
import { scopeText } from '../core/policy/scopes.ts';
import {
  isOAuthEndpoint,
  oauthDescription,
  type OAuthError,
  oauthErrorFor,
} from './oauth-failure.ts';
import type { Failure, OAuthFailure } from './openapi/schemas.ts';
import { MESSAGES, STATUSES } from './refusals.ts';

const REALM = 'realm="Latchkey"';

export const BASIC_CHALLENGE = `Basic ${REALM}`;

/** RFC 6750, section 3. */
export function bearerChallenge(error?: 'invalid_token' | 'invalid_request'): string {
  return `Bearer ${REALM}${error === undefined ? '' : `, error="${error}"`}`;
}

/** RFC 6750, section 3.1: with all that is needed. */
function scopeChallenge(needed: readonly string[]): string {
  return `Bearer ${REALM}, error="insufficient_scope", scope="${scopeText(needed)}"`;
}

const CHALLENGES: Partial<Record<Failure['code'], string>> = {
  NoAuthToken: bearerChallenge(),
  InvalidToken: bearerChallenge('invalid_token'),
};

/** How a request is refused. */
export interface FailedRequest extends Failure {
  readonly status: ContentfulStatusCode;
  readonly retryAfterMs?: number | undefined;
  /** What OAuth calls it, where the status does not tell. */
  readonly error?: OAuthError | undefined;
  /** `WWW-Authenticate`, where the code does not tell. */
  readonly challenge?: string | undefined;
  /** What the body says besides. */
  readonly details?: { readonly scope: string; readonly missing: readonly string[] } | undefined;
}

/** A refusal of the HTTP API's own: the request itself is no good, or there are too many. */
export class RequestError extends Error {
  override readonly name = 'RequestError';
  readonly answer: FailedRequest;

  constructor(answer: FailedRequest) {
    super(answer.message);
    this.answer = answer;
  }
}

export const badRequest = (message: string, challenge?: string) =>
  new RequestError({ status: 400, code: 'BadRequest', message, challenge });

export const tooMany = (message: string, retryAfterMs: number) =>
  new RequestError({ status: 429, code: 'RateLimited', message, retryAfterMs });

/** What the API answers to a refusal of the core. */
export function answerTo({ refusal, retryAfterMs }: AppError): FailedRequest {
  const message = sentenceFor(MESSAGES, refusal) ?? refusal.code;
  const failed = { ...STATUSES[refusal.code], message, retryAfterMs };
  if (refusal.code !== 'insufficient_scope') return failed;
  const { needed, missing } = refusal;
  return {
    ...failed,
    challenge: scopeChallenge(needed),
    details: { scope: scopeText(needed), missing },
  };
}

/**
 * Answers with the failure's body, at an endpoint of OAuth in the shape of RFC 6749, section 5.2, too;
 * a 401 with the challenge that RFC 6750, section 3, asks for.
 */
export function refuse(context: Context, failed: FailedRequest): Response {
  const { status, code, message, retryAfterMs, challenge = CHALLENGES[code] } = failed;
  if (challenge !== undefined) context.header('WWW-Authenticate', challenge);
  if (retryAfterMs !== undefined) {
    context.header('Retry-After', String(Math.max(1, Math.ceil(retryAfterMs / 1000))));
  }
  const failure: Failure = { message, code, ...failed.details };
  if (!isOAuthEndpoint(context.req.path)) return context.json(failure, status);
  neverStored(context);
  const { error = oauthErrorFor(status) } = failed;
  const body: OAuthFailure = { ...failure, error, error_description: oauthDescription(message) };
  return context.json(body, status);
}

/** As RFC 6749, section 5.1, wants it of what has tokens in it, for caches of any age. */
export function neverStored(context: Context): void {
  context.header('Cache-Control', 'no-store');
  context.header('Pragma', 'no-cache');
}

/** What the framework itself refuses: a body that is too large, of another type or not JSON. */
export function fromFramework({ status, message }: HTTPException): FailedRequest {
  return { status, code: 'BadRequest', message };
}

export const NOT_FOUND: FailedRequest = {
  status: 404,
  code: 'NotFound',
  message: 'There is nothing at this address.',
};
