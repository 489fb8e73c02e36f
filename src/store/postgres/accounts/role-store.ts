import { and, asc, eq, gt, isNotNull, isNull, sql } from 'drizzle-orm';
import { type Account, isBanned } from '../../../core/accounts/account.ts';
import type { UserId } from '../../../core/actor.ts';
import { type Act, SEVERAL } from '../../../core/audit/audit.ts';
import {
  AHEAD_MS,
  FEW,
  type JudgeLook,
  type LookFacts,
  TOGETHER_MS,
} from '../../../core/policy/looks.ts';
import type { RoleLook } from '../../../core/policy/standing.ts';
import type { HeldLooks, LookOutcome, RoleStore } from '../../../core/policy/store.ts';
import type { Instant } from '../../../core/time.ts';
import { type AccountRow, toAccount, toLookRow } from '../../rows.ts';
import { param } from '../../statement.ts';
import type { RecordEvents } from '../audit-store.ts';
import type { Connection, Transaction } from '../connection.ts';
import { accounts, sessions } from '../schema.ts';
import { db, statement } from '../statement.ts';
import { isRecorded } from '../traces.ts';
import { accountColumns, lockAccount } from './account-lock.ts';

const isTheirs = eq(accounts.userId, param('userId'));
const isTheirLive = and(
  eq(sessions.userId, param('userId')),
  isNull(sessions.endedAt),
  gt(sessions.expiresAt, param('now')),
);
const save = statement(
  db
    .update(accounts)
    .set({ roles: sql`${param('roles')}::text`, rolesAt: sql`${param('at')}::bigint` })
    .where(isTheirs),
);
const set = statement(
  db
    .update(accounts)
    .set({
      heldRoles: sql`${param('heldRoles')}::text`,
      heldAt: sql`${param('heldAt')}::bigint`,
      suspensionToldAt: sql`${param('suspensionToldAt')}::bigint`,
      rolesLostAt: sql`coalesce(${param('lostAt')}::bigint, ${accounts.rolesLostAt})`,
    })
    .where(isTheirs),
);
/** Locked in the order of their ids, as everybody does who changes several. */
const copy = statement(sql`
  with live as materialized (
    select ${sessions.id} as id from ${sessions} where ${isTheirLive}
    order by ${sessions.id} for no key update)
  update ${sessions} set roles = ${param('roles')}::text
  from live where ${sessions.id} = live.id and ${sessions}.roles is distinct from ${param('roles')}::text`);

const facts = statement<{ othersLost: number; hasLive: boolean }>(sql`
  select (select count(*) from ${accounts} where ${accounts.rolesLostAt} > ${param('since')}
      and ${accounts.rolesLostAt} <= ${param('now')} and ${accounts.userId} <> ${param('userId')})
    as "othersLost",
    exists (select 1 from ${sessions} where ${isTheirLive}) as "hasLive"`);
const members = statement<{ count: number }>(
  sql`select count(*) as count from ${accounts} where ${isNotNull(accounts.roles)}`,
);

const padded = (roles: unknown) => sql`' ' || ${roles} || ' '`;
const role = sql`${padded(sql`${param('roleId')}::text`)}`;
const has = (roles: unknown) => sql`strpos(${padded(roles)}, ${role}) > 0`;
/** Locked in the order in which accounts always are. */
const hold = statement<{ one: 1 }>(sql`
  with held as materialized (
    select user_id from ${accounts} where ${has(sql`roles`)}
      and (held_at is null or ${has(sql`held_roles`)})
    order by user_id limit ${param('limit')} for no key update)
  update ${accounts} set held_at = coalesce(held_at, ${param('now')}::bigint),
    held_roles = trim(replace(${padded(sql`coalesce(held_roles, roles)`)}, ${role}, ' '))
  from held where ${accounts.userId} = held.user_id returning 1 as one`);
const findHeld = statement<HeldLooks>(sql`
  select roles, held_roles as held, count(*) as count, min(held_at) as first, max(held_at) as last
  from ${accounts} where held_at is not null group by roles, held_roles`);
