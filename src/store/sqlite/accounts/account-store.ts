import { and, eq, isNotNull, isNull, or, sql, type SQLWrapper } from 'drizzle-orm';
import type { Account } from '../../../core/accounts/account.ts';
import { type BanPlan, judgeBan, judgeExpiry, judgeUnban } from '../../../core/accounts/bans.ts';
import type { AccountStore, Stats } from '../../../core/accounts/store.ts';
import type { UserId } from '../../../core/actor.ts';
import type { Act } from '../../../core/audit/audit.ts';
import type { SessionType } from '../../../core/sessions/session.ts';
import { toAccount, toBanRow } from '../../rows.ts';
import type { Connection } from '../connection.ts';
import { accounts, authorizations, sessions } from '../schema.ts';
import type { ApplyPlan, Select } from '../sessions/session-store.ts';
import { opaque, opaqueLimit } from '../statement.ts';

const liveOf = (type: SessionType) =>
  sql<number>`sum(type = ${sql.raw(`'${type}'`)} and expires_at > ${opaque('now')})`.as(type);

const sumOf = (column: SQLWrapper) => sql<number>`ifnull(sum(${column}), 0)`;

export function createAccountStore(
  { db, write }: Connection,
  select: Select,
  applyPlan: ApplyPlan,
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

  const eachMember = db
    .select({
      userId: sessions.userId,
      login: liveOf('login'),
      app_login: liveOf('app_login'),
      api: liveOf('api'),
    })
    .from(sessions)
    .where(and(isNull(sessions.endedAt), sql`${sessions.userId} > ${opaque('after')}`))
    .groupBy(sessions.userId)
    .orderBy(sessions.userId)
    .limit(opaqueLimit)
    .as('members');
  const totals = db
    .select({
      members: sql<number>`count(*)`,
      last: sql<UserId | null>`max(user_id)`,
      login: sumOf(eachMember.login),
      app_login: sumOf(eachMember.app_login),
      api: sumOf(eachMember.api),
    })
    .from(eachMember)
    .prepare();

  function findAccount(userId: UserId): Account | null {
    const row = find.get({ userId });
    return row === undefined ? null : toAccount(row);
  }

  function apply(act: Act, userId: UserId, { standing, sessions: plan }: BanPlan): void {
    const row = toBanRow(standing);
    db.insert(accounts)
      .values({ userId, createdAt: act.at, ...row })
      .onConflictDoUpdate({ target: accounts.userId, set: row })
      .run();
    if (plan !== null) applyPlan(act, plan);
  }

  return {
    findAccount: async (userId) => findAccount(userId),

    async findAuthorization(userId) {
      return findAuthorization.get({ userId }) ?? null;
    },

    ban: async (act, userId, ban, endSessions) =>
      write(() => {
        const ended = endSessions ? select(userId, { allBut: null }, act.at) : [];
        const plan = judgeBan(act, userId, findAccount(userId), ban, ended);
        apply(act, userId, plan);
        return plan.sessions === null ? null : ended.length;
      }),

    unban: async (act, userId, reason, source) =>
      write(() => {
        const account = findAccount(userId);
        if (account === null) return false;
        const plan = judgeUnban(act, account, reason, source);
        apply(act, userId, plan);
        return plan.sessions !== null;
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
          const { ban, ...account } = toAccount(row);
          if (ban !== null) apply(act, row.userId, judgeExpiry(act, { ...account, ban }));
        }
        return over.length;
      }),

    async bannedByServer() {
      const rows = db
        .select({ userId: accounts.userId })
        .from(accounts)
        .where(or(accounts.bannedInServer, accounts.serverBanWaived))
        .all();
      return rows.map(({ userId }) => userId);
    },

    async totalLive(now, after, limit) {
      const row = totals.get({ now, after: after ?? '', limit });
      const { login = 0, app_login = 0, api = 0, members = 0, last = null } = row ?? {};
      return { live: { login, app_login, api }, last: members < limit ? null : last };
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
