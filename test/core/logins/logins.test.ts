import { describe, expect, it, onTestFinished } from 'vitest';
import { createAccounts } from '../../../src/core/accounts/accounts.ts';
import { findApplication, saveApplication } from '../../../src/core/accounts/authorization.ts';
import { AppError } from '../../../src/core/errors.ts';
import type { Grant, Identify, FindMember } from '../../../src/core/logins/identity.ts';
import { createLogins } from '../../../src/core/logins/logins.ts';
import { MAX_LOGINS } from '../../../src/core/sessions/session.ts';
import { hashToken } from '../../../src/core/sessions/token.ts';
import type { Store } from '../../../src/core/store.ts';
import { openStore } from '../../../src/store/sqlite/file/open.ts';
import {
  ANA,
  atMost,
  BEN,
  communityMember,
  createClock,
  DAY,
  HOUR,
  interfering,
  member,
  newBan,
  newSession,
  SECOND,
  seededRandom,
  STAFF,
  START,
} from '../../support/fixtures.ts';
import {
  APP,
  APPLICATION,
  authorized,
  discordUser,
  VERIFIER,
  WEB,
} from '../../support/http-harness.ts';

interface SetUp {
  /** What Discord says, at the first question, at the second … */
  readonly identify?: (grant: Grant, asked: number) => ReturnType<Identify>;
  readonly findMember?: FindMember;
  readonly connected?: boolean;
  readonly through?: (store: Store) => Store;
}

async function setUp(options: SetUp = {}) {
  const { identify = async () => authorized(), findMember, connected = true } = options;
  const clock = createClock();
  const store = openStore(':memory:');
  onTestFinished(() => store.close());
  if (connected) await saveApplication(store, APPLICATION);
  const asked: (readonly [Grant, string])[] = [];
  const logins = createLogins({
    accounts: createAccounts({ store, clock }),
    store: options.through?.(store) ?? store,
    clock,
    random: seededRandom(),
    tokenPrefix: 'lk',
    limits: atMost(5),
    redirectUris: [WEB, 'https://lamps.example/other'],
    appRedirectUris: [APP],
    findMember,
    identify: async (grant, applicationId) => {
      asked.push([grant, applicationId]);
      return identify(grant, asked.length);
    },
  });
  const logIn = (grant: Partial<Grant> = {}) =>
    logins.logIn({ code: 'a-code', redirectUri: WEB, ...grant }, { requestId: 'request-1' });
  const ban = () => createAccounts({ store, clock }).ban(STAFF, newBan(ANA));
  const live = async (userId = ANA) => (await store.page({ userId, now: clock() })).sessions;
  return { logins, logIn, store, clock, asked, ban, live };
}

type Made = Awaited<ReturnType<typeof setUp>>;

/** The code and the reason of a refusal. */
async function refusalOf(attempt: Promise<unknown>): Promise<[string, string]> {
  const error = await attempt.then(
    () => new Error('it succeeded'),
    (reason: unknown) => reason,
  );
  if (error instanceof AppError)
    return [error.code, 'reason' in error.refusal ? error.refusal.reason : ''];
  throw error;
}

async function expectNothingStored({ store, live }: Made): Promise<void> {
  expect(await live()).toEqual([]);
  expect(await store.findAuthorization(ANA)).toBeNull();
}

const away = () => Promise.reject(new AppError({ code: 'upstream', reason: 'discord' }));

