import type { AccountStore } from '../accounts/store.ts';
import type { UserId } from '../actor.ts';
import type { FindMember } from '../logins/identity.ts';
import type { Clock, Instant } from '../time.ts';
import type { RoleStore } from './store.ts';

export interface RoleRoundDeps {
  readonly store: Pick<RoleStore, 'findUnseen'> & Pick<AccountStore, 'findAccount'>;
  readonly clock: Clock;
  /** Keeps the roles that it finds. */
  readonly findMember: FindMember;
  /** Since when every change of a role has been heard of; null while that is not so. */
  readonly heardSince: () => Instant | null;
}

/** Nobody is looked at more often, whatever their tokens do. */
export const LOOK_EVERY_MS = 15 * 60_000;
/** How many are looked for together, and how soon again where those were all. */
const AT_ONCE = 60;
const SEARCH_EVERY_MS = 30_000;

/**
 * Looks at the roles of members whose tokens were used since somebody did, one after the other. What
 * Discord tells by itself is not asked for.
 */
export function createRoleRound({ store, clock, findMember, heardSince }: RoleRoundDeps) {
  let waiting: UserId[] = [];
  let searchedAt = -Infinity;

  /** Whoever was looked at before then is to be looked at. */
  function dueBefore(now: Instant): Instant {
    return Math.min(now - LOOK_EVERY_MS, heardSince() ?? Infinity);
  }

  async function search(now: Instant): Promise<void> {
    const pause = now - searchedAt;
    if (waiting.length > 0 || (pause >= 0 && pause < SEARCH_EVERY_MS)) return;
    waiting = [...(await store.findUnseen(now, dueBefore(now), AT_ONCE))];
    // A full slice is followed by another at once.
    searchedAt = waiting.length < AT_ONCE ? now : -Infinity;
  }

  /** The next who has not been looked at since they were found. */
  async function takeNext(now: Instant): Promise<UserId | undefined> {
    for (;;) {
      const userId = waiting.shift();
      if (userId === undefined) return undefined;
      const account = await store.findAccount(userId);
      const at = account?.look?.at ?? -Infinity;
      if (account !== null && (at < dueBefore(now) || at > now)) return userId;
    }
  }

  return {
    /**
     * Looks at one member, if there is one to look at.
     * @throws AppError `upstream` where Discord does not say, and then nothing has changed
     */
    async lookAtNext(): Promise<void> {
      await search(clock());
      const userId = await takeNext(clock());
      if (userId === undefined) return;
      await findMember(userId);
    },
  };
}
