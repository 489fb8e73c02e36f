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
  | { readonly kind: 'system' };

/** The program itself, carrying out a rule. */
export const SYSTEM: Actor = { kind: 'system' };

/** Whose act it was; null for the program's own. */
export function idOf(actor: Actor): UserId | null {
  return actor.kind === 'system' ? null : actor.userId;
}

/** One of the staff, acting on what is others'. */
export type Staff = Extract<Actor, { kind: 'staff' }>;

/** A member acting on what is their own. */
export type Member = Extract<Actor, { kind: 'member' }>;
