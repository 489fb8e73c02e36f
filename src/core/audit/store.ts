import type { UserId } from '../actor.ts';
import type { Instant } from '../time.ts';
import type { AuditAction, AuditEvent, AuditRow } from './audit.ts';

/** Events, newest first. */
export interface AuditQuery {
  readonly userId?: UserId | undefined;
  /** Only these; all if absent. */
  readonly actions?: readonly AuditAction[] | undefined;
  readonly since?: Instant | undefined;
  readonly limit: number;
  /** Only what is older than this event. */
  readonly before?: number | undefined;
}

export interface AuditStore {
  record(event: AuditEvent): Promise<void>;
  audit(query: AuditQuery): Promise<readonly AuditRow[]>;
  /** Looks at the `limit` oldest events and removes those from before; returns how many. */
  purgeAudit(before: Instant, limit: number): Promise<number>;
}
