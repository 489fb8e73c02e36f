import { refuse } from '../errors.ts';
import type { Instant } from '../time.ts';
import type { Session } from '../sessions/session.ts';
import type { Policy } from './policy.ts';
import { scopeText, sortScopes } from './scopes.ts';
import type { Grant } from './standing.ts';

/** What is known of who asks for a token. */
export interface Asking {
  /** Undefined where none were named: those that are given. */
  readonly scopes: readonly string[] | undefined;
  /** The member's roles; null where nobody has looked. */
  readonly roles: string | null;
  /** The token that asks; null where the member does, in Discord. */
  readonly parent: Grant | null;
  /** Whether staff approve of it, or are about to be asked. */
  readonly isForStaff?: boolean;
}

/**
 * The scopes that a new token gets, as they are written out.
 * @throws AppError `restricted` for who may hold no tokens, or not with such a scope, or not before staff
 * approve; `invalid` for a scope that there is not; `insufficient_scope` for more than the token has that asks
 */
export function decideScopes(
  policy: Policy,
  { scopes, roles, parent, isForStaff = false }: Asking,
): readonly string[] {
  requireHolder(policy, roles);
  const allowed = policy.allowed(roles);
  if (scopes === undefined) {
    const given = allowed.filter((scope) => scope.given && !scope.approval);
    const names = given.map(({ name }) => name);
    return sortScopes(names.filter((name) => parent?.scopes.includes(name) ?? true));
  }
  requireOffered(policy, scopes, parent, isForStaff);
  for (const name of scopes) {
    const needed = policy.scope(name)?.roles ?? [];
    if (allowed.every((each) => each.name !== name)) {
      throw refuse({ code: 'restricted', reason: 'scope_role', scope: name, roles: needed });
    }
  }
  return sortScopes(scopes);
}

/**
 * What needs no look at anybody's roles.
 * @throws AppError for a scope that there is not, that staff have to approve, or that the token lacks that asks
 */
export function requireOffered(
  policy: Policy,
  scopes: readonly string[],
  parent: Grant | null,
  isForStaff: boolean,
): void {
  for (const name of scopes) {
    const scope = policy.scope(name);
    if (scope === undefined) {
      const known = policy.scopes.map((each) => each.name);
      throw refuse({ code: 'invalid', reason: 'scope_unknown', scope: name, known });
    }
  }
  if (!isForStaff) requireNoApproval(policy, scopes);
  if (parent !== null) requireWithin(scopes, parent);
}

/** Staff approve each token with such a scope: what another one may does not count for it. */
function requireNoApproval(policy: Policy, scopes: readonly string[]): void {
  const [scope] = policy.needingApproval(scopes);
  if (scope !== undefined) throw refuse({ code: 'restricted', reason: 'needs_approval', scope });
}

export interface RotationGrant {
  readonly replaced: Pick<Session, 'scope'>;
  /** Of what the old one may; undefined for the same. */
  readonly scopes: readonly string[] | undefined;
  /** The token that asks, where it rotates another. */
  readonly parent: Grant | null;
  /** When the new one would expire. */
  readonly expiresAt: Instant;
  readonly now: Instant;
}

/**
 * What the new token may do, and until when. Whatever answers with a secret counts as making: a token gets
 * none by rotation that it could not make.
 * @throws AppError `restricted` for more than the old one may, for longer than the one that asks lives, or for
 * what staff approved for the old one only; `insufficient_scope` where the one that asks lacks what that may
 */
export function decideRotation(
  policy: Policy,
  { replaced, scopes, parent, expiresAt, now }: RotationGrant,
): Pick<Session, 'scope' | 'expiresAt'> {
  const had = policy.written(replaced.scope);
  const wider = (scopes ?? []).filter((name) => !had.includes(name));
  if (wider.length > 0)
    throw refuse({ code: 'restricted', reason: 'rotation_wider', scopes: wider });
  const granted = scopes ?? had;
  if (parent !== null) {
    requireWithin(had, parent);
    requireNoApproval(policy, granted);
  }
  const until = Math.min(expiresAt, latestExpiry(policy, granted, null, now));
  if (parent?.type === 'api' && until > parent.expiresAt) {
    throw refuse({ code: 'restricted', reason: 'outlives' });
  }
  return { scope: scopeText(sortScopes(granted)), expiresAt: until };
}

/** What a login may do: whatever its member's roles allow at the time, and staff need not approve. */
export function loginScopes(policy: Policy): string {
  const scopes = policy.scopes.filter(({ approval }) => !approval);
  return scopeText(sortScopes(scopes.map(({ name }) => name)));
}

/** @throws AppError `restricted` for who lacks every role that may hold tokens */
export function requireHolder(policy: Policy, roles: string | null): void {
  const { holders } = policy;
  if (holders === null) return;
  const { roles: held } = policy.standing('', roles);
  if (holders.some((name) => held.includes(name))) return;
  throw refuse({ code: 'restricted', reason: 'holders', roles: holders });
}

/** @throws AppError `insufficient_scope` that names all that is missing */
export function requireWithin(needed: readonly string[], { scopes }: Pick<Grant, 'scopes'>): void {
  const missing = needed.filter((name) => !scopes.includes(name));
  if (missing.length > 0) throw refuse({ code: 'insufficient_scope', needed, missing });
}

/** How long a token with these scopes may live at most: what its scopes and what makes it allow. */
export function latestExpiry(
  policy: Policy,
  scopes: readonly string[],
  parent: Grant | null,
  now: Instant,
): Instant {
  const longest = scopes.flatMap((name) => policy.scope(name)?.longestMs ?? []);
  const own = parent?.type === 'api' ? parent.expiresAt : Infinity;
  return Math.min(own, ...longest.map((ms) => now + ms));
}
