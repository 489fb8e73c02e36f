import { and, eq, isNull, sql } from 'drizzle-orm';
import { type Connection, given, hidden } from './connection.ts';
import { accounts, authorizations, sessions } from './schema.ts';

/** What leaves the store: every column but the hash. */
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
  lastUsedAt: sessions.lastUsedAt,
  endedAt: sessions.endedAt,
  endedBy: sessions.endedBy,
  endReason: sessions.endReason,
};

export type SessionRow = Pick<typeof sessions.$inferSelect, keyof typeof sessionColumns>;

/** Every statement on sessions, prepared once: ad hoc they cost ten times as much. */
export function prepareSessionStatements({ db }: Connection) {
  const isLive = and(isNull(sessions.endedAt), sql`${sessions.expiresAt} > ${hidden('now')}`);
  const isOwn = eq(sessions.userId, hidden('userId'));
  const isInState = sql`(${given('state')} = 'all'
    or (${given('state')} = 'live') = (${sessions.endedAt} is null and ${sessions.expiresAt} > ${hidden('now')}))`;
  const matches = sql`(${given('type')} = '' or ${sessions.type} = ${given('type')}) and (
    instr(lower(ifnull(${sessions.name}, '')), ${given('matching')}) > 0
    or instr(${sessions.type}, ${given('matching')}) > 0
    or instr(lower(${sessions.hint}), ${given('matching')}) > 0)`;
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
        bannedAt: accounts.bannedAt,
        bannedUntil: accounts.bannedUntil,
      })
      .from(sessions)
      .innerJoin(accounts, eq(accounts.userId, sessions.userId))
      .where(eq(sessions.tokenHash, hidden('tokenHash')))
      .prepare(),
    ban: db
      .select({ bannedAt: accounts.bannedAt, bannedUntil: accounts.bannedUntil })
      .from(accounts)
      .where(eq(accounts.userId, hidden('userId')))
      .prepare(),
    live: db
      .select(sessionColumns)
      .from(sessions)
      .where(and(eq(sessions.id, hidden('id')), isOwn, isLive))
      .prepare(),
    older: db
      .select(sessionColumns)
      .from(sessions)
      .where(and(isOwn, olderThan, isInState, matches))
      .orderBy(sql`${sessions.id} desc`)
      .limit(given('limit'))
      .prepare(),
    newer: db
      .select(sessionColumns)
      .from(sessions)
      .where(and(isOwn, newerThan, isInState, matches))
      .orderBy(sessions.id)
      .limit(given('limit'))
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
      .select(sessionColumns)
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
    inventory: db
      .select(sessionColumns)
      .from(sessions)
      .where(
        and(
          olderThan,
          isLive,
          sql`(${given('type')} = '' or ${sessions.type} = ${given('type')})`,
          sql`${sessions.expiresAt} < ${hidden('expiresBefore')}`,
          sql`ifnull(${sessions.lastUsedAt}, ${sessions.createdAt}) <= ${hidden('unusedSince')}`,
        ),
      )
      .orderBy(sql`${sessions.id} desc`)
      .limit(given('limit'))
      .prepare(),
    byToken: db
      .select(sessionColumns)
      .from(sessions)
      .where(eq(sessions.tokenHash, hidden('tokenHash')))
      .prepare(),
    allBut: db
      .select(sessionColumns)
      .from(sessions)
      .where(and(isOwn, isLive, sql`${sessions.id} <> ${hidden('id')}`))
      .prepare(),
    logins: db
      .select(sessionColumns)
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
    authorize: db
      .insert(authorizations)
      .values({
        userId: given('userId'),
        user: given('user'),
        scopes: given('scopes'),
        expiresAt: given('expiresAt'),
        checkedAt: given('checkedAt'),
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
      .values({ userId: given('userId'), createdAt: given('createdAt') })
      .onConflictDoNothing()
      .prepare(),
    insert: db
      .insert(sessions)
      .values({
        id: given('id'),
        tokenHash: given('tokenHash'),
        userId: given('userId'),
        type: given('type'),
        name: given('name'),
        hint: given('hint'),
        parentId: given('parentId'),
        replaces: given('replaces'),
        createdAt: given('createdAt'),
        expiresAt: given('expiresAt'),
        lastUsedAt: given('lastUsedAt'),
      })
      .prepare(),
    end: db
      .update(sessions)
      .set({
        endedAt: sql`${given('at')}`,
        endedBy: sql`${given('by')}`,
        endReason: sql`${given('reason')}`,
      })
      .where(eq(sessions.id, hidden('id')))
      .prepare(),
    touch: db
      .update(sessions)
      .set({ lastUsedAt: sql`${given('at')}` })
      .where(
        and(
          eq(sessions.id, hidden('id')),
          sql`ifnull(${sessions.lastUsedAt}, 0) < ${hidden('at')}`,
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
      .where(sql`${sessions.id} > ${hidden('after')}`)
      .orderBy(sessions.id)
      .limit(given('limit'))
      .prepare(),
    remove: db
      .delete(sessions)
      .where(eq(sessions.id, hidden('id')))
      .prepare(),
  };
}
