import type { RequestId, UserId } from '../actor.ts';
import type { Act, AuditEvent } from '../audit/audit.ts';
import type { Instant } from '../time.ts';
import type { RequestDetail } from './request-detail.ts';

/** A member's wish for a token with a scope that staff approve each time. It holds no token, nor a hash of one. */
export interface Request {
  readonly id: RequestId;
  readonly userId: UserId;
  /** What the token is to be called. */
  readonly name: string;
  /** What it is to be able to do: all of it, space-separated and sorted. */
  readonly scope: string;
  /** What the member told the staff. */
  readonly why: string;
  readonly createdAt: Instant;
  /** When the token would have expired, had it been made at once. */
  readonly expiresAt: Instant;
  /** Until when it can be answered or, once it is approved, the token be fetched. */
  readonly lapsesAt: Instant;
  /** Null while nobody has approved. */
  readonly approved: { readonly at: Instant; readonly by: UserId } | null;
}

/** For how long it waits for the staff, and an approval for its member. */
export const REQUEST_LIFETIME_MS = 7 * 86_400_000;

/** How many of a member's wait at once: each is a message that the staff read. */
export const MOST_REQUESTS = 3;

/** What a member may write to the staff, and those to the member: at most, in characters. */
export const LONGEST_WHY = 300;

type Each<Detail> = Detail extends unknown
  ? Omit<Detail, 'request' | 'name' | 'scope' | 'lapsesAt'>
  : never;

/** What is written down of a request. */
export function requestEvent(
  act: Act,
  { id: request, userId, name, scope, lapsesAt }: Request,
  what: Each<RequestDetail>,
): AuditEvent {
  return { ...act, userId, request, name, scope, lapsesAt, ...what };
}
