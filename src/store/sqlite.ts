import Database from 'better-sqlite3';
import type { Act, AuditEvent } from '../core/audit.ts';
import * as audit from '../core/audit.ts';
import type { UserId } from '../core/actor.ts';
import { AppError } from '../core/errors.ts';
import type { NewSession } from '../core/parcel.ts';
import type { Limits, Selection, SessionQuery, Store, Stored } from '../core/ports.ts';
import type { Ending, Session } from '../core/session.ts';
import { prepareStatements, type SessionRow } from './statements.ts';

const HOUR_MS = 3_600_000;
const STORED = { is: 'stored' } as const;

/** After each real id, and before each. */
const NEWEST = '~';
const OLDEST = '';

/** The Store port over one SQLite connection, which it owns from now on. */
export function createSqliteStore(database: Database.Database): Store {
  const statements = prepareStatements(database);

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

  function mayAdd(userId: UserId, limits: Limits, now: number): Stored {
    if (isBanned(userId)) return { is: 'banned' };
    const counts = statements.countLive.all({ userId, now });
    const held = counts.find(({ type }) => type === 'api')?.count ?? 0;
    if (held >= limits.maxApiTokens) return { is: 'limit_reached' };
    const recent = statements.createdAfter.all({ userId, after: floorId(now - HOUR_MS + 1) });
    const oldest = recent.at(-limits.creationsPerHour);
    return oldest === undefined
      ? STORED
      : { is: 'rate_limited', until: oldest.createdAt + HOUR_MS };
  }

  function hasLiveParent({ userId, parentId }: Session, now: number): boolean {
    return parentId === null || findLive(userId, parentId, now) !== null;
  }

  function insert({ session, tokenHash }: NewSession): void {
    const { ended: _, ...row } = session;
    statements.openAccount.run({ userId: row.userId, createdAt: row.createdAt });
    statements.insert.run({ ...row, tokenHash });
  }

  /** Ends the oldest logins beyond `most`. */
  function displace(act: Act, userId: UserId, most: number): void {
    const logins = statements.logins.all({ userId, now: act.at });
    for (const row of logins.slice(most)) end(act, toSession(row), 'displaced');
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

    mayAdd: async (userId, limits, now) => mayAdd(userId, limits, now),

    add: async (act, fresh, limits) =>
      write(() => {
        const { session } = fresh;
        const may = mayAdd(session.userId, limits, act.at);
        if (may.is !== 'stored') return may;
        if (!hasLiveParent(session, act.at)) return { is: 'parent_ended' };
        insert(fresh);
        record(audit.created(act, session));
        return STORED;
      }),

    addLogin: async (act, fresh, authorization, maxLogins) =>
      write(() => {
        const { session } = fresh;
        const { userId } = session;
        if (isBanned(userId)) return { is: 'banned' };
        insert(fresh);
        statements.authorize.run({ userId, ...authorization });
        record(audit.created(act, session));
        displace(act, userId, maxLogins);
        return STORED;
      }),

    replace: async (act, fresh) =>
      write(() => {
        const { session } = fresh;
        const { userId, replaces } = session;
        if (isBanned(userId)) return { is: 'banned' };
        if (!hasLiveParent(session, act.at)) return { is: 'parent_ended' };
        const old = replaces === null ? null : findLive(userId, replaces, act.at);
        if (old?.type !== 'api') return { is: 'not_found' };
        insert(fresh);
        record(audit.rotated(act, old.id, session));
        end(act, old, 'rotated');
        return STORED;
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

    async findAuthorization(userId) {
      return statements.authorization.get({ userId }) ?? null;
    },

    async findApplication() {
      return statements.application.get()?.application ?? null;
    },

    saveApplication: async (application) =>
      write(() => {
        statements.forgetApplications.run();
        statements.saveApplication.run({ id: application.id, application });
      }),

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

function toSession(row: SessionRow): Session {
  const { endedAt: at, endedBy: by, endReason: reason, ...rest } = row;
  const ended = at === null || reason === null ? null : { at, by, reason };
  return { ...rest, ended };
}

/** Before every id made at that instant or later (RFC 9562, section 5.7: the first 48 bits are the time). */
function floorId(instant: number): string {
  const hex = Math.max(instant, 0).toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}`;
}

function toFilter({ userId, now, state = 'live', type, matching = '' }: SessionQuery) {
  return { userId, now, state, type: type ?? '', matching: matching.toLowerCase() };
}
