import type { RequestId, UserId } from '../actor.ts';
import type { Act } from '../audit/audit.ts';
import type { Deletion } from '../outbox/store.ts';
import type { NewSession } from '../sessions/minted-token.ts';
import type { Instant } from '../time.ts';
import type { Limits } from '../tokens/allowance.ts';
import type { StoreOutcome } from '../tokens/store.ts';
import type { Request } from './request.ts';

/** Requests that were denied, have lapsed or have become a token are gone: the audit has what became of them. */
export interface RequestStore {
  /** Keeps a request, unless as many as `most` of its member's are kept. Opens an account. */
  openRequest(
    act: Act,
    request: Request,
    most: number,
  ): Promise<{ readonly is: 'opened' | 'banned' | 'too_many' }>;
  /** Null if it is gone. */
  findRequest(id: RequestId, now: Instant): Promise<Request | null>;
  /** A member's, oldest first. */
  requestsOf(userId: UserId, now: Instant): Promise<readonly Request[]>;
  /** How many wait for the staff. */
  countRequests(now: Instant): Promise<number>;
  /** Approves one that nobody has approved: of two that do it at once, one gets null. */
  approveRequest(act: Act, id: RequestId): Promise<Request | null>;
  /** Removes one that nobody has approved; null if somebody has, or if it is gone. */
  denyRequest(act: Act, id: RequestId, reason: string | null): Promise<Request | null>;
  /** Stores the token of one that was approved, as `TokenStore.add` does, and removes the request with it. */
  issueRequest(
    act: Act,
    id: RequestId,
    fresh: NewSession,
    limits: Limits,
    deletion: Deletion | null,
  ): Promise<StoreOutcome>;
  /** Removes at most `limit` that have lapsed; returns how many. */
  lapseRequests(act: Act, limit: number): Promise<number>;
}
