import type { Context } from 'hono';
import type { HTTPException } from 'hono/http-exception';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import type { AppError, ErrorCode } from '../core/errors.ts';
import type { Failure } from './schemas.ts';

interface Answer {
  readonly status: ContentfulStatusCode;
  readonly code: Failure['code'];
  /** What to say where the error's own message is for the log. */
  readonly message?: string;
}

const ANSWERS = {
  invalid: { status: 400, code: 'BadRequest' },
  invalid_grant: { status: 400, code: 'BadRequest' },
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

export interface Refusal extends Failure {
  readonly status: ContentfulStatusCode;
  readonly retryAfterMs?: number | undefined;
}

export function toRefusal(error: AppError): Refusal {
  const { status, code, message = error.message }: Answer = ANSWERS[error.code];
  return { status, code, message, retryAfterMs: error.retryAfterMs };
}

/** Answers with the failure's body; a 401 with the challenge that RFC 6750, section 3, asks for. */
export function refuse(
  context: Context,
  { status, code, message, retryAfterMs }: Refusal,
): Response {
  if (code === 'NoAuthToken') context.header('WWW-Authenticate', 'Bearer');
  if (code === 'InvalidToken') {
    context.header('WWW-Authenticate', 'Bearer error="invalid_token"');
  }
  if (retryAfterMs !== undefined) {
    context.header('Retry-After', String(Math.max(1, Math.ceil(retryAfterMs / 1000))));
  }
  return context.json({ message, code } satisfies Failure, status);
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
