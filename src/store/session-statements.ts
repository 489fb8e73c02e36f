import {
  and,
  eq,
  fillPlaceholders,
  isNotNull,
  isNull,
  or,
  type Query,
  sql,
  type SQL,
} from 'drizzle-orm';
import type { LiveCount } from '../core/ports.ts';
import type { Session } from '../core/session.ts';
import { bannedUntil, prepareCheck } from './check-statement.ts';
import { type Connection, opaque, param, opaqueLimit } from './connection.ts';
import { accounts, authorizations, sessions } from './schema.ts';

/** What leaves the store; never the hash. */
export const sessionColumns = {
  id: sessions.id,
  userId: sessions.userId,
  type: sessions.type,
  name: sessions.name,
  hint: sessions.hint,
  parentId: sessions.parentId,
  replaces: sessions.replaces,
  createdAt: sessions.createdAt,
  expiresAt: sessions.expiresAt,
  rotatedAt: sessions.rotatedAt,
  lastUsedAt: sessions.lastUsedAt,
  endedAt: sessions.endedAt,
  endedBy: sessions.endedBy,
  endReason: sessions.endReason,
};

/** The same, under the names that the rows are to have. */
const namedColumns = Object.fromEntries(
  Object.entries(sessionColumns).map(([name, column]) => [name, sql`${column}`.as(name)]),
);

export type SessionRow = Pick<typeof sessions.$inferSelect, keyof typeof sessionColumns>;

/** Written out: the rest of a row takes ten times as long to copy, and lists are long. */
export function toSession(row: SessionRow): Session {
  const { endedAt: at, endedBy: by, endReason: reason } = row;
  return {
    id: row.id,
    userId: row.userId,
    type: row.type,
    name: row.name,
    hint: row.hint,
    parentId: row.parentId,
    replaces: row.replaces,
    createdAt: row.createdAt,
    expiresAt: row.expiresAt,
    rotatedAt: row.rotatedAt,
    lastUsedAt: row.lastUsedAt,
    ended: at === null || reason === null ? null : { at, by, reason },
  };
}

/**
 * A selection, prepared. The driver makes its rows: drizzle's reading of them, which fits any query, takes
 * longer than the query itself.
 */
function readRows<Row>({ database }: Connection, query: { toSQL(): Query }) {
  const { sql: text, params } = query.toSQL();
  const statement = database.prepare<unknown[], Row>(text);
  return {
    get: (values: Values) => statement.get(...fillPlaceholders(params, values)),
    all: (values: Values) => statement.all(...fillPlaceholders(params, values)),
  };
}

type Values = Record<string, unknown>;

const readSessions = readRows<SessionRow>;

/** When a member's API tokens between two ids were made, of one kind. */
function prepareApiBetween(connection: Connection, kind: SQL) {
  return readRows<{ createdAt: number }>(
    connection,
    connection.db
      .select({ createdAt: sql`${sessions.createdAt}`.as('createdAt') })
      .from(sessions)
      .where(
        and(
          eq(sessions.userId, opaque('userId')),
          sql`${sessions.id} > ${opaque('after')}`,
          sql`${sessions.id} < ${opaque('before')}`,
          sql`${sessions.type} = 'api'`,
          kind,
        ),
      )
      .orderBy(sessions.id),
  );
}

export const isOwn = eq(sessions.userId, opaque('userId'));
export const isLive = and(isNull(sessions.endedAt), sql`${sessions.expiresAt} > ${opaque('now')}`);
const isOver = or(isNotNull(sessions.endedAt), sql`${sessions.expiresAt} <= ${opaque('now')}`);
const olderThan = sql`${sessions.id} < ${opaque('after')}`;
const newerThan = sql`${sessions.id} > ${opaque('before')}`;
const isOfType = sql`(${param('type')} = '' or ${sessions.type} = ${param('type')})`;
const matches = sql`(
  ${param('matching')} = ''
  or instr(lower(ifnull(${sessions.name}, '')), ${param('matching')}) > 0
  or instr(${sessions.type}, ${param('matching')}) > 0
  or instr(lower(${sessions.hint}), ${param('matching')}) > 0)`;

/** A member's sessions in a state, a page at a time, and how many there are. */
function preparePage(connection: Connection, isInState: SQL | undefined) {
  const { db } = connection;
  const isFound = and(isOwn, isInState, isOfType, matches);
  return {
    older: readSessions(
      connection,
      db
        .select(namedColumns)
        .from(sessions)
        .where(and(olderThan, isFound))
        .orderBy(sql`${sessions.id} desc`)
        .limit(opaqueLimit),
    ),
    newer: readSessions(
      connection,
      db
        .select(namedColumns)
        .from(sessions)
        .where(and(newerThan, isFound))
        .orderBy(sessions.id)
        .limit(opaqueLimit),
    ),
    count: db
      .select({ total: sql<number>`count(*)` })
      .from(sessions)
      .where(and(newerThan, isFound))
      .prepare(),
  };
}

