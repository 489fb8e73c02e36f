import { SYSTEM } from '../actor.ts';
import type { Act, AuditEvent } from '../audit/audit.ts';

/** In the place of a member's id in what remains of them in the audit. */
export const FORGOTTEN = 'forgotten';

/** What an event adds that tells of a person: ids, last characters and places. Numbers and kinds may stay. */
export const PERSONAL_DETAILS = ['hint', 'channelId', 'replaced'] as const;

/** The same of events about an account or a request, which have what somebody wrote. */
export const PERSONAL_ACCOUNT_DETAILS = [...PERSONAL_DETAILS, 'reason', 'name', 'why'] as const;

/** That a member had everything erased; not which one. */
export function forgotten({ at }: Act): AuditEvent {
  return { actor: SYSTEM, at, userId: FORGOTTEN, action: 'account.forgotten' };
}
