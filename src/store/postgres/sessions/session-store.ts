import type { LoginStore } from '../../../core/logins/store.ts';
import * as audit from '../../../core/audit/audit.ts';
import { LOOKED_AT_FOR_ONE, planPurge } from '../../../core/sessions/purge.ts';
import { descendantsAmong } from '../../../core/sessions/selection.ts';
import { planEnding, planFinding } from '../../../core/sessions/session-plan.ts';
import type { SessionPage, SessionQuery, SessionStore } from '../../../core/sessions/store.ts';
import { judgeCreation, judgeLogin, refuseCreation } from '../../../core/tokens/creation.ts';
import { findReplaceable, judgeRotation } from '../../../core/tokens/rotation.ts';
import type { StoreOutcome, TokenStore } from '../../../core/tokens/store.ts';
import { isBanned } from '../../../core/accounts/account.ts';
import { NEWEST, OLDEST } from '../../id-order.ts';
import { type SessionRow, toSession } from '../../rows.ts';
import { lockAccount, lockAccounts, openAccount } from '../accounts/account-lock.ts';
import { findAccount } from '../accounts/account-store.ts';
import type { Connection, Snapshot, Transaction } from '../connection.ts';
import { settleDelivery } from '../outbox/deletion-store.ts';
import { endedBy, isStored, tracesOf } from '../traces.ts';
import type { ApplyPlan } from './apply-plan.ts';
import {
  allLive,
  creationFacts,
  isParentLive,
  madeBy,
  rotationFacts,
  select,
} from './session-facts.ts';
import { reading, writing } from './session-statements.ts';

const STORED = { is: 'stored' } as const;

/** All of the port but the checks, which have their own connections. */
export function createSessionStore(
  { all, get, readTogether, write }: Connection,
  apply: ApplyPlan,
): Omit<SessionStore, 'findByToken'> & TokenStore & LoginStore {
  return {
    findLive: async (userId, id, now) =>
      toSessionOrNull(await get(reading.live, { userId, id, now })),

    findLiveParent: async (userId, id, now) =>
      toSessionOrNull(await get(reading.liveParent, { userId, id, now })),

    page: (query) => readTogether((snapshot) => pageOf(snapshot, query)),

    async history({ state, limit, after, ...query }) {
      const filter = { ...toFilter(query), limit, after: after ?? NEWEST };
      return (await all(reading.history[state], filter)).map(toSession);
    },

    names: ({ limit, after, ...query }) =>
      all(reading.names, { ...toFilter(query), limit, after: after ?? NEWEST }),

    async inventory({ now, type, expiresBefore, unusedSince, limit, after }) {
      const rows = await all(reading.inventory, {
        now,
        type: type ?? null,
        expiresBefore: expiresBefore ?? Number.MAX_SAFE_INTEGER,
        unusedSince: unusedSince ?? Number.MAX_SAFE_INTEGER,
        limit,
        after: after ?? NEWEST,
      });
      return rows.map(toSession);
    },

    countLive: (userId, now) => all(reading.countLive, { userId, now }),

    countDescendants: (userId, id, now) =>
      readTogether(
        async (snapshot) => (await select(snapshot, userId, { descendantsOf: id }, now)).length,
      ),

    checkCreation: (userId, limits, now) =>
      readTogether(async (snapshot) => {
        const account = findAccount(snapshot, userId);
        const facts = await creationFacts(snapshot, account, userId, limits, now);
        return refuseCreation(facts, limits) ?? STORED;
      }),

    checkRotation: (asked, rotation, limits, now) =>
      readTogether(async (snapshot) => {
        const facts = await rotationFacts(
          snapshot,
          findAccount(snapshot, asked.userId),
          asked,
          now,
        );
        const found = findReplaceable(facts, asked, rotation, limits, now);
        return found.is === 'replaceable' ? STORED : found;
      }),

    add: (act, fresh, limits, deletion) =>
      write((tx) => addSession(tx, apply, act, fresh, limits, deletion)),

    addLogin: (act, fresh, authorization, maxLogins) =>
      write(async (tx) => {
        const { session } = fresh;
        const { userId } = session;
        const locking = openAccount(tx, userId, session.createdAt);
        if (tx.mayBeKept && (await locking) && (await isStored(tx, fresh))) return STORED;
        const [account, rows] = await Promise.all([
          locking,
          tx.all(reading.logins, { userId, now: act.at }),
        ]);
        const facts = {
          isBanned: isBanned(account, act.at),
          look: account.look,
          logins: rows.map(toSession),
        };
        const plan = judgeLogin(facts, act, fresh, maxLogins);
        if (plan.is !== 'planned') {
          tx.undo();
          return plan;
        }
        await apply(tx, act, plan, fresh.tokenHash);
        tx.run(writing.authorize, { userId, ...authorization });
        return STORED;
      }),

    findSuccessor: async (userId, id) =>
      toSessionOrNull(await get(reading.successors, { userId, id })),

    replace: (act, fresh, rotation, limits, deletion) =>
      write(async (tx) => {
        const { session } = fresh;
        const locking = lockAccount(tx, session.userId);
        if (tx.mayBeKept && (await locking) && (await isStored(tx, fresh))) return STORED;
        const [facts, isAwaited] = await Promise.all([
          rotationFacts(tx, locking, session, act.at),
          settleDelivery(tx, session, deletion),
        ]);
        const plan = judgeRotation(facts, act, fresh, rotation, limits);
        if (plan.is !== 'planned' || !isAwaited) {
          tx.undo();
          return plan.is === 'planned' ? { is: 'retracted' } : plan;
        }
        await apply(tx, act, plan, fresh.tokenHash);
        return STORED;
      }),

    end: (act, userId, selection, reason) =>
      write(async (tx) => {
        const locking = lockAccount(tx, userId);
        if (tx.mayBeKept) {
          await locking;
          const ended = await endedBy(tx, act, userId);
          if (ended.length > 0) return ended;
        }
        const [, selected] = await Promise.all([locking, select(tx, userId, selection, act.at)]);
        await apply(tx, act, planEnding(act, userId, selected, reason));
        return selected;
      }),

    rename: (act, userId, id, name) =>
      write(async (tx) => {
        const [, row] = await Promise.all([
          lockAccount(tx, userId),
          tx.get(reading.live, { userId, id, now: act.at }),
        ]);
        if (row === undefined) return null;
        const before = toSession(row);
        const renamed = tx.mayBeKept ? await tracesOf(tx, act, [userId], ['token.renamed']) : [];
        if (renamed.some(({ sessionId }) => sessionId === before.id)) return { ...before, name };
        tx.run(writing.rename, { id, name });
        await apply(tx, act, { is: 'planned', events: [audit.renamed(act, before)] });
        return { ...before, name };
      }),

    async endFound(act, tokenHashes, finding) {
      const found = await all(reading.byTokens, { tokenHashes });
      const owners = [...Map.groupBy(found.map(toSession), ({ userId }) => userId)];
      // What ended before is no news, and takes the lock from nobody.
      const anyLive = await Promise.all(
        owners.map(
          async ([userId]) => (await all(reading.allLive, { userId, now: act.at })).length,
        ),
      );
      const affected = owners.filter((_owner, index) => anyLive[index] !== 0);
      if (affected.length === 0) return { ours: found.length, ended: 0 };
      const ended = await write(async (tx) => {
        const userIds = affected.map(([userId]) => userId);
        await lockAccounts(tx, userIds);
        if (tx.mayBeKept) {
          const told = await tracesOf(tx, act, userIds, ['token.reported', 'token.revoked']);
          if (told.some(({ sessionId }) => found.some(({ id }) => id === sessionId))) {
            return (await tracesOf(tx, act, userIds, ['session.ended'])).length;
          }
        }
        let count = 0;
        for (const [userId, sessions] of affected) {
          const ids = sessions.map(({ id }) => id);
          const [live, made] = await Promise.all([
            allLive(tx, userId, act.at),
            madeBy(tx, userId, ids),
          ]);
          const open = live.filter(({ id }) => ids.includes(id));
          const ending = [...open, ...descendantsAmong(live, ids, made)];
          if (ending.length === 0) continue;
          count += ending.length;
          await apply(tx, act, planFinding(act, userId, sessions, ending, finding));
        }
        return count;
      });
      return { ours: found.length, ended };
    },

    async purge(before, limit, cursor) {
      const among = limit * LOOKED_AT_FOR_ONE;
      const rows = await all(reading.oldest, { after: cursor ?? OLDEST, limit: among });
      const plan = planPurge(rows, before, limit);
      // What is over stays over: no lock is needed to decide.
      if (plan.remove.length > 0) {
        await write(async (tx) => tx.run(writing.remove, { ids: plan.remove }));
      }
      return plan.cursor;
    },
  };
}

