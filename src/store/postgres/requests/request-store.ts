import { asc, eq, gt, sql } from 'drizzle-orm';
import { isBanned } from '../../../core/accounts/account.ts';
import { idOf, type RequestId } from '../../../core/actor.ts';
import type { Act, AuditAction } from '../../../core/audit/audit.ts';
import { type Request, REQUEST_LIFETIME_MS, requestEvent } from '../../../core/requests/request.ts';
import type { RequestStore } from '../../../core/requests/store.ts';
import type { Instant } from '../../../core/time.ts';
import { type RequestRow, toRequest } from '../../rows.ts';
import { named, param } from '../../statement.ts';
import { lockAccount, lockAccounts, openAccount } from '../accounts/account-lock.ts';
import type { RecordEvents } from '../audit-store.ts';
import { idParam } from '../columns.ts';
import type { Connection, Transaction } from '../connection.ts';
import { requests } from '../schema.ts';
import type { ApplyPlan } from '../sessions/apply-plan.ts';
import { addSession } from '../sessions/session-store.ts';
import { db, statement } from '../statement.ts';
import { isStored, tracesOf } from '../traces.ts';

const columns = named({
  id: requests.id,
  userId: requests.userId,
  name: requests.name,
  scope: requests.scope,
  why: requests.why,
  createdAt: requests.createdAt,
  expiresAt: requests.expiresAt,
  lapsesAt: requests.lapsesAt,
  approvedAt: requests.approvedAt,
  approvedBy: requests.approvedBy,
});
const isOpen = gt(requests.lapsesAt, param('now'));
const isOne = sql`${eq(requests.id, idParam('id'))} and ${isOpen}`;
const isUnanswered = sql`${isOne} and ${requests.approvedAt} is null`;

const find = statement<RequestRow>(db.select(columns).from(requests).where(isOne));
const ofMember = statement<RequestRow>(
  db
    .select(columns)
    .from(requests)
    .where(sql`${eq(requests.userId, param('userId'))} and ${isOpen}`)
    .orderBy(asc(requests.id)),
);
const count = statement<{ count: number }>(
  sql`select count(*) as count from ${requests} where ${isOpen} and ${requests.approvedAt} is null`,
);
const insert = statement(
  db.insert(requests).values({
    id: param('id'),
    userId: param('userId'),
    name: param('name'),
    scope: param('scope'),
    why: param('why'),
    createdAt: param('createdAt'),
    expiresAt: param('expiresAt'),
    lapsesAt: param('lapsesAt'),
  }),
);
const approve = statement<{ id: RequestId }>(sql`
  update ${requests} set approved_at = ${param('now')}::bigint, approved_by = ${param('by')},
    lapses_at = ${param('lapsesAt')}::bigint
  where ${isUnanswered} returning id`);
const deny = statement<{ id: RequestId }>(
  sql`delete from ${requests} where ${isUnanswered} returning id`,
);
const settle = statement<{ id: RequestId }>(sql`
  delete from ${requests} where ${isOne} and ${eq(requests.userId, param('userId'))}
    and ${requests.approvedAt} is not null returning id`);
const lapsed = statement<RequestRow>(
  db
    .select(columns)
    .from(requests)
    .where(sql`${requests.lapsesAt} <= ${param('now')}`)
    .orderBy(asc(requests.id))
    .limit(param('limit')),
);
const lapse = statement<{ id: RequestId }>(sql`
  delete from ${requests} where ${requests.id} = any(${param('ids')}::uuid[])
    and ${requests.lapsesAt} <= ${param('now')} returning id`);

/** Behind the lock of its member's account; null if it is gone. */
async function lockOne(tx: Transaction, id: RequestId, now: Instant): Promise<Request | null> {
  const row = await tx.get(find, { id, now });
  if (row === undefined) return null;
  await lockAccount(tx, row.userId);
  // It may have been answered while we waited.
  const locked = await tx.get(find, { id, now });
  return locked === undefined ? null : toRequest(locked);
}