const lockHeld = statement<AccountRow>(
  db
    .select(accountColumns)
    .from(accounts)
    .where(
      // Looked at again by each row that somebody else had locked.
      sql`${accounts.heldAt} <= ${param('since')}
        and ${accounts.userId} = any(array(select user_id from ${accounts}
          where held_at <= ${param('since')} order by held_at limit ${param('limit')}))`,
    )
    .orderBy(asc(accounts.userId))
    .for('no key update'),
);
const keep = statement<{ one: 1 }>(sql`
  with held as materialized (
    select user_id from ${accounts} where held_at is not null order by user_id for no key update)
  update ${accounts} set held_at = ${param('now')}
  from held where ${accounts.userId} = held.user_id returning 1 as one`);

const isUsedSince = sql`exists (select 1 from ${sessions} where ${sessions.userId} = ${accounts.userId}
  and ${sessions.endedAt} is null and ${sessions.expiresAt} > ${param('now')}
  and ${sessions.lastUsedAt} > coalesce(${accounts.rolesAt}, 0))`;
// What is dated after now was dated by a clock that was wrong.
const unseen = statement<{ userId: UserId }>(sql`
  select user_id as "userId" from ${accounts}
  where (roles_at is null or roles_at < ${param('before')} or roles_at > ${param('ahead')})
    and ${isUsedSince}
  order by roles_at nulls first limit ${param('limit')}`);
const oldest = statement<{ at: Instant | null }>(
  sql`select roles_at as at from ${accounts} where ${isUsedSince}
    order by roles_at nulls first limit 1`,
);

/** Behind the account's lock. What is held stays so. */
export function writeLook(
  tx: Transaction,
  userId: UserId,
  { roles, at }: RoleLook,
  now: Instant,
): void {
  tx.run(save, { userId, roles, at });
  tx.run(copy, { userId, roles, now });
}

export function createRoleStore({ all, get, write }: Connection, record: RecordEvents): RoleStore {
  async function decide(
    tx: Transaction,
    act: Act,
    account: Account,
    judge: JudgeLook,
  ): Promise<LookOutcome> {
    const { userId } = account;
    const plan = judge(await factsOf(tx, account, act.at));
    if (plan === null) return 'older';
    const { look, isLoss, events } = plan;
    writeLook(tx, userId, look, act.at);
    const { heldRoles, heldAt, suspensionToldAt } = toLookRow(look);
    const lostAt = isLoss ? act.at : null;
    tx.run(set, { userId, heldRoles, heldAt, suspensionToldAt, lostAt });
    await record(tx, events);
    if (look.held !== undefined) return 'held';
    return look.roles === account.look?.roles ? 'saved' : 'changed';
  }

  return {
    saveLook: (act, userId, judge) =>
      write(async (tx) => {
        const account = await lockAccount(tx, userId);
        return account === null ? 'unknown' : decide(tx, act, account, judge);
      }),

    holdRole: (roleId, now, limit) =>
      write(async (tx) => (await tx.all(hold, { roleId, now, limit })).length),

    findHeld: () => all(findHeld),

    applyHeld: (act, since, limit, judge) =>
      write(async (tx) => {
        const rows = await tx.all(lockHeld, { since, limit });
        for (const row of rows) await decide(tx, act, toAccount(row), judge);
        return rows.length;
      }),

    keepHeld: (act, roles) =>
      write(async (tx) => {
        const { length: count } = await tx.all(keep, { now: act.at });
        if (count === 0) return 0;
        const event = { ...act, userId: SEVERAL, action: 'roles.kept', roles, count } as const;
        if (!tx.mayBeKept || !(await isRecorded(tx, event))) await record(tx, [event]);
        return count;
      }),

    findUnseen: async (now, before, limit) => {
      const rows = await all(unseen, { now, before, ahead: now + AHEAD_MS, limit });
      return rows.map(({ userId }) => userId);
    },

    findOldestLook: async (now) => (await get(oldest, { now })) ?? null,
  };
}

async function factsOf(tx: Transaction, account: Account, now: Instant): Promise<LookFacts> {
  const { userId, look: known } = account;
  const found = await tx.get(facts, { userId, now, since: now - TOGETHER_MS });
  const { othersLost = 0, hasLive = false } = found ?? {};
  const counted = othersLost < FEW ? undefined : await tx.get(members);
  return {
    userId,
    known,
    othersLost,
    members: counted?.count ?? 0,
    isBanned: isBanned(account, now),
    hasLive,
  };
}
