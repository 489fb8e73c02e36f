import type { UserId } from '../actor.ts';
import type { AuditAction } from '../audit/audit.ts';

/** Events per message; the rest go into the next one. A member's have buttons, which need room. */
const STAFF_BATCH = 20;
const MEMBER_BATCH = 8;
/** What happens to many tokens at once, and is listed if there are many. */
const LISTED: ReadonlySet<AuditAction> = new Set<AuditAction>([
  'token.expiring',
  'token.expired',
  'token.reported',
]);
const LIST_BATCH = 1_000;
/** What the staff have to answer has a message of its own, as has their answer: both may be long. */
export const ALONE: AuditAction = 'request.opened';

/** What is due later than any retry can be comes from a clock that was wrong. */
export const LONGEST_WAIT_MS = 2 * 3_600_000;

/**
 * Which of a recipient's events go out together with one of them: those of the same action, all of them but
 * {@link ALONE} if `action` is null, and at most `limit`.
 */
export function companionsOf(recipient: UserId | null, action: AuditAction) {
  if (action === ALONE || action === 'request.denied') return { action, limit: 1 };
  if (recipient === null) return { action: null, limit: STAFF_BATCH };
  return { action, limit: LISTED.has(action) ? LIST_BATCH : MEMBER_BATCH };
}
