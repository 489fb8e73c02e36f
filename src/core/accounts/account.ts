import type { UserId } from '../actor.ts';
import type { KnownLook } from '../policy/standing.ts';
import type { Instant } from '../time.ts';

/** Who holds the ban: our staff, or the Discord server in which the member is banned. */
export type BanSource = 'staff' | 'server';

export interface Ban {
  readonly source: BanSource;
  readonly at: Instant;
  /** When it ends by itself; null if it does not. */
  readonly until: Instant | null;
  /** Which member of the staff; null where a server's ban was carried over. */
  readonly by: UserId | null;
  readonly reason: string | null;
  /** Whether the member may see the reason: older ones were given for the audit alone. */
  readonly isReasonTold: boolean;
}

/** What is kept of an account's bans. */
export interface BanState {
  /** Null for a normal account. A ban that is over may still be here: ask {@link isBanned}. */
  readonly ban: Ban | null;
  /** The Discord server's ban stands behind it, and outlasts one of the staff's. */
  readonly bannedInServer: boolean;
  /** Staff lifted a ban that the server still holds: it counts again once the server has lifted it too. */
  readonly serverBanWaived: boolean;
}

export interface Account extends BanState {
  readonly userId: UserId;
  readonly createdAt: Instant;
  /** What was last seen of the member's roles; null if nobody has looked. */
  readonly look: KnownLook | null;
}

/** While a ban lasts nothing of the account works: until its end, and while the server's stands behind it. */
export function isBanned(
  account: Pick<Account, 'ban' | 'bannedInServer'> | null,
  now: Instant,
): boolean {
  if (account === null || account.ban === null) return false;
  const { until } = account.ban;
  return account.bannedInServer || until === null || now < until;
}
