import { setImmediate as yieldToOthers } from 'node:timers/promises';
import { type Actor, idOf, SYSTEM, type UserId } from '../actor.ts';
import { refuse } from '../errors.ts';
import { inSlices } from '../jobs/slices.ts';
import { permitStaff } from '../permission.ts';
import type { SessionStore } from '../sessions/store.ts';
import type { Clock, Instant } from '../time.ts';
import { type Ban, isBanned } from './account.ts';
import { serverBan } from './bans.ts';
import type { AccountStore } from './store.ts';

const SLICE = 100;
const LIFTED_AT_ONCE = 25;

export interface NewBan {
  readonly userId: UserId;
  readonly reason: string | null;
  /** Null for good. */
  readonly until: Instant | null;
  /** For good too, whatever becomes of the ban; else they come back with the unban. */
  readonly endSessions: boolean;
}

export interface AccountsDeps {
  readonly store: AccountStore & Pick<SessionStore, 'end'>;
  readonly clock: Clock;
}

/** What staff and the Discord server do to accounts; members do nothing here. */
export function createAccounts({ store, clock }: AccountsDeps) {
  const system = () => ({ actor: SYSTEM, at: clock() });

  /**
   * The member was banned in the server: the ban is carried over, unless staff waived it. Who never had
   * anything here is looked at when they come.
   */
  async function followBan(userId: UserId): Promise<void> {
    const account = await store.findAccount(userId);
    if (account === null || account.serverBanWaived) return;
    const act = system();
    await store.ban(act, userId, serverBan(act.at), false);
  }

  /** The server lifted its ban: so do we, if it is the server's. */
  async function followUnban(userId: UserId): Promise<void> {
    await store.unban(system(), userId, null, 'server');
  }

  return {
    /**
     * From the next request on nothing of the account works.
     * @returns how many sessions ended
     * @throws AppError `invalid` if the ban would be over already
     */
    async ban(actor: Actor, { userId, reason, until, endSessions }: NewBan): Promise<number> {
      permitStaff('accounts.ban', actor);
      const at = clock();
      if (until !== null && until <= at) {
        throw refuse({ code: 'invalid', reason: 'ban_over' });
      }
      const by = idOf(actor);
      const ban = { source: 'staff', at, until, by, reason, isReasonTold: true } as const;
      return (await store.ban({ actor, at }, userId, ban, endSessions)) ?? 0;
    },

    /** The ban under which a member is, now; null if they are under none. */
    async findBan(userId: UserId): Promise<Ban | null> {
      const account = await store.findAccount(userId);
      return isBanned(account, clock()) ? (account?.ban ?? null) : null;
    },

    /** Lifts a ban, whoever it is from. @returns whether there was one */
    async unban(actor: Actor, userId: UserId, reason: string | null): Promise<boolean> {
      permitStaff('accounts.unban', actor);
      return store.unban({ actor, at: clock() }, userId, reason, null);
    },

    followBan,
    followUnban,

    /** The member left the server. */
    async followLeave(userId: UserId): Promise<void> {
      await store.end(system(), userId, { allBut: null }, 'left');
    },

    /**
     * Makes up for what happened in the server while nobody listened. `heardOf` grows while this goes
     * on: who is in it was heard of since the list was asked for, and is left as that said.
     */
    async catchUp(
      bannedInServer: ReadonlySet<UserId>,
      heardOf: ReadonlySet<UserId>,
    ): Promise<void> {
      const known = new Set(await store.bannedByServer());
      for (const userId of known) {
        if (!bannedInServer.has(userId) && !heardOf.has(userId)) await followUnban(userId);
      }
      let count = 0;
      for (const userId of bannedInServer) {
        if (!known.has(userId) && !heardOf.has(userId)) await followBan(userId);
        count += 1;
        if (count % SLICE === 0) await yieldToOthers();
      }
    },

    /** Lifts the bans whose time is over. */
    async liftExpiredBans(): Promise<void> {
      await inSlices(LIFTED_AT_ONCE, (size) => store.liftExpiredBans(system(), size));
    },
  };
}

export type Accounts = ReturnType<typeof createAccounts>;