describe('a login', () => {
  it.each([
    ['a web page', { redirectUri: WEB }, 'login', HOUR, /^lk_login_/],
    ['a web page with PKCE', { codeVerifier: VERIFIER }, 'login', HOUR, /^lk_login_/],
    [
      'an installed app',
      { redirectUri: APP, codeVerifier: VERIFIER },
      'app_login',
      14 * DAY,
      /^lk_app_/,
    ],
  ])('on %s makes a session of its type and lifetime', async (_, grant, type, lifetime, shape) => {
    const { logIn, live, store, asked } = await setUp();
    const { token, session, user } = await logIn(grant);
    expect(token).toMatch(shape);
    expect(session).toMatchObject({
      userId: ANA,
      type,
      name: null,
      parentId: null,
      createdAt: START,
      expiresAt: START + lifetime,
    });
    expect(user).toEqual(discordUser());
    expect(await live()).toEqual([session]);
    expect(await store.findByToken(hashToken(token))).toMatchObject({ id: session.id });
    expect(asked).toEqual([[{ code: 'a-code', redirectUri: WEB, ...grant }, APPLICATION.id]]);
  });

  it('keeps what Discord said, without address and without what it says of that', async () => {
    const user = discordUser({ email: 'ana@example.org', verified: true, locale: 'en-GB' });
    const authorization = authorized({ user, scopes: ['identify', 'email'], expiresAt: START + 9 });
    const { logIn, store } = await setUp({ identify: async () => authorization });
    const login = await logIn();
    const snapshot = discordUser({ locale: 'en-GB' });
    expect(login.user).toEqual(snapshot);
    expect(await store.findAuthorization(ANA)).toEqual({
      user: snapshot,
      scopes: ['identify', 'email'],
      expiresAt: START + 9,
      checkedAt: START,
    });
  });

  it('keeps what Discord says of the member without what no database keeps', async () => {
    const collectibles = { nameplate: { label: 'gold\0', tags: ['\uDE00'] } };
    const user = discordUser({ username: 'a\0na', global_name: '\uD83DAna', collectibles });
    const { logIn, store } = await setUp({ identify: async () => authorized({ user }) });
    const kept = discordUser({ collectibles: { nameplate: { label: 'gold', tags: [''] } } });
    expect((await logIn()).user).toEqual(kept);
    expect((await store.findAuthorization(ANA))?.user).toEqual(kept);
  });

  it('keeps what Discord says of our application without it too', async () => {
    const { store } = await setUp({ connected: false });
    await saveApplication(store, { ...APPLICATION, name: 'Latch\0key', description: '\uD800' });
    expect(await findApplication(store)).toEqual({ ...APPLICATION, description: '' });
  });

  it('replaces what Discord said at the one before', async () => {
    const names = ['before', 'after'];
    const { logIn, store, clock } = await setUp({
      identify: async (_, asked) =>
        authorized({ user: discordUser({ username: names[asked - 1] ?? '' }) }),
    });
    await logIn({ code: 'one' });
    clock.advance(SECOND);
    await logIn({ code: 'two' });
    expect(await store.findAuthorization(ANA)).toMatchObject({
      user: { username: 'after' },
      checkedAt: START + SECOND,
    });
  });

  it('is for whom Discord names, whoever that is', async () => {
    const user = discordUser({ id: BEN, username: 'ben' });
    const { logIn, live } = await setUp({ identify: async () => authorized({ user }) });
    expect((await logIn()).session.userId).toBe(BEN);
    expect(await live(ANA)).toEqual([]);
    expect(await live(BEN)).toHaveLength(1);
  });

  it('does not need room among the API tokens', async () => {
    const { logIn, store, live } = await setUp();
    for (let index = 0; index < 5; index += 1) {
      await store.add({ actor: member(ANA), at: START }, newSession(), atMost(5));
    }
    await logIn();
    expect(await live()).toHaveLength(6);
  });
});

