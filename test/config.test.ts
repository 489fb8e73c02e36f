import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  ConfigError,
  environmentSchema,
  readConfig,
  readDatabaseFile,
  readMove,
} from '../src/config.ts';
import { temporaryFolder } from './support/fixtures.ts';

const DISCORD_TOKEN = 'a.bot.token';

function problems(environment: Record<string, string>): string {
  try {
    readConfig({ DISCORD_TOKEN, ...environment });
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  throw new Error('it was read');
}

/** The file of a database, without a token. */
function read(DATABASE_URL?: string): string {
  return readDatabaseFile({ HTTP_PORT: 'wrong', DATABASE_URL }, 'Use pg_dump');
}

describe('the configuration', () => {
  it('needs the token only', () => {
    expect(readConfig({ DISCORD_TOKEN })).toMatchObject({
      discord: { token: DISCORD_TOKEN, apiUrl: 'https://discord.com/api' },
      database: { file: './data/latchkey.db' },
      http: { host: '127.0.0.1', port: 8080 },
      publicUrl: 'http://127.0.0.1:8080',
      tokenUrl: 'http://127.0.0.1:8080/sessions/@me',
      tokenPrefix: 'lk',
      limits: { maxApiTokens: 100, creationsPerHour: 60 },
      logLevel: 'info',
    });
  });

  it('needs no token for HTTP alone, unless Discord is asked about members', () => {
    const http = { DISCORD_TOKEN: '', ROLE: 'http' };
    expect(readConfig(http)).toMatchObject({ role: 'http', discord: { token: '' } });
    const [COMMUNITY_SERVER_ID, STAFF_CHANNEL_ID] = ['1'.repeat(18), '2'.repeat(18)];
    const channel = { ...http, STAFF_CHANNEL_ID };
    expect(readConfig({ ...channel, REVOKE_ON_LEAVE: 'off' }).secrets).toEqual([]);
    for (const asking of [channel, { ...http, COMMUNITY_SERVER_ID }, { ROLE: 'bot' }, {}]) {
      expect(problems({ DISCORD_TOKEN: '', ...asking })).toContain('DISCORD_TOKEN is required');
    }
    expect(problems({ ROLE: 'both' })).toBe('ROLE must be one of all, http, bot');
  });

  it('takes an empty value, or one of blanks, for none', () => {
    const empty = Object.fromEntries(
      Object.keys(environmentSchema.shape).map((name, index) => [name, index % 2 ? '' : '  ']),
    );
    expect(readConfig({ ...empty, DISCORD_TOKEN })).toEqual(readConfig({ DISCORD_TOKEN }));
    expect(problems({ DISCORD_TOKEN: ' ' })).toContain('DISCORD_TOKEN is required');
  });

  it('has a public address that others can add a path to', () => {
    for (const PUBLIC_URL of ['https://x.example/?a=b', 'https://x.example/#a', 'https://x/?']) {
      expect(problems({ PUBLIC_URL })).toBe(
        'PUBLIC_URL must be an http:// or https:// address, without ? and #',
      );
    }
    const PUBLIC_URL = 'https://example.org/latchkey/';
    expect(readConfig({ DISCORD_TOKEN, PUBLIC_URL }).publicUrl).toBe(
      'https://example.org/latchkey',
    );
  });

  it('takes what is set', () => {
    expect(
      readConfig({
        DISCORD_TOKEN: ` ${DISCORD_TOKEN} `,
        DISCORD_API_URL: 'http://127.0.0.1:4000/api/',
        DATABASE_URL: 'file:/var/lib/latchkey.db',
        HTTP_HOST: '0.0.0.0',
        HTTP_PORT: '0',
        PUBLIC_URL: 'https://latchkey.example/',
        API_URL: 'https://api.example/v1/me',
        TOKEN_PREFIX: 'Club7',
        MAX_API_TOKENS: '1',
        LOG_LEVEL: 'debug',
        UNRELATED: 'ignored',
      }),
    ).toMatchObject({
      discord: { token: DISCORD_TOKEN, apiUrl: 'http://127.0.0.1:4000/api' },
      database: { file: '/var/lib/latchkey.db' },
      http: { host: '0.0.0.0', port: 0 },
      publicUrl: 'https://latchkey.example',
      tokenUrl: 'https://api.example/v1/me',
      tokenPrefix: 'Club7',
      limits: { maxApiTokens: 1 },
      logLevel: 'debug',
    });
  });

  it('names where its own checks are, without an API of the community', () => {
    const { tokenUrl } = readConfig({ DISCORD_TOKEN, PUBLIC_URL: 'https://latchkey.example' });
    expect(tokenUrl).toBe('https://latchkey.example/sessions/@me');
  });

  it('puts an IPv6 address into brackets', () => {
    const { publicUrl, http } = readConfig({ DISCORD_TOKEN, HTTP_HOST: '::1' });
    expect(publicUrl).toBe('http://[::1]:8080');
    expect(http.host).toBe('::1');
  });

  it('is refused with every wrong variable in one message, and no value', () => {
    const wrong = {
      DISCORD_TOKEN: '',
      DISCORD_API_URL: 'discord.com',
      DATABASE_URL: 'postgres://user:hunter2@one,other/db',
      HTTP_PORT: '99999',
      PUBLIC_URL: 'ftp://x',
      API_URL: 'javascript:alert(1)',
      TOKEN_PREFIX: 'a_b',
      MAX_API_TOKENS: '0',
      LOG_LEVEL: 'loud',
    };
    const message = problems(wrong);
    for (const name of Object.keys(wrong)) expect(message).toContain(name);
    expect(message.split('\n')).toHaveLength(Object.keys(wrong).length);
    expect(message).not.toContain('hunter2');
  });

  it.each([
    ['HTTP_PORT', ['-1', '1.5', 'x', '0x50', '65536', '1e3', '8080 8081']],
    ['MAX_API_TOKENS', ['-1', '0', '100001', '1.5', 'many', '9'.repeat(400)]],
    ['TOKEN_PREFIX', ['a-b', 'a b', 'é', 'a'.repeat(17), '_']],
    ['DATABASE_URL', ['./data.db', 'file:', 'sqlite:x', 'http://x', 'file::memory:']],
    ['DATABASE_URL', ['postgres://h:x/d', 'postgres://u:%zz@h/d', 'postgres://a,b/d']],
    ['DATABASE_URL', ['postgres://h/d?options=-c', 'postgresql://h/d?sslmode=prefer']],
    ['DATABASE_POOL', ['2', '101', 'x']],
    ['DISCORD_API_URL', ['x', 'ws://x', '//x', 'file:///x']],
    ['LOG_LEVEL', ['INFO', 'verbose', '30']],
  ])('is refused with a wrong %s, which is named with what it must be', (name, values) => {
    for (const value of values) {
      expect(problems({ [name]: value })).toMatch(new RegExp(`^${name} must be`));
    }
  });

  it('has no login, no introspection, no metrics, no proxy and no origin unless told', () => {
    const { login, communityServerId, introspectionSecret, metricsPort, http } = readConfig({
      DISCORD_TOKEN,
    });
    expect(login).toEqual({ clientSecret: undefined, redirectUris: [], appRedirectUris: [] });
    expect([communityServerId, introspectionSecret, metricsPort]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect(http).toMatchObject({ failuresPerMinute: 120, corsOrigins: [] });
    expect(http.trustedProxies.rules).toEqual([]);
  });

  it('has backups by the clock only if it is told where', () => {
    const rest = { BACKUP_EVERY: '1h', BACKUP_KEEP: '3' };
    expect(readConfig({ DISCORD_TOKEN, ...rest }).backups).toBeUndefined();
    const BACKUP_DIR = '/var/backups/latchkey';
    expect(readConfig({ DISCORD_TOKEN, BACKUP_DIR }).backups).toEqual({
      folder: BACKUP_DIR,
      everyMs: 86_400_000,
      keep: 7,
    });
    expect(readConfig({ DISCORD_TOKEN, BACKUP_DIR, ...rest }).backups).toMatchObject({ keep: 3 });
  });

  it.each([
    ['1m', 60_000],
    ['90m', 5_400_000],
    ['24h', 86_400_000],
    ['7d', 604_800_000],
    ['30d', 2_592_000_000],
  ])('takes %s for a duration', (BACKUP_EVERY, everyMs) => {
    const { backups } = readConfig({ DISCORD_TOKEN, BACKUP_DIR: 'x', BACKUP_EVERY });
    expect(backups?.everyMs).toBe(everyMs);
  });

  it('can be read for the database alone, without a token', () => {
    expect(read()).toBe('./data/latchkey.db');
    expect(read('file:x.db')).toBe('x.db');
    expect(() => read('x.db')).toThrow(/^DATABASE_URL must be/);
    expect(() => read('postgres://u@h/d')).toThrow('Use pg_dump: DATABASE_URL is a PostgreSQL');
  });

  it('takes a PostgreSQL server, whose password is never logged', () => {
    const DATABASE_URL = 'postgres://me:p%40ss@db.example/latchkey?sslmode=verify-full';
    const { database, connections, secrets } = readConfig({ DISCORD_TOKEN, DATABASE_URL });
    expect(database).toMatchObject({ url: DATABASE_URL });
    expect(connections).toBe(4);
    expect(secrets).toContain('p@ss');
    const without = readConfig({ DISCORD_TOKEN, DATABASE_URL: 'postgres:///latchkey?host=/run' });
    expect(without.secrets).toEqual([DISCORD_TOKEN]);
    expect(problems({ DATABASE_URL, BACKUP_DIR: 'x' })).toMatch(/^BACKUP_DIR is for SQLite: .*own/);
  });

  it('takes lists, with blanks around the commas', () => {
    const { login, http } = readConfig({
      DISCORD_TOKEN,
      LOGIN_REDIRECT_URIS: ' https://a.example/cb , https://b.example/cb?x=1 ',
      APP_LOGIN_REDIRECT_URIS: 'http://127.0.0.1:53682/cb,com.example.app:/cb',
      CORS_ORIGINS: 'https://app.example,http://localhost:5173',
    });
    expect(login.redirectUris).toEqual(['https://a.example/cb', 'https://b.example/cb?x=1']);
    expect(login.appRedirectUris).toEqual(['http://127.0.0.1:53682/cb', 'com.example.app:/cb']);
    expect(http.corsOrigins).toEqual(['https://app.example', 'http://localhost:5173']);
  });

  it('leaves a redirect address to the letter, since Discord compares it so', () => {
    const uris = ['https://a.example', 'https://a.example/', 'HTTPS://A.example/%7Ecb/../x'];
    const { login } = readConfig({ DISCORD_TOKEN, LOGIN_REDIRECT_URIS: uris.join(',') });
    expect(login.redirectUris).toEqual(uris);
  });

  it('takes a redirect address for a web page or for an installed app, not for both', () => {
    const both = 'https://a.example/cb';
    const message = problems({
      LOGIN_REDIRECT_URIS: `https://b.example,${both}`,
      APP_LOGIN_REDIRECT_URIS: `${both},http://127.0.0.1:1/cb`,
    });
    for (const part of ['LOGIN_REDIRECT_URIS', 'APP_LOGIN_REDIRECT_URIS', both]) {
      expect(message).toContain(part);
    }
    const { login } = readConfig({
      DISCORD_TOKEN,
      LOGIN_REDIRECT_URIS: both,
      APP_LOGIN_REDIRECT_URIS: `${both}/`,
    });
    expect(login.appRedirectUris).toEqual([`${both}/`]);
  });

  it('takes addresses and ranges for proxies', () => {
    const TRUSTED_PROXIES = '127.0.0.1, 10.0.0.0/8,::1,fd00::/8,192.0.2.4/32';
    const { trustedProxies } = readConfig({ DISCORD_TOKEN, TRUSTED_PROXIES }).http;
    const trusted = ['127.0.0.1', '10.255.1.2', '192.0.2.4'];
    for (const address of trusted) expect(trustedProxies.check(address)).toBe(true);
    for (const address of ['127.0.0.2', '11.0.0.1', '192.0.2.5']) {
      expect(trustedProxies.check(address)).toBe(false);
    }
    expect(trustedProxies.check('fd12::1', 'ipv6')).toBe(true);
    expect(trustedProxies.check('::1', 'ipv6')).toBe(true);
    expect(trustedProxies.check('2001:db8::1', 'ipv6')).toBe(false);
  });

  it.each([
    [
      'LOGIN_REDIRECT_URIS',
      [
        '/cb',
        'a.example/cb',
        'https:',
        'https://a.example/#x',
        'https://*',
        'https://a.example/c b',
        'https://a.example,',
        ',',
      ],
    ],
    ['APP_LOGIN_REDIRECT_URIS', ['localhost', '1http://x', 'x:/cb,', 'https://a.example/*']],
    [
      'CORS_ORIGINS',
      [
        '*',
        'null',
        'app.example',
        'https://app.example/',
        'https://app.example/x',
        'https://a.example,https://b.example/',
        'https://App.example',
        'https://app.example:443',
        ',',
      ],
    ],
    [
      'TRUSTED_PROXIES',
      [
        'x',
        'localhost',
        '10.0.0.0/33',
        '10.0.0.0/-1',
        '10.0.0.0/',
        '10.0.0/8',
        '10.0.0.0/8/9',
        '10.0.0.0/8x',
        '::1/129',
        '*',
        '10.0.0.1,',
        '1.2.3.4 5.6.7.8',
      ],
    ],
    [
      'COMMUNITY_SERVER_ID',
      [
        'x',
        '0',
        '1234567890123456',
        '1'.repeat(21),
        '-12345678901234567',
        '123456789012345678n',
        '<@12345678901234567>',
      ],
    ],
    ['BACKUP_EVERY', ['0m', '30', '24 h', '1.5h', '31d', '721h', '1w', '-1h', 'daily', 'h']],
    ['BACKUP_KEEP', ['0', '-1', '1001', '1.5', 'all']],
    ['METRICS_PORT', ['0', '-1', '65536', 'x', '9090.5']],
    ['FAILURES_PER_MINUTE', ['0', '-1', '1000001', '1.5', 'many']],
    ['CREATIONS_PER_HOUR', ['0', '-1', '100001', '1e3']],
  ])('is refused with a wrong %s, which is named once for each that is wrong', (name, values) => {
    for (const value of values) {
      const lines = problems({ [name]: value }).split('\n');
      for (const line of lines) expect(line).toMatch(new RegExp(`^${name} must be`));
    }
  });

  it('is refused with an introspection secret that is short, and does not print it', () => {
    const INTROSPECTION_SECRET = 'fifteen-letters';
    const message = problems({ INTROSPECTION_SECRET });
    expect(message).toMatch(/^INTROSPECTION_SECRET must have 16 characters/);
    expect(message).not.toContain(INTROSPECTION_SECRET);
    const secret = `${INTROSPECTION_SECRET}!`;
    const config = readConfig({ DISCORD_TOKEN, INTROSPECTION_SECRET: secret });
    expect(config.introspectionSecret).toBe(secret);
  });

  it('takes a server id of 17 to 20 digits', () => {
    for (const id of ['12345678901234567', '1'.repeat(20)]) {
      const { communityServerId } = readConfig({ DISCORD_TOKEN, COMMUNITY_SERVER_ID: id });
      expect(communityServerId).toBe(id);
    }
  });

  it('knows every secret that must not be logged', () => {
    const secrets = {
      DISCORD_TOKEN,
      DISCORD_CLIENT_SECRET: 'the-client-secret',
      INTROSPECTION_SECRET: 'the-introspection-secret',
    };
    expect(readConfig(secrets).secrets).toEqual(Object.values(secrets));
    expect(readConfig({ DISCORD_TOKEN }).secrets).toEqual([DISCORD_TOKEN]);
  });

  it('ignores what the environment has of others', () => {
    const others = { PATH: '/bin', __proto__: 'x', constructor: 'y' };
    expect(readConfig({ ...others, DISCORD_TOKEN })).toEqual(readConfig({ DISCORD_TOKEN }));
  });
});

describe('a policy with a scope that staff approve', () => {
  it('needs the channel where they are asked, but for who only answers HTTP', () => {
    const folder = temporaryFolder();
    const POLICY_FILE = join(folder.path, 'policy.json');
    writeFileSync(POLICY_FILE, '{"scopes": {"lamps:all": {"says": "All", "approval": true}}}');
    expect(problems({ POLICY_FILE })).toBe(
      `POLICY_FILE ${POLICY_FILE} has the scope lamps:all, which staff approve: set STAFF_CHANNEL_ID to the channel where they are asked`,
    );
    const staffed = { DISCORD_TOKEN, POLICY_FILE, STAFF_CHANNEL_ID: '400000000000000004' };
    expect(readConfig(staffed).policy?.needingApproval(['lamps:all'])).toEqual(['lamps:all']);
    expect(readConfig({ POLICY_FILE, ROLE: 'http' }).policy).toBeDefined();
    folder.remove();
  });
});

describe('what is moved', () => {
  const DATABASE_URL = 'postgres://latchkey:secret@db.example/latchkey';

  it('is the usual file, or the one that is named', () => {
    expect(readMove({ DATABASE_URL })).toEqual({ from: './data/latchkey.db', to: DATABASE_URL });
    expect(readMove({ DATABASE_URL, MOVE_FROM: 'file:/srv/x.db' }).from).toBe('/srv/x.db');
  });

  it.each([
    [{}, 'DATABASE_URL must be the PostgreSQL database to move into'],
    [{ DATABASE_URL: 'file:./x.db' }, 'DATABASE_URL must be the PostgreSQL database'],
    [{ DATABASE_URL: 'hm' }, 'DATABASE_URL must be file:'],
    [{ DATABASE_URL, MOVE_FROM: DATABASE_URL }, 'MOVE_FROM must be file:'],
    [{ DATABASE_URL, MOVE_FROM: './x.db' }, 'MOVE_FROM must be file:'],
    [{ DATABASE_URL, MOVE_FROM: 'file::memory:' }, 'MOVE_FROM must be file:'],
  ])('is not read out of %j', (environment, sentence) => {
    expect(() => readMove(environment)).toThrow(sentence);
    expect(() => readMove(environment)).not.toThrow('secret');
  });
});
