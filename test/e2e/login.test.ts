import { OAuth2API } from '@discordjs/core';
import { REST } from '@discordjs/rest';
import { type LocalMember, type LocalServer, startLocalDiscord } from 'local-discord';
import { createHash, randomBytes } from 'node:crypto';
import { afterAll, describe, expect, test } from 'vitest';
import { banBy } from '../support/fixtures.ts';
import { startProduct } from '../support/product.ts';
import { health, setUp } from '../support/end-to-end.ts';
import { check, newToken } from '../support/tokens.ts';

const WEB = 'https://lamps.example/callback';
const APP = 'http://127.0.0.1:53682/callback';
const UNKNOWN = 'x'.repeat(30);

const { discord, product, member, ...stage } = await setUp((local) => {
  local.redirectUris.push(WEB, APP, `${WEB}/`);
  return {
    DISCORD_CLIENT_SECRET: local.clientSecret,
    LOGIN_REDIRECT_URIS: WEB,
    APP_LOGIN_REDIRECT_URIS: APP,
    FAILURES_PER_MINUTE: '1000',
  };
});

afterAll(() => stage[Symbol.asyncDispose]());

describe('a member logs in', () => {
  test('on a web page: through the consent page, for an hour', async () => {
    const ada = member('ada');
    const start = await fetch(`${product.url}/login?redirect_uri=${WEB}&state=a%26b`, {
      redirect: 'manual',
    });
    expect(start.status).toBe(302);
    const consent = new URL(start.headers.get('Location')!);
    expect(consent.origin + consent.pathname).toBe('https://discord.com/oauth2/authorize');
    const callback = new URL(ada.authorizeAt(consent.href));
    expect(callback.searchParams.get('state')).toBe('a&b');

    const login = await post({ code: callback.searchParams.get('code'), redirect_uri: WEB });
    expect(login.status).toBe(200);
    expect(login.headers.get('Cache-Control')).toBe('no-store');
    expect(login.body).toMatchObject({
      user_id: ada.id,
      type: 'login',
      user: { id: ada.id, username: 'ada', avatar: null },
    });
    expect(String(login.body['token'])).toMatch(/^lk_login_/);
    expect(lifetime(login.body)).toBe(3600);

    const good = await check(product, String(login.body['token']));
    expect(good.body).toMatchObject({
      user_id: ada.id,
      type: 'login',
      id: login.body['session_id'],
    });
    const listed = await ada.slash('session list', { type: 'login' });
    expect(listed.text).toContain(String(login.body['token']).slice(-4));
    const me = await ada.slash('session me');
    expect(me.text).toContain('Last login with Discord');
  });

  test('in an installed app: with PKCE, for 14 days', async () => {
    const ada = member('ada');
    const verifier = randomBytes(32).toString('base64url');
    const challenge = createHash('sha256').update(verifier).digest('base64url');
    const start = await fetch(
      `${product.url}/login?redirect_uri=${APP}&code_challenge=${challenge}`,
      { redirect: 'manual' },
    );
    const callback = new URL(ada.authorizeAt(start.headers.get('Location')!));
    const code = callback.searchParams.get('code');
    const login = await post({ code, redirect_uri: APP, code_verifier: verifier });
    expect(login.body).toMatchObject({ type: 'app_login' });
    expect(String(login.body['token'])).toMatch(/^lk_app_/);
    expect(lifetime(login.body)).toBe(14 * 86_400);
  });

  test('51 times, and the oldest login ends', async () => {
    const ada = member('ada');
    const first = await logIn(ada);
    const second = await logIn(ada);
    for (let index = 0; index < 49; index += 1) await logIn(ada);
    expect((await check(product, first)).status).toBe(401);
    expect((await check(product, second)).status).toBe(200);
  });
});

