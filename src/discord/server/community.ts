import {
  type APIGuildMember,
  type APIRole,
  DiscordAPIError,
  RESTJSONErrorCodes,
  Routes,
} from 'discord.js';
import { refuse, upstream } from '../../core/errors.ts';
import type { FindMember, IsBannedInServer } from '../../core/logins/identity.ts';
import type { FindServerRoles } from '../../core/policy/roles.ts';
import type { Clock } from '../../core/time.ts';
import type { Rest } from '../rest.ts';

const NOT_THERE = new Set<number | string>([
  RESTJSONErrorCodes.UnknownMember,
  RESTJSONErrorCodes.UnknownUser,
]);

const RETRY_AFTER_MS = 5_000;

/** Asks Discord, with the bot's token, for a user in the community's server. */
export function createFindMember(rest: Pick<Rest, 'get'>, serverId: string): FindMember {
  return async (userId) => {
    try {
      const { roles } = (await rest.get(Routes.guildMember(serverId, userId))) as APIGuildMember;
      return { roles };
    } catch (error) {
      if (error instanceof DiscordAPIError && NOT_THERE.has(error.code)) return null;
      throw refuse(
        { code: 'upstream', reason: 'membership' },
        { cause: error, retryAfterMs: RETRY_AFTER_MS },
      );
    }
  };
}

/** Many who lose a role together are asked about once, and a Discord that fails is left alone for a while. */
const ASKED_AGAIN_MS = 5_000;
const FAILED_AGAIN_MS = 60_000;

/** Asks Discord which roles there are in the community's server. */
export function createFindServerRoles(
  rest: Pick<Rest, 'get'>,
  serverId: string,
  clock: Clock,
): FindServerRoles {
  let asked: ReturnType<FindServerRoles> | undefined;
  let answeredAt = 0;
  /** For how long the answer counts; for as long as it is awaited. */
  let keptMs = Infinity;

  async function ask(): ReturnType<FindServerRoles> {
    keptMs = Infinity;
    try {
      const roles = (await rest.get(Routes.guildRoles(serverId))) as APIRole[];
      keptMs = ASKED_AGAIN_MS;
      return new Set(roles.map(({ id }) => id));
    } catch {
      keptMs = FAILED_AGAIN_MS;
      return null;
    } finally {
      answeredAt = clock();
    }
  }

  return () => {
    const age = clock() - answeredAt;
    const isKept = keptMs === Infinity || (age >= 0 && age < keptMs);
    if (asked === undefined || !isKept) asked = ask();
    return asked;
  };
}

/** Where there is no such ban, and where the bot may not know: that is the operator's choice. */
const NOT_BANNED = new Set([403, 404]);

/**
 * Asks Discord whether a user is banned in the server; false where the bot may not know.
 * @throws AppError `upstream` where Discord does not say
 */
export function createIsBannedInServer(
  rest: Pick<Rest, 'get'>,
  serverId: () => string | null,
): IsBannedInServer {
  return async (userId) => {
    const server = serverId();
    if (server === null) return false;
    try {
      await rest.get(Routes.guildBan(server, userId));
      return true;
    } catch (error) {
      if (error instanceof DiscordAPIError && NOT_BANNED.has(error.status)) return false;
      throw upstream(error);
    }
  };
}
