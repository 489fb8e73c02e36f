import { type APIGuild, Routes } from 'discord.js';
import type { Clock } from '../../core/time.ts';
import type { Rest } from '../rest.ts';

/** What the community's server is called; null where Discord does not say. */
export type ServerName = () => Promise<string | null>;

const KEPT_MS = 3_600_000;

/** Asks Discord at most once an hour. */
export function createServerName(
  rest: Pick<Rest, 'get'>,
  serverId: () => string | null,
  clock: Clock,
): ServerName {
  let known: { readonly name: string | null; readonly until: number } | undefined;
  return async () => {
    if (known !== undefined && clock() < known.until) return known.name;
    const id = serverId();
    if (id === null) return null;
    let name: string | null = null;
    try {
      ({ name } = (await rest.get(Routes.guild(id))) as APIGuild);
    } catch {
      // The way to the switch is told without it.
    }
    known = { name, until: clock() + KEPT_MS };
    return name;
  };
}