describe('a login is refused, and Discord is not asked,', () => {
  it.each([
    'https://evil.example/callback',
    `${WEB}/`,
    `${WEB}?x=1`,
    WEB.toUpperCase(),
    ` ${WEB}`,
    `${WEB},${APP}`,
    '',
  ])('where it returns to %j', async (redirectUri) => {
    const made = await setUp();
    expect(await refusalOf(made.logIn({ redirectUri }))).toEqual(['restricted', 'redirect_uri']);
    expect(made.asked).toEqual([]);
    await expectNothingStored(made);
  });

  it('in an installed app without a verifier, which does not make it one of a web page', async () => {
    const made = await setUp();
    expect(await refusalOf(made.logIn({ redirectUri: APP }))).toEqual([
      'invalid',
      'verifier_missing',
    ]);
    expect(made.asked).toEqual([]);
    const login = await made.logIn({ redirectUri: APP, codeVerifier: VERIFIER });
    expect(login.session.type).toBe('app_login');
  });

  it.each([
    ['too short', 'v'.repeat(42)],
    ['too long', 'v'.repeat(129)],
    ['empty', ''],
    ['of other characters', `${'v'.repeat(43)}+`],
    ['followed by a line break', `${'v'.repeat(43)}\n`],
    ['padded', `${'v'.repeat(43)}=`],
  ])('with a verifier that is %s', async (_, codeVerifier) => {
    const { logIn, asked } = await setUp();
    for (const redirectUri of [WEB, APP]) {
      expect(await refusalOf(logIn({ redirectUri, codeVerifier }))).toEqual([
        'invalid',
        'verifier_malformed',
      ]);
    }
    expect(asked).toEqual([]);
  });

  it.each([`${'-._~'.repeat(10)}aZ9`, 'v'.repeat(128)])('but not with %.20j', async (verifier) => {
    const { logIn } = await setUp();
    expect((await logIn({ codeVerifier: verifier })).session.type).toBe('login');
  });

  it('before the bot was ever connected', async () => {
    const { logIn, store, asked } = await setUp({ connected: false });
    expect((await refusalOf(logIn()))[0]).toBe('upstream');
    expect(asked).toEqual([]);
    await saveApplication(store, APPLICATION);
    expect((await logIn()).session.userId).toBe(ANA);
  });
});

