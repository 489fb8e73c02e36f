import type { Session } from '../../core/sessions/session.ts';
import type { Instant } from '../../core/time.ts';

/** A session in a file, as HTTP has it; times in ISO 8601, in UTC. */
export function describeSession(session: Session) {
  const { id, type, name, hint, parentId, scope, createdAt, lastUsedAt, expiresAt } = session;
  return {
    id,
    type,
    name,
    hint,
    created_by: parentId,
    created_at: isoTime(createdAt),
    last_used_at: isoTime(lastUsedAt),
    expiry: isoTime(expiresAt),
    // Absent for what was made without a policy.
    ...(scope === null ? {} : { scope }),
  };
}

export function isoTime(at: Instant | null): string | null {
  return at === null ? null : new Date(at).toISOString();
}
