import { DiscordAPIError } from 'discord.js';
import type { Log } from '../../log.ts';
import type { Rest } from '../rest.ts';

/**
 * Deletes what somebody else wrote, and returns whether that is done. Where Discord does not let the
 * bot, the message stays.
 */
export function createDeleteReportedMessage(rest: Pick<Rest, 'delete'>, log: Log) {
  return async (route: `/${string}`): Promise<boolean> => {
    try {
      await rest.delete(route);
      return true;
    } catch (err) {
      const level = err instanceof DiscordAPIError ? 'debug' : 'warn';
      log[level]({ err }, 'a message could not be deleted');
      return false;
    }
  };
}
