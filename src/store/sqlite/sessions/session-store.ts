import { idOf, type SessionId, type UserId } from '../../../core/actor.ts';
import type { Act } from '../../../core/audit/audit.ts';
import * as audit from '../../../core/audit/audit.ts';
import type { LoginStore } from '../../../core/logins/store.ts';
import type { Deletion } from '../../../core/outbox/store.ts';
import { LOOKED_AT_FOR_ONE, planPurge } from '../../../core/sessions/purge.ts';
import {
  ancestorIn,
  descendantsAmong,
  MOST_DESCENDANTS,
  selectFrom,
} from '../../../core/sessions/selection.ts';
import { planEnding, planFinding, type SessionPlan } from '../../../core/sessions/session-plan.ts';
import type { Session } from '../../../core/sessions/session.ts';
import type {
  Selection,
  SessionPage,
  SessionQuery,
  SessionStore,
} from '../../../core/sessions/store.ts';
import type { Instant } from '../../../core/time.ts';
import type { Limits, Made } from '../../../core/tokens/allowance.ts';
import {
  type CreationFacts,
  judgeCreation,
  judgeLogin,
  refuseCreation,
} from '../../../core/tokens/creation.ts';
import {
  findReplaceable,
  judgeRotation,
  mostLiveTokens,
  type Replacing,
  type RotationFacts,
} from '../../../core/tokens/rotation.ts';
import type { TokenStore } from '../../../core/tokens/store.ts';
import { idsWithinHour, instantOf, NEWEST, OLDEST } from '../../id-order.ts';
import { toSession } from '../../rows.ts';
import type { FindLook, WriteLook } from '../accounts/role-store.ts';
import type { RecordEvent } from '../audit-store.ts';
import type { Connection } from '../connection.ts';
import type { Add } from '../requests/request-store.ts';
import { prepareSessionStatements } from './session-statements.ts';

const STORED = { is: 'stored' } as const;
/** The live sessions that are selected. */
export type Select = (userId: UserId, selection: Selection, now: Instant) => readonly Session[];

/** How many rows tell of what a member made within the hour. Within a transaction. */
export type CountMade = (userId: UserId, now: Instant) => { created: number; rotated: number };

/** Within a transaction. */
export type ApplyPlan = (act: Act, plan: SessionPlan, tokenHash?: Uint8Array) => void;

/**
 * That the token of a session was delivered, and when its message is to be deleted; false where somebody
 * has looked for it already. Within a transaction.
 */
export type SettleDelivery = (session: Session, deletion: Deletion | null) => boolean;

