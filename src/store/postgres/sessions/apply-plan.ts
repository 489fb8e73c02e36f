import { idOf } from '../../../core/actor.ts';
import type { Act } from '../../../core/audit/audit.ts';
import type { SessionPlan } from '../../../core/sessions/session-plan.ts';
import type { RecordEvents } from '../audit-store.ts';
import type { Transaction } from '../connection.ts';
import { writeLook } from '../accounts/role-store.ts';
import { writing } from './session-statements.ts';

/** Writes what was decided, behind the account's lock. Its account is open where it inserts a session. */
export type ApplyPlan = (
  tx: Transaction,
  act: Act,
  plan: SessionPlan,
  tokenHash?: Uint8Array,
) => Promise<void>;

export function createApplyPlan(record: RecordEvents): ApplyPlan {
  return async (tx, act, plan, tokenHash) => {
    const { insert, supersede = [], end = [], events } = plan;
    const { at } = act;
    for (const each of supersede) tx.run(writing.supersede, { ...each, at });
    if (end.length > 0) {
      const ids = end.map(({ id }) => id);
      const reasons = end.map(({ reason }) => reason);
      tx.run(writing.end, { ids, reasons, at, by: idOf(act.actor) });
    }
    if (insert !== undefined) {
      const { session, remindAt, rotationToldAt, look } = insert;
      const roles = look?.roles ?? null;
      tx.run(writing.insert, { ...session, remindAt, rotationToldAt, tokenHash, roles });
      if (look !== null) writeLook(tx, session.userId, look, at);
    }
    await record(tx, events);
  };
}
