import { and, eq, isNotNull, isNull, or, sql, type SQL } from 'drizzle-orm';
import type { LiveCount, SessionName } from '../../../core/sessions/store.ts';
import type { SpentAllowance } from '../../../core/tokens/allowance.ts';
import type { SessionRow } from '../../rows.ts';
import type { Connection } from '../connection.ts';
import { accounts, authorizations, sessions, spentAllowances } from '../schema.ts';
import { named, param } from '../../statement.ts';
import { opaque, opaqueLimit } from '../statement.ts';
import { bannedUntil, hasBan, prepareCheck } from './check-statement.ts';

/** What leaves the store; never the hash. */
export const sessionColumns = {
  id: sessions.id,
  userId: sessions.userId,
  type: sessions.type,
  name: sessions.name,
  hint: sessions.hint,
  parentId: sessions.parentId,
  replaces: sessions.replaces,
  scope: sessions.scope,
  createdAt: sessions.createdAt,
  expiresAt: sessions.expiresAt,
  rotatedAt: sessions.rotatedAt,
  lastUsedAt: sessions.lastUsedAt,
  endedAt: sessions.endedAt,
  endedBy: sessions.endedBy,
  endReason: sessions.endReason,
};

/** The same, where the driver makes the rows. */
export const namedColumns = named(sessionColumns);

interface Count {
  readonly count: number;
}
const count = named({ count: sql`count(*)` });

