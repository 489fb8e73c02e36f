import { DiscordAPIError, HTTPError } from 'discord.js';
import { describe, expect, it } from 'vitest';
import { AppError } from '../src/core/errors.ts';
import { mintToken } from '../src/core/sessions/token.ts';
import { collectLog, seededRandom } from './support/fixtures.ts';

const random = seededRandom('log');
const token = mintToken('lk', 'api', random);
const BOT_TOKEN = 'MTIzNDU2Nzg5MDEyMzQ1Njc4.GabcdE.abcdefghijklmnopqrstuvwxyz0123456789AB';
const INTERACTION_TOKEN = 'aW50ZXJhY3Rpb246MTIz-abc_def';

const CLIENT_SECRET = 'two words/and+a "quote"~';

function setUp(level = 'trace') {
  const { log, lines } = collectLog([BOT_TOKEN, CLIENT_SECRET], level);
  return { log, lines, text: () => lines.join('') };
}

describe('the log', () => {
  it('has one line of JSON for each message, with its time', () => {
    const { log, lines } = setUp();
    log.info({ userId: '1' }, 'hello');
    log.warn('careful');
    expect(lines).toHaveLength(2);
    for (const line of lines) expect(line.endsWith('\n')).toBe(true);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      level: 30,
      userId: '1',
      msg: 'hello',
      time: expect.stringMatching(/^\d{4}-\d{2}-\d{2}T.*Z$/) as string,
    });
  });

  it('leaves out what is below its level', () => {
    const { log, lines } = setUp('warn');
    log.info('quiet');
    log.error('loud');
    expect(lines).toHaveLength(1);
  });

  it.each([
    ['in the message', (log: ReturnType<typeof setUp>['log']) => log.info(`got ${token}!`)],
    ['in a value', (log) => log.info({ header: `Bearer ${token}` }, 'x')],
    ['as a key', (log) => log.info({ [token]: 1 }, 'x')],
    ['deep inside', (log) => log.info({ a: { b: { c: { d: [token] } } } }, 'x')],
    ['in a child', (log) => log.child({ session: token }).info('x')],
    ['in an error', (log) => log.error({ err: new Error(`refused ${token}`) }, 'x')],
    [
      'in the cause of an error',
      (log) => log.error({ err: new Error('x', { cause: new Error(token) }) }, 'x'),
    ],
    ['in an error that is a string', (log) => log.error({ err: `no ${token}` }, 'x')],
    ['in an address', (log) => log.info({ url: `https://x/?token=${token}&a=b` }, 'x')],
    ['in a line of its own', (log) => log.error({ err: new Error(`refused:\n${token}\n`) }, 'x')],
    ['behind what only looks like one', (log) => log.info(`x_api_${'b'.repeat(47)}${token}`)],
    ['in front of another word', (log) => log.info(`${token}${'c'.repeat(60)}`)],
    ['in a path that is cut', (log) => log.info({ path: `/${'d'.repeat(160)}/${token}` }, 'x')],
    [
      'in a message that is cut',
      (log) => log.error({ err: new Error('d'.repeat(1_960) + token) }, 'x'),
    ],
    ['twice', (log) => log.info({ a: token, b: token }, token)],
  ] satisfies [string, (log: ReturnType<typeof setUp>['log']) => void][])(
    'never has a token of ours %s',
    (_, write) => {
      const { log, lines, text } = setUp();
      write(log);
      expect(lines).toHaveLength(1);
      expect(text()).not.toContain(token);
      expect(text()).not.toContain(token.slice(7, 40));
      expect(() => JSON.parse(text()) as unknown).not.toThrow();
    },
  );

  it.each([
    ['once', '%5F'],
    ['in small letters', '%5f'],
    ['twice', '%255F'],
    ['three times', '%25255F'],
  ])('never has a token of ours in an address where it is encoded %s', (_, underscore) => {
    const { log, text } = setUp();
    log.info({ url: `https://x/?t=${token.replaceAll('_', underscore)}&a=b` }, 'x');
    expect(text()).not.toContain(token.slice(7, 40));
    expect(text()).toContain('&a=b');
  });

  it.each([
    ['as it is', (secret: string) => secret],
    ['in an address', encodeURIComponent],
    ['in a form', (secret) => new URLSearchParams({ secret }).toString()],
    [
      'in a form, in small letters',
      (secret) =>
        new URLSearchParams({ secret }).toString().replaceAll(/%../g, (hex) => hex.toLowerCase()),
    ],
    ...['', 'i', 'id', 'the-id'].map((id): [string, (secret: string) => string] => [
      `as the password of ${id || 'nobody'}`,
      (secret) => Buffer.from(`${id}:${secret}`).toString('base64'),
    ]),
    [
      'as an encoded password',
      (secret) =>
        Buffer.from(`id:${new URLSearchParams({ secret }).toString().slice(7)}`).toString('base64'),
    ],
    ['in base64url', (secret) => Buffer.from(`id:${secret}`).toString('base64url')],
    [
      'in the middle of what is in base64',
      (secret) => Buffer.from(`${secret} and more`).toString('base64'),
    ],
  ] satisfies [string, (secret: string) => string][])('never has a secret %s', (_, spell) => {
    for (const secret of [BOT_TOKEN, CLIENT_SECRET, '>>>???>>>???']) {
      const { log, lines } = collectLog([secret], 'info');
      log.info({ header: spell(secret) }, 'x');
      log.error({ err: new Error(spell(secret)) }, 'x');
      const left = /^[\w=+/-]{0,12}\[redacted\][\w=+/-]{0,16}$/;
      expect(JSON.parse(lines[0] ?? '')).toMatchObject({
        header: expect.stringMatching(left) as string,
      });
      expect(JSON.parse(lines[1] ?? '')).toMatchObject({
        err: { message: expect.stringMatching(left) as string },
      });
    }
  });

  it('hides nothing else for the sake of a short secret', () => {
    const { log, lines } = collectLog(['ab'], 'info');
    log.info({ path: '/health' }, 'a request');
    expect(lines[0]).not.toContain('redacted');
  });

  it('never has a token of any type or prefix', () => {
    const { log, text } = setUp();
    for (const type of ['login', 'app_login', 'api'] as const) {
      const other = mintToken('Other99', type, random);
      log.info({ other }, 'x');
      expect(text()).not.toContain(other);
    }
  });

  it("never has the bot's token, wherever it stands", () => {
    const { log, text } = setUp();
    log.info(`Bot ${BOT_TOKEN}`);
    log.info({ headers: { Authorization: `Bot ${BOT_TOKEN}` } }, 'x');
    log.error({ err: new Error(`401 for ${BOT_TOKEN}`) }, 'x');
    expect(text()).not.toContain(BOT_TOKEN);
  });

  it('never has what stands under the keys of secrets', () => {
    const { log, text } = setUp();
    log.info({ token: 'one', inner: { token: 'two', authorization: 'three' } }, 'x');
    log.info({ request: { headers: { authorization: 'four' } } }, 'x');
    for (const word of ['one', 'two', 'three', 'four']) expect(text()).not.toContain(`"${word}"`);
  });

  it.each([
    `https://discord.com/api/v10/interactions/123/${INTERACTION_TOKEN}/callback`,
    `https://discord.com/api/v10/webhooks/123/${INTERACTION_TOKEN}/messages/@original`,
    `https://discord.com/api/v10/webhooks/123/${INTERACTION_TOKEN}`,
    `https://discord.com/api/v10/webhooks/123/${INTERACTION_TOKEN}?wait=true`,
    `/webhooks/123/${INTERACTION_TOKEN}`,
    `webhooks/123/${INTERACTION_TOKEN}`,
  ])('never has the interaction token of %s', (url) => {
    const { log, text } = setUp();
    log.warn({ url }, `POST ${url} failed`);
    log.warn({ err: new Error(`no answer from ${url}`) }, 'x');
    expect(text()).not.toContain(INTERACTION_TOKEN);
    expect(text()).toContain('/123/');
  });

  it.each(['%2F', '%2f', '%252F'])('never has it where the address is encoded with %s', (slash) => {
    const { log, text } = setUp();
    for (const kind of ['interactions', 'webhooks']) {
      const path = ['/api', kind, '123', INTERACTION_TOKEN].join(slash);
      log.warn({ url: `https://proxy.example/?to=${path}` }, 'x');
      log.warn({ url: `https://proxy.example/${kind}/123${slash}${INTERACTION_TOKEN}` }, 'x');
    }
    expect(text()).not.toContain(INTERACTION_TOKEN);
  });

  it('has of an error what names it, not the request that hangs on it', () => {
    const { log, lines, text } = setUp();
    const url = `https://discord.com/api/v10/webhooks/123/${INTERACTION_TOKEN}`;
    const body = { content: 'for the eyes of one' };
    const request = { files: undefined, body };
    const refused = new DiscordAPIError(
      { code: 50_007, message: 'Cannot send messages to this user' },
      50_007,
      403,
      'POST',
      url,
      request,
    );
    const broken = new HTTPError(503, 'Service Unavailable', 'POST', url, request);
    log.warn({ err: refused }, 'x');
    log.warn({ err: broken }, 'x');
    log.warn(
      { err: new AppError({ code: 'undelivered', reason: 'refused' }, { cause: refused }) },
      'x',
    );
    expect(text()).not.toContain('for the eyes of one');
    expect(text()).not.toContain(INTERACTION_TOKEN);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      err: { code: 50_007, status: 403, message: 'Cannot send messages to this user' },
    });
    expect(JSON.parse(lines[2] ?? '')).toMatchObject({
      err: { code: 'undelivered', cause: { code: 50_007 } },
    });
  });

  it('has no more of a path, a message or a stack than one can read', () => {
    const { log, lines } = setUp();
    const long = 'x'.repeat(1_000_000);
    log.info({ path: `/${long}` }, 'x');
    log.error({ err: new Error(long, { cause: new Error(long) }) }, 'x');
    log.error({ err: Object.assign(new Error('x'), { code: long, status: long }) }, 'x');
    log.error({ err: long }, 'x');
    expect(lines).toHaveLength(4);
    expect(lines[0]).toMatch(/"path":"\/x{199}…"/);
    for (const line of lines) expect(line.length).toBeLessThan(16_000);
  });

  it('has the causes of an error, and an end where there is none', () => {
    const { log, lines } = setUp();
    const own: Error = new Error('its own');
    own.cause = own;
    const [one, two] = [new Error('one'), new Error('two')];
    Object.assign(one, { cause: two });
    Object.assign(two, { cause: one });
    for (const err of [own, one]) log.error({ err }, 'x');
    expect(lines).toHaveLength(2);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      err: { message: 'its own', cause: { message: 'its own' } },
    });
    expect(lines[1]).toMatch(/one.*two/);
  });

  it.each([
    ['nothing', undefined],
    ['null', null],
    ['a number', 7],
    ['a text', 'text'],
    ['a symbol', Symbol('x')],
    ['a Buffer', Buffer.from('x')],
    ['what is like an error', { message: 'like an error' }],
    ['an object of nothing', Object.create(null)],
    ['a proxy that is gone', revoked()],
    ['an error without a message', Object.defineProperty(new Error('x'), 'message', { get: fail })],
    ['an error that cannot be read', Object.defineProperty(new Error('x'), 'cause', { get: fail })],
    [
      'an error with odd parts',
      Object.assign(new Error('x'), { code: Buffer.from('x'), status: 1n }),
    ],
    [
      'an error with a message that is none',
      Object.assign(new Error('x'), { message: 7, stack: {} }),
    ],
  ])('takes any error, and loses no line over it: %s', (_, err: unknown) => {
    const { log, lines } = setUp();
    log.error({ err }, 'one message');
    log.error({ err, request: 'r' }, 'another message');
    expect(lines.map((line) => (JSON.parse(line) as { msg: string }).msg)).toEqual([
      expect.stringContaining('one message'),
      expect.stringContaining('another message'),
    ]);
  });

  it.each([
    ['a Buffer', { a: Buffer.from('x') }],
    ['a Buffer deep inside', { a: { b: { c: Buffer.from('x') } } }],
    ['an address', { a: new URL('https://x.example') }],
    ['what cannot be read', Object.defineProperty({}, 'a', { get: fail, enumerable: true })],
    ['what cannot be written', { a: { toJSON: fail } }],
    ['a circle', circle()],
    ['a big number', { a: 1n }],
    ['a frozen secret', Object.freeze({ token: 'one', a: Object.freeze({ token: 'two' }) })],
  ])('takes any value, and loses no line over it: %s', (_, value: object) => {
    const { log, lines } = setUp();
    log.error(value, 'the message');
    expect(lines).toHaveLength(1);
    expect((JSON.parse(lines[0] ?? '') as { msg: string }).msg).toContain('the message');
    expect(lines[0]).not.toMatch(/"(one|two)"/);
  });

  it.each([
    ['of underscores', '_'],
    ['of first parts', 'a'.repeat(16)],
    ['of beginnings of tokens', 'lk_api_'],
    ['of tokens that are too short', `lk_api_${'a'.repeat(48)}-`],
    ['of encoded percent signs', '%25'],
    ['of encodings of one', '25'],
    ['of addresses without an end', 'webhooks/1'],
    ['of addresses', '/webhooks/1/'],
    ['of digits', 'webhooks/1111111111111111'],
    ['of beginnings of a secret', BOT_TOKEN.slice(0, -1)],
    ['of backslashes', '\\'],
  ])('takes as long as the line is long, also where it is full %s', (_, part) => {
    const { log } = setUp();
    const took = (length: number) => {
      const text = part.repeat(length / part.length);
      const startedAt = performance.now();
      log.info(text);
      return performance.now() - startedAt;
    };
    took(50_000);
    // A tenth of a second for each of the 256 KB would be too much already.
    expect(Math.min(took(256_000), took(256_000))).toBeLessThan(500);
  });
});

function fail(): never {
  throw new Error('not readable');
}

function circle(): object {
  const around: Record<string, unknown> = {};
  around['itself'] = around;
  return around;
}

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}
