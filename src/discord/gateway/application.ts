import { DiscordAPIError, Routes } from 'discord.js';
import type { Application } from '../../core/accounts/authorization.ts';
import type { Rest } from '../rest.ts';

/** What Discord says of our application; what is known already where it does not say. */
export async function describeApplication(
  rest: Pick<Rest, 'get'>,
  known: Application,
): Promise<Application> {
  try {
    return (await rest.get(Routes.currentApplication())) as Application;
  } catch (error) {
    if (error instanceof DiscordAPIError && error.status < 500) return known;
    throw error;
  }
}
