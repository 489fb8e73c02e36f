import { and, eq, isNull, sql } from 'drizzle-orm';
import * as audit from '../../../core/audit/audit.ts';
import type { UseStore } from '../../../core/sessions/store.ts';
import { type SessionRow, toSession } from '../../rows.ts';
import type { RecordEvent } from '../audit-store.ts';
import type { Connection } from '../connection.ts';
import { sessions } from '../schema.ts';
import { param } from '../../statement.ts';
import { opaque } from '../statement.ts';
import { isOwn, namedColumns } from './session-statements.ts';

const DAY_MS = 86_400_000;

/** When each session was used, and what its owner is told of that. */
export function createUseStore(
  { db, prepare, write, writeSlice }: Connection,
  record: RecordEvent,
): UseStore {
  const firstUse = prepare<SessionRow>(
    db
      .update(sessions)
      .set({ lastUsedAt: sql`${param('at')}` })
      .where(and(eq(sessions.id, opaque('id')), isNull(sessions.lastUsedAt)))
      .returning(namedColumns),
  );
  const reuse = prepare<SessionRow>(
    db
      .update(sessions)
      .set({ reusedAt: sql`${param('at')}` })
      .where(and(eq(sessions.id, opaque('id')), isNull(sessions.reusedAt)))
      .returning(namedColumns),
  );
  const contest = prepare<SessionRow>(
    db
      .update(sessions)
      .set({ contestedAt: sql`${param('at')}` })
      .where(
        and(
          eq(sessions.id, opaque('id')),
          isOwn,
          // A clock that was ahead must not silence the warning.
          sql`ifnull(${sessions.contestedAt} not between ${opaque('since')} and ${opaque('at')}, true)`,
        ),
      )
      .returning(namedColumns),
  );
  const touch = prepare(
    db
      .update(sessions)
      .set({ lastUsedAt: sql`${param('at')}` })
      .where(
        and(
          eq(sessions.id, opaque('id')),
          sql`ifnull(${sessions.lastUsedAt}, 0) < ${opaque('at')}`,
        ),
      ),
  );

  return {
    touch: async (act, uses) =>
      writeSlice(() => {
        for (const [id, at] of uses) {
          const first = firstUse.get({ id, at });
          if (first === undefined) touch.run({ id, at });
          else for (const event of audit.firstUsed(act, toSession(first))) record(event);
        }
      }),

    warnOfReuse: async (act, ids) =>
      write(() => {
        for (const id of ids) {
          const row = reuse.get({ id, at: act.at });
          if (row !== undefined) record(audit.ownerNotified(act, 'token.reused', row));
        }
      }),

    warnOfContest: async (act, userId, id) =>
      write(() => {
        const { at } = act;
        const row = contest.get({ id, userId, at, since: at - DAY_MS + 1 });
        if (row !== undefined) record(audit.ownerNotified(act, 'rotation.refused', row));
      }),
  };
}
