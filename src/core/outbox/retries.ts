import { AppError } from '../errors.ts';

const LONGEST_MS = 3_600_000;
/** With the pauses in between, a day. */
const ATTEMPTS = 32;

/**
 * How long to wait after so many attempts, of which the last ended in `error`: twice as long each time,
 * or longer where it is known when another may end otherwise. Null to give up.
 */
export function pauseAfter(attempts: number, error: unknown, firstMs: number): number | null {
  if (attempts >= ATTEMPTS) return null;
  const told = error instanceof AppError ? (error.retryAfterMs ?? 0) : 0;
  return Math.min(Math.max(firstMs * 2 ** (attempts - 1), told), LONGEST_MS);
}
