import Database from 'better-sqlite3';
import { and, eq, isNull, sql, type SQL } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/better-sqlite3';
import type { Act, AuditEvent } from '../core/audit.ts';
import * as audit from '../core/audit.ts';
import type { UserId } from '../core/actor.ts';
import { AppError } from '../core/errors.ts';
import type { NewSession, NotStored, Selection, SessionQuery, Store } from '../core/ports.ts';
import type { Ending, Session, SessionType } from '../core/session.ts';
import { accounts, auditEvents, sessions } from './schema.ts';

/** What leaves the store: every column but the hash. */
const columns = {
  id: sessions.id,
  userId: sessions.userId,
  type: sessions.type,
  name: sessions.name,
  hint: sessions.hint,
  parentId: sessions.parentId,
  createdAt: sessions.createdAt,
  expiresAt: sessions.expiresAt,
  lastUsedAt: sessions.lastUsedAt,
  endedAt: sessions.endedAt,
  endedBy: sessions.endedBy,
  endReason: sessions.endReason,
};

type Row = Pick<typeof sessions.$inferSelect, keyof typeof columns>;

/** After each real id, and before each. */
const NEWEST = '~';
const OLDEST = '';

/** The Store port over one SQLite connection, which it owns from now on. */
export function createSqliteStore(database: Database.Database): Store {
  const statements = prepare(database);

  /** Runs `work` in one transaction that takes the write lock first, so that it never loses a race. */
  function write<Result>(work: () => Result): Result {
    try {
      return database.transaction(work).immediate();
    } catch (error) {
      if (error instanceof Database.SqliteError && isPassing(error)) {
        throw new AppError('unavailable', error.message, { cause: error });
      }
      throw error;
    }
  }

  function record(event: AuditEvent): void {
    const { actor, at, userId, action, ...rest } = event;
    const { sessionId = null, ...detail } = { sessionId: undefined, ...rest };
    statements.record.run({
      at,
      actorKind: actor.kind,
      actorId: actor.kind === 'system' ? null : actor.userId,
      requestId: actor.kind === 'system' ? null : actor.requestId,
      action,
      userId,
      sessionId,
      detail,
    });
  }

  function isBanned(userId: UserId): boolean {
    return statements.account.get({ userId })?.state === 'banned';
  }

  function findLive(userId: UserId, id: string, now: number): Session | null {
    const row = statements.live.get({ userId, id, now });
    return row ? toSession(row) : null;
  }

  function count(userId: UserId, type: SessionType, now: number): number {
    const counts = statements.countLive.all({ userId, now });
    return counts.find((each) => each.type === type)?.count ?? 0;
  }

  /** What keeps `session` from being stored, other than a limit. */
  function obstacle(session: Session): NotStored | null {
    const { userId, parentId, createdAt } = session;
    if (isBanned(userId)) return 'banned';
    if (parentId !== null && findLive(userId, parentId, createdAt) === null) return 'parent_ended';
    return null;
  }

  function insert({ session, tokenHash }: NewSession): void {
    const { ended: _, ...row } = session;
    statements.openAccount.run({ userId: row.userId, createdAt: row.createdAt });
    statements.insert.run({ ...row, tokenHash });
  }

  function end(act: Act, session: Session, reason: Ending['reason']): void {
    const by = act.actor.kind === 'system' ? null : act.actor.userId;
    statements.end.run({ id: session.id, at: act.at, by, reason });
    record(audit.ended(act, session, reason));
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

  return {
    findByToken: async (tokenHash) => statements.check.get({ tokenHash }) ?? null,

    findAccount: async (userId) => statements.account.get({ userId }) ?? null,

    findLive: async (userId, id, now) => findLive(userId, id, now),

    async page(query) {
      const filter = toFilter(query);
      const { total } = statements.countPage.get({ ...filter, after: NEWEST, before: OLDEST }) ?? {
        total: 0,
      };
      const limit = query.limit ?? -1;
      const { cursor } = query;
      const rows =
        cursor !== undefined && 'before' in cursor
          ? statements.newer.all({ ...filter, before: cursor.before, limit }).toReversed()
          : statements.older.all({ ...filter, after: cursor?.after ?? NEWEST, limit });
      const first = rows[0];
      const newer = first
        ? statements.countPage.get({ ...filter, after: NEWEST, before: first.id })?.total
        : total;
      return { sessions: rows.map(toSession), total, newer: newer ?? 0 };
    },

    countLive: async (userId, now) => statements.countLive.all({ userId, now }),

    countMadeBy: async (userId, id, now) => madeBy(userId, id, now).length,

    add: async (act, fresh, maxApiTokens) =>
      write(() => {
        const { session } = fresh;
        const refused = obstacle(session);
        if (refused !== null) return refused;
        const { userId, type } = session;
        if (type === 'api' && count(userId, type, act.at) >= maxApiTokens) return 'limit_reached';
        insert(fresh);
        record(audit.created(act, session));
        return 'stored';
      }),

    replace: async (act, fresh, replaced) =>
      write(() => {
        const { session } = fresh;
        const refused = obstacle(session);
        if (refused !== null) return refused;
        const old = findLive(session.userId, replaced, act.at);
        if (old?.type !== 'api') return 'not_found';
        insert(fresh);
        record(audit.rotated(act, replaced, session));
        end(act, old, 'rotated');
        return 'stored';
      }),

    end: async (act, userId, selection, reason) =>
      write(() => {
        const selected = select(userId, selection, act.at);
        for (const session of selected) end(act, session, reason);
        return selected;
      }),

    touch: async (uses) =>
      write(() => {
        for (const [id, at] of uses) statements.touch.run({ id, at });
      }),

    setAccountState: async (act, userId, state, reason) =>
      write(() => {
        statements.openAccount.run({ userId, createdAt: act.at });
        statements.setState.run({ userId, state });
        const action = state === 'banned' ? 'account.banned' : 'account.unbanned';
        record({ ...act, userId, action, reason });
      }),

    record: async (event) => write(() => record(event)),

    purge: async (before, limit, cursor) =>
      write(() => {
        const rows = statements.oldest.all({ after: cursor ?? OLDEST, limit });
        for (const { id, expiresAt, endedAt } of rows) {
          if ((endedAt ?? expiresAt) < before) statements.remove.run({ id });
        }
        const last = rows.at(-1);
        // Ids are in the order of creation: what was made since `before` cannot have ended before it.
        return rows.length < limit || last === undefined || last.createdAt >= before
          ? null
          : last.id;
      }),

    async ping() {
      statements.ping.get();
    },

    async close() {
      database.close();
    },
  };
}

/** Full disk, locked or read-only file, failing device: nothing is wrong with the request. */
function isPassing({ code }: InstanceType<typeof Database.SqliteError>): boolean {
  return /^SQLITE_(FULL|BUSY|LOCKED|READONLY|IOERR|CANTOPEN|PERM)/.test(code);
}

function toSession(row: Row): Session {
  const { endedAt: at, endedBy: by, endReason: reason, ...rest } = row;
  const ended = at === null || reason === null ? null : { at, by, reason };
  return { ...rest, ended };
}

function toFilter({ userId, now, type, matching }: SessionQuery) {
  return { userId, now, type: type ?? '', matching: matching?.toLowerCase() ?? '' };
}

const p = (name: string) => sql.placeholder(name);

/**
 * SQLite plans a prepared statement again for each value that its plan may look at (it is built with
 * STAT4), at several times the cost of the query. The plus hides the value from the planner.
 */
const hidden = (name: string): SQL => sql`+${sql.placeholder(name)}`;

function prepare(database: Database.Database) {
  const db = drizzle(database);
  const isLive = and(isNull(sessions.endedAt), sql`${sessions.expiresAt} > ${hidden('now')}`);
  const isOwn = eq(sessions.userId, hidden('userId'));
  const matches = sql`(${p('type')} = '' or ${sessions.type} = ${p('type')}) and (
    instr(lower(ifnull(${sessions.name}, '')), ${p('matching')}) > 0
    or instr(${sessions.type}, ${p('matching')}) > 0
    or instr(lower(${sessions.hint}), ${p('matching')}) > 0)`;
  const olderThan = sql`${sessions.id} < ${hidden('after')}`;
  const newerThan = sql`${sessions.id} > ${hidden('before')}`;

  return {
    check: db
      .select({
        id: sessions.id,
        userId: sessions.userId,
        type: sessions.type,
        expiresAt: sessions.expiresAt,
        endReason: sessions.endReason,
        state: accounts.state,
      })
      .from(sessions)
      .innerJoin(accounts, eq(accounts.userId, sessions.userId))
      .where(eq(sessions.tokenHash, hidden('tokenHash')))
      .prepare(),
    account: db
      .select({ userId: accounts.userId, state: accounts.state })
      .from(accounts)
      .where(eq(accounts.userId, hidden('userId')))
      .prepare(),
    live: db
      .select(columns)
      .from(sessions)
      .where(and(eq(sessions.id, hidden('id')), isOwn, isLive))
      .prepare(),
    older: db
      .select(columns)
      .from(sessions)
      .where(and(isOwn, olderThan, isLive, matches))
      .orderBy(sql`${sessions.id} desc`)
      .limit(p('limit'))
      .prepare(),
    newer: db
      .select(columns)
      .from(sessions)
      .where(and(isOwn, newerThan, isLive, matches))
      .orderBy(sessions.id)
      .limit(p('limit'))
      .prepare(),
    countPage: db
      .select({ total: sql<number>`count(*)` })
      .from(sessions)
      .where(and(isOwn, olderThan, newerThan, isLive, matches))
      .prepare(),
    countLive: db
      .select({
        type: sessions.type,
        count: sql<number>`count(*)`,
        nextExpiry: sql<number>`min(${sessions.expiresAt})`,
      })
      .from(sessions)
      .where(and(isOwn, isLive))
      .groupBy(sessions.type)
      .prepare(),
    madeBy: db
      .select(columns)
      .from(sessions)
      .where(
        and(
          sql`${sessions.id} in (
            with recursive made(id) as (
              select id from sessions where parent_id = ${hidden('id')}
              union select child.id from sessions child join made on child.parent_id = made.id)
            select id from made)`,
          isOwn,
          isLive,
        ),
      )
      .prepare(),
    allBut: db
      .select(columns)
      .from(sessions)
      .where(and(isOwn, isLive, sql`${sessions.id} <> ${hidden('id')}`))
      .prepare(),
    openAccount: db
      .insert(accounts)
      .values({ userId: p('userId'), createdAt: p('createdAt') })
      .onConflictDoNothing()
      .prepare(),
    setState: db
      .update(accounts)
      .set({ state: sql`${p('state')}` })
      .where(eq(accounts.userId, hidden('userId')))
      .prepare(),
    insert: db
      .insert(sessions)
      .values({
        id: p('id'),
        tokenHash: p('tokenHash'),
        userId: p('userId'),
        type: p('type'),
        name: p('name'),
        hint: p('hint'),
        parentId: p('parentId'),
        createdAt: p('createdAt'),
        expiresAt: p('expiresAt'),
        lastUsedAt: p('lastUsedAt'),
      })
      .prepare(),
    end: db
      .update(sessions)
      .set({
        endedAt: sql`${p('at')}`,
        endedBy: sql`${p('by')}`,
        endReason: sql`${p('reason')}`,
      })
      .where(eq(sessions.id, hidden('id')))
      .prepare(),
    touch: db
      .update(sessions)
      .set({ lastUsedAt: sql`${p('at')}` })
      .where(
        and(
          eq(sessions.id, hidden('id')),
          sql`ifnull(${sessions.lastUsedAt}, 0) < ${hidden('at')}`,
        ),
      )
      .prepare(),
    record: db
      .insert(auditEvents)
      .values({
        at: p('at'),
        actorKind: p('actorKind'),
        actorId: p('actorId'),
        requestId: p('requestId'),
        action: p('action'),
        userId: p('userId'),
        sessionId: p('sessionId'),
        detail: p('detail'),
      })
      .prepare(),
    oldest: db
      .select({
        id: sessions.id,
        createdAt: sessions.createdAt,
        expiresAt: sessions.expiresAt,
        endedAt: sessions.endedAt,
      })
      .from(sessions)
      .where(sql`${sessions.id} > ${hidden('after')}`)
      .orderBy(sessions.id)
      .limit(p('limit'))
      .prepare(),
    remove: db
      .delete(sessions)
      .where(eq(sessions.id, hidden('id')))
      .prepare(),
    ping: db
      .select({ one: sql`1` })
      .from(sql`(select 1)`)
      .prepare(),
  };
}
