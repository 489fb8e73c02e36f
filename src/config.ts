import { BlockList, isIP } from 'node:net';
import { z } from 'zod';
import { TOKEN_PREFIX } from './core/sessions/token.ts';
import type { Limits } from './core/tokens/allowance.ts';
import { createPolicy, type Policy } from './core/policy/policy.ts';
import { type DatabaseAddress, readDatabaseUrl } from './database-url.ts';
import { readPolicyFile } from './policy-file.ts';

/** The environment does not describe a Latchkey that could run. One line for each problem. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

const whole = (least: number, most: number) =>
  z
    .string()
    .regex(/^\d+$/, `must be a whole number from ${least} to ${most}`)
    .transform(Number)
    .refine((value) => value >= least && value <= most, {
      error: `must be a whole number from ${least} to ${most}`,
    });

const httpUrl = z
  .url({ protocol: /^https?$/, error: 'must be an http:// or https:// address' })
  .transform((url) => url.replace(/(?<!\/)\/+$/, ''));

const databaseAddress = z.string().transform((text, context) => {
  const address = readDatabaseUrl(text);
  if (!('problem' in address)) return address;
  context.addIssue(address.problem);
  return z.NEVER;
});

const databaseFile = z.string().transform((text, context) => {
  const address = readDatabaseUrl(text);
  if ('file' in address) return address;
  context.addIssue('must be file: and the path of an SQLite file, as in file:./data/latchkey.db');
  return z.NEVER;
});

const UNITS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };
const MOST_DAYS = 30;

const duration = z.string().transform((text, context) => {
  const [, number, unit = ''] = /^(\d+)([mhd])$/.exec(text) ?? [];
  const ms = Number(number) * (UNITS[unit] ?? NaN);
  if (ms >= 60_000 && ms <= MOST_DAYS * 86_400_000) return ms;
  context.addIssue(`must be a duration from 1m to ${MOST_DAYS}d, as in 90m, 24h or 7d`);
  return z.NEVER;
});

const list = (item: z.ZodType<string, string>) =>
  z
    .string()
    .transform((text) => text.split(',').map((each) => each.trim()))
    .pipe(z.array(item));

/** Discord compares these to the letter, so there is nothing to normalise. */
const redirectUri = z
  .string()
  .regex(
    /^(?!javascript:|data:)[a-z][a-z0-9+.-]*:[!-~]+$/i,
    'must be comma-separated absolute addresses, of ASCII',
  )
  .refine((uri) => !/[#*]/.test(uri), {
    error: 'must be comma-separated absolute addresses, without * and #',
  });

const origin = z.string().refine((text) => URL.parse(text)?.origin === text, {
  error: 'must be comma-separated origins, as in https://app.example',
});

const snowflake = z.string().regex(/^\d{17,20}$/, 'must be a Discord id: 17 to 20 digits');

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

const ROLES = ['all', 'http', 'bot'] as const;

