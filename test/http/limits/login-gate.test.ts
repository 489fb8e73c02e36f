import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { AppError } from '../../../src/core/errors.ts';
import { SECOND } from '../../support/fixtures.ts';
import {
  asJson,
  authorized,
  createHttpHarness,
  discordUser,
  refusal,
  type HttpHarnessOptions,
  WEB,
} from '../../support/http-harness.ts';

const HERE = '198.51.100.7';
const MINUTE = 60 * SECOND;
const OK = [200, undefined];
const FULL = [503, 'Upstream'];
const TOO_MANY = [429, 'RateLimited'];

const codeOf = (index: number) => `code-of-thirty-characters-${String(index).padStart(4, '0')}`;

/** Discord answers a login when `answer` says so, the oldest first. */
async function setUp(options: HttpHarnessOptions = {}) {
  const waiting: (() => void)[] = [];
  const service = createHttpHarness({
    identify: async ({ code }) => {
      await new Promise<void>((resolve) => void waiting.push(resolve));
      return authorized({ user: discordUser({ id: `1000000000000${code.slice(-4)}` }) });
    },
    ...options,
  });
  onTestFinished(() => service.close());
  await service.connect();
  let codes = 0;

  /** Status and code of the answer to a login. */
  async function logIn(from: string): Promise<unknown[]> {
    const grant = { code: codeOf((codes += 1)), redirect_uri: WEB };
    const response = await service.send('/oauth2', asJson(grant), from);
    return refusal(response);
  }

  /** So many at once from each of these addresses; they wait for Discord or are refused. */
  async function start(times: number, ...addresses: readonly string[]) {
    const before = waiting.length;
    const answers: (unknown[] | 'waits')[] = [];
    const ended = addresses.flatMap((address) =>
      Array.from({ length: times }, async () => {
        const at = answers.push('waits') - 1;
        answers[at] = await logIn(address);
      }),
    );
    await vi.waitFor(() => {
      const refused = answers.filter((answer) => answer !== 'waits').length;
      expect(refused + waiting.length - before).toBe(ended.length);
    });
    return { answers, ended: Promise.all(ended) };
  }

  return { ...service, start, logIn, answer: () => waiting.shift()?.(), waiting };
}

const count = (answers: readonly unknown[], wanted: unknown) =>
  answers.filter((answer) => JSON.stringify(answer) === JSON.stringify(wanted)).length;

describe('logins at once', () => {
  it('are up to twenty; others are told to come again, and Discord hears nothing of them', async () => {
    const made = await setUp();
    const addresses = Array.from({ length: 30 }, (_, index) => `203.0.113.${index}`);
    const { answers, ended } = await made.start(1, ...addresses);
    expect(made.waiting).toHaveLength(20);
    expect(answers.slice(0, 20).every((answer) => answer === 'waits')).toBe(true);
    expect(count(answers, FULL)).toBe(10);
    while (made.waiting.length > 0) made.answer();
    await ended;
    expect(count(answers, OK)).toBe(20);
    const { ended: last } = await made.start(1, '203.0.113.99');
    made.answer();
    await last;
  });

  it('are up to ten from one address, as from the server of a web page', async () => {
    const made = await setUp();
    const { answers, ended } = await made.start(14, HERE);
    expect(count(answers, 'waits')).toBe(10);
    expect(count(answers, TOO_MANY)).toBe(4);
    while (made.waiting.length > 0) made.answer();
    await ended;
  });

  it('of three addresses that take all they get leave room for others', async () => {
    const made = await setUp();
    const three = ['203.0.113.1', '203.0.113.2', '203.0.113.3'];
    const flood = await made.start(50, ...three);
    expect(count(flood.answers, 'waits')).toBeLessThanOrEqual(14);
    for (let index = 0; index < 5; index += 1) {
      const honest = await made.start(1, `198.51.100.${index}`);
      expect(honest.answers).toEqual(['waits']);
    }
    while (made.waiting.length > 0) made.answer();
    await flood.ended;
  });

  it('of thirty addresses whose codes were refused leave half of the room to others', async () => {
    const discord = { refuses: true };
    const waiting: (() => void)[] = [];
    const made = await setUp({
      identify: async () => {
        if (discord.refuses) throw new AppError({ code: 'invalid_grant', reason: 'code' });
        await new Promise<void>((resolve) => void waiting.push(resolve));
        return authorized();
      },
    });
    const thirty = Array.from({ length: 30 }, (_, index) => `203.0.113.${index}`);
    for (const address of thirty) await made.logIn(address);
    discord.refuses = false;
    const flood = Promise.all(thirty.map((address) => made.logIn(address)));
    await vi.waitFor(() => expect(waiting).toHaveLength(10), { timeout: 15_000 });
    const honest = Promise.all(
      Array.from({ length: 10 }, (_, index) => made.logIn(`198.51.100.${index}`)),
    );
    await vi.waitFor(() => expect(waiting).toHaveLength(20), { timeout: 15_000 });
    for (const resolve of waiting.splice(0)) resolve();
    expect(count(await flood, TOO_MANY)).toBe(20);
    expect(count(await honest, OK)).toBe(10);
    made.clock.advance(MINUTE);
    const later = Promise.all(thirty.slice(0, 11).map((address) => made.logIn(address)));
    await vi.waitFor(() => expect(waiting).toHaveLength(11), { timeout: 15_000 });
    for (const resolve of waiting.splice(0)) resolve();
    expect(count(await later, OK)).toBe(11);
  });

  it('count together in a /64 network of IPv6', async () => {
    const made = await setUp();
    const addresses = Array.from({ length: 14 }, (_, index) => `2001:db8:0:1::${index + 1}`);
    const { answers, ended } = await made.start(1, ...addresses);
    expect(count(answers, TOO_MANY)).toBe(4);
    while (made.waiting.length > 0) made.answer();
    await ended;
  });

  it('that failed make room as those do that succeeded', async () => {
    const made = await setUp({
      identify: () => Promise.reject(new AppError({ code: 'upstream', reason: 'discord' })),
    });
    for (let time = 0; time < 50; time += 1) expect(await made.logIn(HERE)).toEqual(FULL);
  });
});

