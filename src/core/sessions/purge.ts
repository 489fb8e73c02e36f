import type { SessionId } from '../actor.ts';
import type { Instant } from '../time.ts';

/** How many sessions a slice of the purge looks at for each one that it may remove: most live on. */
export const LOOKED_AT_FOR_ONE = 10;

/** How long a session lasted, or will. */
export interface Lifespan {
  readonly id: SessionId;
  readonly createdAt: Instant;
  readonly expiresAt: Instant;
  readonly endedAt: Instant | null;
}

export interface PurgePlan {
  readonly remove: readonly SessionId[];
  /** After which session to look on; null when all were looked at. */
  readonly cursor: SessionId | null;
}

/**
 * Which of these sessions, the oldest first, ended or expired before `before`: at most `limit`. Where
 * there were more to look at, `rows` are `limit` times {@link LOOKED_AT_FOR_ONE}.
 */
export function planPurge(rows: readonly Lifespan[], before: Instant, limit: number): PurgePlan {
  const old = rows.filter(({ endedAt, expiresAt }) => (endedAt ?? expiresAt) < before);
  const remove = old.slice(0, limit).map(({ id }) => id);
  if (remove.length < old.length) return { remove, cursor: remove.at(-1) ?? null };
  const last = rows.at(-1);
  const isEnd = rows.length < limit * LOOKED_AT_FOR_ONE || last === undefined;
  // Ids are in the order of creation: what was made since `before` cannot have ended before it.
  return { remove, cursor: isEnd || last.createdAt >= before ? null : last.id };
}
