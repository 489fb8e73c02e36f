import { and, asc, eq, isNotNull, isNull, or, sql } from 'drizzle-orm';
import type { Account } from '../../../core/accounts/account.ts';
import type { KnownAuthorization } from '../../../core/accounts/authorization.ts';
import { type BanPlan, judgeBan, judgeExpiry, judgeUnban } from '../../../core/accounts/bans.ts';
import type { AccountStore } from '../../../core/accounts/store.ts';
import type { UserId } from '../../../core/actor.ts';
import type { Act } from '../../../core/audit/audit.ts';
import type { SessionType } from '../../../core/sessions/session.ts';
import { type AccountRow, toAccount, toBanRow } from '../../rows.ts';
import { named, param } from '../../statement.ts';
import type { Connection, Snapshot, Transaction } from '../connection.ts';
import { accounts, authorizations, sessions } from '../schema.ts';
import type { ApplyPlan } from '../sessions/apply-plan.ts';
import { select } from '../sessions/session-facts.ts';
import { db, statement } from '../statement.ts';
import { tracesOf } from '../traces.ts';
import { accountColumns, lockAccount, openAccount } from './account-lock.ts';

const find = statement<AccountRow>(
  db
    .select(accountColumns)
    .from(accounts)
    .where(eq(accounts.userId, param('userId'))),
);
const findAuthorization = statement<KnownAuthorization>(
  db
    .select(
      named({
        user: authorizations.user,
        scopes: authorizations.scopes,
        expiresAt: authorizations.expiresAt,
        checkedAt: authorizations.checkedAt,
      }),
    )
    .from(authorizations)
    .where(eq(authorizations.userId, param('userId'))),
);
const saveBan = statement(
  db
    .update(accounts)
    .set({
      bannedAt: sql`${param('bannedAt')}::bigint`,
      bannedUntil: sql`${param('bannedUntil')}::bigint`,
      banSource: sql`${param('banSource')}::text`,
      bannedBy: sql`${param('bannedBy')}::text`,
      banReason: sql`${param('banReason')}::text`,
      banReasonTold: sql`${param('banReasonTold')}::boolean`,
      bannedInServer: sql`${param('bannedInServer')}::boolean`,
      serverBanWaived: sql`${param('serverBanWaived')}::boolean`,
    })
    .where(eq(accounts.userId, param('userId'))),
);
const over = statement<AccountRow>(
  db
    .select(accountColumns)
    .from(accounts)
    .where(and(isNotNull(accounts.bannedAt), sql`${accounts.bannedUntil} <= ${param('now')}`))
    .orderBy(asc(accounts.userId))
    .limit(param('limit'))
    .for('no key update', { skipLocked: true }),
);
const bannedByServer = statement<{ userId: UserId }>(
  db
    .select(named({ userId: accounts.userId }))
    .from(accounts)
    .where(or(accounts.bannedInServer, accounts.serverBanWaived)),
);

const liveOf = (type: SessionType) =>
  sql`count(*) filter (where type = ${sql.raw(`'${type}'`)} and expires_at > ${param('now')})`.as(
    type,
  );
const eachMember = db
  .select({
    userId: sessions.userId,
    login: liveOf('login'),
    app_login: liveOf('app_login'),
    api: liveOf('api'),
  })
  .from(sessions)
  .where(and(isNull(sessions.endedAt), sql`${sessions.userId} > ${param('after')}`))
  .groupBy(sessions.userId)
  .orderBy(sessions.userId)
  .limit(param('limit'))
  .as('members');
const totals = statement<
  Record<'login' | 'app_login' | 'api' | 'members', number> & { last: UserId | null }
>(
  db
    .select(
      named({
        members: sql`count(*)`,
        last: sql`max(${eachMember.userId})`,
        login: sql`coalesce(sum(${eachMember.login}), 0)::bigint`,
        app_login: sql`coalesce(sum(${eachMember.app_login}), 0)::bigint`,
        api: sql`coalesce(sum(${eachMember.api}), 0)::bigint`,
      }),
    )
    .from(eachMember),
);