describe('a login is refused, and nothing is stored,', () => {
  const { user: _, ...nobody } = authorized();
  const other = { id: '700000000000000007', name: 'Evil' };

  it.each([
    [
      'is for another application',
      authorized({ application: other }),
      'restricted',
      'other_application',
    ],
    ['is for nobody', nobody, 'restricted', 'scope_missing'],
    ['is without identify', authorized({ scopes: ['guilds'] }), 'restricted', 'scope_missing'],
    ['is without any scope', authorized({ scopes: [] }), 'restricted', 'scope_missing'],
    ["is a bot's", authorized({ user: discordUser({ bot: true }) }), 'restricted', 'bot'],
    ['has expired', authorized({ expiresAt: START }), 'invalid_grant', 'expired'],
  ] as const)('where the authorization %s', async (_what, authorization, code, reason) => {
    const made = await setUp({ identify: async () => authorization });
    expect(await refusalOf(made.logIn())).toEqual([code, reason]);
    await expectNothingStored(made);
  });

  it('but not where the authorization lasts another millisecond', async () => {
    const { logIn } = await setUp({ identify: async () => authorized({ expiresAt: START + 1 }) });
    expect((await logIn()).session.expiresAt).toBe(START + HOUR);
  });

  it('where the authorization expires while Discord is asked', async () => {
    const made = await setUp({
      identify: async () => {
        made.clock.advance(SECOND);
        return authorized({ expiresAt: START + SECOND });
      },
    });
    expect((await refusalOf(made.logIn()))[0]).toBe('invalid_grant');
    await expectNothingStored(made);
  });

  it('of a banned account, whose membership is not asked about', async () => {
    const confirmations: string[] = [];
    const made = await setUp({
      findMember: async (userId) => (confirmations.push(userId) > 0 ? communityMember() : null),
    });
    await made.ban();
    expect((await refusalOf(made.logIn()))[0]).toBe('banned');
    expect(confirmations).toEqual([]);
    await expectNothingStored(made);
  });

  it('of an account that is banned while Discord is asked for the grant', async () => {
    const made = await setUp({
      identify: async () => {
        await made.ban();
        return authorized();
      },
    });
    expect((await refusalOf(made.logIn()))[0]).toBe('banned');
    await expectNothingStored(made);
  });

  it.each<[string, Parameters<typeof setUp>[0], boolean, string]>([
    ['a banned account', {}, true, 'banned'],
    ['who is not in the server', { findMember: async () => null }, false, 'restricted'],
  ])('of %s is written down, with its request', async (_who, options, banned, why) => {
    const made = await setUp(options);
    if (banned) await made.ban();
    await refusalOf(made.logIn());
    const events = await made.store.audit({ actions: ['login.refused'], limit: 9 });
    expect(events).toMatchObject([
      { userId: ANA, actorId: ANA, requestId: 'request-1', detail: { why } },
    ]);
  });

  it('for want of Discord is not written down', async () => {
    const made = await setUp({ findMember: away });
    await refusalOf(made.logIn());
    expect(await made.store.audit({ limit: 9 })).toEqual([]);
  });

  it('of an account that is banned in the last moment', async () => {
    const made = await setUp({
      findMember: async () => {
        await made.ban();
        return communityMember();
      },
    });
    expect((await refusalOf(made.logIn()))[0]).toBe('banned');
    await expectNothingStored(made);
  });

  it('of who is not in the community', async () => {
    const confirmations: string[] = [];
    const made = await setUp({
      findMember: async (userId) => {
        confirmations.push(userId);
        return null;
      },
    });
    const [code, reason] = await refusalOf(made.logIn());
    expect([code, confirmations]).toEqual(['restricted', [ANA]]);
    expect(reason).toBe('members_only');
    await expectNothingStored(made);
  });

  it('where Discord does not say who is in the community', async () => {
    const made = await setUp({ findMember: away });
    expect((await refusalOf(made.logIn()))[0]).toBe('upstream');
    await expectNothingStored(made);
  });

  it('where the community lets in one and not the other', async () => {
    const made = await setUp({
      identify: async ({ code }) => authorized({ user: discordUser({ id: code }) }),
      findMember: async (userId) => (userId === BEN ? communityMember() : null),
    });
    expect((await refusalOf(made.logIn({ code: ANA })))[0]).toBe('restricted');
    expect((await made.logIn({ code: BEN })).session.userId).toBe(BEN);
    await expectNothingStored(made);
  });

  it('where the database cannot be written', async () => {
    const made = await setUp({
      through: (store) =>
        interfering(store, {
          addLogin: () => Promise.reject(new AppError({ code: 'unavailable' })),
        }),
    });
    expect((await refusalOf(made.logIn()))[0]).toBe('unavailable');
    await expectNothingStored(made);
  });
});

/** A Discord that takes no code. */
const refuse = () => Promise.reject(new AppError({ code: 'invalid_grant', reason: 'code' }));