describe('a login is refused', () => {
  test.each([`${WEB}/`, WEB.toUpperCase(), `${WEB}?x=1`, 'https://evil.example/callback', ''])(
    'where it would return to %s',
    async (redirectUri) => {
      const query = new URLSearchParams({ redirect_uri: redirectUri, state: 's' }).toString();
      const start = await fetch(`${product.url}/login?${query}`, { redirect: 'manual' });
      expect(start.status).toBe(403);
      const login = await post({ code: UNKNOWN, redirect_uri: redirectUri });
      expect([login.status, login.body['code']]).toEqual([403, 'Restricted']);
    },
  );

  test('in an installed app without PKCE, and nothing is spent', async () => {
    const ada = member('ada');
    const start = await fetch(`${product.url}/login?redirect_uri=${APP}&state=s`, {
      redirect: 'manual',
    });
    expect(start.status).toBe(400);
    const verifier = randomBytes(32).toString('base64url');
    const codeChallenge = createHash('sha256').update(verifier).digest('base64url');
    const { code } = ada.authorize({
      redirectUri: APP,
      codeChallenge,
      codeChallengeMethod: 'S256',
    });
    for (const code_verifier of [undefined, 'short', `${verifier}!`, 'x'.repeat(129)]) {
      expect((await post({ code, redirect_uri: APP, code_verifier })).status).toBe(400);
    }
    const login = await post({ code, redirect_uri: APP, code_verifier: verifier });
    expect(login.status).toBe(200);
  });

  test('on a web page that sends neither state nor challenge', async () => {
    const start = await fetch(`${product.url}/login?redirect_uri=${WEB}`, { redirect: 'manual' });
    expect(start.status).toBe(400);
  });

  test('with a token that Discord made for another application', async () => {
    const ada = member('ada');
    discord.forgeNextToken({ application: discord.addApplication({ name: 'Evil' }) });
    expect(await refused(ada)).toEqual([403, 'Restricted']);
  });

  test('without the scope identify, for a bot, and after the authorization expired', async () => {
    const ada = member('ada');
    const { code } = ada.authorize({ redirectUri: WEB, scopes: ['guilds'] });
    expect((await post({ code, redirect_uri: WEB })).status).toBe(403);
    const robot = discord.addMember({ username: 'robot', bot: true });
    discord.forgeNextToken({ user: robot.user });
    expect(await refused(ada)).toEqual([403, 'Restricted']);
    discord.forgeNextToken({ expires: new Date(Date.now() - 1000) });
    expect(await refused(ada)).toEqual([400, 'BadRequest']);
    expect((await ada.slash('session list')).text).toContain('no tokens or logins');
  });

  test('with a code that Discord does not know, that was used, or that is too short', async () => {
    const ada = member('ada');
    expect((await post({ code: UNKNOWN, redirect_uri: WEB })).status).toBe(400);
    expect((await post({ code: 'ab', redirect_uri: WEB })).status).toBe(400);
    const { code } = ada.authorize({ redirectUri: WEB });
    expect((await post({ code, redirect_uri: WEB })).status).toBe(200);
    const again = await post({ code, redirect_uri: WEB });
    expect([again.status, again.body['code']]).toEqual([400, 'BadRequest']);
  });

  test('of a banned account, before anything is stored', async () => {
    const mallory = member('mallory');
    const store = product.database.openStore();
    const act = { actor: { kind: 'system' as const }, at: Date.now() };
    await store.ban(act, mallory.id, banBy(act), false);
    expect(await refused(mallory)).toEqual([403, 'ApiBanned']);
    expect(await store.findAuthorization(mallory.id)).toBeNull();
    expect(await store.countLive(mallory.id, Date.now())).toEqual([]);
    await store.close();
  });
});

test('a code that is posted twenty times at once makes one session', async () => {
  const ada = member('ada');
  const { code } = ada.authorize({ redirectUri: WEB });
  const posts = Array.from({ length: 20 }, () => post({ code, redirect_uri: WEB }));
  const statuses = (await Promise.all(posts)).map(({ status }) => status);
  expect(statuses.filter((status) => status === 200)).toHaveLength(1);
  // Where the database is elsewhere, so many are under way that some are told to wait.
  expect(statuses.filter((status) => ![200, 400, 429].includes(status))).toEqual([]);
  expect((await ada.slash('session list')).text).toContain('1 active');
});

describe('while Discord fails', () => {
  test.each([
    { what: 'answers 500 to the code', path: /oauth2\/token/, status: 500 },
    { what: 'hangs up on the code', path: /oauth2\/token/, hangUp: true },
    { what: 'answers 503 to the question who it is', path: /oauth2\/@me/, status: 503 },
    { what: 'answers nonsense', path: /oauth2\/@me/, status: 200, body: '<html>' },
  ])('a login is answered 503, and the same code works afterwards: it $what', async (fault) => {
    const { what: _what, ...rest } = fault;
    const ada = member('ada');
    const { code } = ada.authorize({ redirectUri: WEB });
    discord.fail(rest);
    const failed = await post({ code, redirect_uri: WEB });
    expect([failed.status, failed.body['code']]).toEqual([503, 'Upstream']);
    expect(Number(failed.headers.get('Retry-After'))).toBeGreaterThan(0);
    expect((await post({ code, redirect_uri: WEB })).status).toBe(200);
  });

  test('a login says for how long Discord wants us to wait', async () => {
    await using other = await setUp((local) => {
      local.redirectUris.push(WEB);
      return { DISCORD_CLIENT_SECRET: local.clientSecret, LOGIN_REDIRECT_URIS: WEB };
    });
    const ada = other.member('ada');
    other.discord.fail({ path: /oauth2\/token/, status: 429, retryAfter: 30 });
    const { code } = ada.authorize({ redirectUri: WEB });
    const failed = await post({ code, redirect_uri: WEB }, other.product.url);
    expect(failed.status).toBe(503);
    expect(Number(failed.headers.get('Retry-After'))).toBeGreaterThan(25);
  });

  test('a wrong client secret harms logins only, and the log names the variable', async () => {
    await using local = await startLocalDiscord();
    local.redirectUris.push(WEB);
    await using other = await startProduct(local, {
      DISCORD_CLIENT_SECRET: 'not-the-secret-not-the-secret',
      LOGIN_REDIRECT_URIS: WEB,
    });
    await local.waitForBot(30_000);
    const ada = local.addMember({ username: 'ada', server: local.addServer() });
    const { code } = ada.authorize({ redirectUri: WEB });
    expect((await post({ code, redirect_uri: WEB }, other.url)).status).toBe(503);
    expect(other.output.join('\n')).toContain('DISCORD_CLIENT_SECRET');
    expect(other.output.join('\n')).not.toContain('not-the-secret-not-the-secret');
    expect(await health(other.url)).toEqual([200, undefined]);
    await newToken(ada);
  });
});

