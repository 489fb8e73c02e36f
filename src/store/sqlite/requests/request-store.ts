import { and, asc, eq, isNotNull, isNull, lte, sql } from 'drizzle-orm';
import { type Request, REQUEST_LIFETIME_MS, requestEvent } from '../../../core/requests/request.ts';
import type { RequestStore } from '../../../core/requests/store.ts';
import { idOf, type RequestId, type UserId } from '../../../core/actor.ts';
import type { Instant } from '../../../core/time.ts';
import type { StoreOutcome, TokenStore } from '../../../core/tokens/store.ts';
import { toRequest } from '../../rows.ts';
import type { RecordEvent } from '../audit-store.ts';
import type { Connection } from '../connection.ts';
import { accounts, requests } from '../schema.ts';

/** `TokenStore.add`, within a transaction. */
export type Add = (...given: Parameters<TokenStore['add']>) => StoreOutcome;

export interface RequestStoreDeps {
  readonly add: Add;
  readonly isBannedNow: (userId: UserId, now: Instant) => boolean;
}

const isOpen = (now: Instant) => sql`${requests.lapsesAt} > ${now}`;
const isOne = (id: RequestId, now: Instant) => and(eq(requests.id, id), isOpen(now));

export function createRequestStore(
  { db, write }: Connection,
  record: RecordEvent,
  { add, isBannedNow }: RequestStoreDeps,
): RequestStore {
  function ofMember(userId: UserId, now: Instant): readonly Request[] {
    const rows = db
      .select()
      .from(requests)
      .where(and(eq(requests.userId, userId), isOpen(now)))
      .orderBy(asc(requests.id))
      .all();
    return rows.map(toRequest);
  }

  return {
    openRequest: async (act, request, most) =>
      write(() => {
        const { userId, why, createdAt, expiresAt } = request;
        if (isBannedNow(userId, act.at)) return { is: 'banned' };
        if (ofMember(userId, act.at).length >= most) return { is: 'too_many' };
        db.insert(accounts).values({ userId, createdAt }).onConflictDoNothing().run();
        db.insert(requests).values(request).run();
        record(requestEvent(act, request, { action: 'request.opened', why, expiresAt }));
        return { is: 'opened' };
      }),

    async findRequest(id, now) {
      const row = db.select().from(requests).where(isOne(id, now)).get();
      return row === undefined ? null : toRequest(row);
    },

    requestsOf: async (userId, now) => ofMember(userId, now),

    countRequests: async (now) =>
      db.$count(requests, and(isOpen(now), isNull(requests.approvedAt))).then(Number),

    approveRequest: async (act, id) =>
      write(() => {
        const [row] = db
          .update(requests)
          .set({
            approvedAt: act.at,
            approvedBy: idOf(act.actor),
            lapsesAt: act.at + REQUEST_LIFETIME_MS,
          })
          .where(and(isOne(id, act.at), isNull(requests.approvedAt)))
          .returning()
          .all();
        if (row === undefined) return null;
        const request = toRequest(row);
        record(requestEvent(act, request, { action: 'request.approved' }));
        return request;
      }),

    denyRequest: async (act, id, reason) =>
      write(() => {
        const [row] = db
          .delete(requests)
          .where(and(isOne(id, act.at), isNull(requests.approvedAt)))
          .returning()
          .all();
        if (row === undefined) return null;
        const request = toRequest(row);
        record(requestEvent(act, request, { action: 'request.denied', reason }));
        return request;
      }),

    issueRequest: async (act, id, fresh, limits, deletion) =>
      write(() => {
        const { userId } = fresh.session;
        const isApproved = and(
          isOne(id, act.at),
          eq(requests.userId, userId),
          isNotNull(requests.approvedAt),
        );
        const row = db.select({ id: requests.id }).from(requests).where(isApproved).get();
        if (row === undefined) return { is: 'request_over' };
        const outcome = add(act, fresh, limits, deletion);
        if (outcome.is === 'stored') db.delete(requests).where(eq(requests.id, id)).run();
        return outcome;
      }),

    lapseRequests: async (act, limit) =>
      write(() => {
        const over = db
          .select({ id: requests.id })
          .from(requests)
          .where(lte(requests.lapsesAt, act.at))
          .limit(limit);
        const rows = db
          .delete(requests)
          .where(sql`${requests.id} in ${over}`)
          .returning()
          .all();
        for (const request of rows.map(toRequest)) {
          const approved = request.approved !== null;
          record(requestEvent(act, request, { action: 'request.lapsed', approved }));
        }
        return rows.length;
      }),
  };
}
