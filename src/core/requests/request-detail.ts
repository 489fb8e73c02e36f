import type { RequestId } from '../actor.ts';
import type { Instant } from '../time.ts';

/** What a member asks the staff for. What somebody wrote goes when the member is forgotten. */
interface Asked {
  readonly request: RequestId;
  readonly name: string;
  readonly scope: string;
  readonly lapsesAt: Instant;
}

/** What the audit says of a request besides who did it, and whose it is. */
export type RequestDetail = Asked &
  (
    | {
        readonly action: 'request.opened';
        readonly why: string;
        /** When the token would expire if it were made now. */
        readonly expiresAt: Instant;
      }
    /** `request.undelivered`: the token did not reach its member, who can fetch it. */
    | { readonly action: 'request.approved' | 'request.undelivered' }
    | { readonly action: 'request.denied'; readonly reason: string | null }
    /** Nobody answered or, if somebody approved, its member did not fetch the token. */
    | { readonly action: 'request.lapsed'; readonly approved: boolean }
  );
