/** A Discord user id (snowflake, decimal). */
export type UserId = string;

/** A session's public id (UUID version 7, lower case). It opens nothing. */
export type SessionId = string;

/**
 * Who asks. Built by a surface from the interaction or the verified token, never from input.
 * `requestId` is the interaction's or the HTTP request's id and ends up in the audit row.
 */
export type Actor =
  | {
      readonly kind: 'member';
      readonly userId: UserId;
      readonly requestId: string;
      /** The session whose token was used; absent where Discord itself vouches for the member. */
      readonly sessionId?: SessionId;
    }
  | { readonly kind: 'staff'; readonly userId: UserId; readonly requestId: string }
  /** Who has a token and does not say who they are: to have it is enough to end it (RFC 7009, section 5). */
  | { readonly kind: 'bearer'; readonly requestId: string }
  | { readonly kind: 'system' };

/** The program itself, carrying out a rule. */
export const SYSTEM: Actor = { kind: 'system' };

/** Whose act it was; null where nobody says so. */
export function idOf(actor: Actor): UserId | null {
  return 'userId' in actor ? actor.userId : null;
}

/** The session with whose token it was done; null where Discord vouches for who did it. */
export function credentialOf(actor: Actor): SessionId | null {
  return actor.kind === 'member' ? (actor.sessionId ?? null) : null;
}

/** One of the staff, acting on what is others'. */
export type Staff = Extract<Actor, { kind: 'staff' }>;

/** A member acting on what is their own. */
export type Member = Extract<Actor, { kind: 'member' }>;
