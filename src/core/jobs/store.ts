import type { Instant } from '../time.ts';

export interface LeaseStore {
  /**
   * Whether `holder` has the lease from `now` for `ms`: nobody else gets it before it ends by their
   * clock, which may be a minute behind. One that ends later still comes from a clock that was wrong,
   * and counts for nothing. A database on a server counts by its own clock, and `now` does not matter.
   */
  takeLease(name: string, holder: string, now: Instant, ms: number): Promise<boolean>;
  /** Gives a lease back before it ends. */
  dropLease(name: string, holder: string): Promise<void>;
}
