import { describe, expect, it } from 'vitest';
import { ConfigError, environmentSchema, readConfig } from '../src/config.ts';

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

describe('the configuration', () => {
  it('needs the token only', () => {
    expect(readConfig({ DISCORD_TOKEN })).toMatchObject({
      discord: { token: DISCORD_TOKEN, apiUrl: 'https://discord.com/api' },
      databaseFile: './data/latchkey.db',
      http: { host: '127.0.0.1', port: 8080 },
      publicUrl: 'http://127.0.0.1:8080',
      tokenUrl: 'http://127.0.0.1:8080/sessions/@me',
      tokenPrefix: 'lk',
      limits: { maxApiTokens: 100, creationsPerHour: 60 },
      logLevel: 'info',
    });
  });

  it('takes an empty value, or one of blanks, for none', () => {
    const empty = Object.fromEntries(
      Object.keys(environmentSchema.shape).map((name, index) => [name, index % 2 ? '' : '  ']),
    );
    expect(readConfig({ ...empty, DISCORD_TOKEN })).toEqual(readConfig({ DISCORD_TOKEN }));
    expect(problems({ DISCORD_TOKEN: ' ' })).toContain('DISCORD_TOKEN is required');
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
      databaseFile: '/var/lib/latchkey.db',
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
      DATABASE_URL: 'postgres://user:hunter2@host/db',
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
    ['DATABASE_URL', ['./data.db', 'file:', 'sqlite:x', 'http://x']],
    ['DISCORD_API_URL', ['x', 'ws://x', '//x', 'file:///x']],
    ['LOG_LEVEL', ['INFO', 'verbose', '30']],
  ])('is refused with a wrong %s, which is named with what it must be', (name, values) => {
    for (const value of values) {
      expect(problems({ [name]: value })).toMatch(new RegExp(`^${name} must be`));
    }
  });

  it('ignores what the environment has of others', () => {
    const others = { PATH: '/bin', __proto__: 'x', constructor: 'y' };
    expect(readConfig({ ...others, DISCORD_TOKEN })).toEqual(readConfig({ DISCORD_TOKEN }));
  });
});
