import { and, eq, type SQL, sql } from 'drizzle-orm';
import type { AnySQLiteColumn, SQLiteTable } from 'drizzle-orm/sqlite-core';
import { isBanned } from '../../../core/accounts/account.ts';
import {
  forgotten,
  FORGOTTEN,
  PERSONAL_ACCOUNT_DETAILS,
  PERSONAL_DETAILS,
} from '../../../core/accounts/erasure.ts';
import type { ErasureStore } from '../../../core/accounts/store.ts';
import type { UserId } from '../../../core/actor.ts';
import type { Instant } from '../../../core/time.ts';
import { NO_LOOK, toAccount } from '../../rows.ts';
import type { RecordEvent } from '../audit-store.ts';
import type { Connection } from '../connection.ts';
import {
  accounts,
  auditEvents,
  authorizations,
  confirmations,
  deletions,
  notices,
  outbox,
  requests,
  sessions,
  spentAllowances,
} from '../schema.ts';
import type { CountMade } from '../sessions/session-store.ts';

const HOUR_MS = 3_600_000;

/** Erases what is stored about members, a slice at a time: it may be much, and all others wait meanwhile. */
export function createErasureStore(
  { db, write, writeSlice }: Connection,
  record: RecordEvent,
  countMade: CountMade,
): ErasureStore {
  function eraseSessions(userId: UserId, now: Instant, limit: number): number {
    const isOwn = eq(sessions.userId, userId);
    const isLive = sql`${sessions.endedAt} is null and ${sessions.expiresAt} > ${now}`;
    // All that is live at once, however much: nothing of it may work on.
    db.delete(sessions).where(and(isOwn, isLive)).run();
    return db
      .delete(sessions)
      .where(among(sessions, sessions.id, isOwn, limit))
      .run().changes;
  }

  function blankEvents(userId: UserId, limit: number): number {
    const isByThem = sql`${auditEvents.actorKind} = 'member' and ${auditEvents.actorId} = ${userId}`;
    return db
      .update(auditEvents)
      .set({
        userId: FORGOTTEN,
        // What staff did stays under their name.
        actorId: sql`iif(${isByThem}, null, ${auditEvents.actorId})`,
        actorSessionId: null,
        requestId: null,
        sessionId: null,
        detail: sql`case when ${auditEvents.action} like 'account.%' or ${auditEvents.action} like 'request.%'
          then ${without(PERSONAL_ACCOUNT_DETAILS)} else ${without(PERSONAL_DETAILS)} end`,
      })
      .where(among(auditEvents, auditEvents.id, eq(auditEvents.userId, userId), limit))
      .run().changes;
  }

  /** Who reported a leak is named beside sessions and events of others. */
  function blankReports(userId: UserId, limit: number): number {
    const isReporter = and(eq(sessions.endedBy, userId), sql`${sessions.endReason} = 'leaked'`);
    const ended = db
      .update(sessions)
      .set({ endedBy: null })
      .where(among(sessions, sessions.id, isReporter, limit))
      .run().changes;
    const isActor = sql`${auditEvents.actorId} = ${userId} and ${auditEvents.actorKind} = 'member' and ${auditEvents.actorId} <> ${auditEvents.userId}`;
    const events = db
      .update(auditEvents)
      .set({ actorId: null, actorSessionId: null, requestId: null })
      .where(among(auditEvents, auditEvents.id, isActor, limit))
      .run().changes;
    return Math.max(ended, events);
  }

  function among(
    table: SQLiteTable,
    id: AnySQLiteColumn,
    which: SQL | undefined,
    limit: number,
  ): SQL {
    return sql`${id} in ${db.select({ id }).from(table).where(which).limit(limit)}`;
  }

  function purgeAllowances(now: Instant): void {
    db.delete(spentAllowances)
      .where(sql`${spentAllowances.until} <= ${now}`)
      .run();
  }

  /** What was made counts on when its rows are gone. */
  function spend(userId: UserId, created: number, rotated: number, now: Instant): void {
    if (created + rotated === 0) return;
    purgeAllowances(now);
    const until = now + HOUR_MS;
    db.insert(spentAllowances)
      .values({ userId, created, rotated, until })
      .onConflictDoUpdate({
        target: spentAllowances.userId,
        set: {
          created: sql`${spentAllowances.created} + ${created}`,
          rotated: sql`${spentAllowances.rotated} + ${rotated}`,
          until,
        },
      })
      .run();
  }

  function eraseRest(userId: UserId, now: Instant): void {
    db.delete(authorizations).where(eq(authorizations.userId, userId)).run();
    db.delete(notices).where(eq(notices.userId, userId)).run();
    // What is left of the tokens goes now.
    db.update(deletions)
      .set({ userId: FORGOTTEN, dueAt: now })
      .where(eq(deletions.userId, userId))
      .run();
    db.delete(confirmations)
      .where(
        sql`${confirmations.userId} = ${userId} or ${confirmations.act} ->> '$.userId' = ${userId}`,
      )
      .run();
    db.delete(outbox).where(eq(outbox.recipient, userId)).run();
    db.delete(requests).where(eq(requests.userId, userId)).run();
    // A ban outlives whom it is for, else forgetting would lift it.
    const isTheirs = eq(accounts.userId, userId);
    const row = db.select().from(accounts).where(isTheirs).get();
    if (row !== undefined && !isBanned(toAccount(row), now)) {
      db.delete(accounts).where(isTheirs).run();
    } else {
      db.update(accounts)
        .set({ ...NO_LOOK, rolesLostAt: null })
        .where(isTheirs)
        .run();
    }
  }

  return {
    forget: async (act, userId, limit) =>
      writeSlice(() => {
        const before = countMade(userId, act.at);
        const erased = [
          eraseSessions(userId, act.at, limit),
          blankEvents(userId, limit),
          blankReports(userId, limit),
        ];
        const left = countMade(userId, act.at);
        spend(userId, before.created - left.created, before.rotated - left.rotated, act.at);
        if (erased.some((count) => count >= limit)) return true;
        eraseRest(userId, act.at);
        record(forgotten(act));
        return false;
      }),

    purgeAllowances: async (now) => write(() => purgeAllowances(now)),
  };
}

/** The details of an event but for these. */
function without(names: readonly string[]): SQL {
  const paths = names.map((name) => sql`${`$.${name}`}`);
  return sql`json_remove(${auditEvents.detail}, ${sql.join(paths, sql`, `)})`;
}
