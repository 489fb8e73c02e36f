import { REST, type RequestData, type RESTOptions, type RouteLike } from 'discord.js';

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