describe('an attempt that finds no room', () => {
  it('says when to come again', async () => {
    const made = await setUp();
    const { ended } = await made.start(10, HERE);
    const grant = { code: codeOf(99), redirect_uri: WEB };
    const response = await made.send('/oauth2', asJson(grant), HERE);
    expect([response.status, response.headers.get('retry-after')]).toEqual([429, '1']);
    while (made.waiting.length > 0) made.answer();
    await ended;
  });

  it('counts against its address, which is sent away for the rest of the minute then', async () => {
    const made = await setUp({ failuresPerMinute: 5 });
    const flood = await made.start(10 + 6, HERE);
    while (made.waiting.length > 0) made.answer();
    await flood.ended;
    expect(await made.logIn(HERE)).toEqual(TOO_MANY);
    expect(made.waiting).toEqual([]);
    const elsewhere = await made.start(1, '198.51.100.8');
    expect(elsewhere.answers).toEqual(['waits']);
    made.clock.advance(MINUTE);
    const later = await made.start(1, HERE);
    expect(later.answers).toEqual(['waits']);
    while (made.waiting.length > 0) made.answer();
    await Promise.all([elsewhere.ended, later.ended]);
  });
});

describe('an attempt that another process refuses for want of room', () => {
  it('counts here too, so that floods end where they arrive', async () => {
    let asked = 0;
    const made = await setUp({
      failuresPerMinute: 2,
      identify: () => {
        asked += 1;
        return Promise.reject(new AppError({ code: 'rate_limited', reason: 'logins' }));
      },
    });
    for (let time = 0; time < 9; time += 1) expect(await made.logIn(HERE)).toEqual(TOO_MANY);
    expect(asked).toBe(3);
  });
});

describe('a code that is none of Discord’s', () => {
  it.each([
    ['too short', 'x'.repeat(15)],
    ['too long', 'x'.repeat(129)],
    ['empty', ''],
    ['of other characters', `${'x'.repeat(30)}+`],
    ['with a space', `${'x'.repeat(15)} ${'x'.repeat(15)}`],
    ['with a line break', `${'x'.repeat(30)}\n`],
    ['not ASCII', 'é'.repeat(30)],
  ])('is refused, since it is %s, whatever room there is, and counts nowhere', async (_, code) => {
    const made = await setUp({ failuresPerMinute: 1 });
    const { ended } = await made.start(10, HERE);
    for (let time = 0; time < 3; time += 1) {
      const response = await made.send('/oauth2', asJson({ code, redirect_uri: WEB }), HERE);
      const { message, code: kind } = (await response.json()) as Record<string, string>;
      expect([response.status, kind]).toEqual([400, 'BadRequest']);
      expect(message).toContain('code: must be what Discord');
      expect(message).toContain('16 to 128');
    }
    expect(made.waiting).toHaveLength(10);
    while (made.waiting.length > 0) made.answer();
    await ended;
  });

  it.each([
    'NhhvTDYsFcdgNLnnLijcl7Ku7bEEeee',
    'aZ9-._~'.repeat(5),
    'x'.repeat(16),
    'x'.repeat(128),
  ])('is not %s', async (code) => {
    const { send, connect, close } = createHttpHarness();
    onTestFinished(close);
    await connect();
    expect((await send('/oauth2', asJson({ code, redirect_uri: WEB }))).status).toBe(200);
  });
});