/** Whether an earlier attempt at this very act was kept. */
async function isDone(tx: Transaction, act: Act, { userId }: Request, action: AuditAction) {
  return tx.mayBeKept && (await tracesOf(tx, act, [userId], [action])).length > 0;
}

/** Whatever changes a request has the account's lock: who is forgotten meanwhile leaves nothing behind. */
export function createRequestStore(
  { all, get, write }: Connection,
  record: RecordEvents,
  apply: ApplyPlan,
): RequestStore {
  return {
    openRequest: (act, request, most) =>
      write(async (tx) => {
        const { id, userId, why, expiresAt } = request;
        const account = await openAccount(tx, userId, act.at);
        const open = await tx.all(ofMember, { userId, now: act.at });
        if (tx.mayBeKept && open.some((each) => each.id === id)) return { is: 'opened' };
        const isOut = isBanned(account, act.at);
        if (isOut || open.length >= most) {
          tx.undo();
          return { is: isOut ? 'banned' : 'too_many' };
        }
        tx.run(insert, { ...request });
        const what = { action: 'request.opened', why, expiresAt } as const;
        await record(tx, [requestEvent(act, request, what)]);
        return { is: 'opened' };
      }),

    async findRequest(id, now) {
      const row = await get(find, { id, now });
      return row === undefined ? null : toRequest(row);
    },

    requestsOf: async (userId, now) => (await all(ofMember, { userId, now })).map(toRequest),

    countRequests: async (now) => (await get(count, { now }))?.count ?? 0,

    approveRequest: (act, id) =>
      write(async (tx) => {
        const now = act.at;
        const before = await lockOne(tx, id, now);
        if (before === null) return null;
        if (await isDone(tx, act, before, 'request.approved')) return before;
        const by = idOf(act.actor) ?? '';
        const lapsesAt = now + REQUEST_LIFETIME_MS;
        if ((await tx.get(approve, { id, now, by, lapsesAt })) === undefined) return null;
        const request = { ...before, lapsesAt, approved: { at: now, by } };
        await record(tx, [requestEvent(act, request, { action: 'request.approved' })]);
        return request;
      }),

    denyRequest(act, id, reason) {
      // An earlier attempt, of which nobody knows whether it was kept, may have removed it.
      let known: Request | null = null;
      return write(async (tx) => {
        const now = act.at;
        const found = await lockOne(tx, id, now);
        if (found === null && known !== null) {
          await lockAccount(tx, known.userId);
          return (await isDone(tx, act, known, 'request.denied')) ? known : null;
        }
        known = found;
        if (found === null || (await tx.get(deny, { id, now })) === undefined) return null;
        await record(tx, [requestEvent(act, found, { action: 'request.denied', reason })]);
        return found;
      });
    },

    issueRequest: (act, id, fresh, limits, deletion) =>
      write(async (tx) => {
        const { userId } = fresh.session;
        if (tx.mayBeKept) {
          await lockAccount(tx, userId);
          if (await isStored(tx, fresh)) return { is: 'stored' };
        }
        const outcome = await addSession(tx, apply, act, fresh, limits, deletion);
        if (outcome.is !== 'stored') return outcome;
        if ((await tx.get(settle, { id, userId, now: act.at })) !== undefined) return outcome;
        tx.undo();
        return { is: 'request_over' };
      }),

    lapseRequests: (act, limit) =>
      write(async (tx) => {
        const now = act.at;
        const found = await tx.all(lapsed, { now, limit });
        if (found.length === 0) return 0;
        await lockAccounts(
          tx,
          found.map(({ userId }) => userId),
        );
        const removed = await tx.all(lapse, { ids: found.map(({ id }) => id), now });
        const gone = found.filter((row) => removed.some(({ id }) => id === row.id));
        const events = gone.map(toRequest).map((request) => {
          const approved = request.approved !== null;
          return requestEvent(act, request, { action: 'request.lapsed', approved });
        });
        await record(tx, events);
        return gone.length;
      }),
  };
}