/** Every variable that is read; `.env.example` has one comment line for each. */
export const environmentSchema = z.object({
  DISCORD_TOKEN: z.string({ error: 'is required: the token of your bot' }),
  DISCORD_API_URL: httpUrl.default('https://discord.com/api'),
  ROLE: z.enum(ROLES, { error: `must be one of ${ROLES.join(', ')}` }).default('all'),
  DATABASE_URL: databaseAddress.default({ file: './data/latchkey.db' }),
  MOVE_FROM: databaseFile.default({ file: './data/latchkey.db' }),
  DATABASE_POOL: whole(3, 100).default(4),
  HTTP_HOST: z.string().default('127.0.0.1'),
  HTTP_PORT: whole(0, 65_535).default(8080),
  HTTP_WORKERS: whole(1, 64).default(1),
  PUBLIC_URL: httpUrl
    .refine((url) => !/[?#]/.test(url), {
      error: 'must be an http:// or https:// address, without ? and #',
    })
    .optional(),
  API_URL: httpUrl.optional(),
  APPEAL_URL: httpUrl.optional(),
  DISCORD_CLIENT_SECRET: z.string().optional(),
  LOGIN_REDIRECT_URIS: list(redirectUri).default([]),
  APP_LOGIN_REDIRECT_URIS: list(redirectUri).default([]),
  COMMUNITY_SERVER_ID: snowflake.optional(),
  STAFF_CHANNEL_ID: snowflake.optional(),
  STAFF_ROLE_IDS: list(snowflake).default([]),
  REVOKE_ON_LEAVE: z
    .enum(['ban', 'leave', 'off'], { error: 'must be one of ban, leave, off' })
    .default('ban'),
  POLICY_FILE: z.string().optional(),
  INTROSPECTION_SECRET: z
    .string()
    .regex(/^[!-~]{16,}$/, 'must have 16 characters or more, of ASCII and without spaces')
    .optional(),
  METRICS_PORT: whole(1, 65_535).optional(),
  BACKUP_DIR: z.string().optional(),
  BACKUP_EVERY: duration.default(86_400_000),
  BACKUP_KEEP: whole(1, 1_000).default(7),
  TRUSTED_PROXIES: z
    .string()
    .transform((text, context) => {
      const proxies = readProxies(text);
      if (proxies !== null) return proxies;
      context.addIssue('must be comma-separated addresses or ranges, as in 127.0.0.1,10.0.0.0/8');
      return z.NEVER;
    })
    .default(new BlockList()),
  CORS_ORIGINS: list(origin).default([]),
  TOKEN_PREFIX: z.string().regex(TOKEN_PREFIX, 'must be 1 to 16 letters and digits').default('lk'),
  MAX_API_TOKENS: whole(1, 100_000).default(100),
  CREATIONS_PER_HOUR: whole(1, 100_000).default(60),
  FAILURES_PER_MINUTE: whole(1, 1_000_000).default(120),
  LOG_LEVEL: z
    .enum(LOG_LEVELS, { error: `must be one of ${LOG_LEVELS.join(', ')}` })
    .default('info'),
});

export interface Config {
  /** What this process does, of what there is to do: it answers HTTP, it is the bot with its chores, or both. */
  readonly role: (typeof ROLES)[number];
  readonly discord: {
    /** Empty where nothing is asked of Discord with it. */
    readonly token: string;
    readonly apiUrl: string;
  };
  readonly database: DatabaseAddress;
  /** To a server, for each process. */
  readonly connections: number;
  /** Backups by the clock, if any; copies before a migration go there too. */
  readonly backups:
    { readonly folder: string; readonly everyMs: number; readonly keep: number } | undefined;
  readonly http: {
    readonly host: string;
    readonly port: number;
    /** Processes that answer HTTP. */
    readonly workers: number;
    /** Refused tokens from one address, per process. */
    readonly failuresPerMinute: number;
    readonly trustedProxies: BlockList;
    readonly corsOrigins: readonly string[];
  };
  /** Without a slash at the end. */
  readonly publicUrl: string;
  /** What the tokens open: the address in the curl line that members get. */
  readonly tokenUrl: string;
  /** Where a banned member can turn to. */
  readonly appealUrl: string | undefined;
  readonly tokenPrefix: string;
  readonly limits: Limits;
  /** Without one every token may do everything. */
  readonly policy: Policy | undefined;
  readonly login: {
    /** Without it nobody can log in. */
    readonly clientSecret: string | undefined;
    readonly redirectUris: readonly string[];
    readonly appRedirectUris: readonly string[];
  };
  readonly communityServerId: string | undefined;
  /** Without a channel there are no staff commands. */
  readonly staff: { readonly channelId: string | undefined; readonly roleIds: readonly string[] };
  readonly revokeOnLeave: 'ban' | 'leave' | 'off';
  readonly introspectionSecret: string | undefined;
  readonly metricsPort: number | undefined;
  readonly logLevel: (typeof LOG_LEVELS)[number];
  /** What must never be logged. */
  readonly secrets: readonly string[];
}

