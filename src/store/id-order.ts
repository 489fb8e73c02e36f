import type { SessionId } from '../core/actor.ts';
import type { Instant } from '../core/time.ts';

// Ids are in the order of creation (UUID version 7).

/** After each real id, and before each. */
export const NEWEST: SessionId = 'ffffffff-ffff-ffff-ffff-ffffffffffff';
export const OLDEST: SessionId = '00000000-0000-0000-0000-000000000000';

const HOUR_MS = 3_600_000;

/** When it was made, to the millisecond. */
export function instantOf(id: SessionId): Instant {
  return Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
}

/** Before every id made at that instant or later (RFC 9562, section 5.7: the first 48 bits are the time). */
function floorId(instant: Instant): SessionId {
  const hex = Math.max(instant, 0).toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}${OLDEST.slice(13)}`;
}

/** The ids of the last hour. What was made more than an hour from now was made under a wrong clock. */
export function idsWithinHour(now: Instant) {
  return { after: floorId(now - HOUR_MS + 1), before: floorId(now + HOUR_MS + 1) };
}
