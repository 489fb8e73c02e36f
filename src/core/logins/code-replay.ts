import { AppError, type ErrorCode, refuse } from '../errors.ts';
import { hashToken } from '../sessions/token.ts';
import type { Clock, Instant } from '../time.ts';

const SPENT_KEPT_MS = 10 * 60_000;
const SPENT_KEPT = 10_000;
/** After these the same code may be tried again. */
const PASSING: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'upstream',
  'unavailable',
  'uncertain',
]);

/**
 * Lets each code be used once. One that failed for want of Discord or the database is good again. This
 * is for twins that arrive together and for a clear answer; that a code is single-use at all, Discord
 * sees to.
 */
export function createReplayProtection(clock: Clock) {
  const spent = new Map<string, Instant>();

  function forgetOld(): void {
    const old = clock() - SPENT_KEPT_MS;
    for (const [key, at] of spent) {
      if (at > old && spent.size <= SPENT_KEPT) return;
      spent.delete(key);
    }
  }

  return {
    async use<Result>(code: string, work: () => Promise<Result>): Promise<Result> {
      forgetOld();
      const key = hashToken(code).toString('base64url');
      if (spent.has(key)) throw refuse({ code: 'invalid_grant', reason: 'code_used' });
      spent.set(key, clock());
      try {
        return await work();
      } catch (error) {
        if (error instanceof AppError && PASSING.has(error.code)) spent.delete(key);
        throw error;
      }
    },
  };
}
