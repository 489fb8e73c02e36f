import {
  DiscordAPIError,
  type RequestData,
  REST,
  RESTJSONErrorCodes,
  type RESTOptions,
  type RouteLike,
} from 'discord.js';

/** Nobody waits for Discord longer than this for a place in its queue. */
const LONGEST_WAIT_MS = 15_000;

/** How often the library forgets its queues for what is over: each interaction and each channel has some. */
const SWEEP_MS = 60_000;

/** How we speak to Discord's REST API. The library sends at most 50 requests a second, as a bot may. */
export function restOptions(apiUrl: string): Partial<RESTOptions> {
  return {
    api: apiUrl,
    timeout: 8_000,
    retries: 2,
    handlerSweepInterval: SWEEP_MS,
    rejectOnRateLimit: ({ retryAfter }) => retryAfter > LONGEST_WAIT_MS,
  };
}

/**
 * The same for answers to interactions, which Discord does not count against that limit (Discord, "Rate
 * Limits", Global Rate Limit). A limit that it tells us of is kept all the same.
 */
function answerOptions(apiUrl: string): Partial<RESTOptions> {
  return { ...restOptions(apiUrl), globalRequestsPerSecond: Infinity };
}

/** For a responder: it bears no token of the bot's. */
export function createAnswerRest(apiUrl: string): REST {
  return new REST(answerOptions(apiUrl));
}

type Call = (route: RouteLike, options?: RequestData) => Promise<unknown>;

/** Discord's REST API with the bot's token. */
export interface Rest {
  readonly get: Call;
  readonly post: Call;
  readonly put: Call;
  readonly patch: Call;
  readonly delete: Call;
}

/** The token goes with each request, since the library forgets one that was refused with 401 once. */
export function createRest(apiUrl: string, token: string): Rest {
  const rest = new REST(restOptions(apiUrl));
  const authorized = (options: RequestData = {}): RequestData => ({
    ...options,
    auth: false,
    headers: { ...options.headers, Authorization: `Bot ${token}` },
  });
  return {
    get: (route, options) => rest.get(route, authorized(options)),
    post: (route, options) => rest.post(route, authorized(options)),
    put: (route, options) => rest.put(route, authorized(options)),
    patch: (route, options) => rest.patch(route, authorized(options)),
    delete: (route, options) => rest.delete(route, authorized(options)),
  };
}

const CLOSED_TO_US = new Set<number | string>([
  RESTJSONErrorCodes.CannotSendMessagesToThisUser,
  RESTJSONErrorCodes.CannotSendMessagesToThisUserDueToHavingNoMutualGuilds,
]);

/** The same; `onRefused` hears of each message that Discord does not deliver to its member. */
export function observeRefusals(rest: Rest, onRefused: () => void): Rest {
  return {
    get: (route, options) => rest.get(route, options),
    put: (route, options) => rest.put(route, options),
    patch: (route, options) => rest.patch(route, options),
    delete: (route, options) => rest.delete(route, options),
    async post(route, options) {
      try {
        return await rest.post(route, options);
      } catch (error) {
        if (error instanceof DiscordAPIError && CLOSED_TO_US.has(error.code)) onRefused();
        throw error;
      }
    },
  };
}
