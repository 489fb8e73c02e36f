import { AppError, refuse } from '../../core/errors.ts';
import type { Grant } from '../../core/logins/identity.ts';
import type { LoggedIn, Logins } from '../../core/logins/logins.ts';
import type { Clock } from '../../core/time.ts';
import { countedAddress } from '../request/client-address.ts';
import { createFailureLimit } from './failure-limit.ts';

/** The request that wants a login. */
export interface LoginSource {
  readonly requestId: string;
  readonly address: string;
}

export type LogIn = (grant: Grant, source: LoginSource) => Promise<LoggedIn>;

/** What HTTP needs of the logins. */
export interface GatedLogins extends Pick<Logins, 'consent'> {
  readonly logIn: LogIn;
}

export interface LoginGateDeps {
  readonly logIn: LogIn;
  /** Refused attempts from one address. */
  readonly failuresPerMinute: number;
  readonly clock: Clock;
}

/** Discord answers them one after the other: more would wait in vain. */
const AT_ONCE = 20;
/**
 * From here on each address has its share only, so that a few of them cannot take all; and one of which a
 * code was refused within the minute has none, so that many cannot either.
 */
const CROWDED = 10;
const SHARE = 2;
const RETRY_AFTER_MS = 1_000;

const FULL = { code: 'upstream', reason: 'logins_full' } as const;
const SHARE_TAKEN = { code: 'rate_limited', reason: 'logins' } as const;

/**
 * Lets so many logins through as Discord can answer in time. What an address tries in vain is counted:
 * codes that were refused, since each was a question to Discord, and attempts that found no room.
 * These counts are apart from those of refused tokens, so that bad tokens hold up no login.
 */
export function createLoginGate({ logIn, failuresPerMinute, clock }: LoginGateDeps): LogIn {
  const failures = createFailureLimit(failuresPerMinute, clock);
  /** Codes that Discord refused. Who only found no room is not taken for a guesser. */
  const guesses = createFailureLimit(Infinity, clock);
  const underWay = new Map<string, number>();
  let all = 0;

  function enter(address: string): void {
    const own = underWay.get(address) ?? 0;
    const isFull = all >= AT_ONCE;
    const isShareTaken = own >= SHARE || guesses.has(address);
    if (isFull || (all >= CROWDED && isShareTaken)) {
      failures.count(address);
      throw refuse(isFull ? FULL : SHARE_TAKEN, { retryAfterMs: RETRY_AFTER_MS });
    }
    all += 1;
    underWay.set(address, own + 1);
  }

  function leave(address: string): void {
    all -= 1;
    const own = (underWay.get(address) ?? 0) - 1;
    if (own > 0) underWay.set(address, own);
    else underWay.delete(address);
  }

  return async (grant, source) => {
    const address = countedAddress(source.address);
    failures.check(address);
    enter(address);
    try {
      return await logIn(grant, source);
    } catch (error) {
      if (error instanceof AppError && error.code === 'invalid_grant') guesses.count(address);
      // The second comes from another gate behind this one.
      if (error instanceof AppError && ['invalid_grant', 'rate_limited'].includes(error.code)) {
        failures.count(address);
      }
      throw error;
    } finally {
      leave(address);
    }
  };
}
