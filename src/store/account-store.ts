import { and, eq, isNotNull, or, sql } from 'drizzle-orm';
import { type Account, isBanned } from '../core/account.ts';
import type { UserId } from '../core/actor.ts';
import type { Act } from '../core/audit.ts';
import type { AccountStore, Stats } from '../core/ports.ts';
import type { RecordEvent } from './audit-store.ts';
import type { Connection } from './connection.ts';
import { accounts, authorizations, sessions } from './schema.ts';
import type { EndWithin } from './session-store.ts';
import { opaque } from './statement.ts';

const NORMAL = {
  bannedAt: null,
  bannedUntil: null,
  banSource: null,
  bannedBy: null,
  banReason: null,
};

export function createAccountStore(
  { db, write }: Connection,
  record: RecordEvent,
  endWithin: EndWithin,
): AccountStore {
  const find = db
    .select()
    .from(accounts)
    .where(eq(accounts.userId, opaque('userId')))
    .prepare();
  const findAuthorization = db
    .select({
      user: authorizations.user,
      scopes: authorizations.scopes,
      expiresAt: authorizations.expiresAt,
      checkedAt: authorizations.checkedAt,
    })
    .from(authorizations)
    .where(eq(authorizations.userId, opaque('userId')))
    .prepare();

  function findAccount(userId: UserId): Account | null {
    const row = find.get({ userId });
    return row === undefined ? null : toAccount(row);
  }

  function lift(act: Act, account: Account, reason: string | null): void {
    if (account.ban === null) return;
    const { userId, ban } = account;
    db.update(accounts).set(NORMAL).where(eq(accounts.userId, userId)).run();
    record({ ...act, userId, action: 'account.unbanned', source: ban.source, reason });
  }

  return {
    findAccount: async (userId) => findAccount(userId),

    async findAuthorization(userId) {
      return findAuthorization.get({ userId }) ?? null;
    },

    ban: async (act, userId, ban, endSessions) =>
      write(() => {
        const account = findAccount(userId);
        const byServer = ban.source === 'server';
        if (byServer && account !== null && isBanned(account, act.at)) {
          // It stands behind the ban that there is, and shows when that one ends.
          db.update(accounts)
            .set({ bannedInServer: true })
            .where(eq(accounts.userId, userId))
            .run();
          return null;
        }
        const row = {
          bannedAt: ban.at,
          bannedUntil: ban.until,
          banSource: ban.source,
          bannedBy: ban.by,
          banReason: ban.reason,
          ...(byServer ? { bannedInServer: true } : {}),
        };
        db.insert(accounts)
          .values({ userId, createdAt: act.at, ...row })
          .onConflictDoUpdate({ target: accounts.userId, set: row })
          .run();
        const all = { allBut: null };
        const { length: ended } = endSessions ? endWithin(act, userId, all, 'banned') : [];
        const { source, reason, until } = ban;
        record({ ...act, userId, action: 'account.banned', source, reason, until, ended });
        return ended;
      }),

    unban: async (act, userId, reason, source) =>
      write(() => {
        const account = findAccount(userId);
        if (account === null) return false;
        if (source === 'server') {
          const lifted = { bannedInServer: false, serverBanWaived: false };
          db.update(accounts).set(lifted).where(eq(accounts.userId, userId)).run();
          if (account.ban?.source !== 'server') return false;
        } else if (account.bannedInServer) {
          const waived = { bannedInServer: false, serverBanWaived: true };
          db.update(accounts).set(waived).where(eq(accounts.userId, userId)).run();
        }
        if (account.ban === null) return false;
        lift(act, account, reason);
        return true;
      }),

    liftExpiredBans: async (act, limit) =>
      write(() => {
        const over = db
          .select()
          .from(accounts)
          .where(and(isNotNull(accounts.bannedAt), sql`${accounts.bannedUntil} <= ${act.at}`))
          .limit(limit)
          .all();
        for (const row of over) {
          const account = toAccount(row);
          lift(act, account, 'it expired');
          if (!account.bannedInServer) continue;
          const { userId } = account;
          db.update(accounts)
            .set({ bannedAt: act.at, banSource: 'server' })
            .where(eq(accounts.userId, userId))
            .run();
          const kept = { source: 'server', reason: null, until: null, ended: 0 } as const;
          record({ ...act, userId, action: 'account.banned', ...kept });
        }
        return over.length;
      }),

    async isServerBanWaived(userId) {
      return find.get({ userId })?.serverBanWaived ?? false;
    },

    async bannedByServer() {
      const rows = db
        .select({ userId: accounts.userId })
        .from(accounts)
        .where(or(accounts.bannedInServer, accounts.serverBanWaived))
        .all();
      return rows.map(({ userId }) => userId);
    },

    async stats(now, since): Promise<Stats> {
      const live = { login: 0, app_login: 0, api: 0 };
      let made = 0;
      let used = 0;
      const types = db
        .select({
          type: sessions.type,
          live: sql<number>`sum(ended_at is null and expires_at > ${now})`,
          made: sql<number>`sum(replaces is null and created_at >= ${since})`,
          used: sql<number>`sum(ended_at is null and expires_at > ${now} and last_used_at >= ${since})`,
        })
        .from(sessions)
        .groupBy(sessions.type)
        .all();
      for (const row of types) {
        live[row.type] = row.live;
        used += row.used ?? 0;
        if (row.type === 'api') ({ made } = row);
      }
      const [counts] = db
        .select({
          accounts: sql<number>`count(*)`,
          banned: sql<number>`ifnull(sum(banned_at is not null and (banned_until is null or banned_until > ${now} or banned_in_server)), 0)`,
        })
        .from(accounts)
        .all();
      return { accounts: counts?.accounts ?? 0, banned: counts?.banned ?? 0, live, made, used };
    },
  };
}

export function toAccount(row: typeof accounts.$inferSelect): Account {
  const { userId, createdAt, bannedAt: at, bannedUntil: until, banSource: source } = row;
  const { bannedBy: by, banReason: reason } = row;
  const ban = at === null || source === null ? null : { source, at, until, by, reason };
  return { userId, createdAt, ban, bannedInServer: row.bannedInServer };
}
