import { describe, expect, it, onTestFinished } from 'vitest';
import { mintToken } from '../../src/core/sessions/token.ts';
import { ANA, BEN, HOUR, member, seededRandom } from '../support/fixtures.ts';
import {
  asJson,
  createHttpHarness,
  refusal,
  type HttpHarnessOptions,
} from '../support/http-harness.ts';

function setUp(options: HttpHarnessOptions = { maxApiTokens: 1_000, creationsPerHour: 10_000 }) {
  const service = createHttpHarness(options);
  onTestFinished(() => service.close());
  const report = (tokens: unknown, from = '192.0.2.1') =>
    service.send('/leaks', asJson({ tokens }), from);
  const isGood = async (token: string) => (await service.check(token)).status === 200;
  return { ...service, report, isGood };
}

const stranger = seededRandom('a stranger');
const unknown = () => mintToken('lk', 'api', stranger);

describe('POST /leaks', () => {
  it('ends what the tokens open and all that it made, and nothing else', async () => {
    const { report, token, isGood, tokens, clock } = setUp();
    const [open, other] = [await token(), await token()];
    const asked = member(ANA, open.session.id);
    const child = await tokens.create(asked, { name: 'child', expiresAt: clock() + HOUR });
    const theirs = await token(BEN);
    const response = await report([unknown(), open.token, theirs.token, 'nonsense', '']);
    expect([response.status, await response.text()]).toEqual([202, '']);
    const good = await Promise.all([open, child, theirs, other].map((each) => isGood(each.token)));
    expect(good).toEqual([false, false, false, true]);
  });

  it('owes each owner one message, whatever was found of theirs', async () => {
    const { report, token, store, clock } = setUp();
    const mine: Awaited<ReturnType<typeof token>>[] = [];
    for (let index = 0; index < 60; index += 1) mine.push(await token());
    const theirs = await token(BEN);
    await report([...mine, theirs].map((each) => each.token));
    const recipients = new Set<string | null>();
    let messages = 0;
    for (let index = 0; index < 9; index += 1) {
      const batch = await store.takeBatch(clock(), clock() + HOUR, `batch ${index}`);
      if (batch === null) continue;
      recipients.add(batch.recipient);
      messages += 1;
    }
    // The staff's feed takes twenty in a message.
    expect([messages, recipients]).toEqual([2 + 4, new Set([ANA, BEN, null])]);
  });

  it('answers the same whatever the tokens are, and writes nothing where nothing ends', async () => {
    const { report, token, sessions, store } = setUp();
    const [live, ended] = [await token(), await token()];
    await sessions.revokeByToken(ended.token, 'r');
    const before = await store.audit({ limit: 99 });
    const dead = [await report([ended.token]), await report([unknown()]), await report(['x'])];
    expect(await store.audit({ limit: 99 })).toEqual(before);
    const answers = new Set<string>();
    for (const response of [...dead, await report([live.token])]) {
      const headers = [...response.headers].filter(([name]) => name !== 'x-request-id');
      answers.add(JSON.stringify([response.status, headers, await response.text()]));
    }
    expect(answers.size).toBe(1);
  });

  it('takes a thousand at once, and no more', async () => {
    const { report, token, isGood } = setUp();
    const live = await token();
    const many = Array.from({ length: 999 }, unknown);
    expect((await report([...many, live.token])).status).toBe(202);
    expect(await isGood(live.token)).toBe(false);
    const response = await report([...many, unknown(), unknown()]);
    expect(await response.json()).toEqual({
      code: 'BadRequest',
      message: 'tokens: must have at most 1000 tokens',
    });
  });

  it.each([
    ['no list', 'lk_api_x'],
    ['an empty one', []],
    ['none', undefined],
    ['one of other things', [1]],
    ['null', null],
  ])('says what is wrong with %s', async (_, tokens) => {
    const { report } = setUp();
    expect(await refusal(await report(tokens))).toEqual([400, 'BadRequest']);
  });

  it('refuses a body that is too large before it reads it', async () => {
    const { report } = setUp();
    expect(await refusal(await report(['x'.repeat(200_000)]))).toEqual([413, 'BadRequest']);
  });

  it('counts a report before it is read, whatever is in it', async () => {
    const { report } = setUp();
    for (let index = 0; index < 60; index += 1) await report('no list');
    expect((await report(['x'])).status).toBe(429);
  });

  it('reads eight at once and no more, and says when to try again', async () => {
    const { report, store } = setUp();
    const slow = await Promise.all(
      Array.from({ length: 12 }, (_, index) => report(['x'], `192.0.2.${index}`)),
    );
    const statuses = slow.map(({ status }) => status);
    expect(statuses.filter((status) => status === 202)).toHaveLength(8);
    expect(statuses.filter((status) => status === 429)).toHaveLength(4);
    expect(slow.at(-1)?.headers.get('retry-after')).toBe('1');
    expect((await report(['x'], '192.0.2.99')).status).toBe(202);
    expect(await store.audit({ limit: 9 })).toEqual([]);
  });

  it('takes sixty reports an hour from one address, and says when to go on', async () => {
    const { report, token, isGood, clock } = setUp();
    const live = await token();
    for (let index = 0; index < 60; index += 1) await report(['x']);
    const refused = await report([live.token]);
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '3600']);
    expect(await isGood(live.token)).toBe(true);
    expect((await report(['x'], '192.0.2.2')).status).toBe(202);
    clock.advance(HOUR);
    expect((await report([live.token])).status).toBe(202);
  });
});
