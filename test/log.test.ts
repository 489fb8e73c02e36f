import { DiscordAPIError, HTTPError } from 'discord.js';
import { describe, expect, it } from 'vitest';
import { AppError } from '../src/core/errors.ts';
import { mintToken } from '../src/core/token.ts';
import { collectLog, seededRandom } from './support/fixtures.ts';

const random = seededRandom('log');
const token = mintToken('lk', 'api', random);
const BOT_TOKEN = 'MTIzNDU2Nzg5MDEyMzQ1Njc4.GabcdE.abcdefghijklmnopqrstuvwxyz0123456789AB';
const INTERACTION_TOKEN = 'aW50ZXJhY3Rpb246MTIz-abc_def';

function setUp(level = 'trace') {
  const { log, lines } = collectLog([BOT_TOKEN], level);
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
  ])('never has the interaction token of %s', (url) => {
    const { log, text } = setUp();
    log.warn({ url }, `POST ${url} failed`);
    log.warn({ err: new Error(`no answer from ${url}`) }, 'x');
    expect(text()).not.toContain(INTERACTION_TOKEN);
    expect(text()).toContain('/123/');
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
    log.warn({ err: new AppError('undelivered', 'no', { cause: refused }) }, 'x');
    expect(text()).not.toContain('for the eyes of one');
    expect(text()).not.toContain(INTERACTION_TOKEN);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      err: { code: 50_007, status: 403, message: 'Cannot send messages to this user' },
    });
    expect(JSON.parse(lines[2] ?? '')).toMatchObject({
      err: { code: 'undelivered', cause: { code: 50_007 } },
    });
  });

  it('survives an error that is its own cause, or none at all', () => {
    const { log, lines } = setUp();
    for (const err of [undefined, null, 7, 'text', { message: 'like an error' }]) {
      log.error({ err }, 'x');
    }
    expect(lines).toHaveLength(5);
  });
});