/** A member's API tokens between two ids, of one kind, oldest first. Their ids tell when they were made. */
function prepareApiBetween({ db, prepare }: Connection, kind: SQL) {
  return prepare<{ id: string }>(
    db
      .select(named({ id: sessions.id }))
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
const isOfType = sql`(${param('type')} = '' or ${sessions.type} = ${opaque('type')})`;

const isUnused = sql`ifnull(${sessions.lastUsedAt}, ${sessions.createdAt}) <= ${opaque('unusedSince')}`;

/** A member's live sessions, a page at a time, and how many there are; of a kind, if one is given. */
function prepareLivePages({ db, prepare }: Connection, kind?: SQL) {
  // Hidden from the planner: it would go through all that ended to find them in this order.
  const id = sql`+${sessions.id}`;
  const isFound = and(isOwn, isLive, isOfType, kind);
  const isOlder = sql`${id} < ${opaque('after')}`;
  const isNewer = sql`${id} > ${opaque('before')}`;
  return {
    older: prepare<SessionRow>(
      db
        .select(namedColumns)
        .from(sessions)
        .where(and(isOlder, isFound))
        .orderBy(sql`${id} desc`)
        .limit(opaqueLimit),
    ),
    newer: prepare<SessionRow>(
      db
        .select(namedColumns)
        .from(sessions)
        .where(and(isNewer, isFound))
        .orderBy(id)
        .limit(opaqueLimit),
    ),
    count: prepare<Count>(db.select(count).from(sessions).where(and(isNewer, isFound))),
    names: prepare<SessionName>(
      db
        .select(
          named({
            id: sessions.id,
            type: sessions.type,
            name: sessions.name,
            hint: sessions.hint,
            lastUsedAt: sessions.lastUsedAt,
          }),
        )
        .from(sessions)
        .where(and(isOlder, isFound))
        .orderBy(sql`${id} desc`)
        .limit(opaqueLimit),
    ),
  };
}

/** A member's sessions that ended, or all that are kept. */
function prepareHistory({ db, prepare }: Connection, isInState: SQL | undefined) {
  return prepare<SessionRow>(
    db
      .select(namedColumns)
      .from(sessions)
      .where(and(olderThan, isOwn, isInState, isOfType))
      .orderBy(sql`${sessions.id} desc`)
      .limit(opaqueLimit),
  );
}

/** Every statement on sessions, prepared once: ad hoc they cost ten times as much. */
export function prepareSessionStatements(connection: Connection) {
  const { db, prepare } = connection;
  const pages = prepareLivePages(connection);
  return {
    check: prepareCheck(connection),
    ban: prepare<{ bannedUntil: number | null }>(
      db
        .select(named({ bannedUntil }))
        .from(accounts)
        .where(and(eq(accounts.userId, opaque('userId')), hasBan)),
    ),
    live: prepare<SessionRow>(
      db
        .select(namedColumns)
        .from(sessions)
        .where(and(eq(sessions.id, opaque('id')), isOwn, isLive)),
    ),
    own: prepare<SessionRow & { readonly rotationToldAt: number | null }>(
      db
        .select(named({ ...sessionColumns, rotationToldAt: sessions.rotationToldAt }))
        .from(sessions)
        .where(and(eq(sessions.id, opaque('id')), isOwn)),
    ),
    pages,
    /** By themselves: the others count in an index that has no last use. */
    unusedPages: prepareLivePages(connection, isUnused),
    history: {
      live: pages.older,
      ended: prepareHistory(connection, isOver),
      all: prepareHistory(connection, undefined),
    },
    countLive: prepare<LiveCount>(
      db
        .select(
          named({
            type: sessions.type,
            count: sql`count(*)`,
            rotated: sql`count(${sessions.rotatedAt})`,
            nextExpiry: sql`min(iif(${sessions.rotatedAt} is null, ${sessions.expiresAt}, null))`,
          }),
        )
        .from(sessions)
        .where(and(isOwn, isLive))
        .groupBy(sessions.type),
    ),
    /** Counts on to `limit` and no further. */
    countApi: prepare<Count>(
      db.select(count).from(
        db
          .select({ one: sql`1`.as('one') })
          .from(sessions)
          .where(and(isOwn, isLive, sql`${sessions.type} = 'api'`))
          .limit(opaqueLimit)
          .as('live'),
      ),
    ),
    spent: prepare<SpentAllowance>(
      db
        .select(
          named({
            created: spentAllowances.created,
            rotated: spentAllowances.rotated,
            until: spentAllowances.until,
          }),
        )
        .from(spentAllowances)
        .where(
          and(
            eq(spentAllowances.userId, opaque('userId')),
            sql`${spentAllowances.until} > ${opaque('now')}`,
          ),
        ),
    ),
    /** The ids of at most `limit` that these made, directly or through others, live or not. */
    descendantsOf: prepare<{ id: string }>(
      db.select({ id: sql`id` }).from(
        sql`(with recursive made(id) as (
          select id from sessions where parent_id in (select value from json_each(${param('ids')}))
          union select child.id from sessions child join made on child.parent_id = made.id
          ${sql`limit ${opaque('limit')}`})
        select id from made)`,
      ),
    ),
    inventory: prepare<SessionRow>(
      db
        .select(namedColumns)
        .from(sessions)
        .where(
          and(
            olderThan,
            isLive,
            isOfType,
            sql`${sessions.expiresAt} < ${opaque('expiresBefore')}`,
            isUnused,
          ),
        )
        .orderBy(sql`${sessions.id} desc`)
        .limit(opaqueLimit),
    ),
    byToken: prepare<SessionRow>(
      db
        .select(namedColumns)
        .from(sessions)
        .where(eq(sessions.tokenHash, opaque('tokenHash'))),
    ),
    allBut: prepare<SessionRow>(
      db
        .select(namedColumns)
        .from(sessions)
        .where(and(isOwn, isLive, sql`${sessions.id} <> ${opaque('id')}`)),
    ),
    logins: prepare<SessionRow>(
      db
        .select(namedColumns)
        .from(sessions)
        .where(and(isOwn, isLive, sql`${sessions.type} <> 'api'`))
        .orderBy(sql`${sessions.id} desc`),
    ),
    createdBetween: prepareApiBetween(connection, isNull(sessions.replaces)),
    rotatedBetween: prepareApiBetween(connection, isNotNull(sessions.replaces)),
    authorize: prepare(
      db
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
        }),
    ),
    openAccount: prepare(
      db
        .insert(accounts)
        .values({ userId: param('userId'), createdAt: param('createdAt') })
        .onConflictDoNothing(),
    ),
    insert: prepare(
      db.insert(sessions).values({
        id: param('id'),
        tokenHash: param('tokenHash'),
        userId: param('userId'),
        type: param('type'),
        name: param('name'),
        hint: param('hint'),
        parentId: param('parentId'),
        replaces: param('replaces'),
        scope: param('scope'),
        roles: param('roles'),
        createdAt: param('createdAt'),
        expiresAt: param('expiresAt'),
        lastUsedAt: param('lastUsedAt'),
        remindAt: param('remindAt'),
        rotationToldAt: param('rotationToldAt'),
      }),
    ),
    end: prepare(
      db
        .update(sessions)
        .set({
          endedAt: opaque('at'),
          endedBy: opaque('by'),
          endReason: sql`${param('reason')}`,
        })
        .where(eq(sessions.id, opaque('id'))),
    ),
    rename: prepare(
      db
        .update(sessions)
        .set({ name: sql`${opaque('name')}` })
        .where(eq(sessions.id, opaque('id'))),
    ),
    /** Once it was replaced it ends with its grace, and there is nothing to remind of. */
    supersede: prepare(
      db
        .update(sessions)
        .set({
          rotatedAt: sql`${param('at')}`,
          expiresAt: opaque('expiresAt'),
          remindAt: sql`null`,
          rotationToldAt: sql`${param('rotationToldAt')}`,
        })
        .where(eq(sessions.id, opaque('id'))),
    ),
    successors: prepare<SessionRow>(
      db
        .select(namedColumns)
        .from(sessions)
        .where(and(isOwn, sql`${sessions.replaces} = ${opaque('id')}`))
        // A clock that went back must not hide the one that is live.
        .orderBy(sql`${sessions.endedAt} is null desc`, sql`${sessions.id} desc`),
    ),
    oldest: prepare<Pick<SessionRow, 'id' | 'createdAt' | 'expiresAt' | 'endedAt'>>(
      db
        .select(
          named({
            id: sessions.id,
            createdAt: sessions.createdAt,
            expiresAt: sessions.expiresAt,
            endedAt: sessions.endedAt,
          }),
        )
        .from(sessions)
        .where(sql`${sessions.id} > ${opaque('after')}`)
        .orderBy(sessions.id)
        .limit(opaqueLimit),
    ),
    remove: prepare(db.delete(sessions).where(eq(sessions.id, opaque('id')))),
  };
}
