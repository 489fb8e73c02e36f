import { and, eq, sql } from 'drizzle-orm';
import type { UserId } from '../../../core/actor.ts';
import type { RoleLook } from '../../../core/policy/standing.ts';
import type { RoleStore } from '../../../core/policy/store.ts';
import type { Instant } from '../../../core/time.ts';
import { named, param } from '../../statement.ts';
import type { Connection } from '../connection.ts';
import { accounts, sessions } from '../schema.ts';
import { isLive, isOwn } from '../sessions/session-statements.ts';
import { opaque } from '../statement.ts';

/** Within a transaction. */
export type FindLook = (userId: UserId) => RoleLook | null;

/** Within a transaction. */
export type WriteLook = (userId: UserId, look: RoleLook, now: Instant) => void;

/** What was last seen of a member's roles. */
export function createRoleStore({ db, prepare, write }: Connection) {
  const isTheirs = eq(accounts.userId, opaque('userId'));
  const find = prepare<{ roles: string | null; at: Instant | null }>(
    db
      .select(named({ roles: accounts.roles, at: accounts.rolesAt }))
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
    const { roles = null, at = null } = find.get({ userId }) ?? {};
    return roles === null || at === null ? null : { roles, at };
  };

  const writeLook: WriteLook = (userId, look, now) => {
    save.run({ userId, ...look });
    copy.run({ userId, roles: look.roles, now });
  };

  const store: RoleStore = {
    saveLook: async (userId, look, now) =>
      write(() => {
        if (find.get({ userId }) === undefined) return null;
        const known = findLook(userId);
        if (known !== null && known.at > look.at) return null;
        writeLook(userId, look, now);
        return known?.roles === look.roles ? null : { before: known?.roles ?? null };
      }),
  };
  return { findLook, writeLook, store };
}
