import type { Policy } from './policy.ts';

/** What is live, without anything that tells whose it is. */
export interface Holdings {
  /** How many sessions have the same scopes written out, and the same roles seen of their owners. */
  readonly sessions: readonly {
    readonly scope: string | null;
    readonly roles: string | null;
    readonly count: number;
  }[];
  /** How many members hold those, by their roles. */
  readonly members: readonly { readonly roles: string | null; readonly count: number }[];
}

export interface Held {
  readonly sessions: number;
  readonly members: number;
}

/** What a policy does to the sessions that there are. */
export interface Effect {
  readonly live: Held;
  /** From before there was a policy: they have the scopes that are given. */
  readonly older: number;
  /** Refused, since their owner lacks every role that may hold tokens. */
  readonly suspended: Held;
  /** Not refused yet, since nobody has looked at their owner's roles. */
  readonly unseen: Held;
  /** Each scope of the policy, then those that are written in sessions and that it does not have. */
  readonly scopes: readonly {
    readonly name: string;
    readonly isKnown: boolean;
    /** Sessions that have it written out. */
    readonly written: number;
    /** Those in which it counts. */
    readonly works: number;
    /** The same under the policy of now; null where there is none. */
    readonly worked: number | null;
  }[];
}

/** @param before what holds now; undefined where there is no policy, or none to compare with */
export function foresee(policy: Policy, before: Policy | undefined, holdings: Holdings): Effect {
  const { sessions, members } = holdings;
  const isSuspended = ({ roles }: { readonly roles: string | null }) =>
    policy.standing('', roles).isSuspended;
  const isUnseen = ({ roles }: { readonly roles: string | null }) =>
    policy.holders !== null && roles === null;
  const held = (isMeant: (each: { readonly roles: string | null }) => boolean): Held => ({
    sessions: total(sessions.filter(isMeant)),
    members: total(members.filter(isMeant)),
  });
  const works = (by: Policy, name: string) =>
    total(
      sessions.filter(({ scope, roles }) => {
        const standing = by.standing(scope, roles);
        return !standing.isSuspended && standing.scopes.includes(name);
      }),
    );
  const known = policy.scopes.map(({ name }) => name);
  const written = new Set(sessions.flatMap(({ scope }) => policy.written(scope)));
  const unknown = [...written].filter((name) => !known.includes(name)).toSorted();
  return {
    live: held(() => true),
    older: total(sessions.filter(({ scope }) => scope === null)),
    suspended: held(isSuspended),
    unseen: held(isUnseen),
    scopes: [...known, ...unknown].map((name) => ({
      name,
      isKnown: known.includes(name),
      written: total(sessions.filter(({ scope }) => policy.written(scope).includes(name))),
      works: works(policy, name),
      worked: before === undefined ? null : works(before, name),
    })),
  };
}

function total(each: readonly { readonly count: number }[]): number {
  return each.reduce((sum, { count }) => sum + count, 0);
}