/** Every statement on sessions, prepared once: ad hoc they cost ten times as much. */
export function prepareSessionStatements(connection: Connection) {
  const { db } = connection;
  return {
    check: prepareCheck(connection),
    ban: db
      .select({ bannedUntil })
      .from(accounts)
      .where(eq(accounts.userId, opaque('userId')))
      .prepare(),
    live: readSessions(
      connection,
      db
        .select(namedColumns)
        .from(sessions)
        .where(and(eq(sessions.id, opaque('id')), isOwn, isLive)),
    ),
    own: readSessions(
      connection,
      db
        .select(namedColumns)
        .from(sessions)
        .where(and(eq(sessions.id, opaque('id')), isOwn)),
    ),
    pages: {
      live: preparePage(connection, isLive),
      ended: preparePage(connection, isOver),
      all: preparePage(connection, undefined),
    },
    countLive: readRows<LiveCount>(
      connection,
      db
        .select({
          type: sessions.type,
          count: sql`count(*)`.as('count'),
          rotated: sql`count(${sessions.rotatedAt})`.as('rotated'),
          nextExpiry: sql`min(iif(${sessions.rotatedAt} is null, ${sessions.expiresAt}, null))`.as(
            'nextExpiry',
          ),
        })
        .from(sessions)
        .where(and(isOwn, isLive))
        .groupBy(sessions.type),
    ),
    madeBy: readSessions(
      connection,
      db
        .select(namedColumns)
        .from(sessions)
        .where(
          and(
            sql`${sessions.id} in (
              with recursive made(id) as (
                select id from sessions where parent_id = ${opaque('id')}
                union select child.id from sessions child join made on child.parent_id = made.id)
              select id from made)`,
            isOwn,
            isLive,
          ),
        ),
    ),
    inventory: readSessions(
      connection,
      db
        .select(namedColumns)
        .from(sessions)
        .where(
          and(
            olderThan,
            isLive,
            isOfType,
            sql`${sessions.expiresAt} < ${opaque('expiresBefore')}`,
            sql`ifnull(${sessions.lastUsedAt}, ${sessions.createdAt}) <= ${opaque('unusedSince')}`,
          ),
        )
        .orderBy(sql`${sessions.id} desc`)
        .limit(opaqueLimit),
    ),
    byToken: readSessions(
      connection,
      db
        .select(namedColumns)
        .from(sessions)
        .where(eq(sessions.tokenHash, opaque('tokenHash'))),
    ),
    allBut: readSessions(
      connection,
      db
        .select(namedColumns)
        .from(sessions)
        .where(and(isOwn, isLive, sql`${sessions.id} <> ${opaque('id')}`)),
    ),
    logins: readSessions(
      connection,
      db
        .select(namedColumns)
        .from(sessions)
        .where(and(isOwn, isLive, sql`${sessions.type} <> 'api'`))
        .orderBy(sql`${sessions.id} desc`),
    ),
    createdBetween: prepareApiBetween(connection, isNull(sessions.replaces)),
    rotatedBetween: prepareApiBetween(connection, isNotNull(sessions.replaces)),
    authorize: db
      .insert(authorizations)
      .values({
        userId: param('userId'),
        user: param('user'),
        scopes: param('scopes'),
        expiresAt: param('expiresAt'),
        checkedAt: param('checkedAt'),
      })
      .onConflictDoUpdate({
        target: authorizations.userId,
        set: {
          user: sql`excluded.user`,
          scopes: sql`excluded.scopes`,
          expiresAt: sql`excluded.expires_at`,
          checkedAt: sql`excluded.checked_at`,
        },
      })
      .prepare(),
    openAccount: db
      .insert(accounts)
      .values({ userId: param('userId'), createdAt: param('createdAt') })
      .onConflictDoNothing()
      .prepare(),
    insert: db
      .insert(sessions)
      .values({
        id: param('id'),
        tokenHash: param('tokenHash'),
        userId: param('userId'),
        type: param('type'),
        name: param('name'),
        hint: param('hint'),
        parentId: param('parentId'),
        replaces: param('replaces'),
        createdAt: param('createdAt'),
        expiresAt: param('expiresAt'),
        lastUsedAt: param('lastUsedAt'),
        remindAt: param('remindAt'),
      })
      .prepare(),
    end: db
      .update(sessions)
      .set({
        endedAt: sql`${param('at')}`,
        endedBy: sql`${param('by')}`,
        endReason: sql`${param('reason')}`,
      })
      .where(eq(sessions.id, opaque('id')))
      .prepare(),
    /** Once it was replaced it ends with its grace, and there is nothing to remind of. */
    retire: db
      .update(sessions)
      .set({
        rotatedAt: sql`${param('at')}`,
        expiresAt: sql`min(${sessions.expiresAt}, ${param('graceEndsAt')})`,
        remindAt: sql`null`,
      })
      .where(eq(sessions.id, opaque('id')))
      .prepare(),
    successors: db
      .select(sessionColumns)
      .from(sessions)
      .where(and(isOwn, sql`${sessions.replaces} = ${opaque('id')}`))
      // A clock that went back must not hide the one that is live.
      .orderBy(sql`${sessions.endedAt} is null desc`, sql`${sessions.id} desc`)
      .prepare(),
    firstUse: db
      .update(sessions)
      .set({ lastUsedAt: sql`${param('at')}` })
      .where(and(eq(sessions.id, opaque('id')), isNull(sessions.lastUsedAt)))
      .returning(sessionColumns)
      .prepare(),
    reuse: db
      .update(sessions)
      .set({ reusedAt: sql`${param('at')}` })
      .where(and(eq(sessions.id, opaque('id')), isNull(sessions.reusedAt)))
      .returning(sessionColumns)
      .prepare(),
    touch: db
      .update(sessions)
      .set({ lastUsedAt: sql`${param('at')}` })
      .where(
        and(
          eq(sessions.id, opaque('id')),
          sql`ifnull(${sessions.lastUsedAt}, 0) < ${opaque('at')}`,
        ),
      )
      .prepare(),
    oldest: db
      .select({
        id: sessions.id,
        createdAt: sessions.createdAt,
        expiresAt: sessions.expiresAt,
        endedAt: sessions.endedAt,
      })
      .from(sessions)
      .where(sql`${sessions.id} > ${opaque('after')}`)
      .orderBy(sessions.id)
      .limit(opaqueLimit)
      .prepare(),
    remove: db
      .delete(sessions)
      .where(eq(sessions.id, opaque('id')))
      .prepare(),
  };
}
