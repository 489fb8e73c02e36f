import { describe, expect, it, onTestFinished } from 'vitest';
import { mintToken } from '../../../src/core/sessions/token.ts';
import { createCoreHarness } from '../../support/core-harness.ts';
import { ANA, BEN, HOUR, member, newBan, seededRandom, STAFF } from '../../support/fixtures.ts';

const CHANNEL = '500000000000000005';
const rita = member(BEN);

function setUp() {
  const harness = createCoreHarness({ maxApiTokens: 200 });
  onTestFinished(() => harness.close());
  const { store, sessions } = harness;
  const verdict = async (token: string) => (await sessions.verify(token)).is;
  const reports = () => store.audit({ actions: ['token.reported'], limit: 1_000 });
  return { ...harness, verdict, reports };
}

const made = seededRandom('never stored');
/** A token of ours that was never stored, or has ended long ago. */
const unknown = (prefix = 'lk') => mintToken(prefix, 'api', made);

describe('a token in a text', () => {
  it.each<[string, (token: string) => string]>([
    ['alone', (token) => token],
    ['in a sentence', (token) => `why does ${token}, my token, not work?`],
    ['in quotes', (token) => `"${token}"`],
    ['in a code block', (token) => `\`\`\`sh\nexport TOKEN=${token}\n\`\`\``],
    ['in a header', (token) => `curl -H 'Authorization: Bearer ${token}' https://api.example`],
    ['in JSON', (token) => JSON.stringify({ content: `line\n${token}\n` })],
    ['in a link', (token) => `https://api.example/?token=${token}&x=1#y`],
    ['in markdown', (token) => `**${token}** ||${token}|| [x](${token})`],
    ['without a gap around it', (token) => `é${token}é日本`],
    ['in the middle of a word', (token) => `my${token}thing`],
    ['behind another', (token) => `${unknown()}${token}`],
    ['behind a start of one', (token) => `lk_api_lk_${token}`],
    ['behind one that has a typing error', (token) => `${token.slice(0, -1)}! ${token}`],
    ['far down', (token) => `${'lk_api_ x '.repeat(500)}${token}`],
  ])('is found %s, and ended', async (_, text) => {
    const { leaks, token, verdict } = setUp();
    const minted = await token();
    expect(await leaks.report(rita, text(minted.token), CHANNEL)).toEqual({
      hasToken: true,
      isOurs: true,
    });
    expect(await verdict(minted.token)).toBe('invalid');
  });

  it.each<[string, (token: string) => string]>([
    ['of another deployment', () => unknown('other')],
    ['with a wrong checksum', (token) => token.slice(0, -1) + (token.endsWith('a') ? 'b' : 'a')],
    ['that is cut', (token) => token.slice(0, -1)],
    ['in another case', (token) => token.toUpperCase()],
    ['of which there are only the last characters', (token) => token.slice(-4)],
    ['that is not there', () => 'hello'],
    ['in an empty text', () => ''],
  ])('is ignored %s', async (_, text) => {
    const { leaks, token, verdict, reports } = setUp();
    const minted = await token();
    expect(await leaks.report(rita, text(minted.token), CHANNEL)).toEqual({
      hasToken: false,
      isOurs: false,
    });
    expect(await verdict(minted.token)).toBe('valid');
    expect(await reports()).toEqual([]);
  });

  it('is told of once, however often it is there, with who reported it and where', async () => {
    const { leaks, token, reports } = setUp();
    const { token: open, session } = await token();
    await leaks.report(rita, `${open} ${open} ${open}`, CHANNEL);
    expect(await reports()).toMatchObject([
      {
        actorId: BEN,
        userId: ANA,
        sessionId: session.id,
        detail: { ended: 1, channelId: CHANNEL },
      },
    ]);
  });
});

describe('a report', () => {
  it('of what had ended writes nothing, however often it is made', async () => {
    const { leaks, token, sessions, store } = setUp();
    const all = [await token(), await token(BEN)];
    for (const { token: each } of all) await sessions.revokeByToken(each, 'r');
    const before = await store.audit({ limit: 99 });
    const text = all.map(({ token: each }) => each).join(' ');
    for (let index = 0; index < 10; index += 1) await leaks.report(rita, text, CHANNEL);
    expect(await store.audit({ limit: 99 })).toEqual(before);
  });

  it('can be made thirty times an hour, each member for themselves', async () => {
    const { leaks, clock } = setUp();
    for (let index = 0; index < 30; index += 1) await leaks.report(rita, unknown(), CHANNEL);
    const more = leaks.report(rita, unknown(), CHANNEL);
    await expect(more).rejects.toMatchObject({ code: 'rate_limited', retryAfterMs: HOUR });
    await leaks.report(rita, 'nothing to see', CHANNEL);
    await leaks.report(member(ANA), unknown(), CHANNEL);
    clock.advance(HOUR);
    await leaks.report(rita, unknown(), CHANNEL);
  });

  it('ends every token in the text, a hundred at most', async () => {
    const { leaks, token, verdict } = setUp();
    const all: string[] = [];
    for (let index = 0; index < 101; index += 1) all.push((await token()).token);
    await leaks.report(rita, all.join('\n'), null);
    const verdicts = await Promise.all(all.map(verdict));
    expect(verdicts.filter((each) => each === 'invalid')).toHaveLength(100);
    expect(verdicts.at(-1)).toBe('valid');
  });

  it('does not count what only looks like a token among the hundred', async () => {
    const { leaks, token, verdict } = setUp();
    const { token: live } = await token();
    const bad = Array.from({ length: 120 }, (_, index) => `${live.slice(0, -3)}${100 + index}`);
    await leaks.report(rita, [...bad, live].join(' '), null);
    expect(await verdict(live)).toBe('invalid');
  });

  it('tells a token that was ours, live or not, from one that never was', async () => {
    const { leaks, token, sessions, accounts } = setUp();
    const [live, revoked, banned] = [await token(), await token(), await token(BEN)];
    await sessions.revoke(member(ANA), revoked.session.id);
    await accounts.ban(STAFF, newBan(BEN));
    const ours: boolean[] = [];
    for (const text of [live.token, live.token, revoked.token, banned.token, unknown()]) {
      const { hasToken, isOurs } = await leaks.report(rita, text, CHANNEL);
      expect(hasToken).toBe(true);
      ours.push(isOurs);
    }
    expect(ours).toEqual([true, true, true, true, false]);
  });

  it('leaves what is in no token of the text alone', async () => {
    const { leaks, token, verdict } = setUp();
    const [open, other] = [await token(), await token(BEN)];
    await leaks.report(rita, open.token, CHANNEL);
    expect(await verdict(other.token)).toBe('valid');
  });

  it('may be made by a banned member, and by the owner', async () => {
    const { leaks, token, verdict, accounts } = setUp();
    const [one, two] = [await token(), await token()];
    await accounts.ban(STAFF, newBan(BEN));
    await leaks.report(rita, one.token, CHANNEL);
    await leaks.report(member(ANA), two.token, CHANNEL);
    expect([await verdict(one.token), await verdict(two.token)]).toEqual(['invalid', 'invalid']);
  });
});
