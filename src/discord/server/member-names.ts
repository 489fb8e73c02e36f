import { type APIUser, Routes } from 'discord.js';
import type { UserId } from '../../core/actor.ts';
import type { Clock } from '../../core/time.ts';
import type { NameOf } from '../render/render-audit.ts';
import type { Rest } from '../rest.ts';

/** What members are called, for staff; whoever Discord does not tell of in time stays without a name. */
export type NamesOf = (userIds: Iterable<UserId>) => Promise<NameOf>;

const KEPT_MS = 3_600_000;
const MOST_KEPT = 1_000;
/** More than one message of ours mentions. */
const MOST_AT_ONCE = 50;
/** Nobody waits for a name longer than this. */
const TIMEOUT_MS = 2_000;

/** Asks Discord for the names of users, and keeps them for an hour. */
export function createNamesOf(rest: Pick<Rest, 'get'>, clock: Clock): NamesOf {
  const known = new Map<UserId, { readonly name: string; readonly until: number }>();

  async function ask(userId: UserId, signal: AbortSignal): Promise<void> {
    try {
      const { username } = (await rest.get(Routes.user(userId), { signal })) as APIUser;
      known.delete(userId);
      known.set(userId, { name: username, until: clock() + KEPT_MS });
      const [oldest] = known.keys();
      if (known.size > MOST_KEPT && oldest !== undefined) known.delete(oldest);
    } catch {
      // A mention says enough.
    }
  }

  return async (userIds) => {
    const now = clock();
    const asked = [...new Set(userIds)].filter((id) => (known.get(id)?.until ?? 0) <= now);
    if (asked.length > 0) {
      const signal = AbortSignal.timeout(TIMEOUT_MS);
      await Promise.all(asked.slice(0, MOST_AT_ONCE).map((id) => ask(id, signal)));
    }
    return (userId) => known.get(userId)?.name;
  };
}
