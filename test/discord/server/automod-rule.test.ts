import { english } from '../../../src/discord/words/words.ts';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Staff } from '../../../src/core/actor.ts';
import { mintToken } from '../../../src/core/sessions/token.ts';
import { Declined } from '../../../src/discord/render/reply.ts';
import { createAutomodRule, LIMITS } from '../../../src/discord/server/automod-rule.ts';
import { createCoreHarness } from '../../support/core-harness.ts';
import { seededRandom, START } from '../../support/fixtures.ts';
import {
  answering,
  createServerInteractions,
  ok,
  type Routes,
  SERVER,
} from '../../support/discord-harness.ts';
import { discordError } from '../../support/wire.ts';

const sue: Staff = { kind: 'staff', userId: '900000000000000009', requestId: 'sue-1' };
const RULES = `/guilds/${SERVER}/auto-moderation/rules`;
const OURS = '420000000000000001';

interface Rule {
  readonly name: string;
  readonly event_type: number;
  readonly trigger_type: number;
  readonly trigger_metadata: { readonly regex_patterns: readonly string[] };
  readonly actions: readonly { readonly type: number; readonly metadata: object }[];
  readonly enabled: boolean;
}

function setUp(routes: Routes = {}, server: string | null = SERVER, tokenPrefix = 'lk') {
  const { store, clock, close } = createCoreHarness();
  const interactions = createServerInteractions(answering(routes));
  onTestFinished(async () => {
    await close();
  });
  const { rest, sent } = interactions;
  const automodRule = createAutomodRule({
    rest,
    store,
    clock,
    tokenPrefix,
    serverId: () => server,
  });
  const requests = () => sent.map(({ method, path }) => `${method} ${path}`);
  const noted = () => store.audit({ limit: 9 });
  return { automodRule, sent, requests, noted };
}

/** The rule as it is sent to a server that has none. */
async function ourRule(tokenPrefix = 'lk'): Promise<Rule> {
  const { automodRule, sent } = setUp({ [`GET ${RULES}`]: ok([]) }, SERVER, tokenPrefix);
  await automodRule.turnOn(sue);
  return sent.at(-1)?.body as Rule;
}

const there = async (changes: object = {}): Promise<Routes> => ({
  [`GET ${RULES}`]: ok([
    { id: '1', name: 'spam', trigger_type: 1, trigger_metadata: {}, enabled: true },
    { id: '2', name: 'links', trigger_type: 5, trigger_metadata: {}, enabled: true },
    { id: OURS, exempt_roles: [], exempt_channels: [], ...(await ourRule()), ...changes },
  ]),
});

describe('turning the guard on', () => {
  it('makes one rule that blocks, and tells nobody what was blocked', async () => {
    const { automodRule, requests, noted, sent } = setUp({ [`GET ${RULES}`]: ok([]) });
    expect(await automodRule.turnOn(sue)).toBe(true);
    expect(requests()).toEqual([`GET ${RULES}`, `POST ${RULES}`]);
    expect(sent.at(-1)?.body).toMatchObject({ event_type: 1, trigger_type: 1, enabled: true });
    const { actions } = sent[1]!.body as Rule;
    // An alert would copy the token into another channel.
    expect(actions.map(({ type }) => type)).toEqual([1]);
    expect(await noted()).toMatchObject([
      { action: 'guard.changed', at: START, actorId: sue.userId, detail: { on: true } },
    ]);
  });

  it('sends a pattern for the tokens of this deployment, of every type, within the limits', async () => {
    for (const prefix of ['lk', 'a234567890123456']) {
      const { trigger_metadata: metadata, actions } = await ourRule(prefix);
      const [pattern = '', ...others] = metadata.regex_patterns;
      expect(others).toEqual([]);
      expect(pattern.length).toBeLessThanOrEqual(LIMITS.patternLength);
      expect(JSON.stringify(actions).length).toBeLessThan(300);
      for (const type of ['login', 'app_login', 'api'] as const) {
        const token = mintToken(prefix, type, seededRandom());
        expect(`my token is ${token}!`).toMatch(new RegExp(pattern));
      }
      expect('my token is secret').not.toMatch(new RegExp(pattern));
      expect(mintToken('other', 'api', seededRandom())).not.toMatch(new RegExp(pattern));
    }
  });

  it('knows the rule that stands already, and no other, as its own', async () => {
    const { automodRule } = setUp(await there());
    expect(await automodRule.isOurs(OURS)).toBe(false);
    await automodRule.turnOn(sue);
    expect(await automodRule.isOurs(OURS)).toBe(true);
    expect(await automodRule.isOurs('1')).toBe(false);
  });

  it('takes no rule of another kind for its own, whatever its name', async () => {
    const { name } = await ourRule();
    const { automodRule, requests } = setUp({
      [`GET ${RULES}`]: ok([
        { id: '7', name, trigger_type: 5, trigger_metadata: {}, enabled: true },
      ]),
    });
    expect(await automodRule.turnOff(sue)).toBe(false);
    expect(await automodRule.turnOn(sue)).toBe(true);
    expect(requests().at(-1)).toBe(`POST ${RULES}`);
  });

  it('changes nothing where it is on', async () => {
    const { automodRule, requests, noted } = setUp(await there());
    expect(await automodRule.turnOn(sue)).toBe(false);
    expect(requests()).toEqual([`GET ${RULES}`]);
    expect(await noted()).toEqual([]);
  });

  it.each([
    ['switched off', { enabled: false }],
    ['of another prefix', { trigger_metadata: { regex_patterns: ['old_api'] } }],
  ])('puts a rule right that is %s, and makes no other', async (_, changes) => {
    const { automodRule, requests, sent, noted } = setUp(await there(changes));
    expect(await automodRule.turnOn(sue)).toBe(true);
    expect(requests().slice(1)).toEqual([`PATCH ${RULES}/${OURS}`]);
    const { trigger_type: _type, ...wanted } = await ourRule();
    // Discord lets nobody change the trigger.
    expect(sent.at(-1)?.body).toEqual(wanted);
    expect(await noted()).toHaveLength(1);
  });
});

