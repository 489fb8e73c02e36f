import type { UserId } from '../actor.ts';
import type { Instant } from '../time.ts';

export interface ConfirmationStore {
  /** Keeps what is asked until somebody answers or it expires. */
  saveConfirmation(question: {
    readonly id: string;
    readonly userId: UserId;
    readonly act: unknown;
    readonly expiresAt: Instant;
  }): Promise<void>;
  /** What was asked, once, and only to who was asked; null if it is not there (any more). */
  takeConfirmation(id: string, userId: UserId, now: Instant): Promise<unknown>;
  /** Forgets at most `limit` that nobody answered in time; returns how many. */
  purgeConfirmations(now: Instant, limit: number): Promise<number>;
}
