import { refuse } from '../../../core/errors.ts';
import { messageOf } from '../../store-error.ts';

const RETRY_AFTER_MS = 5_000;

/** A statement failed, or the way to the server. */
export class DatabaseFailure extends Error {
  override readonly name = 'DatabaseFailure';
  /** SQLSTATE ("PostgreSQL Error Codes"); empty where the server said nothing. */
  readonly state: string;

  constructor(cause: unknown) {
    super(messageOf(cause), { cause });
    const { code } = cause as { code?: unknown };
    this.state = typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) ? code : '';
  }
}

/** What the driver does, with its failures as ours. */
export async function byDriver<Result>(work: Promise<Result>): Promise<Result> {
  try {
    return await work;
  } catch (error) {
    throw new DatabaseFailure(error);
  }
}

/** Two transactions were in each other's way, and this one is to begin again. */
export class Collision extends Error {
  override readonly name = 'Collision';
}

/** No answer came to a commit: all of it was kept, or nothing. */
export class LostAnswer extends Error {
  override readonly name = 'LostAnswer';
}

/** Also a deadlock, and what serializable transactions meet. Nothing of it was done. */
export function isCollision(error: unknown): boolean {
  if (error instanceof DatabaseFailure) return /^40(001|P01)$/.test(error.state);
  return error instanceof Collision;
}

/**
 * Whether the connection is good after a rollback: not if the server is about to end it (57P0x) or has
 * become a standby (25006), nor where nobody knows.
 */
export function isReusable(error: unknown): boolean {
  if (error instanceof DatabaseFailure) return /^(2[23]|40|42|53|55|57014)/.test(error.state);
  return error instanceof Collision;
}

/** Whether the server said why; else it may have done all that it was sent. */
export function isSaid(error: unknown): boolean {
  return error instanceof DatabaseFailure && error.state !== '';
}

/** The request or we are at fault. All else is a fault of the surroundings. */
const OURS = /^(0A|2[0-4]|26|2[BDF]|34|42(?!501)|P0|XX)/;

/** As who asked is to see it: `unavailable` where the database or the way there failed. */
export function explain(error: unknown): unknown {
  if (!(error instanceof DatabaseFailure) || OURS.test(error.state)) return error;
  return unavailable(error);
}

export function unavailable(cause: Error) {
  return refuse({ code: 'unavailable' }, { cause, retryAfterMs: RETRY_AFTER_MS });
}

/** Nobody could find out in time whether it was kept. */
export function uncertain(cause: unknown) {
  return refuse({ code: 'uncertain', reason: 'change' }, { cause, retryAfterMs: RETRY_AFTER_MS });
}
