import { sql } from 'drizzle-orm';
import * as audit from '../../../core/audit/audit.ts';
import type { UseStore } from '../../../core/sessions/store.ts';
import { type SessionRow, toSession } from '../../rows.ts';
import { param } from '../../statement.ts';
import type { RecordEvents } from '../audit-store.ts';
import { idParam } from '../columns.ts';
import type { Connection } from '../connection.ts';
import { sessions } from '../schema.ts';
import { statement } from '../statement.ts';
import { sessionColumns } from './session-statements.ts';

const DAY_MS = 86_400_000;

const returned = sql.join(
  Object.entries(sessionColumns).map(([name, column]) => sql`${column} as ${sql.identifier(name)}`),
  sql`, `,
);
// Rows are locked in the order of their ids: two processes write the uses of the same tokens.
const locked = sql`
  with used as materialized (
    select ${sessions.id} as id, given.at from ${sessions}
    join unnest(${param('ids')}::uuid[], ${param('ats')}::bigint[]) as given(id, at)
      on given.id = ${sessions.id}
    order by ${sessions.id} for no key update of sessions)`;
const firstUse = statement<SessionRow>(sql`${locked}
  update ${sessions} set last_used_at = used.at from used
  where ${sessions.id} = used.id and ${sessions.lastUsedAt} is null
  returning ${returned}`);
const touch = statement(sql`${locked}
  update ${sessions} set last_used_at = used.at from used
  where ${sessions.id} = used.id and ${sessions.lastUsedAt} < used.at`);
const reuse = statement<SessionRow>(sql`${locked}
  update ${sessions} set reused_at = used.at from used
  where ${sessions.id} = used.id and ${sessions.reusedAt} is null
  returning ${returned}`);
// A clock that was ahead must not silence the warning.
const contest = statement<SessionRow>(sql`
  update ${sessions} set contested_at = ${param('at')}::bigint
  where ${sessions.id} = ${idParam('id')} and ${sessions.userId} = ${param('userId')}
    and coalesce(${sessions.contestedAt} not between ${param('since')} and ${param('at')}, true)
  returning ${returned}`);

/** When each session was used, and what its owner is told of that. */
export function createUseStore({ write }: Connection, record: RecordEvents): UseStore {
  return {
    touch: (act, uses) =>
      write(async (tx) => {
        const given = { ids: uses.map(([id]) => id), ats: uses.map(([, at]) => at) };
        const first = tx.all(firstUse, given);
        tx.run(touch, given);
        await record(
          tx,
          (await first).flatMap((row) => audit.firstUsed(act, toSession(row))),
        );
      }),

    warnOfReuse: (act, ids) =>
      write(async (tx) => {
        const rows = await tx.all(reuse, { ids, ats: ids.map(() => act.at) });
        await record(
          tx,
          rows.map((row) => audit.ownerNotified(act, 'token.reused', row)),
        );
      }),

    warnOfContest: (act, userId, id) =>
      write(async (tx) => {
        const { at } = act;
        const rows = await tx.all(contest, { id, userId, at, since: at - DAY_MS + 1 });
        await record(
          tx,
          rows.map((row) => audit.ownerNotified(act, 'rotation.refused', row)),
        );
      }),
  };
}
