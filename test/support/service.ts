import { BlockList, isIPv6 } from 'node:net';
import { createAccounts } from '../../src/core/accounts/accounts.ts';
import {
  type Authorization,
  type DiscordUser,
  saveApplication,
} from '../../src/core/accounts/authorization.ts';
import type { AuditEvent } from '../../src/core/audit/audit.ts';
import type { Identify, IsCommunityMember } from '../../src/core/logins/identity.ts';
import { createLogins } from '../../src/core/logins/logins.ts';
import { createLastUsed } from '../../src/core/sessions/last-used.ts';
import { createLeaks } from '../../src/core/sessions/leaks.ts';
import { createSessions } from '../../src/core/sessions/sessions.ts';
import type { Store } from '../../src/core/store.ts';
import { createTokens } from '../../src/core/tokens/tokens.ts';
import { pictureOf } from '../../src/discord/server/picture.ts';
import { createApi } from '../../src/http/api.ts';
import { type Meter, silentMeter } from '../../src/metrics.ts';
import { openStore } from '../../src/store/sqlite/file/open.ts';
import {
  ANA,
  collectLog,
  createClock,
  DAY,
  member,
  newBan,
  seededRandom,
  STAFF,
} from './fixtures.ts';

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

export interface ServiceOptions {
  /** What Discord says of a grant; that it is Ana's unless told. Null turns logging in off. */
  readonly identify?: Identify | null;
  readonly isCommunityMember?: IsCommunityMember;
  readonly introspectionSecret?: string | null;
  readonly publicUrl?: string;
  readonly maxApiTokens?: number;
  readonly creationsPerHour?: number;
  readonly failuresPerMinute?: number;
  readonly trustedProxies?: readonly string[];
  readonly corsOrigins?: readonly string[];
  readonly meter?: Meter;
  /** Hears of what is written into the audit. */
  readonly onRecorded?: (event: AuditEvent) => void;
  /** Stands between the core and the real store. */
  readonly through?: (store: Store) => Store;
  /** What is wrong with the way to Discord. */
  readonly gateway?: () => string | null;
}

/** The HTTP API with all that can be turned on, over the real core and store. */
export function createService(options: ServiceOptions = {}) {
  const { through = (same) => same, gateway = () => null, introspectionSecret } = options;
  const { maxApiTokens = 1_000, creationsPerHour = 1_000, isCommunityMember } = options;
  const { identify = async () => authorized(), failuresPerMinute = 1_000_000 } = options;
  const clock = createClock();
  const real = openStore(':memory:', { onRecorded: options.onRecorded });
  const store = through(real);
  const { log, lines } = collectLog();
  const limits = { maxApiTokens, creationsPerHour };
  const random = seededRandom();
  const core = { store, clock, random, tokenPrefix: 'lk', limits, isCommunityMember };
  const lastUsed = createLastUsed(store, clock);
  const sessions = createSessions({ ...core, lastUsed });
  const tokens = createTokens({ ...core, lastUsed });
  const accounts = createAccounts({ store, clock });
  const leaks = createLeaks(core);
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
      database: () => real.ping(),
      isWritable: () => real.isWritable(),
      gateway,
      log,
    },
    publicUrl: options.publicUrl ?? PUBLIC_URL,
    introspectionSecret:
      introspectionSecret === null ? undefined : (introspectionSecret ?? INTROSPECTION_SECRET),
    failuresPerMinute,
    trustedProxies: proxies(options.trustedProxies ?? []),
    corsOrigins: options.corsOrigins ?? [],
  });

  /** Sends a request as from this address, if one is told. */
  async function send(path: string, init: RequestInit = {}, from?: string): Promise<Response> {
    return api.request(path, init, { incoming: { socket: { remoteAddress: from } } });
  }

  return {
    api,
    send,
    ban: (userId = ANA) => accounts.ban(STAFF, newBan(userId)),
    unban: (userId = ANA) => accounts.unban(STAFF, userId, null),
    /** Learns what our application is, as when the bot connects. */
    connect: () => saveApplication(real, APPLICATION),
    clock,
    store: real,
    sessions,
    tokens,
    lines,
    close: () => real.close(),
    /** A check of a token, as from this address. */
    check: (token: string, from?: string, headers: Readonly<Record<string, string>> = {}) =>
      send('/sessions/@me', { headers: { ...headers, Authorization: token } }, from),
    /** With a token. */
    call: (method: string, path: string, token: string) =>
      send(path, { method, headers: { Authorization: token } }),
    /** A live API token of the member's. */
    token: (userId = ANA, lifetime = DAY) =>
      tokens.create(member(userId), { name: 'a token', expiresAt: clock() + lifetime }),
  };
}

export type Service = ReturnType<typeof createService>;

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
