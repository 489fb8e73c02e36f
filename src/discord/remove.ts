import { DiscordAPIError } from 'discord.js';
import type { Log } from '../log.ts';
import type { Rest } from './rest.ts';

/** Deletes what somebody else wrote. Where Discord does not let the bot, the message stays. */
export function createRemove(rest: Pick<Rest, 'delete'>, log: Log) {
  return async (route: `/${string}`): Promise<void> => {
    try {
      await rest.delete(route);
    } catch (err) {
      const level = err instanceof DiscordAPIError ? 'debug' : 'warn';
      log[level]({ err }, 'a message could not be deleted');
    }
  };
}
