import { z } from 'zod';
import { TOKEN_PREFIX } from './core/token.ts';

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
  .transform((url) => url.replace(/\/+$/, ''));

const databaseFile = z
  .string()
  .regex(/^file:.+$/, 'must be file: and the path of an SQLite file, as in file:./data/latchkey.db')
  .transform((url) => url.slice('file:'.length));

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

/** Every variable that is read; `.env.example` has one comment line for each. */
export const environmentSchema = z.object({
  DISCORD_TOKEN: z.string({ error: 'is required: the token of your bot' }),
  DISCORD_API_URL: httpUrl.default('https://discord.com/api'),
  DATABASE_URL: databaseFile.default('./data/latchkey.db'),
  HTTP_HOST: z.string().default('127.0.0.1'),
  HTTP_PORT: whole(0, 65_535).default(8080),
  PUBLIC_URL: httpUrl.optional(),
  API_URL: httpUrl.optional(),
  TOKEN_PREFIX: z.string().regex(TOKEN_PREFIX, 'must be 1 to 16 letters and digits').default('lk'),
  MAX_API_TOKENS: whole(1, 100_000).default(100),
  LOG_LEVEL: z
    .enum(LOG_LEVELS, { error: `must be one of ${LOG_LEVELS.join(', ')}` })
    .default('info'),
});

export interface Config {
  readonly discord: { readonly token: string; readonly apiUrl: string };
  readonly databaseFile: string;
  readonly http: { readonly host: string; readonly port: number };
  /** Without a slash at the end. */
  readonly publicUrl: string;
  /** What the tokens open: the address in the curl line that members get. */
  readonly tokenUrl: string;
  readonly tokenPrefix: string;
  readonly maxApiTokens: number;
  readonly logLevel: (typeof LOG_LEVELS)[number];
}

/**
 * The configuration that `environment` describes. An empty value counts as absent.
 * @throws ConfigError that names every wrong variable
 */
export function readConfig(environment: Readonly<Record<string, string | undefined>>): Config {
  const present = Object.entries(environment)
    .map(([name, value]) => [name, value?.trim()] as const)
    .filter(([, value]) => value !== '');
  const read = environmentSchema.safeParse(Object.fromEntries(present));
  if (!read.success) {
    const problems = read.error.issues.map(({ path, message }) => `${path.join('.')} ${message}`);
    throw new ConfigError(problems.join('\n'));
  }
  const env = read.data;
  const publicUrl = env.PUBLIC_URL ?? `http://${hostInUrl(env.HTTP_HOST)}:${env.HTTP_PORT}`;
  return {
    discord: { token: env.DISCORD_TOKEN, apiUrl: env.DISCORD_API_URL },
    databaseFile: env.DATABASE_URL,
    http: { host: env.HTTP_HOST, port: env.HTTP_PORT },
    publicUrl,
    tokenUrl: env.API_URL ?? `${publicUrl}/sessions/@me`,
    tokenPrefix: env.TOKEN_PREFIX,
    maxApiTokens: env.MAX_API_TOKENS,
    logLevel: env.LOG_LEVEL,
  };
}

function hostInUrl(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}
