import { inSlices } from '../jobs/slices.ts';
import type { Clock } from '../time.ts';
import type { AuditStore } from './store.ts';

/** How long an event is kept. */
const AUDIT_KEPT_MS = 400 * 86_400_000;

const PURGE_SLICE = 50;

/** Removes what is older than it is kept, a slice at a time. */
export async function purgeAudit(store: AuditStore, clock: Clock): Promise<void> {
  const before = clock() - AUDIT_KEPT_MS;
  await inSlices(PURGE_SLICE, (size) => store.purgeAudit(before, size));
}
