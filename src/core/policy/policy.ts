import type { RoleId } from '../actor.ts';
import { readScopeText, scopeText, sortScopes } from './scopes.ts';
import type { KnownLook, RoleLook, Standing } from './standing.ts';

/** What a scope is, and who may have it. */
export interface ScopeRule {
  readonly name: string;
  /** What a token with it may do, for whoever chooses. */
  readonly says: string;
  /** Ticked from the start, and what a token has that was made before there was a policy. */
  readonly given: boolean;
  /** Names of roles of which one is needed; null where everybody may have it. */
  readonly roles: readonly string[] | null;
  /** No token with it lives longer, in milliseconds; null where that does not matter. */
  readonly longestMs: number | null;
  /** Staff approve each token with it before it is made. */
  readonly approval: boolean;
}

export interface NamedRole {
  readonly name: string;
  readonly id: RoleId;
}

/** What `POLICY_FILE` says. */
export interface PolicyRules {
  /** The roles that count, in the order of the file. */
  readonly roles: readonly NamedRole[];
  /** Names of roles of which a member needs one to hold tokens at all; null where any member may. */
  readonly holders: readonly string[] | null;
  /** {@link OWN_SCOPES} only where it says whether those are given. */
  readonly scopes: readonly ScopeRule[];
}

export const READ_SCOPE = 'latchkey:read';
export const WRITE_SCOPE = 'latchkey:write';

const own = { given: true, roles: null, longestMs: null, approval: false } as const;

/** Latchkey's own scopes, which are always there. */
export const OWN_SCOPES: readonly ScopeRule[] = [
  { name: READ_SCOPE, says: 'List your tokens and logins', ...own },
  { name: WRITE_SCOPE, says: 'Make, rotate and revoke your tokens', ...own },
];

/** How many standings are remembered: there are few, but a policy of many roles may make many. */
const REMEMBERED = 10_000;

/** The rules of a policy file, ready to be asked. */
export function createPolicy(rules: PolicyRules) {
  const { roles, holders } = rules;
  const theirs = rules.scopes.filter(({ name }) => OWN_SCOPES.every((each) => each.name !== name));
  const ours = OWN_SCOPES.map(
    (each) => rules.scopes.find(({ name }) => name === each.name) ?? each,
  );
  const scopes: readonly ScopeRule[] = [...theirs, ...ours];
  const byName = new Map(scopes.map((scope) => [scope.name, scope]));
  const given = sortScopes(scopes.filter((scope) => scope.given).map(({ name }) => name));
  /** By what is written, then by roles. */
  const remembered = new Map<string | null, Map<string | null, Standing>>();
  let count = 0;

  /** The names of roles, in the order of the file, whose ids are in the text. */
  function namesOf(rolesText: string | null): readonly string[] {
    const ids = readScopeText(rolesText ?? '');
    return roles.filter(({ id }) => ids.includes(id)).map(({ name }) => name);
  }

  const isAllowed = (scope: ScopeRule, held: readonly string[]) =>
    scope.roles === null || scope.roles.some((name) => held.includes(name));

  /** Who was never looked at may hold tokens until somebody looks: nothing was lost that is known of. */
  function isSuspended(rolesText: string | null, held: readonly string[]): boolean {
    return holders !== null && rolesText !== null && !holders.some((name) => held.includes(name));
  }

  function writtenScopes(written: string | null): readonly string[] {
    return written === null ? given : readScopeText(written);
  }

  function judge(written: string | null, rolesText: string | null): Standing {
    const held = namesOf(rolesText);
    const effective = writtenScopes(written).filter((name) => {
      const scope = byName.get(name);
      return scope !== undefined && isAllowed(scope, held);
    });
    const scope = scopeText(effective);
    return {
      scopes: effective,
      scope,
      roles: held,
      roleNames: held.join(','),
      members: `"scope":${JSON.stringify(scope)},"roles":${JSON.stringify(held)}`,
      isSuspended: isSuspended(rolesText, held),
    };
  }

  return {
    /** In the order of the file, Latchkey's own last. */
    scopes,
    roles,
    holders,
    /** The scope of this name; undefined if the policy has none. */
    scope: (name: string): ScopeRule | undefined => byName.get(name),

    /** The scopes that were written out for a session; those that are given, if it is from before. */
    written: writtenScopes,

    /** What is kept of a member's roles: the ids of those that the policy names. */
    rolesText(held: readonly RoleId[]): string {
      return scopeText(roles.map(({ id }) => id).filter((id) => held.includes(id)));
    },

    /**
     * What a session is good for.
     * @param written its scopes, as they were written out; null for one from before there was a policy
     * @param rolesText its owner's roles as they were last seen; null if nobody has looked
     */
    standing(written: string | null, rolesText: string | null): Standing {
      const known = remembered.get(written)?.get(rolesText);
      if (known !== undefined) return known;
      if (count >= REMEMBERED) {
        remembered.clear();
        count = 0;
      }
      const standing = judge(written, rolesText);
      const byRoles = remembered.get(written) ?? new Map<string | null, Standing>();
      remembered.set(written, byRoles.set(rolesText, standing));
      count += 1;
      return standing;
    },

    /** The scopes that a member with these roles may have, in the order of the file. */
    allowed(rolesText: string | null): readonly ScopeRule[] {
      const held = namesOf(rolesText);
      return scopes.filter((scope) => isAllowed(scope, held));
    },

    /** Those of these scopes that staff have to approve. */
    needingApproval: (names: readonly string[]): readonly string[] =>
      names.filter((name) => byName.get(name)?.approval === true),

    /** Whether there is anything to choose, besides Latchkey's own. */
    hasChoice: theirs.length > 0,

    /** Whether anything depends on roles. */
    followsRoles: roles.length > 0,
  };
}

export type Policy = ReturnType<typeof createPolicy>;

/** Whether a newer look than the one that something was decided by found other roles, held or not. */
export function isOutdated(decidedBy: RoleLook | null, newest: KnownLook | null): boolean {
  if (decidedBy === null || newest === null) return false;
  const seen = newest.held?.roles ?? newest.roles;
  return newest.at > decidedBy.at && seen !== decidedBy.roles;
}

/**
 * What counts of a member's roles after both looks; of two of one instant the first counts. What is held
 * stays so.
 */
export function newestOf(one: RoleLook | null, known: KnownLook | null): RoleLook | null {
  if (one === null || known === null) return one ?? known;
  if (known.held !== undefined) return { roles: known.roles, at: Math.max(one.at, known.at) };
  return known.at > one.at ? known : one;
}
