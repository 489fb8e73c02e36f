import type { Account } from '../accounts/account.ts';
import type { KnownAuthorization } from '../accounts/authorization.ts';
import type { AccountStore, Stats } from '../accounts/store.ts';
import type { Actor, SessionId, Staff, UserId } from '../actor.ts';
import { AUDIT_ACTIONS, type AuditRow } from '../audit/audit.ts';
import type { AuditQuery, AuditStore } from '../audit/store.ts';
import { noSuchSession } from '../errors.ts';
import { permitStaff } from '../permission.ts';
import type { Request } from '../requests/request.ts';
import type { RequestStore } from '../requests/store.ts';
import type { LastUsed } from '../sessions/last-used.ts';
import { type Search, type SearchResult, searchSessions } from '../sessions/search.ts';
import type { Session } from '../sessions/session.ts';
import type { Revoked } from '../sessions/sessions.ts';
import type {
  InventoryQuery,
  LiveCount,
  SessionPage,
  SessionQuery,
  SessionStore,
} from '../sessions/store.ts';
import type { RoleStore } from '../policy/store.ts';
import type { Clock, Instant } from '../time.ts';

const DAY_MS = 86_400_000;
const RECENT = 5;
/** All but that the staff looked: whoever looks would see little else. */
const ALL_BUT_VIEWS = AUDIT_ACTIONS.filter((action) => action !== 'staff.viewed');

export interface MemberDetails {
  readonly account: Account | null;
  readonly live: readonly LiveCount[];
  /** The newest few. */
  readonly sessions: readonly Session[];
  readonly authorization: KnownAuthorization | null;
  readonly audit: readonly AuditRow[];
  /** What the member asks the staff for. */
  readonly requests: readonly Request[];
}

/** What the staff may look at and end. They see everything about a session but its token. */
export function createStaff({
  store,
  lastUsed,
  clock,
}: {
  store: Pick<AuditStore, 'record' | 'audit'> &
    Pick<RequestStore, 'requestsOf' | 'countRequests'> &
    Pick<AccountStore, 'findAccount' | 'findAuthorization' | 'stats'> &
    Pick<RoleStore, 'findOldestLook'> &
    Pick<
      SessionStore,
      'findLive' | 'page' | 'names' | 'inventory' | 'countLive' | 'countDescendants' | 'end'
    >;
  lastUsed: LastUsed;
  clock: Clock;
}) {
  const fresh = (sessions: readonly Session[]) =>
    sessions.map((session) => lastUsed.withLastUse(session));

  /** The first page alone: who turns pages has been written down. */
  async function noteView(actor: Staff, userId: UserId, what: 'member' | 'sessions' | 'audit') {
    await store.record({ actor, at: clock(), userId, action: 'staff.viewed', what });
  }

  return {
    async memberDetails(actor: Staff, userId: UserId): Promise<MemberDetails> {
      permitStaff('staff.memberDetails', actor);
      const now = clock();
      await noteView(actor, userId, 'member');
      const { sessions } = await store.page({ userId, now, limit: RECENT });
      return {
        account: await store.findAccount(userId),
        live: await store.countLive(userId, now),
        sessions: fresh(sessions),
        authorization: await store.findAuthorization(userId),
        audit: await store.audit({ userId, actions: ALL_BUT_VIEWS, limit: RECENT }),
        requests: await store.requestsOf(userId, now),
      };
    },

    async list(actor: Staff, query: Omit<SessionQuery, 'now'>): Promise<SessionPage> {
      permitStaff('staff.list', actor);
      const page = await store.page({ ...query, now: clock() });
      return { ...page, sessions: fresh(page.sessions) };
    },

    /** A member's live sessions by what was typed to name one. */
    async search(actor: Staff, userId: UserId, search: Search): Promise<SearchResult> {
      permitStaff('staff.search', actor);
      return searchSessions(store, userId, clock(), search);
    },

    /** A member's live session, and how many live ones it made. */
    async show(actor: Staff, userId: UserId, id: SessionId): Promise<Revoked> {
      permitStaff('staff.show', actor);
      const now = clock();
      const session = await store.findLive(userId, id, now);
      if (session === null) throw noSuchSession();
      return { session, descendants: await store.countDescendants(userId, id, now) };
    },

    /** Live sessions of all members. */
    async inventory(actor: Staff, query: Omit<InventoryQuery, 'now'>): Promise<readonly Session[]> {
      permitStaff('staff.inventory', actor);
      if (query.after === undefined) await noteView(actor, actor.userId, 'sessions');
      return fresh(await store.inventory({ ...query, now: clock() }));
    },

    async audit(actor: Staff, query: AuditQuery): Promise<readonly AuditRow[]> {
      permitStaff('staff.audit', actor);
      const rows = await store.audit(query);
      const { userId, before } = query;
      if (userId && before === undefined) await noteView(actor, userId, 'audit');
      return rows;
    },

    /** Of now, and of the day before. */
    async stats(actor: Staff): Promise<Stats & { readonly requests: number }> {
      permitStaff('staff.stats', actor);
      const now = clock();
      return {
        ...(await store.stats(now, now - DAY_MS)),
        requests: await store.countRequests(now),
      };
    },

    /** Of all members whose tokens were used since somebody looked at their roles, the one longest ago. */
    async oldestLook(actor: Staff): Promise<{ readonly at: Instant | null } | null> {
      permitStaff('staff.oldestLook', actor);
      return store.findOldestLook(clock());
    },

    /** Every live session, for a file; that it was asked for is written down. */
    async takeInventory(actor: Staff, limit: number): Promise<readonly Session[]> {
      permitStaff('staff.takeInventory', actor);
      const now = clock();
      const sessions = fresh(await store.inventory({ now, limit }));
      const { userId } = actor;
      await store.record({ actor, at: now, userId, action: 'sessions.exported' });
      return sessions;
    },

    /** Ends one session of a member's, with what it made if asked to. */
    async revoke(
      actor: Staff,
      userId: UserId,
      id: SessionId,
      includeDescendants: boolean,
    ): Promise<Revoked> {
      permitStaff('staff.revoke', actor);
      const at = clock();
      const selection = { one: id, includeDescendants };
      // Nothing can fail once it is done.
      const left = includeDescendants ? 0 : await store.countDescendants(userId, id, at);
      const [session] = await store.end({ actor, at }, userId, selection, 'revoked');
      if (session === undefined) throw noSuchSession();
      return { session, descendants: left };
    },

    /** Ends what a member has. @returns how many that were */
    async revokeAll(actor: Staff, userId: UserId): Promise<number> {
      permitStaff('staff.revokeAll', actor);
      const act = { actor, at: clock() };
      return (await store.end(act, userId, { allBut: null }, 'revoked')).length;
    },

    /** Somebody who may not tried: written down, and told to the staff unless one of them only mistook the channel. */
    async noteRefusal(
      actor: Actor & { userId: UserId },
      command: string,
      why: string,
      isSlip: boolean,
    ) {
      const { userId } = actor;
      const event = { actor, at: clock(), userId, action: 'staff.refused', command, why } as const;
      await store.record(isSlip ? { ...event, slip: true } : event);
    },
  };
}

export type StaffActions = ReturnType<typeof createStaff>;