describe('a code', () => {
  const USED: [string, string] = ['invalid_grant', 'code_used'];

  it('is good once', async () => {
    const { logIn, asked, live } = await setUp();
    await logIn();
    expect(await refusalOf(logIn())).toEqual(USED);
    expect(await refusalOf(logIn({ codeVerifier: VERIFIER }))).toEqual(USED);
    expect(asked).toHaveLength(1);
    expect(await live()).toHaveLength(1);
    await logIn({ code: 'another' });
    expect(await live()).toHaveLength(2);
  });

  it('is good once, when twenty come at once', async () => {
    const { logIn, asked, live } = await setUp();
    const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => logIn()));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(asked).toHaveLength(1);
    expect(await live()).toHaveLength(1);
  });

  it('is not used up by a request that was wrong in itself', async () => {
    const { logIn } = await setUp();
    await refusalOf(logIn({ redirectUri: 'https://evil.example' }));
    await refusalOf(logIn({ redirectUri: APP }));
    await refusalOf(logIn({ codeVerifier: 'short' }));
    expect((await logIn()).session.type).toBe('login');
  });

  it('is good again after Discord failed, as often as it fails', async () => {
    const { logIn, asked } = await setUp({
      identify: (_, time) => (time < 4 ? away() : Promise.resolve(authorized())),
    });
    for (let time = 1; time < 4; time += 1) {
      expect((await refusalOf(logIn()))[0]).toBe('upstream');
    }
    expect((await logIn()).session.userId).toBe(ANA);
    expect(asked).toHaveLength(4);
    expect(await refusalOf(logIn())).toEqual(USED);
  });

  it('is good again after Discord did not say who is in the community', async () => {
    const says = [async () => communityMember(), away];
    const { logIn, live } = await setUp({
      findMember: async () => (says.pop() ?? away)(),
    });
    expect((await refusalOf(logIn()))[0]).toBe('upstream');
    expect((await logIn()).session.userId).toBe(ANA);
    expect(await refusalOf(logIn())).toEqual(USED);
    expect(await live()).toHaveLength(1);
  });

  it('is good again after the database could not be written', async () => {
    let isFull = true;
    const { logIn, live } = await setUp({
      through: (store) =>
        interfering(store, {
          addLogin: (...input) =>
            isFull
              ? Promise.reject(new AppError({ code: 'unavailable' }))
              : store.addLogin(...input),
        }),
    });
    expect((await refusalOf(logIn()))[0]).toBe('unavailable');
    isFull = false;
    expect((await logIn()).session.userId).toBe(ANA);
    expect(await live()).toHaveLength(1);
  });

  it('of who may not log in is used up all the same', async () => {
    const made = await setUp();
    await made.ban();
    expect((await refusalOf(made.logIn()))[0]).toBe('banned');
    expect(await refusalOf(made.logIn())).toEqual(USED);
  });

  it('that Discord refused is not asked about again', async () => {
    const { logIn, asked } = await setUp({ identify: refuse });
    expect((await refusalOf(logIn()))[1]).toBe('code');
    expect(await refusalOf(logIn())).toEqual(USED);
    expect(asked).toHaveLength(1);
  });

  it('that was used is remembered for ten minutes', async () => {
    const { logIn, asked, clock } = await setUp();
    await logIn();
    clock.advance(600 * SECOND - 1);
    expect(await refusalOf(logIn())).toEqual(USED);
    clock.advance(1);
    await logIn();
    expect(asked).toHaveLength(2);
  });

  it('that was used is forgotten for thousands of others, the oldest first', async () => {
    const { logIn, asked } = await setUp({
      identify: () => Promise.reject(new AppError({ code: 'invalid_grant', reason: 'code' })),
    });
    const spend = async (from: number, to: number) => {
      for (let index = from; index < to; index += 1) await refusalOf(logIn({ code: `${index}` }));
    };
    await refusalOf(logIn({ code: 'first' }));
    await spend(0, 9_999);
    expect(await refusalOf(logIn({ code: 'first' }))).toEqual(USED);
    await spend(9_999, 10_001);
    expect(await refusalOf(logIn({ code: '10000' }))).toEqual(USED);
    expect(asked).toHaveLength(10_002);
    await refusalOf(logIn({ code: 'first' }));
    expect(asked).toHaveLength(10_003);
  });
});