describe('turning the guard off', () => {
  it('removes our rule and no other', async () => {
    const { automodRule, requests, noted } = setUp(await there());
    expect(await automodRule.turnOff(sue)).toBe(true);
    expect(requests().slice(1)).toEqual([`DELETE ${RULES}/${OURS}`]);
    expect(await noted()).toMatchObject([{ action: 'guard.changed', detail: { on: false } }]);
  });

  it('changes nothing where it is off', async () => {
    const { automodRule, requests, noted } = setUp({ [`GET ${RULES}`]: ok([]) });
    expect(await automodRule.turnOff(sue)).toBe(false);
    expect(requests()).toEqual([`GET ${RULES}`]);
    expect(await noted()).toEqual([]);
  });
});

describe('the state of the guard', () => {
  it('is told with who is exempt and how much room there is', async () => {
    const exempt = { exempt_roles: ['7'], exempt_channels: ['8', '9'] };
    const { automodRule } = setUp(await there(exempt));
    expect(await automodRule.status()).toEqual({
      on: true,
      exemptRoles: ['7'],
      exemptChannels: ['8', '9'],
      keywordRules: 2,
      patternLength: expect.any(Number) as number,
    });
  });

  it.each([
    ['is not there', { name: 'another' }],
    ['is switched off', { enabled: false }],
  ])('is off where our rule %s', async (_, changes) => {
    const { automodRule } = setUp(await there(changes));
    expect(await automodRule.status()).toMatchObject({ on: false, keywordRules: 2 });
  });
});

const said = (error: unknown) =>
  error instanceof Declined ? error.say(english) : (error as Error).message;

describe('what Discord refuses', () => {
  it.each([
    ['the permission is missing', discordError(403, 50_013), 'Declined', /Manage Server/],
    ['the server cannot be seen', discordError(403, 50_001), 'Declined', /Manage Server/],
    [
      'there are too many rules',
      discordError(400, 30_034, 'Maximum reached'),
      'Declined',
      /Maximum reached/,
    ],
    ['it fails', { status: 500, body: {} }, 'AppError', /^upstream/],
  ])('is explained where %s, and not written down as done', async (_, answer, name, words) => {
    const refusal = { name };
    const none = setUp({ [`GET ${RULES}`]: answer });
    for (const attempt of [
      none.automodRule.status(),
      none.automodRule.turnOn(sue),
      none.automodRule.turnOff(sue),
    ]) {
      const error: unknown = await attempt.catch((thrown: unknown) => thrown);
      expect(error).toMatchObject(refusal);
      expect(said(error)).toMatch(words);
    }
    const create = setUp({ [`GET ${RULES}`]: ok([]), [`POST ${RULES}`]: answer });
    await expect(create.automodRule.turnOn(sue)).rejects.toMatchObject(refusal);
    const change = setUp({
      ...(await there({ enabled: false })),
      [`PATCH ${RULES}/${OURS}`]: answer,
      [`DELETE ${RULES}/${OURS}`]: answer,
    });
    await expect(change.automodRule.turnOn(sue)).rejects.toMatchObject(refusal);
    await expect(change.automodRule.turnOff(sue)).rejects.toMatchObject(refusal);
    expect([...(await create.noted()), ...(await change.noted())]).toEqual([]);
  });

  it('is not even asked where there is no server', async () => {
    const { automodRule, requests } = setUp({}, null);
    for (const attempt of [
      automodRule.status(),
      automodRule.turnOn(sue),
      automodRule.turnOff(sue),
    ]) {
      await expect(attempt).rejects.toBeInstanceOf(Declined);
    }
    expect(requests()).toEqual([]);
  });
});
