import { asc, eq, sql } from 'drizzle-orm';
import type { Account } from '../../../core/accounts/account.ts';
import type { UserId } from '../../../core/actor.ts';
import type { Instant } from '../../../core/time.ts';
import { type AccountRow, toAccount } from '../../rows.ts';
import { named, param } from '../../statement.ts';
import type { Transaction } from '../connection.ts';
import { accounts } from '../schema.ts';
import { Collision } from '../server/failures.ts';
import { db, statement } from '../statement.ts';
import { findNotices } from './notice-store.ts';

export const accountColumns = named({
  userId: accounts.userId,
  createdAt: accounts.createdAt,
  bannedAt: accounts.bannedAt,
  bannedUntil: accounts.bannedUntil,
  banSource: accounts.banSource,
  bannedBy: accounts.bannedBy,
  banReason: accounts.banReason,
  banReasonTold: accounts.banReasonTold,
  bannedInServer: accounts.bannedInServer,
  serverBanWaived: accounts.serverBanWaived,
  roles: accounts.roles,
  rolesAt: accounts.rolesAt,
  heldRoles: accounts.heldRoles,
  heldAt: accounts.heldAt,
  suspensionToldAt: accounts.suspensionToldAt,
});

const open = statement(
  db
    .insert(accounts)
    .values({ userId: param('userId'), createdAt: param('at') })
    .onConflictDoNothing(),
);
// For update would wait for everybody who stores a session beside it.
const lock = statement<AccountRow>(
  db
    .select(accountColumns)
    .from(accounts)
    .where(eq(accounts.userId, param('userId')))
    .for('no key update'),
);
const lockSeveral = statement<AccountRow>(
  db
    .select(accountColumns)
    .from(accounts)
    .where(sql`${accounts.userId} = any(${param('userIds')})`)
    .orderBy(asc(accounts.userId))
    .for('no key update'),
);

// Whatever changes a member's sessions or ban takes the account's lock before it looks at anything. What
// is sent behind it, even unanswered, sees all that was done before the lock was had.

/** Locks an account; null if there is none. */
export async function lockAccount(tx: Transaction, userId: UserId): Promise<Account | null> {
  const locked = tx.get(lock, { userId });
  void findNotices(tx, userId);
  const row = await locked;
  return row === undefined ? null : toAccount(row);
}

/** The same; opens one if there is none. It is gone again where nothing is kept. */
export async function openAccount(tx: Transaction, userId: UserId, at: Instant): Promise<Account> {
  tx.run(open, { userId, at });
  const account = await lockAccount(tx, userId);
  // Somebody erased it just now.
  if (account === null) throw new Collision();
  return account;
}

/** Locks several, always in the same order. */
export async function lockAccounts(tx: Transaction, userIds: readonly UserId[]): Promise<void> {
  await tx.all(lockSeveral, { userIds });
}
