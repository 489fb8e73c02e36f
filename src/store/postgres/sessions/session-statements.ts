import { and, asc, desc, eq, gt, isNotNull, isNull, lt, ne, or, sql, type SQL } from 'drizzle-orm';
import type { SessionId } from '../../../core/actor.ts';
import type { Lifespan } from '../../../core/sessions/purge.ts';
import type { LiveCount, SessionName } from '../../../core/sessions/store.ts';
import type { SpentAllowance } from '../../../core/tokens/allowance.ts';
import type { SessionRow } from '../../rows.ts';
import { named, param } from '../../statement.ts';
import { idParam } from '../columns.ts';
import { authorizations, sessions, spentAllowances } from '../schema.ts';
import { db, statement } from '../statement.ts';

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
export const namedColumns = named(sessionColumns);

const isOwn = eq(sessions.userId, param('userId'));
const isLive = and(isNull(sessions.endedAt), gt(sessions.expiresAt, param('now')));
const isOver = or(isNotNull(sessions.endedAt), sql`${sessions.expiresAt} <= ${param('now')}`);
const isOne = eq(sessions.id, idParam('id'));
const isOlder = lt(sessions.id, idParam('after'));
const isNewer = gt(sessions.id, idParam('before'));
const isOfType = sql`(${param('type')}::text is null or ${sessions.type} = ${param('type')})`;

const unusedSince = sql`coalesce(${sessions.lastUsedAt}, ${sessions.createdAt}) <= ${param('unusedSince')}`;
const isUnused = sql`(${param('unusedSince')}::bigint is null or ${unusedSince})`;

const select = () => db.select(namedColumns).from(sessions).$dynamic();

/** A member's sessions in one state, newest first. */
const historyOf = (isInState: SQL | undefined) =>
  statement<SessionRow>(
    select()
      .where(and(isOlder, isOwn, isInState, isOfType, isUnused))
      .orderBy(desc(sessions.id))
      .limit(param('limit')),
  );

/** When a member made API tokens, of one kind, oldest first. Their ids tell. */
const madeBetween = (kind: SQL) =>
  statement<{ id: SessionId }>(
    db
      .select(named({ id: sessions.id }))
      .from(sessions)
      .where(
        and(
          isOwn,
          gt(sessions.id, idParam('after')),
          lt(sessions.id, idParam('before')),
          eq(sessions.type, 'api'),
          kind,
        ),
      )
      .orderBy(asc(sessions.id)),
  );

