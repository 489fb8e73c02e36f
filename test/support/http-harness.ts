import { BlockList, isIPv6 } from 'node:net';
import {
  type Authorization,
  type DiscordUser,
  saveApplication,
} from '../../src/core/accounts/authorization.ts';
import type { Identify } from '../../src/core/logins/identity.ts';
import { createLogins } from '../../src/core/logins/logins.ts';
import { pictureOf } from '../../src/discord/server/picture.ts';
import { createApi } from '../../src/http/api.ts';
import { type Meter, silentMeter } from '../../src/metrics.ts';
import { type CoreHarnessOptions, createCoreHarness } from './core-harness.ts';
import { ANA, collectLog, newBan, STAFF } from './fixtures.ts';

export const WEB = 'https://lamps.example/callback';
export const APP = 'http://127.0.0.1:53682/callback';
/** As Discord makes them. */
export const CODE = 'NhhvTDYsFcdgNLnnLijcl7Ku7bEEee';
export const VERIFIER = 'v'.repeat(43);
export const INTROSPECTION_SECRET = 'the-introspection-secret';
export const PUBLIC_URL = 'https://latchkey.example';

export const APPLICATION = {
  id: '600000000000000006',
  name: 'Latchkey',
  icon: null,
  description: 'Tokens',
};

export const discordUser = (overrides: Partial<DiscordUser> = {}): DiscordUser => ({
  id: ANA,
  username: 'ana',
  global_name: 'Ana',
  avatar: null,
  discriminator: '0',
  public_flags: 0,
  ...overrides,
});

/** What Discord says of a member who allowed our application to know who they are. */
export const authorized = (overrides: Partial<Authorization> = {}): Authorization => ({
  application: APPLICATION,
  scopes: ['identify'],
  expiresAt: Date.UTC(2999, 0),
  user: discordUser(),
  ...overrides,
});

export interface HttpHarnessOptions extends CoreHarnessOptions {
  /** What Discord says of a grant; that it is Ana's unless told. Null turns logging in off. */
  readonly identify?: Identify | null;
  readonly introspectionSecret?: string | null;
  readonly publicUrl?: string;
  readonly failuresPerMinute?: number;
  readonly trustedProxies?: readonly string[];
  readonly corsOrigins?: readonly string[];
  readonly meter?: Meter;
  /** What is wrong with the way to Discord. */
  readonly gateway?: () => string | null;
}

/** The HTTP API with all that can be turned on, over the real core and store. */
export function createHttpHarness(options: HttpHarnessOptions = {}) {
  const { gateway = () => null, introspectionSecret = INTROSPECTION_SECRET } = options;
  const { identify = async () => authorized(), failuresPerMinute = 1_000_000 } = options;
  const harness = createCoreHarness({ maxApiTokens: 1_000, ...options });
  const { core, clock, store, sessions, tokens, accounts, leaks } = harness;
  const { log, lines } = collectLog();
  const uris = { redirectUris: [WEB], appRedirectUris: [APP] };
  const logins =
    identify === null ? undefined : createLogins({ ...core, ...uris, accounts, identify });
  const api = createApi({
    pictureOf,
    sessions,
    tokens,
    leaks,
    logins,
    clock,
    log,
    meter: options.meter ?? silentMeter,
    healthChecks: {
      database: () => store.ping(),
      isWritable: () => store.isWritable(),
      gateway,
      log,
    },
    policy: options.policy,
    publicUrl: options.publicUrl ?? PUBLIC_URL,
    introspectionSecret: introspectionSecret ?? undefined,
    failuresPerMinute,
    trustedProxies: proxies(options.trustedProxies ?? []),
    corsOrigins: options.corsOrigins ?? [],
  });

  /** Sends a request as from this address, if one is told. */
  async function send(path: string, init: RequestInit = {}, from?: string): Promise<Response> {
    return api.request(path, init, { incoming: { socket: { remoteAddress: from } } });
  }

  return {
    ...harness,
    api,
    send,
    lines,
    ban: (userId = ANA) => accounts.ban(STAFF, newBan(userId)),
    unban: (userId = ANA) => accounts.unban(STAFF, userId, null),
    /** Learns what our application is, as when the bot connects. */
    connect: () => saveApplication(store, APPLICATION),
    /** A check of a token, as from this address. */
    check: (token: string, from?: string, headers: Readonly<Record<string, string>> = {}) =>
      send('/sessions/@me', { headers: { ...headers, Authorization: token } }, from),
    /** With a token and, where there is a body, as JSON. */
    call: (method: string, path: string, token?: string, sent?: unknown) =>
      send(path, {
        method,
        headers: {
          ...(token === undefined ? {} : { Authorization: token }),
          ...(sent === undefined ? {} : { 'Content-Type': 'application/json' }),
        },
        ...(sent === undefined ? {} : { body: JSON.stringify(sent) }),
      }),
  };
}

export type HttpHarness = ReturnType<typeof createHttpHarness>;

/** A body with its type and length, as a client sends it. */
export function body(
  type: 'application/json' | 'application/x-www-form-urlencoded' | 'text/plain',
  text: string,
  headers: Readonly<Record<string, string>> = {},
): RequestInit {
  return {
    method: 'POST',
    body: text,
    headers: { ...headers, 'Content-Type': type, 'Content-Length': `${Buffer.byteLength(text)}` },
  };
}

export const asJson = (value: unknown, token?: string): RequestInit =>
  body('application/json', JSON.stringify(value), token ? { Authorization: token } : {});

export const asForm = (fields: Readonly<Record<string, string>>, token?: string): RequestInit =>
  body(
    'application/x-www-form-urlencoded',
    new URLSearchParams(fields).toString(),
    token ? { Authorization: token } : {},
  );

/** Status and code of a refusal. */
export async function refusal(response: Response): Promise<[number, string | undefined]> {
  const { code } = (await response.json()) as { code?: string };
  return [response.status, code];
}

function proxies(ranges: readonly string[]): BlockList {
  const list = new BlockList();
  for (const range of ranges) {
    const [address = '', bits] = range.split('/');
    const family = isIPv6(address) ? 'ipv6' : 'ipv4';
    list.addSubnet(address, Number(bits ?? (family === 'ipv6' ? 128 : 32)), family);
  }
  return list;
}