const isLive = sql`ended_at is null and expires_at > ${param('now')}`;
const sessionStats = statement<{ type: SessionType; live: number; made: number; used: number }>(
  sql`select type, count(*) filter (where ${isLive}) as live,
    count(*) filter (where replaces is null and created_at >= ${param('since')}) as made,
    count(*) filter (where ${isLive} and last_used_at >= ${param('since')}) as used
  from ${sessions} group by type`,
);
const accountStats = statement<{ accounts: number; banned: number }>(
  sql`select count(*) as accounts, count(*) filter (where banned_at is not null
    and (banned_until is null or banned_until > ${param('now')} or banned_in_server)) as banned
  from ${accounts}`,
);

export async function findAccount(
  snapshot: Pick<Snapshot, 'get'>,
  userId: UserId,
): Promise<Account | null> {
  const row = await snapshot.get(find, { userId });
  return row === undefined ? null : toAccount(row);
}

export function createAccountStore(connection: Connection, applyPlan: ApplyPlan): AccountStore {
  const { all, get, readTogether, write } = connection;

  async function apply(tx: Transaction, act: Act, userId: UserId, plan: BanPlan): Promise<void> {
    tx.run(saveBan, { userId, ...toBanRow(plan.standing) });
    if (plan.sessions !== null) await applyPlan(tx, act, plan.sessions);
  }

  return {
    findAccount: (userId) => findAccount(connection, userId),

    findAuthorization: async (userId) => (await get(findAuthorization, { userId })) ?? null,

    ban: (act, userId, ban, endSessions) =>
      write(async (tx) => {
        const locking = openAccount(tx, userId, act.at);
        if (tx.mayBeKept) {
          await locking;
          const [banned] = await tracesOf(tx, act, [userId], ['account.banned']);
          if (banned !== undefined) return Number(banned.detail['ended']);
        }
        const [account, ended] = await Promise.all([
          locking,
          endSessions ? select(tx, userId, { allBut: null }, act.at) : [],
        ]);
        const plan = judgeBan(act, userId, account, ban, ended);
        await apply(tx, act, userId, plan);
        return plan.sessions === null ? null : ended.length;
      }),

    unban: (act, userId, reason, source) =>
      write(async (tx) => {
        const account = await lockAccount(tx, userId);
        if (account === null) return false;
        if (tx.mayBeKept) {
          const unbanned = await tracesOf(tx, act, [userId], ['account.unbanned']);
          if (unbanned.length > 0) return true;
        }
        const plan = judgeUnban(act, account, reason, source);
        await apply(tx, act, userId, plan);
        return plan.sessions !== null;
      }),

    liftExpiredBans: (act, limit) =>
      write(async (tx) => {
        const rows = await tx.all(over, { now: act.at, limit });
        for (const row of rows) {
          const { ban, ...account } = toAccount(row);
          if (ban !== null) await apply(tx, act, row.userId, judgeExpiry(act, { ...account, ban }));
        }
        return rows.length;
      }),

    bannedByServer: async () => (await all(bannedByServer)).map(({ userId }) => userId),

    async totalLive(now, after, limit) {
      const row = await get(totals, { now, after: after ?? '', limit });
      const { login = 0, app_login = 0, api = 0, members = 0, last = null } = row ?? {};
      return { live: { login, app_login, api }, last: members < limit ? null : last };
    },

    stats: (now, since) =>
      readTogether(async (snapshot) => {
        const [types, counts] = await Promise.all([
          snapshot.all(sessionStats, { now, since }),
          snapshot.get(accountStats, { now }),
        ]);
        const live = { login: 0, app_login: 0, api: 0 };
        for (const row of types) live[row.type] = row.live;
        return {
          accounts: counts?.accounts ?? 0,
          banned: counts?.banned ?? 0,
          live,
          made: types.find(({ type }) => type === 'api')?.made ?? 0,
          used: types.reduce((sum, { used }) => sum + used, 0),
        };
      }),
  };
}