/**
 * `TokenStore.add`, within a transaction: one round trip for the lock and all facts behind it, one for the plan
 * and its commit.
 */
export async function addSession(
  tx: Transaction,
  apply: ApplyPlan,
  ...[act, fresh, limits, deletion]: Parameters<TokenStore['add']>
): Promise<StoreOutcome> {
  const { session } = fresh;
  const { userId } = session;
  const account = openAccount(tx, userId, session.createdAt);
  if (tx.mayBeKept && (await account) && (await isStored(tx, fresh))) return STORED;
  const [facts, parentIsLive, isAwaited] = await Promise.all([
    creationFacts(tx, account, userId, limits, act.at),
    isParentLive(tx, session, act.at),
    settleDelivery(tx, session, deletion),
  ]);
  const plan = judgeCreation({ ...facts, parentIsLive }, act, fresh, limits);
  if (plan.is !== 'planned' || !isAwaited) {
    tx.undo();
    return plan.is === 'planned' ? { is: 'retracted' } : plan;
  }
  await apply(tx, act, plan, fresh.tokenHash);
  return STORED;
}

async function pageOf(snapshot: Snapshot, query: SessionQuery): Promise<SessionPage> {
  const { cursor, limit } = query;
  const filter = toFilter(query);
  const most = { limit: limit ?? null };
  const countIn = async (before: string) =>
    (await snapshot.get(reading.count, { ...filter, before }))?.count ?? 0;
  if (cursor === undefined) {
    const rows = await snapshot.all(reading.older, { ...filter, ...most, after: NEWEST });
    // The first page is asked for most, and often holds all there is: nothing is left to count.
    const isAll = limit === undefined || rows.length < limit;
    const total = isAll ? rows.length : await countIn(OLDEST);
    return { sessions: rows.map(toSession), total, newer: 0 };
  }
  const [rows, total] = await Promise.all([
    'before' in cursor
      ? snapshot.all(reading.newer, { ...filter, ...most, before: cursor.before })
      : snapshot.all(reading.older, { ...filter, ...most, after: cursor.after }),
    countIn(OLDEST),
  ]);
  const found = ('before' in cursor ? rows.toReversed() : rows).map(toSession);
  const [first] = found;
  return { sessions: found, total, newer: first === undefined ? total : await countIn(first.id) };
}

function toSessionOrNull(row: SessionRow | undefined) {
  return row === undefined ? null : toSession(row);
}

function toFilter({ userId, now, type, unusedSince }: SessionQuery) {
  return { userId, now, type: type ?? null, unusedSince: unusedSince ?? null };
}
