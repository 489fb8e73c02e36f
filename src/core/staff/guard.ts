import { type Staff, SYSTEM, type UserId } from '../actor.ts';
import type { AuditStore } from '../audit/store.ts';
import { permitStaff } from '../permission.ts';
import type { Clock } from '../time.ts';

export interface GuardDeps {
  readonly store: Pick<AuditStore, 'record'>;
  readonly clock: Clock;
}

/** Staff turned the guard on or off: Discord's AutoMod, set to block messages with tokens. */
export async function recordGuardChange(
  { store, clock }: GuardDeps,
  actor: Staff,
  on: boolean,
): Promise<void> {
  permitStaff('guard.change', actor);
  const { userId } = actor;
  await store.record({ actor, at: clock(), userId, action: 'guard.changed', on });
}

/** AutoMod kept a member's message with a token from being posted. */
export async function recordBlocked(
  { store, clock }: GuardDeps,
  userId: UserId,
  channelId: string | null,
): Promise<void> {
  await store.record({ actor: SYSTEM, at: clock(), userId, action: 'guard.blocked', channelId });
}