describe('one login more than there may be', () => {
  it('ends the oldest, of either kind, and says so in its row and in the audit', async () => {
    const { logIn, store, clock, live } = await setUp();
    const made: string[] = [];
    for (let index = 0; index < MAX_LOGINS; index += 1) {
      clock.advance(SECOND);
      const kind = index === 0 ? { redirectUri: APP, codeVerifier: VERIFIER } : {};
      made.unshift((await logIn({ code: `code ${index}`, ...kind })).session.id);
    }
    await store.add({ actor: member(ANA), at: START }, newSession(), atMost(5));
    expect(await live()).toHaveLength(MAX_LOGINS + 1);
    const at = clock.advance(SECOND);
    const { session } = await logIn({ code: 'one more' });
    const logins = (await live()).filter(({ type }) => type !== 'api');
    expect(logins.map(({ id }) => id)).toEqual([session.id, ...made.slice(0, -1)]);
    const sessions = await store.history({ userId: ANA, now: at, state: 'ended', limit: 99 });
    expect(sessions).toMatchObject([
      { id: made.at(-1), type: 'app_login', ended: { at, reason: 'displaced' } },
    ]);
    const events = await store.audit({ userId: ANA, limit: 2 });
    expect(events).toMatchObject([
      { action: 'session.ended', sessionId: made.at(-1), at, detail: { reason: 'displaced' } },
      { action: 'session.created', sessionId: session.id, at, actorId: ANA },
    ]);
    expect(await store.audit({ userId: ANA, actions: ['session.ended'], limit: 9 })).toHaveLength(
      1,
    );
  });
});

/** A request for the consent page. */
const ask = (more: { redirectUri?: string; state?: string; codeChallenge?: string }) => ({
  redirectUri: WEB,
  state: undefined,
  codeChallenge: undefined,
  ...more,
});

describe("Discord's consent page", () => {
  const CHALLENGE = 'c'.repeat(43);
  const common = { client_id: APPLICATION.id, response_type: 'code', scope: 'identify' };

  it('is asked for a web page with its state, and without PKCE unless it wants that', async () => {
    const { logins } = await setUp();
    const state = 'a&b=c #é';
    expect(await logins.consent(ask({ state }))).toEqual({ ...common, redirect_uri: WEB, state });
    const pkce = { code_challenge: CHALLENGE, code_challenge_method: 'S256' };
    expect(await logins.consent(ask({ state, codeChallenge: CHALLENGE }))).toEqual({
      ...common,
      ...pkce,
      redirect_uri: WEB,
      state,
    });
    expect(await logins.consent(ask({ codeChallenge: CHALLENGE }))).toEqual({
      ...common,
      ...pkce,
      redirect_uri: WEB,
    });
  });

  it('is asked for an installed app with PKCE only', async () => {
    const { logins } = await setUp();
    const redirectUri = APP;
    expect(await logins.consent(ask({ redirectUri, codeChallenge: CHALLENGE }))).toMatchObject({
      redirect_uri: APP,
      code_challenge_method: 'S256',
    });
    expect((await refusalOf(logins.consent(ask({ redirectUri, state: 's' }))))[0]).toBe('invalid');
    expect((await refusalOf(logins.consent(ask({ redirectUri }))))[0]).toBe('invalid');
  });

  it('is not asked for a web page without state and challenge', async () => {
    const { logins } = await setUp();
    expect(await refusalOf(logins.consent(ask({})))).toEqual([
      'invalid',
      expect.stringContaining('state'),
    ]);
  });

  it.each(['', 'short', 'c'.repeat(42), 'c'.repeat(44), `${'c'.repeat(42)}=`, `${CHALLENGE}\n`])(
    'is not asked with the challenge %j',
    async (codeChallenge) => {
      const { logins } = await setUp();
      for (const redirectUri of [WEB, APP]) {
        const request = ask({ redirectUri, state: 's', codeChallenge });
        expect(await refusalOf(logins.consent(request))).toEqual([
          'invalid',
          'challenge_malformed',
        ]);
      }
    },
  );

  it('is not asked for an address that is not allowed, whatever else is sent', async () => {
    const { logins } = await setUp();
    for (const redirectUri of ['https://evil.example', `${WEB}/`, '']) {
      const request = ask({ redirectUri, state: 's', codeChallenge: 'short' });
      expect((await refusalOf(logins.consent(request)))[0]).toBe('restricted');
    }
  });

  it('is not asked before the bot was ever connected', async () => {
    const { logins } = await setUp({ connected: false });
    expect((await refusalOf(logins.consent(ask({ state: 's' }))))[0]).toBe('upstream');
  });
});
