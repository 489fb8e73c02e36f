import * as audit from '../core/audit.ts';
import type { Act } from '../core/audit.ts';
import { idOf, type UserId } from '../core/actor.ts';
import { odditiesOf } from '../core/oddities.ts';
import type { NewSession } from '../core/parcel.ts';
import type {
  Deletion,
  Limits,
  Rotation,
  Selection,
  SessionPage,
  SessionQuery,
  SessionStore,
  Stored,
} from '../core/ports.ts';
import { rotationsPerHour } from '../core/permission.ts';
import { nextReminder } from '../core/reminders.ts';
import { type Ending, isLive, type Session } from '../core/session.ts';
import type { RecordEvent } from './audit-store.ts';
import type { Connection } from './connection.ts';
import type { CountMade } from './erasure-store.ts';
import { exhaustedUntil } from '../core/allowance.ts';
import { floorId, NEWEST, OLDEST } from './id-order.ts';
import { prepareSessionStatements, toSession } from './session-statements.ts';

const HOUR_MS = 3_600_000;
const STORED = { is: 'stored' } as const;
/** How many sessions a slice of the purge looks at for each one that it may remove: most live on. */
const LOOKED_AT_FOR_ONE = 10;

interface Replaceable {
  readonly is: 'replaceable';
  readonly old: Session;
  /** Its live successors, which nobody has used. */
  readonly lost: readonly Session[];
  readonly lastToldAt: number | null;
}

type Replacing = Pick<Session, 'userId' | 'parentId' | 'replaces'>;

/** Ends what is selected. Within a transaction. */
export type EndWithin = (
  act: Act,
  userId: UserId,
  selection: Selection,
  reason: Ending['reason'],
) => readonly Session[];

/**
 * That the token of a session was delivered, and when its message is to be deleted; false where somebody
 * has looked for it already. Within a transaction.
 */
export type SettleDelivery = (session: Session, deletion: Deletion | null) => boolean;

