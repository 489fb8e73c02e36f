import type { Instant } from '../time.ts';

/** What a look at a member's roles found. */
export interface RoleLook {
  /** The ids of those that the policy names, space-separated, in its order. */
  readonly roles: string;
  /** By our clock: an answer of Discord's counts from when it was asked for. */
  readonly at: Instant;
}

/** What is known of a member's roles. */
export interface KnownLook extends RoleLook {
  /** Roles that were lost count on while that is held: what was seen, and since when it waits. */
  readonly held?: { readonly roles: string; readonly since: Instant };
  /** When the member was last told that they lost every role that may hold tokens. */
  readonly toldAt?: Instant;
}

/** What a token is good for at this moment. */
export interface Standing {
  /** Effective, sorted: those that the policy still knows and the owner's roles still allow. */
  readonly scopes: readonly string[];
  /** The same, space-separated. */
  readonly scope: string;
  /** Names, in the order of the file. */
  readonly roles: readonly string[];
  /** The same, comma-separated. */
  readonly roleNames: string;
  /** `scope` and `roles` as members of a JSON object: written once, since every check answers with them. */
  readonly members: string;
  /** Whether its owner lost every role that may hold tokens. */
  readonly isSuspended: boolean;
}

/** What a token may pass on to those that it makes. */
export interface Grant {
  /** Effective, sorted. */
  readonly scopes: readonly string[];
  readonly type: 'login' | 'app_login' | 'api';
  readonly expiresAt: Instant;
}
