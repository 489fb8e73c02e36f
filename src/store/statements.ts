import type Database from 'better-sqlite3';
import { and, eq, isNull, sql, type SQL } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/better-sqlite3';
import { accounts, applications, auditEvents, authorizations, sessions } from './schema.ts';

/** What leaves the store: every column but the hash. */
const columns = {
  id: sessions.id,
  userId: sessions.userId,
  type: sessions.type,
  name: sessions.name,
  hint: sessions.hint,
  parentId: sessions.parentId,
  replaces: sessions.replaces,
  createdAt: sessions.createdAt,
  expiresAt: sessions.expiresAt,
  lastUsedAt: sessions.lastUsedAt,
  endedAt: sessions.endedAt,
  endedBy: sessions.endedBy,
  endReason: sessions.endReason,
};

export type SessionRow = Pick<typeof sessions.$inferSelect, keyof typeof columns>;

const p = (name: string) => sql.placeholder(name);

/**
 * SQLite plans a prepared statement again for each value that its plan may look at (it is built with
 * STAT4), at several times the cost of the query. The plus hides the value from the planner.
 */
const hidden = (name: string): SQL => sql`+${sql.placeholder(name)}`;

/** Every statement that the store runs, prepared once: ad hoc they cost ten times as much. */
export function prepareStatements(database: Database.Database) {
  const db = drizzle(database);
  const isLive = and(isNull(sessions.endedAt), sql`${sessions.expiresAt} > ${hidden('now')}`);
  const isOwn = eq(sessions.userId, hidden('userId'));
  const isInState = sql`(${p('state')} = 'all'
    or (${p('state')} = 'live') = (${sessions.endedAt} is null and ${sessions.expiresAt} > ${hidden('now')}))`;
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
      .where(and(isOwn, olderThan, isInState, matches))
      .orderBy(sql`${sessions.id} desc`)
      .limit(p('limit'))
      .prepare(),
    newer: db
      .select(columns)
      .from(sessions)
      .where(and(isOwn, newerThan, isInState, matches))
      .orderBy(sessions.id)
      .limit(p('limit'))
      .prepare(),
    countPage: db
      .select({ total: sql<number>`count(*)` })
      .from(sessions)
      .where(and(isOwn, olderThan, newerThan, isInState, matches))
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
    logins: db
      .select(columns)
      .from(sessions)
      .where(and(isOwn, isLive, sql`${sessions.type} <> 'api'`))
      .orderBy(sql`${sessions.id} desc`)
      .prepare(),
    createdAfter: db
      .select({ createdAt: sessions.createdAt })
      .from(sessions)
      .where(
        and(
          isOwn,
          sql`${sessions.id} > ${hidden('after')}`,
          sql`${sessions.type} = 'api'`,
          isNull(sessions.replaces),
        ),
      )
      .orderBy(sessions.id)
      .prepare(),
    authorization: db
      .select({
        user: authorizations.user,
        scopes: authorizations.scopes,
        expiresAt: authorizations.expiresAt,
        checkedAt: authorizations.checkedAt,
      })
      .from(authorizations)
      .where(eq(authorizations.userId, hidden('userId')))
      .prepare(),
    authorize: db
      .insert(authorizations)
      .values({
        userId: p('userId'),
        user: p('user'),
        scopes: p('scopes'),
        expiresAt: p('expiresAt'),
        checkedAt: p('checkedAt'),
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
    application: db
      .select({ application: applications.application })
      .from(applications)
      .limit(1)
      .prepare(),
    forgetApplications: db.delete(applications).prepare(),
    saveApplication: db
      .insert(applications)
      .values({ id: p('id'), application: p('application') })
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
        replaces: p('replaces'),
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