export function createSessionStore(
  connection: Connection,
  record: RecordEvent,
  settleDelivery: SettleDelivery,
  { findLook, writeLook }: { readonly findLook: FindLook; readonly writeLook: WriteLook },
) {
  const { readTogether, write, writeSlice } = connection;
  const statements = prepareSessionStatements(connection);

  function isBannedNow(userId: UserId, now: number): boolean {
    return now < (statements.ban.get({ userId })?.bannedUntil ?? 0);
  }

  function findLive(userId: UserId, id: string, now: number): Session | null {
    const row = statements.live.get({ userId, id, now });
    return row ? toSession(row) : null;
  }

  /** Counts on to `limit` and no further. */
  function countApiTokens(userId: UserId, now: number, limit: number): number {
    return statements.countApi.get({ userId, now, limit })?.count ?? 0;
  }

  function creationFacts(userId: UserId, limits: Limits, now: number): CreationFacts {
    return {
      isBanned: isBannedNow(userId, now),
      liveApiTokens: countApiTokens(userId, now, limits.maxApiTokens),
      createdWithinHour: createdWithinHour(userId, now),
      look: findLook(userId),
    };
  }

  function rotationFacts(asked: Replacing, limits: Limits, now: number): RotationFacts {
    const { userId, replaces } = asked;
    const row = statements.own.get({ userId, id: replaces });
    const successors = row === undefined ? [] : successorsOf(row);
    const most = mostLiveTokens(limits, successors.length);
    return {
      isBanned: isBannedNow(userId, now),
      old: row === undefined ? null : toSession(row),
      lastToldAt: row?.rotationToldAt ?? null,
      parentIsLive: hasLiveParent(asked, now),
      rotatedWithinHour: rotatedWithinHour(userId, now),
      successors: successors.map((session) => ({
        session,
        isReplaced: successorsOf(session).length > 0,
      })),
      liveApiTokens: countApiTokens(userId, now, most),
      look: findLook(userId),
    };
  }

  function createdWithinHour(userId: UserId, now: number): Made {
    const rows = statements.createdBetween.all({ userId, ...idsWithinHour(now) });
    const { created = 0, until = now } = statements.spent.get({ userId, now }) ?? {};
    return { at: rows.map(({ id }) => instantOf(id)), spent: { count: created, until } };
  }

  function rotatedWithinHour(userId: UserId, now: number): Made {
    const rows = statements.rotatedBetween.all({ userId, ...idsWithinHour(now) });
    const { rotated = 0, until = now } = statements.spent.get({ userId, now }) ?? {};
    return { at: rows.map(({ id }) => instantOf(id)), spent: { count: rotated, until } };
  }

  function hasLiveParent({ userId, parentId }: Replacing, now: number): boolean {
    return parentId === null || findLive(userId, parentId, now) !== null;
  }

  /** False for a delivered token of which its owner was told that it does not work. */
  function settle(session: Session, deletion: Deletion | null | undefined): boolean {
    return deletion === undefined || settleDelivery(session, deletion);
  }

  function successorsOf({ userId, id }: Pick<Session, 'userId' | 'id'>): Session[] {
    return statements.successors.all({ userId, id }).map(toSession);
  }

  const apply: ApplyPlan = (act, plan, tokenHash) => {
    const { insert, supersede = [], end = [], events } = plan;
    const { at } = act;
    for (const each of supersede) statements.supersede.run({ ...each, at });
    const by = idOf(act.actor);
    for (const { id, reason } of end) statements.end.run({ id, at, by, reason });
    if (insert !== undefined) {
      const { session, opensAccount, look, ...rest } = insert;
      const { userId, createdAt } = session;
      if (opensAccount) statements.openAccount.run({ userId, createdAt });
      statements.insert.run({ ...session, ...rest, tokenHash, roles: look?.roles ?? null });
      if (look !== null) writeLook(userId, look, at);
    }
    for (const event of events) record(event);
  };

  const add: Add = (act, fresh, limits, deletion) => {
    const { session, tokenHash } = fresh;
    const facts = {
      ...creationFacts(session.userId, limits, act.at),
      parentIsLive: hasLiveParent(session, act.at),
    };
    const plan = judgeCreation(facts, act, fresh, limits);
    if (plan.is !== 'planned') return plan;
    if (!settle(session, deletion)) return { is: 'retracted' };
    apply(act, plan, tokenHash);
    return STORED;
  };

  function allLive(userId: UserId, but: string, now: number): Session[] {
    return statements.allBut.all({ userId, id: but, now }).map(toSession);
  }

  /** The ids of what these sessions made, directly or through others, live or not. */
  function madeBy(ids: readonly SessionId[]): readonly SessionId[] {
    const limit = MOST_DESCENDANTS;
    return statements.descendantsOf.all({ ids: JSON.stringify(ids), limit }).map(({ id }) => id);
  }

  const select: Select = (userId, selection, now) => {
    const ancestor = ancestorIn(selection);
    if ('one' in selection && ancestor === null) {
      const session = findLive(userId, selection.one, now);
      return session === null ? [] : [session];
    }
    const live = allLive(userId, '', now);
    return selectFrom(live, selection, ancestor === null ? [] : madeBy([ancestor]));
  };

  /** The sessions that these tokens open or opened, by their owners. */
  function findByTokens(tokenHashes: readonly Uint8Array[]): ReadonlyMap<UserId, Session[]> {
    const rows = tokenHashes.flatMap((tokenHash) => statements.byToken.get({ tokenHash }) ?? []);
    const sessions = new Map(rows.map((row) => [row.id, toSession(row)]));
    return Map.groupBy(sessions.values(), ({ userId }) => userId);
  }

  function pageOf(query: SessionQuery): SessionPage {
    const { cursor, limit = -1 } = query;
    const filter = toFilter(query);
    const { older, newer, count } =
      query.unusedSince === undefined ? statements.pages : statements.unusedPages;
    const countIn = (before: string) => count.get({ ...filter, before })?.count ?? 0;
    const rows =
      cursor !== undefined && 'before' in cursor
        ? newer.all({ ...filter, before: cursor.before, limit }).toReversed()
        : older.all({ ...filter, after: cursor?.after ?? NEWEST, limit });
    const found = rows.map(toSession);
    // The first page is asked for most, and often holds all there is: nothing is left to count.
    if (cursor === undefined) {
      const isAll = limit < 0 || rows.length < limit;
      return { sessions: found, total: isAll ? rows.length : countIn(OLDEST), newer: 0 };
    }
    const total = countIn(OLDEST);
    const [first] = rows;
    return { sessions: found, total, newer: first === undefined ? total : countIn(first.id) };
  }

  const store: SessionStore & TokenStore & LoginStore = {
    findByToken: async (tokenHash) => statements.check(tokenHash),

    findLive: async (userId, id, now) => findLive(userId, id, now),

    findLiveParent: async (userId, id, now) =>
      readTogether(() => {
        const parentId = statements.own.get({ userId, id })?.parentId ?? null;
        return parentId === null ? null : findLive(userId, parentId, now);
      }),

    page: async (query) => readTogether(() => pageOf(query)),

    async history({ userId, now, state, type, limit, after }) {
      const filter = { ...toFilter({ userId, now, type }), limit, after: after ?? NEWEST };
      return statements.history[state].all(filter).map(toSession);
    },

    names: async ({ limit, after, ...query }) =>
      statements.pages.names.all({ ...toFilter(query), limit, after: after ?? NEWEST }),

    async inventory({ now, type, expiresBefore, unusedSince, limit, after }) {
      const rows = statements.inventory.all({
        now,
        type: type ?? '',
        expiresBefore: expiresBefore ?? Number.MAX_SAFE_INTEGER,
        unusedSince: unusedSince ?? Number.MAX_SAFE_INTEGER,
        limit,
        after: after ?? NEWEST,
      });
      return rows.map(toSession);
    },

    countLive: async (userId, now) => statements.countLive.all({ userId, now }),

    countDescendants: async (userId, id, now) => select(userId, { descendantsOf: id }, now).length,

    checkCreation: async (userId, limits, now) =>
      refuseCreation(creationFacts(userId, limits, now), limits) ?? STORED,

    checkRotation: async (asked, rotation, limits, now) =>
      readTogether(() => {
        const facts = rotationFacts(asked, limits, now);
        const found = findReplaceable(facts, asked, rotation, limits, now);
        return found.is === 'replaceable' ? STORED : found;
      }),

    add: async (act, fresh, limits, deletion) => write(() => add(act, fresh, limits, deletion)),

    addLogin: async (act, fresh, authorization, maxLogins) =>
      write(() => {
        const { session, tokenHash } = fresh;
        const { userId } = session;
        const facts = {
          isBanned: isBannedNow(userId, act.at),
          look: findLook(userId),
          logins: statements.logins.all({ userId, now: act.at }).map(toSession),
        };
        const plan = judgeLogin(facts, act, fresh, maxLogins);
        if (plan.is !== 'planned') return plan;
        apply(act, plan, tokenHash);
        statements.authorize.run({ userId, ...authorization });
        return STORED;
      }),

    findSuccessor: async (userId, id) => {
      const row = statements.successors.get({ userId, id });
      return row ? toSession(row) : null;
    },

    replace: async (act, fresh, rotation, limits, deletion) =>
      write(() => {
        const { session, tokenHash } = fresh;
        const facts = rotationFacts(session, limits, act.at);
        const plan = judgeRotation(facts, act, fresh, rotation, limits);
        if (plan.is !== 'planned') return plan;
        if (!settle(session, deletion)) return { is: 'retracted' };
        apply(act, plan, tokenHash);
        return STORED;
      }),

    end: async (act, userId, selection, reason) =>
      write(() => {
        const selected = select(userId, selection, act.at);
        apply(act, planEnding(act, userId, selected, reason));
        return selected;
      }),

    rename: async (act, userId, id, name) =>
      write(() => {
        const before = findLive(userId, id, act.at);
        if (before === null) return null;
        statements.rename.run({ id, name });
        record(audit.renamed(act, before));
        return { ...before, name };
      }),

    async endFound(act, tokenHashes, finding) {
      const found = findByTokens(tokenHashes);
      const isAnythingLive = (userId: UserId) => allLive(userId, '', act.at).length > 0;
      // What ended before is no news, and takes the lock from nobody.
      const owners = [...found].filter(([userId]) => isAnythingLive(userId));
      let ended = 0;
      if (owners.length > 0) {
        await write(() => {
          // A write that finds the file busy is tried again.
          ended = 0;
          for (const [userId, sessions] of owners) {
            const ids = sessions.map(({ id }) => id);
            const live = allLive(userId, '', act.at);
            const open = live.filter(({ id }) => ids.includes(id));
            const made = descendantsAmong(live, ids, madeBy(ids));
            if (open.length + made.length === 0) continue;
            ended += open.length + made.length;
            apply(act, planFinding(act, userId, sessions, [...open, ...made], finding));
          }
        });
      }
      return { ours: [...found.values()].flat().length, ended };
    },

    async purge(before, limit, cursor) {
      const among = limit * LOOKED_AT_FOR_ONE;
      const rows = statements.oldest.all({ after: cursor ?? OLDEST, limit: among });
      const plan = planPurge(rows, before, limit);
      // What is over stays over: nothing needs the write lock before something is to be removed.
      if (plan.remove.length > 0) {
        await writeSlice(() => {
          for (const id of plan.remove) statements.remove.run({ id });
        });
      }
      return plan.cursor;
    },
  };
  const countMade: CountMade = (userId, now) => ({
    created: createdWithinHour(userId, now).at.length,
    rotated: rotatedWithinHour(userId, now).at.length,
  });

  return { select, apply, add, isBannedNow, countMade, store };
}

function toFilter({ userId, now, type, unusedSince }: SessionQuery) {
  const filter = { userId, now, type: type ?? '' };
  return unusedSince === undefined ? filter : { ...filter, unusedSince };
}
