import type { Grant, RoleLook } from './policy/standing.ts';

/** Text that names one thing: an id of another kind in its place does not compile. */
type Id<Kind extends string> = string & { readonly kindOfId?: Kind };

/** A Discord user id (snowflake, decimal). */
export type UserId = Id<'user'>;

/** A session's public id (UUID version 7, lower case). It opens nothing. */
export type SessionId = Id<'session'>;

/** The id of what a member asks the staff for (UUID version 7, lower case). It opens nothing. */
export type RequestId = Id<'request'>;

/** A Discord role's id (snowflake, decimal). */
export type RoleId = Id<'role'>;

/** With what a member asks: Discord vouches for them, or a token does, which was verified in this request. */
export type Credential =
  | {
      readonly kind: 'discord';
      /** What Discord says of the member's roles, where it said so and a policy asks. */
      readonly look?: RoleLook | undefined;
    }
  | {
      readonly kind: 'token';
      readonly sessionId: SessionId;
      /** Whether something took that session's place already: it works on until its grace is over. */
      readonly isSuperseded: boolean;
      /** What it may do; absent where there is no policy, and it may do everything. */
      readonly grant?: Grant | undefined;
    };

export const BY_DISCORD: Credential = { kind: 'discord' };

/**
 * Who asks. Built by a surface from the interaction or the verified token, never from input.
 * `requestId` is the interaction's or the HTTP request's id and ends up in the audit row.
 */
export type Actor =
  | {
      readonly kind: 'member';
      readonly userId: UserId;
      readonly requestId: string;
      readonly credential: Credential;
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
  if (actor.kind !== 'member' || actor.credential.kind !== 'token') return null;
  return actor.credential.sessionId;
}

/** One of the staff, acting on what is others'. */
export type Staff = Extract<Actor, { kind: 'staff' }>;

/** A member acting on what is their own. */
export type Member = Extract<Actor, { kind: 'member' }>;
