/** Every way in which a request can be refused. Each surface turns all of them into its own words. */
export type ErrorCode =
  | 'invalid'
  | 'no_token'
  | 'invalid_token'
  | 'banned'
  | 'restricted'
  | 'not_found'
  | 'limit_reached'
  | 'dm_closed'
  | 'undelivered'
  | 'unavailable';

/**
 * A refusal with a reason. The message of `invalid` and `restricted` is written for whoever asked;
 * the other codes speak for themselves and their message is for the log.
 */
export class AppError extends Error {
  override readonly name = 'AppError';
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

export const invalid = (message: string) => new AppError('invalid', message);
export const banned = () => new AppError('banned', 'the account is banned');
export const noSuchSession = () => new AppError('not_found', 'no such session');
