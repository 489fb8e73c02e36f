import { and, eq, sql } from 'drizzle-orm';
import { idOf, type SessionId, type UserId } from '../../core/actor.ts';
import type { Act, AuditAction, AuditEvent } from '../../core/audit/audit.ts';
import type { NewSession } from '../../core/sessions/minted-token.ts';
import type { Session } from '../../core/sessions/session.ts';
import { type SessionRow, toSession } from '../rows.ts';
import { named, param } from '../statement.ts';
import type { Transaction } from './connection.ts';
import { auditEvents, sessions } from './schema.ts';
import { namedColumns } from './sessions/session-statements.ts';
import { db, statement } from './statement.ts';

// What an attempt left behind whose commit was not answered. It is looked for behind the account's lock, which
// that attempt holds for as long as nobody knows; and whoever takes that lock waits for the standbys that are to
// be waited for, so that what was found is as durable as what was answered at once. Where there is nothing to
// look for, the same once more changes nothing.

interface Trace {
  readonly userId: UserId;
  readonly sessionId: SessionId | null;
  readonly detail: Readonly<Record<string, unknown>>;
}

const stored = statement<{ id: SessionId }>(
  db
    .select(named({ id: sessions.id }))
    .from(sessions)
    .where(and(eq(sessions.id, param('id')), eq(sessions.tokenHash, param('tokenHash')))),
);
// The user is asked for in this way because there is an index of events by user.
const events = statement<Trace>(sql`
  select user_id as "userId", session_id as "sessionId", detail from ${auditEvents}
  where user_id = any(${param('userIds')}) and action = any(${param('actions')})
    and at = ${param('at')} and actor_kind = ${param('kind')}
    and actor_id is not distinct from ${param('by')}
    and request_id is not distinct from ${param('requestId')}
  order by id`);
const byIds = statement<SessionRow>(
  db
    .select(namedColumns)
    .from(sessions)
    .where(sql`${sessions.id} = any(${param('ids')}::uuid[])`),
);

/** Whether the session is stored, by its own id and its own token. */
export async function isStored(tx: Transaction, fresh: NewSession): Promise<boolean> {
  const { session, tokenHash } = fresh;
  return (await tx.get(stored, { id: session.id, tokenHash })) !== undefined;
}

/** What was written down of this very act, in the order in which it was. */
export function tracesOf(
  tx: Transaction,
  { actor, at }: Act,
  userIds: readonly UserId[],
  actions: readonly AuditAction[],
): Promise<readonly Trace[]> {
  const requestId = 'requestId' in actor ? actor.requestId : null;
  return tx.all(events, { userIds, actions, at, kind: actor.kind, by: idOf(actor), requestId });
}

/** Whether this very event was written down. */
export async function isRecorded(tx: Transaction, event: AuditEvent): Promise<boolean> {
  const sessionId = 'sessionId' in event ? event.sessionId : null;
  const found = await tracesOf(tx, event, [event.userId], [event.action]);
  return found.some((each) => each.sessionId === sessionId);
}

/** The sessions that this act ended, as they were before. */
export async function endedBy(
  tx: Transaction,
  act: Act,
  userId: UserId,
): Promise<readonly Session[]> {
  const traces = await tracesOf(tx, act, [userId], ['session.ended']);
  const ids = traces.flatMap(({ sessionId }) => sessionId ?? []);
  const rows = new Map((await tx.all(byIds, { ids })).map((row) => [row.id, row]));
  return ids.flatMap((id) => {
    const row = rows.get(id);
    return row === undefined ? [] : [{ ...toSession(row), ended: null }];
  });
}
