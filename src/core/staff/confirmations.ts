import { v7 as uuidv7 } from 'uuid';
import type { NewBan } from '../accounts/accounts.ts';
import type { SessionId, Staff, UserId } from '../actor.ts';
import { refuse } from '../errors.ts';
import { inSlices } from '../jobs/slices.ts';
import { permitStaff } from '../permission.ts';
import type { Random } from '../sessions/token.ts';
import type { Clock } from '../time.ts';
import type { ConfirmationStore } from './store.ts';

/** What staff are asked about before it is done. */
export type PendingAction =
  | ({ readonly do: 'ban' } & NewBan)
  | {
      readonly do: 'revoke';
      readonly userId: UserId;
      readonly id: SessionId;
      readonly includeDescendants: boolean;
    }
  | { readonly do: 'revoke-all'; readonly userId: UserId };

/** How long whoever is asked may think about it, members too. */
export const CONFIRMATION_LIFETIME_MS = 5 * 60_000;

/**
 * Remembers what staff are about to do while they look at it, since a button carries too little. What
 * is answered is gone: two presses act once.
 */
export function createConfirmations({
  store,
  clock,
  random,
}: {
  store: Pick<ConfirmationStore, 'saveConfirmation' | 'takeConfirmation'>;
  clock: Clock;
  random: Random;
}) {
  return {
    /** @returns the id by which it is answered */
    async request(actor: Staff, act: PendingAction): Promise<string> {
      permitStaff('confirmations.request', actor);
      const now = clock();
      const id = uuidv7({ msecs: now, random: random(16) });
      await store.saveConfirmation({
        id,
        userId: actor.userId,
        act,
        expiresAt: now + CONFIRMATION_LIFETIME_MS,
      });
      return id;
    },

    /** @throws AppError `restricted` if it was answered, is over or was asked of somebody else */
    async consume(actor: Staff, id: string): Promise<PendingAction> {
      permitStaff('confirmations.consume', actor);
      const act = await store.takeConfirmation(id, actor.userId, clock());
      if (act === null) {
        throw refuse({ code: 'restricted', reason: 'confirmed_before' });
      }
      return act as PendingAction;
    },
  };
}

const PURGE_SLICE = 100;

/** Forgets what nobody answered in time, a slice at a time. */
export async function purgeConfirmations(
  store: Pick<ConfirmationStore, 'purgeConfirmations'>,
  clock: Clock,
): Promise<void> {
  await inSlices(PURGE_SLICE, (size) => store.purgeConfirmations(clock(), size));
}

export type Confirmations = ReturnType<typeof createConfirmations>;
