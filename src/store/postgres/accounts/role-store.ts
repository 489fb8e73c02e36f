import { and, eq, gt, isNull, sql } from 'drizzle-orm';
import type { UserId } from '../../../core/actor.ts';
import type { RoleLook } from '../../../core/policy/standing.ts';
import type { RoleStore } from '../../../core/policy/store.ts';
import type { Instant } from '../../../core/time.ts';
import { param } from '../../statement.ts';
import type { Connection, Transaction } from '../connection.ts';
import { accounts, sessions } from '../schema.ts';
import { db, statement } from '../statement.ts';
import { lockAccount } from './account-lock.ts';

const save = statement(
  db
    .update(accounts)
    .set({ roles: sql`${param('roles')}::text`, rolesAt: sql`${param('at')}::bigint` })
    .where(eq(accounts.userId, param('userId'))),
);
/** Locked in the order of their ids, as everybody does who changes several. */
const copy = statement(sql`
  with live as materialized (
    select ${sessions.id} as id from ${sessions}
    where ${and(
      eq(sessions.userId, param('userId')),
      isNull(sessions.endedAt),
      gt(sessions.expiresAt, param('now')),
    )}
    order by ${sessions.id} for no key update)
  update ${sessions} set roles = ${param('roles')}::text
  from live where ${sessions.id} = live.id and ${sessions}.roles is distinct from ${param('roles')}::text`);

/** Behind the account's lock. */
export function writeLook(tx: Transaction, userId: UserId, look: RoleLook, now: Instant): void {
  tx.run(save, { userId, ...look });
  tx.run(copy, { userId, roles: look.roles, now });
}

export function createRoleStore({ write }: Connection): RoleStore {
  return {
    saveLook: (userId, look, now) =>
      write(async (tx) => {
        const account = await lockAccount(tx, userId);
        if (account === null) return null;
        const known = account.look;
        if (known !== null && known.at > look.at) return null;
        writeLook(tx, userId, look, now);
        return known?.roles === look.roles ? null : { before: known?.roles ?? null };
      }),
  };
}
