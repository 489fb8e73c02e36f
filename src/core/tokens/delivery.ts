import type { SessionId, UserId } from '../actor.ts';
import type { MintedToken } from '../sessions/minted-token.ts';
import type { Session } from '../sessions/session.ts';
import type { Instant } from '../time.ts';

/** Proof that a token reached its owner. */
export interface Receipt {
  /** Where the owner finds it. */
  readonly url: string;
  /** By which we find it again. */
  readonly messageRef: string;
  /** Tells the owner, where the token was, that it does not work; whether that succeeded. Does not throw. */
  retract(): Promise<boolean>;
}

/**
 * Hands a token to its owner, and says when that message will be deleted: null if it will not.
 * @throws AppError `dm_closed` where the owner does not let us, `undelivered` where it failed,
 * `unconfirmed` where nobody knows whether it did
 */
export type Deliver = (minted: MintedToken, deletedAt: Instant | null) => Promise<Receipt>;

/** A token that was sent, or was about to be, and whose session was never stored. */
export interface UnstoredDelivery {
  readonly userId: UserId;
  readonly sessionId: SessionId;
}

/**
 * Finds the message with a lost token and says in it that the token does not work. False where there is no
 * such message, or not yet; true where it is done, or can never be.
 * @throws where another attempt may help; AppError with `retryAfterMs` where it is known when
 */
export type Retract = (lost: UnstoredDelivery) => Promise<boolean>;

const PENDING = 'pending';

/** The place of a message that may not be there yet: all that is known of it before it is sent. */
export function pendingRef({ userId, id }: Pick<Session, 'userId' | 'id'>): string {
  return [PENDING, userId, id].join('/');
}

/** What is to be found at such a place; null where the message itself is known. */
export function readPending(messageRef: string): UnstoredDelivery | null {
  const [kind, userId = '', sessionId = ''] = messageRef.split('/');
  return kind === PENDING ? { userId, sessionId } : null;
}
