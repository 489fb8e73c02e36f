import { REST, type RESTOptions } from 'discord.js';

/** Nobody waits for Discord longer than this for a place in its queue. */
const LONGEST_WAIT_MS = 15_000;

/** How we speak to Discord's REST API, in the client as well as beside it. */
export function restOptions(apiUrl: string): Partial<RESTOptions> {
  return {
    api: apiUrl,
    timeout: 8_000,
    retries: 2,
    rejectOnRateLimit: ({ retryAfter }) => retryAfter > LONGEST_WAIT_MS,
  };
}

/** A REST client of its own: it keeps its token whatever becomes of the gateway's. */
export function createRest(apiUrl: string, token: string): REST {
  return new REST(restOptions(apiUrl)).setToken(token);
}
