import type { Context } from 'hono';
import type { HTTPException } from 'hono/http-exception';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { AppError, type ErrorCode } from '../core/errors.ts';
import {
  isOAuthEndpoint,
  oauthDescription,
  type OAuthError,
  oauthErrorFor,
} from './oauth-failure.ts';
import type { Failure, OAuthFailure } from './openapi/schemas.ts';

interface Answer {
  readonly status: ContentfulStatusCode;
  readonly code: Failure['code'];
  /** What to say where the error's own message is for the log. */
  readonly message?: string;
  /** What OAuth calls it, where the status does not tell. */
  readonly error?: OAuthError;
}

const ANSWERS = {
  invalid: { status: 400, code: 'BadRequest' },
  invalid_grant: { status: 400, code: 'BadRequest', error: 'invalid_grant' },
  no_token: {
    status: 401,
    code: 'NoAuthToken',
    message: 'This needs a token, in the Authorization header.',
  },
  invalid_token: {
    status: 401,
    code: 'InvalidToken',
    message: 'The token is not valid. It may have expired or been revoked.',
  },
  wrong_secret: {
    status: 401,
    code: 'InvalidToken',
    message: 'This is not the INTROSPECTION_SECRET.',
  },
  banned: { status: 403, code: 'ApiBanned', message: 'The account is banned from this API.' },
  restricted: { status: 403, code: 'Restricted' },
  not_found: { status: 404, code: 'NotFound', message: 'You have no such live session.' },
  limit_reached: {
    status: 409,
    code: 'LimitReached',
  },
  conflict: { status: 409, code: 'Conflict' },
  rate_limited: { status: 429, code: 'RateLimited' },
  dm_closed: {
    status: 502,
    code: 'Upstream',
    message: 'Discord does not deliver messages to this member.',
  },
  undelivered: { status: 502, code: 'Upstream', message: 'Discord did not deliver the message.' },
  unconfirmed: {
    status: 502,
    code: 'Upstream',
    message: 'Discord did not say whether it delivered the message.',
  },
  upstream: { status: 503, code: 'Upstream' },
  unavailable: {
    status: 503,
    code: 'InternalError',
    message: 'The database cannot be written right now. Nothing was changed.',
  },
} as const satisfies Record<ErrorCode, Answer>;

const REALM = 'realm="Latchkey"';

export const BASIC_CHALLENGE = `Basic ${REALM}`;

/** RFC 6750, section 3. */
export function bearerChallenge(error?: 'invalid_token' | 'invalid_request'): string {
  return `Bearer ${REALM}${error === undefined ? '' : `, error="${error}"`}`;
}

const CHALLENGES: Partial<Record<Failure['code'], string>> = {
  NoAuthToken: bearerChallenge(),
  InvalidToken: bearerChallenge('invalid_token'),
};

export interface Refusal extends Failure {
  readonly status: ContentfulStatusCode;
  readonly retryAfterMs?: number | undefined;
  /** What OAuth calls it, where the status does not tell. */
  readonly error?: OAuthError | undefined;
  /** `WWW-Authenticate`, where the code does not tell. */
  readonly challenge?: string | undefined;
}

/** Somebody sent a token in the address, where it is no credential but a leak. */
export class TokenInAddress extends AppError {
  constructor() {
    super(
      'invalid',
      'A token must not be in the address. Send it in the Authorization header, and replace this one.',
    );
  }
}

export function toRefusal(error: AppError): Refusal {
  const answer: Answer = ANSWERS[error.code];
  const { status, code, message = error.message } = answer;
  const challenge =
    error instanceof TokenInAddress ? bearerChallenge('invalid_request') : undefined;
  return {
    status,
    code,
    message,
    retryAfterMs: error.retryAfterMs,
    error: answer.error,
    challenge,
  };
}

/**
 * Answers with the failure's body, at an endpoint of OAuth in the shape of RFC 6749, section 5.2, too;
 * a 401 with the challenge that RFC 6750, section 3, asks for.
 */
export function refuse(context: Context, refusal: Refusal): Response {
  const { status, code, message, retryAfterMs, challenge = CHALLENGES[code] } = refusal;
  if (challenge !== undefined) context.header('WWW-Authenticate', challenge);
  if (retryAfterMs !== undefined) {
    context.header('Retry-After', String(Math.max(1, Math.ceil(retryAfterMs / 1000))));
  }
  const failure: Failure = { message, code };
  if (!isOAuthEndpoint(context.req.path)) return context.json(failure, status);
  neverStored(context);
  const { error = oauthErrorFor(status) } = refusal;
  const body: OAuthFailure = { ...failure, error, error_description: oauthDescription(message) };
  return context.json(body, status);
}

/** As RFC 6749, section 5.1, wants it of what has tokens in it, for caches of any age. */
export function neverStored(context: Context): void {
  context.header('Cache-Control', 'no-store');
  context.header('Pragma', 'no-cache');
}

/** What the framework itself refuses: a body that is too large, of another type or not JSON. */
export function fromFramework({ status, message }: HTTPException): Refusal {
  return { status, code: 'BadRequest', message };
}

export const NOT_FOUND: Refusal = {
  status: 404,
  code: 'NotFound',
  message: 'There is nothing at this address.',
};