export function createSessionStore(
  connection: Connection,
  record: RecordEvent,
  settleDelivery: SettleDelivery,
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

  function mayAdd(
    userId: UserId,
    limits: Limits,
    now: number,
    made = madeWithinHour(userId, now),
  ): Stored {
    if (isBannedNow(userId, now)) return { is: 'banned' };
    if (!hasRoom(userId, now, limits.maxApiTokens)) return { is: 'limit_reached' };
    const most = limits.creationsPerHour;
    const until = exhaustedUntil(made.at, made.spent, most);
    return until === null ? STORED : { is: 'rate_limited', what: 'created', most, until };
  }

  /** What a rotation takes the place of, or why it may not. */
  function findReplaced(
    session: Replacing,
    rotation: Rotation,
    limits: Limits,
    now: number,
  ): Replaceable | Stored {
    const { userId, parentId, replaces } = session;
    if (isBannedNow(userId, now)) return { is: 'banned' };
    const row = statements.own.get({ userId, id: replaces });
    if (row?.type !== 'api') return { is: 'not_found' };
    const old = toSession(row);
    // First: of two that rotate themselves at once, the second has ended by the other.
    if (old.rotatedAt !== rotation.rotatedAt) return { is: 'rotated' };
    if (!hasLiveParent(session, now)) return { is: 'parent_ended' };
    if (!isLive(old, now)) return { is: 'not_found' };
    const mostAnHour = rotationsPerHour(limits);
    const rotated = rotatedWithinHour(userId, now);
    const until = exhaustedUntil(rotated.at, rotated.spent, mostAnHour);
    if (until !== null) return { is: 'rate_limited', what: 'rotated', most: mostAnHour, until };
    const successors = successorsOf(old);
    if (successors.some((each) => isInUse(each, now))) return { is: 'rotated' };
    const lost = successors.filter((each) => isLive(each, now));
    // Only who has rotated it may do so again: to anybody else the successor is not lost.
    if (lost.some((each) => each.parentId !== parentId)) return { is: 'rotated' };
    const most = 2 * limits.maxApiTokens + lost.length;
    const goesOn = rotation.graceEndsAt > now;
    if (goesOn && !hasRoom(userId, now, most)) return { is: 'limit_reached' };
    return { is: 'replaceable', old, lost, lastToldAt: row.rotationToldAt };
  }

  /** Whether fewer than `most` API tokens of the member's are live. */
  function hasRoom(userId: UserId, now: number, most: number): boolean {
    return (statements.countApi.get({ userId, now, limit: most })?.count ?? 0) < most;
  }

  function madeWithinHour(userId: UserId, now: number) {
    const rows = statements.createdBetween.all({ userId, ...withinHour(now) });
    const { created = 0, until = now } = statements.spent.get({ userId, now }) ?? {};
    return { at: rows.map(({ createdAt }) => createdAt), spent: { count: created, until } };
  }

  function rotatedWithinHour(userId: UserId, now: number) {
    const rows = statements.rotatedBetween.all({ userId, ...withinHour(now) });
    const { rotated = 0, until = now } = statements.spent.get({ userId, now }) ?? {};
    return { at: rows.map(({ createdAt }) => createdAt), spent: { count: rotated, until } };
  }

  function hasLiveParent({ userId, parentId }: Replacing, now: number): boolean {
    return parentId === null || findLive(userId, parentId, now) !== null;
  }

  function insert({ session, tokenHash }: NewSession, rotationToldAt: number | null = null): void {
    const { userId, createdAt } = session;
    const remindAt = nextReminder(session, createdAt);
    statements.openAccount.run({ userId, createdAt });
    statements.insert.run({ ...session, tokenHash, remindAt, rotationToldAt });
  }

  /** False for a delivered token of which its owner was told that it does not work. */
  function settle(session: Session, deletion: Deletion | null | undefined): boolean {
    return deletion === undefined || settleDelivery(session, deletion);
  }

  function retire(
    act: Act,
    old: Session,
    graceEndsAt: number,
    rotationToldAt: number | null,
  ): void {
    statements.retire.run({ id: old.id, at: act.at, graceEndsAt, rotationToldAt });
    if (graceEndsAt <= act.at) end(act, old, 'rotated', 1);
  }

  function successorsOf({ userId, id }: Session): Session[] {
    return statements.successors.all({ userId, id }).map(toSession);
  }

  /** Somebody has it: it was used, or rotated in turn. */
  function isInUse(successor: Session, now: number): boolean {
    if (successorsOf(successor).length > 0) return true;
    return isLive(successor, now) && successor.lastUsedAt !== null;
  }

  /** Ends the oldest logins beyond `most`. */
  function displace(act: Act, userId: UserId, most: number): void {
    const logins = statements.logins.all({ userId, now: act.at });
    for (const row of logins.slice(most)) end(act, toSession(row), 'displaced', 1);
  }

  function end(act: Act, session: Session, reason: Ending['reason'], among: number): void {
    statements.end.run({ id: session.id, at: act.at, by: idOf(act.actor), reason });
    record(audit.ended(act, session, reason, among));
  }

  function madeBy(userId: UserId, id: string, now: number): Session[] {
    return statements.madeBy.all({ userId, id, now }).map(toSession);
  }

  function select(userId: UserId, selection: Selection, now: number): Session[] {
    if ('one' in selection) {
      const session = findLive(userId, selection.one, now);
      if (session === null) return [];
      return selection.andMade ? [session, ...madeBy(userId, session.id, now)] : [session];
    }
    if ('madeBy' in selection) return madeBy(userId, selection.madeBy, now);
    return statements.allBut.all({ userId, id: selection.allBut ?? '', now }).map(toSession);
  }

  /** The session that a token opens or opened, and what is live of it and of all that it made. */
  function findTree(tokenHash: Uint8Array, now: number) {
    const row = statements.byToken.get({ tokenHash });
    if (row === undefined) return null;
    const session = toSession(row);
    const made = madeBy(session.userId, session.id, now);
    return { session, live: isLive(session, now) ? [session, ...made] : made };
  }

  const endWithin: EndWithin = (act, userId, selection, reason) => {
    const selected = select(userId, selection, act.at);
    endAll(act, userId, selected, reason);
    return selected;
  };

  function endAll(
    act: Act,
    userId: UserId,
    selected: readonly Session[],
    reason: Ending['reason'],
  ): void {
    const { length: count } = selected;
    for (const session of selected) end(act, session, reason, count);
    if (count > 1) record({ ...act, userId, action: 'sessions.ended', reason, count });
  }

  function pageOf(query: SessionQuery): SessionPage {
    const { cursor, limit = -1 } = query;
    const filter = toFilter(query);
    const { older, newer, count } = statements.pages;
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

  const store: SessionStore = {
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

    countMadeBy: async (userId, id, now) => madeBy(userId, id, now).length,

    mayAdd: async (userId, limits, now) => mayAdd(userId, limits, now),

    mayReplace: async (session, rotation, limits, now) =>
      readTogether(() => {
        const found = findReplaced(session, rotation, limits, now);
        return found.is === 'replaceable' ? STORED : found;
      }),

    add: async (act, fresh, limits, deletion) =>
      write(() => {
        const { session } = fresh;
        const made = madeWithinHour(session.userId, act.at);
        const may = mayAdd(session.userId, limits, act.at, made);
        if (may.is !== 'stored') return may;
        if (!hasLiveParent(session, act.at)) return { is: 'parent_ended' };
        if (!settle(session, deletion)) return { is: 'retracted' };
        const oddities = odditiesOf(session, made.at.length + made.spent.count);
        insert(fresh);
        record(audit.created(act, session, oddities));
        return STORED;
      }),

    addLogin: async (act, fresh, authorization, maxLogins) =>
      write(() => {
        const { session } = fresh;
        const { userId } = session;
        if (isBannedNow(userId, act.at)) return { is: 'banned' };
        insert(fresh);
        statements.authorize.run({ userId, ...authorization });
        record(audit.created(act, session, []));
        displace(act, userId, maxLogins);
        return STORED;
      }),

    findSuccessor: async (userId, id) => {
      const row = statements.successors.get({ userId, id });
      return row ? toSession(row) : null;
    },

    replace: async (act, fresh, rotation, limits, deletion) =>
      write(() => {
        const { session } = fresh;
        const found = findReplaced(session, rotation, limits, act.at);
        if (found.is !== 'replaceable') return found;
        if (!settle(session, deletion)) return { is: 'retracted' };
        const { old, lost, lastToldAt } = found;
        const graceEndsAt = Math.min(rotation.graceEndsAt, old.expiresAt);
        const tells = audit.tellsOfRotation(act, lastToldAt);
        const toldAt = tells ? act.at : lastToldAt;
        record(audit.rotated(act, old.id, graceEndsAt, session, tells));
        for (const each of lost) retire(act, each, act.at, toldAt);
        retire(act, old, rotation.graceEndsAt, toldAt);
        insert(fresh, toldAt);
        return STORED;
      }),

    end: async (act, userId, selection, reason) =>
      write(() => endWithin(act, userId, selection, reason)),

    async endFound(act, tokenHashes, finding) {
      const found = tokenHashes.flatMap((hash) => findTree(hash, act.at) ?? []);
      // What ended before is no news, and takes the lock from nobody.
      if (found.some(({ live }) => live.length > 0)) {
        const reason = finding.as === 'reported' ? 'leaked' : 'revoked';
        await write(() => {
          for (const hash of tokenHashes) {
            // Again: one of them may have made another.
            const tree = findTree(hash, act.at);
            if (tree === null || tree.live.length === 0) continue;
            const { session, live } = tree;
            endAll(act, session.userId, live, reason);
            record(audit.found(act, session, live.length, finding));
          }
        });
      }
      return found.length;
    },

    async purge(before, limit, cursor) {
      const among = limit * LOOKED_AT_FOR_ONE;
      const rows = statements.oldest.all({ after: cursor ?? OLDEST, limit: among });
      const old = rows.filter(({ endedAt, expiresAt }) => (endedAt ?? expiresAt) < before);
      const removed = old.slice(0, limit);
      // What is over stays over: nothing needs the write lock before something is to be removed.
      if (removed.length > 0) {
        await writeSlice(() => {
          for (const { id } of removed) statements.remove.run({ id });
        });
      }
      if (removed.length < old.length) return removed.at(-1)?.id ?? null;
      const last = rows.at(-1);
      // Ids are in the order of creation: what was made since `before` cannot have ended before it.
      return rows.length < among || last === undefined || last.createdAt >= before ? null : last.id;
    },
  };
  const countMade: CountMade = (userId, now) => ({
    created: madeWithinHour(userId, now).at.length,
    rotated: rotatedWithinHour(userId, now).at.length,
  });

  return { endWithin, isBannedNow, countMade, store };
}

/** The ids of the last hour. What was made more than an hour from now was made under a wrong clock. */
function withinHour(now: number) {
  return { after: floorId(now - HOUR_MS + 1), before: floorId(now + HOUR_MS + 1) };
}

function toFilter({ userId, now, type }: SessionQuery) {
  return { userId, now, type: type ?? '' };
}
