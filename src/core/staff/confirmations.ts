import { v7 as uuidv7 } from 'uuid';
import type { NewBan } from '../accounts/accounts.ts';
import type { AccountStore } from '../accounts/store.ts';
import type { Member, SessionId, Staff, UserId } from '../actor.ts';
import { refuse } from '../errors.ts';
import { inSlices } from '../jobs/slices.ts';
import { permit, permitStaff } from '../permission.ts';
import type { Random } from '../sessions/token.ts';
import type { Clock, Instant } from '../time.ts';
import type { ConfirmationStore } from './store.ts';

/** What a member wanted, and is asked about again. */
export type PendingDelivery =
  | {
      readonly do: 'create';
      readonly name: string;
      readonly expiresAt: Instant;
      readonly by: Choice;
      /** What it may do; absent while that is still to be chosen, or where there is no policy. */
      readonly scopes?: readonly string[] | undefined;
    }
  | { readonly do: 'rotate'; readonly id: SessionId; readonly graceMs: number };

/** How the end of a token was chosen. */
export type Choice = 'asked' | 'capped' | 'default';

const DELIVERIES: ReadonlySet<unknown> = new Set<PendingDelivery['do']>(['create', 'rotate']);

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
 * Remembers what somebody is about to do while they look at it, since a button carries too little. What
 * is answered is gone: two presses act once.
 */
export function createConfirmations({
  store,
  clock,
  random,
}: {
  store: Pick<ConfirmationStore, 'saveConfirmation' | 'takeConfirmation'> &
    Pick<AccountStore, 'findAccount'>;
  clock: Clock;
  random: Random;
}) {
  async function save(userId: UserId, act: PendingAction | PendingDelivery): Promise<string> {
    const now = clock();
    const id = uuidv7({ msecs: now, random: random(16) });
    const expiresAt = now + CONFIRMATION_LIFETIME_MS;
    await store.saveConfirmation({ id, userId, act, expiresAt });
    return id;
  }

  async function take(userId: UserId, id: string, isDelivery: boolean): Promise<unknown> {
    const act = await store.takeConfirmation(id, userId, clock());
    if (act === null || DELIVERIES.has((act as { do?: unknown }).do) !== isDelivery) {
      throw refuse({ code: 'restricted', reason: 'confirmed_before' });
    }
    return act;
  }

  return {
    /** @returns the id by which it is answered */
    async request(actor: Staff, act: PendingAction): Promise<string> {
      permitStaff('confirmations.request', actor);
      return save(actor.userId, act);
    },

    /** The same of what a member wants for themselves. */
    async requestOwn(actor: Member, act: PendingDelivery): Promise<string> {
      await permit({ store, clock }, 'confirmations.requestOwn', actor);
      return save(actor.userId, act);
    },

    /** @throws AppError `restricted` if it was answered, is over or was asked of somebody else */
    async consume(actor: Staff, id: string): Promise<PendingAction> {
      permitStaff('confirmations.consume', actor);
      return (await take(actor.userId, id, false)) as PendingAction;
    },

    /** @throws AppError `restricted` as for staff */
    async consumeOwn(actor: Member, id: string): Promise<PendingDelivery> {
      await permit({ store, clock }, 'confirmations.consumeOwn', actor);
      return (await take(actor.userId, id, true)) as PendingDelivery;
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