export const reading = {
  live: statement<SessionRow>(select().where(and(isOne, isOwn, isLive))),
  liveParent: statement<SessionRow>(
    select().where(
      and(
        isOwn,
        isLive,
        sql`${sessions.id} = (select parent_id from sessions made
          where made.id = ${idParam('id')} and made.user_id = ${param('userId')})`,
      ),
    ),
  ),
  allLive: statement<SessionRow>(select().where(and(isOwn, isLive)).orderBy(asc(sessions.id))),
  logins: statement<SessionRow>(
    select()
      .where(and(isOwn, isLive, ne(sessions.type, 'api')))
      .orderBy(desc(sessions.id)),
  ),
  older: historyOf(isLive),
  newer: statement<SessionRow>(
    select()
      .where(and(isNewer, isOwn, isLive, isOfType, isUnused))
      .orderBy(asc(sessions.id))
      .limit(param('limit')),
  ),
  count: statement<{ count: number }>(
    db
      .select(named({ count: sql`count(*)` }))
      .from(sessions)
      .where(and(isNewer, isOwn, isLive, isOfType, isUnused)),
  ),
  names: statement<SessionName>(
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
      .where(and(isOlder, isOwn, isLive, isOfType))
      .orderBy(desc(sessions.id))
      .limit(param('limit')),
  ),
  history: { live: historyOf(isLive), ended: historyOf(isOver), all: historyOf(undefined) },
  inventory: statement<SessionRow>(
    select()
      .where(
        and(isOlder, isLive, isOfType, lt(sessions.expiresAt, param('expiresBefore')), unusedSince),
      )
      .orderBy(desc(sessions.id))
      .limit(param('limit')),
  ),
  countLive: statement<LiveCount>(
    db
      .select(
        named({
          type: sessions.type,
          count: sql`count(*)`,
          rotated: sql`count(${sessions.rotatedAt})`,
          nextExpiry: sql`min(${sessions.expiresAt}) filter (where ${sessions.rotatedAt} is null)`,
        }),
      )
      .from(sessions)
      .where(and(isOwn, isLive))
      .groupBy(sessions.type),
  ),
  /** Counts on to `limit` and no further. */
  countApi: statement<{ count: number }>(
    sql`select count(*) as "count" from (
      select 1 from ${sessions} where ${and(isOwn, isLive, eq(sessions.type, sql`'api'`))}
      limit ${param('limit')}) as live`,
  ),
  createdBetween: madeBetween(isNull(sessions.replaces)),
  rotatedBetween: madeBetween(isNotNull(sessions.replaces)),
  spent: statement<SpentAllowance>(
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
        and(eq(spentAllowances.userId, param('userId')), gt(spentAllowances.until, param('now'))),
      ),
  ),
  /** One that is to be replaced. */
  own: statement<SessionRow & { readonly rotationToldAt: number | null }>(
    db
      .select(named({ ...sessionColumns, rotationToldAt: sessions.rotationToldAt }))
      .from(sessions)
      .where(and(isOne, isOwn)),
  ),
  /** The live one first: a clock that went back must not hide it. */
  successors: statement<SessionRow & { readonly isReplaced: boolean }>(
    db
      .select(
        named({
          ...sessionColumns,
          isReplaced: sql`exists(select 1 from sessions next
            where next.replaces = ${sessions.id} and next.user_id = ${sessions.userId})`,
        }),
      )
      .from(sessions)
      .where(and(isOwn, eq(sessions.replaces, idParam('id'))))
      .orderBy(sql`${sessions.endedAt} is null desc`, desc(sessions.id)),
  ),
  byTokens: statement<SessionRow>(
    select().where(sql`${sessions.tokenHash} = any(${param('tokenHashes')}::bytea[])`),
  ),
  /** The ids of at most `limit` that these made, directly or through others, live or not. */
  madeBy: statement<{ id: SessionId }>(sql`
    with recursive made(id) as (
      select id from sessions
      where parent_id = any(${param('ids')}::uuid[]) and user_id = ${param('userId')}
      union
      select child.id from sessions child join made on child.parent_id = made.id
      where child.user_id = ${param('userId')})
    select id from made limit ${param('limit')}`),
  oldest: statement<Lifespan>(
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
      .where(gt(sessions.id, idParam('after')))
      .orderBy(asc(sessions.id))
      .limit(param('limit')),
  ),
};

export const writing = {
  insert: statement(
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
  rename: statement(
    db
      .update(sessions)
      .set({ name: sql`${param('name')}` })
      .where(isOne),
  ),
  /** Once it was replaced it ends with its grace, and there is nothing to remind of. */
  supersede: statement(sql`
    update ${sessions} set rotated_at = ${param('at')}::bigint, expires_at = ${param('expiresAt')},
      remind_at = null, rotation_told_at = ${param('rotationToldAt')}::bigint
    where ${isOne}`),
  /** Locked in the order of their ids, as everybody does who changes several. */
  end: statement(sql`
    with ending as materialized (
      select ${sessions.id} as id, given.reason from ${sessions}
      join unnest(${param('ids')}::uuid[], ${param('reasons')}::text[]) as given(id, reason)
        on given.id = ${sessions.id}
      order by ${sessions.id} for no key update of sessions)
    update ${sessions} set ended_at = ${param('at')}::bigint, ended_by = ${param('by')}::text,
      end_reason = ending.reason
    from ending where ${sessions.id} = ending.id`),
  authorize: statement(
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
          user: sql`excluded."user"`,
          scopes: sql`excluded.scopes`,
          expiresAt: sql`excluded.expires_at`,
          checkedAt: sql`excluded.checked_at`,
        },
      }),
  ),
  remove: statement(sql`
    with old as materialized (
      select id from ${sessions} where id = any(${param('ids')}::uuid[]) order by id for update)
    delete from ${sessions} using old where ${sessions.id} = old.id`),
};