/** @throws ConfigError with a line for each problem, and its place in the file */
function readPolicyOf({
  POLICY_FILE: file,
  COMMUNITY_SERVER_ID: serverId,
  STAFF_CHANNEL_ID: staffChannelId,
  ROLE: role,
}: Pick<
  z.infer<typeof environmentSchema>,
  'POLICY_FILE' | 'COMMUNITY_SERVER_ID' | 'STAFF_CHANNEL_ID' | 'ROLE'
>): Policy | undefined {
  if (file === undefined) return undefined;
  const rules = readPolicyFile(file);
  if ('problems' in rules) {
    throw new ConfigError(rules.problems.map((each) => `POLICY_FILE ${file}: ${each}`).join('\n'));
  }
  if (rules.roles.length > 0 && serverId === undefined) {
    throw new ConfigError(
      `POLICY_FILE ${file} names roles: set COMMUNITY_SERVER_ID to the server that they are of`,
    );
  }
  const asked = rules.scopes.find(({ approval }) => approval);
  // Who only answers HTTP asks nobody.
  if (asked !== undefined && staffChannelId === undefined && role !== 'http') {
    throw new ConfigError(
      `POLICY_FILE ${file} has the scope ${asked.name}, which staff approve: set STAFF_CHANNEL_ID to the channel where they are asked`,
    );
  }
  return createPolicy(rules);
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Where the database is, for programs that need nothing else of the configuration. */
export function readDatabaseAddress(environment: Environment): DatabaseAddress {
  return parse(environmentSchema.pick({ DATABASE_URL: true }), environment).DATABASE_URL;
}

/**
 * The file that the database is, for programs that treat it as one.
 * @throws ConfigError that begins with `instead` where it is on a server
 */
export function readDatabaseFile(environment: Environment, instead: string): string {
  const address = readDatabaseAddress(environment);
  if ('file' in address) return address.file;
  throw new ConfigError(`${instead}: DATABASE_URL is a PostgreSQL server.`);
}

/**
 * What `npm run move` copies, and the address of the database that it copies it into.
 * @throws ConfigError that names every wrong variable
 */
export function readMove(environment: Environment): { from: string; to: string } {
  const schema = environmentSchema.pick({ DATABASE_URL: true, MOVE_FROM: true });
  const { DATABASE_URL, MOVE_FROM } = parse(schema, environment);
  if ('url' in DATABASE_URL) return { from: MOVE_FROM.file, to: DATABASE_URL.url };
  throw new ConfigError(
    'DATABASE_URL must be the PostgreSQL database to move into, as in postgres://user:password@host/database; MOVE_FROM is the file that is moved',
  );
}

/**
 * The configuration that `environment` describes. An empty value counts as absent.
 * @throws ConfigError that names every wrong variable
 */
export function readConfig(environment: Environment): Config {
  const env = parse(schemaFor(environment), environment);
  const both = env.LOGIN_REDIRECT_URIS.find((uri) => env.APP_LOGIN_REDIRECT_URIS.includes(uri));
  if (both !== undefined) {
    throw new ConfigError(
      `APP_LOGIN_REDIRECT_URIS has ${both}, which is in LOGIN_REDIRECT_URIS too: an address is of a web page or of an installed app`,
    );
  }
  const publicUrl = env.PUBLIC_URL ?? `http://${hostInUrl(env.HTTP_HOST)}:${env.HTTP_PORT}`;
  const { DISCORD_TOKEN = '', DISCORD_CLIENT_SECRET, INTROSPECTION_SECRET, DATABASE_URL } = env;
  const password = 'url' in DATABASE_URL ? DATABASE_URL.password : '';
  const { BACKUP_DIR: folder, BACKUP_EVERY: everyMs, BACKUP_KEEP: keep } = env;
  if (folder !== undefined && 'url' in DATABASE_URL) {
    throw new ConfigError(
      'BACKUP_DIR is for SQLite: back a PostgreSQL server up with its own tools, as pg_dump or pgBackRest',
    );
  }
  return {
    role: env.ROLE,
    discord: { token: DISCORD_TOKEN, apiUrl: env.DISCORD_API_URL },
    database: DATABASE_URL,
    connections: env.DATABASE_POOL,
    backups: folder === undefined ? undefined : { folder, everyMs, keep },
    http: {
      host: env.HTTP_HOST,
      port: env.HTTP_PORT,
      workers: env.HTTP_WORKERS,
      failuresPerMinute: env.FAILURES_PER_MINUTE,
      trustedProxies: env.TRUSTED_PROXIES,
      corsOrigins: env.CORS_ORIGINS,
    },
    publicUrl,
    tokenUrl: env.API_URL ?? `${publicUrl}/sessions/@me`,
    appealUrl: env.APPEAL_URL,
    tokenPrefix: env.TOKEN_PREFIX,
    limits: { maxApiTokens: env.MAX_API_TOKENS, creationsPerHour: env.CREATIONS_PER_HOUR },
    policy: readPolicyOf(env),
    login: {
      clientSecret: DISCORD_CLIENT_SECRET,
      redirectUris: env.LOGIN_REDIRECT_URIS,
      appRedirectUris: env.APP_LOGIN_REDIRECT_URIS,
    },
    communityServerId: env.COMMUNITY_SERVER_ID,
    staff: { channelId: env.STAFF_CHANNEL_ID, roleIds: env.STAFF_ROLE_IDS },
    revokeOnLeave: env.REVOKE_ON_LEAVE,
    introspectionSecret: INTROSPECTION_SECRET,
    metricsPort: env.METRICS_PORT,
    logLevel: env.LOG_LEVEL,
    secrets: [DISCORD_TOKEN, DISCORD_CLIENT_SECRET, INTROSPECTION_SECRET, password].filter(
      (secret): secret is string => secret !== undefined && secret !== '',
    ),
  };
}

/** Who only answers HTTP needs the bot's token to ask about members, and for nothing else. */
function schemaFor(environment: Environment) {
  const given = (name: string) => environment[name]?.trim() ?? '';
  const follows = given('STAFF_CHANNEL_ID') !== '' && given('REVOKE_ON_LEAVE') !== 'off';
  const asks = given('COMMUNITY_SERVER_ID') !== '' || follows;
  const isNeeded = given('ROLE') !== 'http' || asks;
  return isNeeded ? environmentSchema : environmentSchema.partial({ DISCORD_TOKEN: true });
}

function parse<Schema extends z.ZodType>(schema: Schema, environment: Environment) {
  const present = Object.entries(environment)
    .map(([name, value]) => [name, value?.trim()] as const)
    .filter(([, value]) => value !== '');
  const read = schema.safeParse(Object.fromEntries(present));
  if (read.success) return read.data;
  const problems = read.error.issues.map(({ path, message }) => `${String(path[0])} ${message}`);
  throw new ConfigError(problems.join('\n'));
}

/** Null unless every part is an address or a range. */
function readProxies(text: string): BlockList | null {
  const proxies = new BlockList();
  for (const part of text.split(',').map((each) => each.trim())) {
    const [address = '', bits, more] = part.split('/');
    const family = isIP(address);
    if (family === 0) return null;
    const widest = family === 4 ? 32 : 128;
    const prefix = bits === undefined ? widest : Number(bits);
    if (!/^\d*$/.test(bits ?? '') || bits === '' || prefix > widest) return null;
    if (more !== undefined) return null;
    proxies.addSubnet(address, prefix, family === 4 ? 'ipv4' : 'ipv6');
  }
  return proxies;
}

function hostInUrl(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}
