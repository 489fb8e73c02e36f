import type { Parcel } from './parcel.ts';
import type { Instant } from './session.ts';

/** Proof that a token reached its owner. */
export interface Receipt {
  /** Where the owner finds it. */
  readonly url: string;
  /** By which we find it again. */
  readonly place: string;
  /** Tells the owner, where the token was, that it is void. Does not throw. */
  retract(): Promise<void>;
}

/**
 * Hands a token to its owner, and says when that message will be deleted: null if it will not.
 * @throws AppError `dm_closed` where the owner does not let us, `undelivered` where it failed or
 * nobody knows whether it did
 */
export type Deliver = (parcel: Parcel, deletedAt: Instant | null) => Promise<Receipt>;
