import { setImmediate as yieldToOthers } from 'node:timers/promises';
import { and, eq, isNotNull, isNull, or, sql } from 'drizzle-orm';
import { isBanned } from '../../../core/accounts/account.ts';
import type { RoleId, UserId } from '../../../core/actor.ts';
import { type Act, SEVERAL } from '../../../core/audit/audit.ts';
import {
  AHEAD_MS,
  FEW,
  type JudgeLook,
  type LookFacts,
  TOGETHER_MS,
} from '../../../core/policy/looks.ts';
import type { KnownLook, RoleLook } from '../../../core/policy/standing.ts';
import type { LookOutcome, RoleStore } from '../../../core/policy/store.ts';
import type { Instant } from '../../../core/time.ts';
import { type AccountRow, type LookRow, toAccount, toLook, toLookRow } from '../../rows.ts';
import { named, param } from '../../statement.ts';
import type { RecordEvent } from '../audit-store.ts';
import type { Connection } from '../connection.ts';
import { accounts, sessions } from '../schema.ts';
import { isLive, isOwn } from '../sessions/session-statements.ts';
import { opaque, opaqueLimit } from '../statement.ts';

/** How many accounts a search looks through at a time. */
const LOOKED_THROUGH = 250;

/** Within a transaction. */
export type FindLook = (userId: UserId) => KnownLook | null;

/** Within a transaction. What is held stays so. */
export type WriteLook = (userId: UserId, look: RoleLook, now: Instant) => void;

