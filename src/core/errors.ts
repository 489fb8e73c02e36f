/** Every way in which a request can be refused. Each surface turns all of them into its own words. */
export type ErrorCode =
  | 'invalid'
  | 'invalid_grant'
  | 'no_token'
  | 'invalid_token'
  | 'wrong_secret'
  | 'banned'
  | 'restricted'
  | 'not_found'
  | 'limit_reached'
  | 'conflict'
  | 'rate_limited'
  | 'dm_closed'
  | 'undelivered'
  | 'unconfirmed'
  | 'upstream'
  | 'unavailable';

export interface AppErrorOptions extends ErrorOptions {
  /** After how many milliseconds another attempt may end otherwise. */
  readonly retryAfterMs?: number;
}

/**
 * A refusal with a reason. The message of `invalid`, `invalid_grant`, `restricted`, `undelivered`,
 * `unconfirmed`, `upstream`, `limit_reached`, `conflict` and `rate_limited` is written for whoever asked; that of
 * the others is for the log.
 */
export class AppError extends Error {
  override readonly name = 'AppError';
  readonly code: ErrorCode;
  readonly retryAfterMs: number | undefined;

  constructor(code: ErrorCode, message: string, options?: AppErrorOptions) {
    super(message, options);
    this.code = code;
    this.retryAfterMs = options?.retryAfterMs;
  }
}

export const invalid = (message: string) => new AppError('invalid', message);
/** What came from Discord's consent page is not good, or not any more (RFC 6749, section 5.2). */
export const invalidGrant = (message: string) => new AppError('invalid_grant', message);
export const banned = () => new AppError('banned', 'the account is banned');
export const noSuchSession = () => new AppError('not_found', 'no such session');

/** Somebody else was faster. */
export function conflict(message: string, retryAfterMs?: number): AppError {
  return new AppError('conflict', message, retryAfterMs === undefined ? {} : { retryAfterMs });
}

/** Discord failed, not whoever asked: another attempt may end otherwise. */
export function upstream(cause: unknown, retryAfterMs = 5_000): AppError {
  return new AppError('upstream', 'Discord does not answer right now. Try again soon.', {
    cause,
    retryAfterMs,
  });
}

/** Refusals in which the surroundings failed: the operator wants to know. */
export const ENVIRONMENTAL: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'undelivered',
  'unconfirmed',
  'upstream',
  'unavailable',
]);
