import { eq, sql, type SQL } from 'drizzle-orm';
import type { AnyPgColumn, PgTable } from 'drizzle-orm/pg-core';
import { isBanned } from '../../../core/accounts/account.ts';
import {
  forgotten,
  FORGOTTEN,
  PERSONAL_ACCOUNT_DETAILS,
  PERSONAL_DETAILS,
} from '../../../core/accounts/erasure.ts';
import type { ErasureStore } from '../../../core/accounts/store.ts';
import { param } from '../../statement.ts';
import type { RecordEvents } from '../audit-store.ts';
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
import { madeWithinHour } from '../sessions/session-facts.ts';
import { statement } from '../statement.ts';
import { isRecorded } from '../traces.ts';
import { lockAccount } from './account-lock.ts';

const HOUR_MS = 3_600_000;

type Touched = { readonly one: 1 };

const userId = param('userId');
const isLive = sql`${sessions.endedAt} is null and ${sessions.expiresAt} > ${param('now')}`;
const isReporter = sql`${sessions.endedBy} = ${userId} and ${sessions.endReason} = 'leaked'`;
const isActor = sql`${auditEvents.actorId} = ${userId} and ${auditEvents.actorKind} = 'member'
  and ${auditEvents.actorId} <> ${auditEvents.userId}`;
const isByThem = sql`${auditEvents.actorKind} = 'member' and ${auditEvents.actorId} = ${userId}`;

/** At most `limit` rows, locked in the order of their ids. */
function among(table: PgTable, id: AnyPgColumn, which: SQL): SQL {
  // An array is made once; an `in (select … limit)` may be made again for each row.
  return sql`${id} = any(array(select ${id} from ${table} where ${which} order by ${id}
    limit ${param('limit')} for update))`;
}

// All that is live at once, however much: nothing of it may work on.
const eraseLive = statement(
  sql`delete from ${sessions} where ${sessions.userId} = ${userId} and ${isLive}`,
);
const eraseSessions = statement<Touched>(
  sql`delete from ${sessions}
    where ${among(sessions, sessions.id, sql`${sessions.userId} = ${userId}`)} returning 1 as one`,
);
// What staff did stays under their name.
const blankEvents = statement<Touched>(
  sql`update ${auditEvents} set user_id = ${sql.raw(`'${FORGOTTEN}'`)},
    actor_id = case when ${isByThem} then null else ${auditEvents.actorId} end,
    actor_session_id = null, request_id = null, session_id = null,
    detail = ${auditEvents.detail} - case when ${auditEvents.action} like 'account.%' or ${auditEvents.action} like 'request.%'
      then ${listed(PERSONAL_ACCOUNT_DETAILS)} else ${listed(PERSONAL_DETAILS)} end
  where ${among(auditEvents, auditEvents.id, sql`${auditEvents.userId} = ${userId}`)}
  returning 1 as one`,
);
// Who reported a leak is named beside sessions and events of others.
const blankReporter = statement<Touched>(
  sql`update ${sessions} set ended_by = null
    where ${among(sessions, sessions.id, isReporter)} returning 1 as one`,
);
const blankActor = statement<Touched>(
  sql`update ${auditEvents} set actor_id = null, actor_session_id = null, request_id = null
    where ${among(auditEvents, auditEvents.id, isActor)} returning 1 as one`,
);

const purgeAllowances = statement(
  sql`delete from ${spentAllowances} where ${spentAllowances.until} <= ${param('now')}`,
);
const spend = statement(
  sql`insert into ${spentAllowances} as spent (user_id, created, rotated, until)
    values (${userId}, ${param('created')}, ${param('rotated')}, ${param('until')})
    on conflict (user_id) do update set created = spent.created + excluded.created,
      rotated = spent.rotated + excluded.rotated, until = excluded.until`,
);

const eraseRest = [
  statement(sql`delete from ${authorizations} where ${eq(authorizations.userId, userId)}`),
  statement(sql`delete from ${notices} where ${eq(notices.userId, userId)}`),
  // What is left of the tokens goes now.
  statement(
    sql`update ${deletions} set user_id = ${sql.raw(`'${FORGOTTEN}'`)}, due_at = ${param('now')}
      where ${eq(deletions.userId, userId)}`,
  ),
  statement(
    sql`delete from ${confirmations} where ${confirmations.userId} = ${userId}
      or ${confirmations.act} ->> 'userId' = ${userId}`,
  ),
  statement(sql`delete from ${outbox} where ${eq(outbox.recipient, userId)}`),
  statement(sql`delete from ${requests} where ${eq(requests.userId, userId)}`),
];
// Of who is banned.
const eraseLook = statement(
  sql`update ${accounts} set roles = null, roles_at = null, held_roles = null, held_at = null,
    roles_lost_at = null, suspension_told_at = null where ${eq(accounts.userId, userId)}`,
);
const removeAccount = statement(sql`delete from ${accounts} where ${eq(accounts.userId, userId)}`);

/** Erases what is stored about members, a slice at a time: it may be much, and the account is locked meanwhile. */
export function createErasureStore({ write }: Connection, record: RecordEvents): ErasureStore {
  return {
    forget: (act, id, limit) =>
      write(async (tx) => {
        const now = act.at;
        const given = { userId: id, now, limit };
        const locking = lockAccount(tx, id);
        const counting = madeWithinHour(tx, id, now);
        tx.run(eraseLive, given);
        const erasing = [eraseSessions, blankEvents, blankReporter, blankActor].map((each) =>
          tx.all(each, given),
        );
        const leaving = madeWithinHour(tx, id, now);
        const [account, before, left, erased] = await Promise.all([
          locking,
          counting,
          leaving,
          Promise.all(erasing),
        ]);
        // What was made counts on when its rows are gone.
        const created = before.created.at.length - left.created.at.length;
        const rotated = before.rotated.at.length - left.rotated.at.length;
        if (created + rotated > 0) {
          tx.run(purgeAllowances, given);
          tx.run(spend, { userId: id, created, rotated, until: now + HOUR_MS });
        }
        if (erased.some(({ length }) => length >= limit)) return true;
        for (const each of eraseRest) tx.run(each, given);
        // A ban outlives whom it is for, else forgetting would lift it.
        tx.run(isBanned(account, now) ? eraseLook : removeAccount, given);
        const event = forgotten(act);
        if (!tx.mayBeKept || !(await isRecorded(tx, event))) await record(tx, [event]);
        return false;
      }),

    purgeAllowances: (now) => write(async (tx) => tx.run(purgeAllowances, { now })),
  };
}

function listed(names: readonly string[]): SQL {
  return sql.raw(`array[${names.map((name) => `'${name}'`).join(', ')}]::text[]`);
}