/** What was last seen of a member's roles. */
export function createRoleStore(
  { db, prepare, write, writeSlice }: Connection,
  record: RecordEvent,
) {
  const isTheirs = eq(accounts.userId, opaque('userId'));
  const find = prepare<LookRow>(
    db
      .select(
        named({
          roles: accounts.roles,
          rolesAt: accounts.rolesAt,
          heldRoles: accounts.heldRoles,
          heldAt: accounts.heldAt,
          suspensionToldAt: accounts.suspensionToldAt,
        }),
      )
      .from(accounts)
      .where(isTheirs),
  );
  const save = prepare(
    db
      .update(accounts)
      .set({ roles: sql`${param('roles')}`, rolesAt: sql`${param('at')}` })
      .where(isTheirs),
  );
  const copy = prepare(
    db
      .update(sessions)
      .set({ roles: sql`${param('roles')}` })
      .where(and(isOwn, isLive, sql`${sessions.roles} is not ${param('roles')}`)),
  );

  const findLook: FindLook = (userId) => {
    const row = find.get({ userId });
    return row === undefined ? null : toLook(row);
  };

  const writeLook: WriteLook = (userId, { roles, at }, now) => {
    save.run({ userId, roles, at });
    copy.run({ userId, roles, now });
  };

  const findOne = db.select().from(accounts).where(isTheirs).prepare();
  const findHeldSince = db
    .select()
    .from(accounts)
    .where(sql`${accounts.heldAt} <= ${opaque('since')}`)
    .orderBy(accounts.heldAt)
    .limit(opaqueLimit)
    .prepare();
  const set = prepare(
    db
      .update(accounts)
      .set({
        heldRoles: sql`${param('heldRoles')}`,
        heldAt: sql`${param('heldAt')}`,
        suspensionToldAt: sql`${param('suspensionToldAt')}`,
        rolesLostAt: sql`ifnull(${param('lostAt')}, ${accounts.rolesLostAt})`,
      })
      .where(isTheirs),
  );
  const anyLive = prepare<{ one: 1 }>(
    db
      .select(named({ one: sql`1` }))
      .from(sessions)
      .where(and(isOwn, isLive)),
  );
  const countLost = prepare<{ count: number }>(
    db
      .select(named({ count: sql`count(*)` }))
      .from(accounts)
      .where(
        sql`${accounts.rolesLostAt} > ${opaque('since')} and ${accounts.rolesLostAt} <= ${opaque('now')}
            and ${accounts.userId} <> ${opaque('userId')}`,
      ),
  );
  const unseenAfter = prepare<{ userId: UserId; at: Instant | null; isUnseen: 0 | 1 }>(
    db
      .select(
        named({
          userId: accounts.userId,
          at: accounts.rolesAt,
          // What is dated after now was dated by a clock that was wrong.
          isUnseen: sql`(${accounts.rolesAt} is null or ${accounts.rolesAt} < ${param('before')}
            or ${accounts.rolesAt} > ${param('ahead')}) and ${isUsedSince(param('now'))}`,
        }),
      )
      .from(accounts)
      .where(sql`${accounts.userId} > ${opaque('after')}`)
      .orderBy(accounts.userId)
      .limit(LOOKED_THROUGH),
  );
  const countMembers = () =>
    db
      .select({ count: sql<number>`count(*)` })
      .from(accounts)
      .where(isNotNull(accounts.roles))
      .get()?.count ?? 0;

  function hold(roleId: RoleId, now: Instant, limit: number): number {
    const has = (roles: unknown) => sql`instr(${padded(roles)}, ${` ${roleId} `}) > 0`;
    const who = db
      .select({ userId: accounts.userId })
      .from(accounts)
      .where(and(has(accounts.roles), or(isNull(accounts.heldAt), has(accounts.heldRoles))))
      .limit(limit);
    return db
      .update(accounts)
      .set({
        heldRoles: sql`trim(replace(${padded(sql`ifnull(${accounts.heldRoles}, ${accounts.roles})`)}, ${` ${roleId} `}, ' '))`,
        heldAt: sql`ifnull(${accounts.heldAt}, ${now})`,
      })
      .where(sql`${accounts.userId} in ${who}`)
      .run().changes;
  }

  function factsOf(row: AccountRow, now: Instant): LookFacts {
    const { userId } = row;
    const account = toAccount(row);
    const given = { userId, now, since: now - TOGETHER_MS };
    const othersLost = account.look === null ? 0 : (countLost.get(given)?.count ?? 0);
    return {
      userId,
      known: account.look,
      othersLost,
      members: othersLost < FEW ? 0 : countMembers(),
      isBanned: isBanned(account, now),
      hasLive: anyLive.get(given) !== undefined,
    };
  }

  function decide({ at: now }: Act, row: AccountRow, judge: JudgeLook): LookOutcome {
    const { userId } = row;
    const plan = judge(factsOf(row, now));
    if (plan === null) return 'older';
    const { look, isLoss, events } = plan;
    writeLook(userId, look, now);
    set.run({ userId, ...toLookRow(look), lostAt: isLoss ? now : null });
    for (const event of events) record(event);
    if (look.held !== undefined) return 'held';
    return look.roles === row.roles ? 'saved' : 'changed';
  }

  const store: RoleStore = {
    saveLook: async (act, userId, judge) =>
      write(() => {
        const row = findOne.get({ userId });
        return row === undefined ? 'unknown' : decide(act, row, judge);
      }),

    holdRole: async (roleId, now, limit) => writeSlice(() => hold(roleId, now, limit)),

    findHeld: async () =>
      db
        .select({
          roles: sql<string>`${accounts.roles}`,
          held: sql<string>`${accounts.heldRoles}`,
          count: sql<number>`count(*)`,
          first: sql<Instant>`min(${accounts.heldAt})`,
          last: sql<Instant>`max(${accounts.heldAt})`,
        })
        .from(accounts)
        .where(isNotNull(accounts.heldAt))
        .groupBy(accounts.roles, accounts.heldRoles)
        .all(),

    applyHeld: async (act, since, limit, judge) =>
      writeSlice(() => {
        const rows = findHeldSince.all({ since, limit });
        for (const row of rows) decide(act, row, judge);
        return rows.length;
      }),

    keepHeld: async (act, roles) =>
      write(() => {
        const { changes: count } = db
          .update(accounts)
          .set({ heldAt: act.at })
          .where(isNotNull(accounts.heldAt))
          .run();
        if (count > 0) record({ ...act, userId: SEVERAL, action: 'roles.kept', roles, count });
        return count;
      }),

    async findUnseen(now, before, limit) {
      const found: { userId: UserId; at: Instant | null }[] = [];
      for (let after: UserId | undefined = ''; after !== undefined;) {
        const slice = unseenAfter.all({ after, now, before, ahead: now + AHEAD_MS });
        found.push(...slice.filter(({ isUnseen }) => isUnseen === 1));
        after = slice.length < LOOKED_THROUGH ? undefined : slice.at(-1)?.userId;
        // Checks wait for no more than a slice.
        await yieldToOthers();
      }
      return found
        .toSorted((one, other) => (one.at ?? 0) - (other.at ?? 0))
        .slice(0, limit)
        .map(({ userId }) => userId);
    },

    async findOldestLook(now) {
      const [row] = db
        .select({ at: accounts.rolesAt })
        .from(accounts)
        .where(isUsedSince(now))
        .orderBy(accounts.rolesAt)
        .limit(1)
        .all();
      return row ?? null;
    },
  };
  return { findLook, writeLook, store };
}

const padded = (roles: unknown) => sql`' ' || ${roles} || ' '`;

function isUsedSince(now: Instant | ReturnType<typeof param>) {
  return sql`exists (select 1 from ${sessions} where ${sessions.userId} = ${accounts.userId}
    and ${isNull(sessions.endedAt)} and ${sessions.expiresAt} > ${now}
    and ${sessions.lastUsedAt} > ifnull(${accounts.rolesAt}, 0))`;
}