test('without a client secret logging in is off, and the answer names the variable', async () => {
  await using other = await setUp();
  const login = await post({ code: UNKNOWN, redirect_uri: WEB }, other.product.url);
  expect(login.status).toBe(503);
  expect(login.body['message']).toContain('DISCORD_CLIENT_SECRET');
});

describe('where only members of the community may have tokens', () => {
  test('others are refused, at login and in Discord and over HTTP; members are not', async () => {
    let server: LocalServer | undefined;
    await using other = await setUp((local) => {
      local.redirectUris.push(WEB);
      server = local.addServer({ name: 'Lighthouse' });
      return {
        DISCORD_CLIENT_SECRET: local.clientSecret,
        LOGIN_REDIRECT_URIS: WEB,
        COMMUNITY_SERVER_ID: server.id,
      };
    });
    const { discord: local, product: guarded } = other;
    const insider = local.addMember({ username: 'ada', server: server! });
    const outsider = other.member('eve');

    expect(await refused(outsider, guarded.url)).toEqual([403, 'Restricted']);
    const created = await outsider.slash('token create', { name: 'x', expires: '1h' });
    expect(created.text).toContain('members of the community');
    expect(outsider.dmHistory).toHaveLength(0);

    const token = await newToken(insider);
    await logIn(insider, guarded.url);
    expect(await create(token, guarded.url)).toBe(200);
    insider.leave(server!);
    expect(await create(token, guarded.url)).toBe(403);
    local.fail({ path: /guilds\/\d+\/members/, status: 500, times: 3 });
    expect(await create(token, guarded.url)).toBe(503);
  });
});

describe("Discord's own client reads our GET /oauth2/@me", () => {
  test('after a login and for an API token, with Discord down', async () => {
    await using other = await setUp((local) => {
      local.redirectUris.push(WEB);
      return { DISCORD_CLIENT_SECRET: local.clientSecret, LOGIN_REDIRECT_URIS: WEB };
    });
    const ada = other.member('ada');
    const api = await newToken(ada);
    const before = await authorization(other.product.url, api);
    expect(before.user).toBeUndefined();
    const login = await logIn(ada, other.product.url);
    await other.discord.stop();
    for (const token of [login, api]) {
      const answer = await authorization(other.product.url, token);
      expect(answer.application.id).toBe(other.discord.applicationId);
      expect(answer.scopes).toEqual(['identify']);
      expect(answer.expires).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00$/);
      expect(answer.user).toMatchObject({ id: ada.id, username: 'ada' });
    }
  });
});

async function authorization(url: string, token: string) {
  const rest = new REST({ api: `${url}/api`, authPrefix: 'Bearer' }).setToken(token);
  return new OAuth2API(rest).getCurrentAuthorizationInformation();
}

async function post(body: Record<string, unknown>, url = product.url) {
  const response = await fetch(`${url}/oauth2`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  });
  const { status, headers } = response;
  return { status, headers, body: (await response.json()) as Record<string, unknown> };
}

async function logIn(who: LocalMember, url = product.url): Promise<string> {
  const { code } = who.authorize({ redirectUri: WEB });
  const { status, body } = await post({ code, redirect_uri: WEB }, url);
  expect(status).toBe(200);
  return String(body['token']);
}

async function refused(who: LocalMember, url = product.url): Promise<unknown[]> {
  const { code } = who.authorize({ redirectUri: WEB });
  const { status, body } = await post({ code, redirect_uri: WEB }, url);
  return [status, body['code']];
}

async function create(token: string, url: string): Promise<number> {
  const response = await fetch(`${url}/sessions`, {
    method: 'POST',
    headers: { Authorization: token, 'Content-Type': 'application/json' },
    body: JSON.stringify({ name: 'x', type: 'api', expiry: 60 }),
  });
  return response.status;
}

function lifetime(body: Record<string, unknown>): number {
  const { created_at: from, expiry: to } = body;
  return (Date.parse(String(to)) - Date.parse(String(from))) / 1000;
}

test('a page of an allowed origin may check a token', async () => {
  const origin = 'https://lamps.example';
  await using open = await setUp({ CORS_ORIGINS: origin });
  const token = await newToken(open.member('ada'));
  const { status, headers } = await fetch(`${open.product.url}/sessions/@me`, {
    headers: { Authorization: token, Origin: origin },
  });
  expect([status, headers.get('access-control-allow-origin')]).toEqual([200, origin]);
});
