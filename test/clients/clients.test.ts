import { freePort } from '../support/free-port.ts';
/**
 * Ready-made OAuth clients, with the very lines that docs/client-authors.md shows. They are packages of their
 * own, installed on the first run.
 */
import type { LocalMember } from 'local-discord';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import process from 'node:process';
import { afterAll, expect, onTestFinished, test, vi } from 'vitest';
import { setUp } from '../support/end-to-end.ts';
import { check } from '../support/tokens.ts';
import { installClients, readExamples } from './examples.ts';

const WEB = 'https://lamps.example/callback';
const BETTER_AUTH = 'https://lamps.example/api/auth/callback/latchkey';
const APP_PORT = await freePort();
const APP = `http://127.0.0.1:${APP_PORT}/callback`;
// Each client encodes it in its own way.
const INTROSPECTION_SECRET = 'pa:ss%41+word=/?&123';

interface Front {
  readonly url: string;
  target: string;
  stop(): Promise<void>;
}

installClients();
const { startFront } = (await import(new URL('front.js', import.meta.url).href)) as {
  startFront: () => Promise<Front>;
};
const front = await startFront();
const { product, member, ...stage } = await setUp((local) => {
  local.redirectUris.push(WEB, BETTER_AUTH, APP);
  return {
    DISCORD_CLIENT_SECRET: local.clientSecret,
    LOGIN_REDIRECT_URIS: `${WEB},${BETTER_AUTH}`,
    APP_LOGIN_REDIRECT_URIS: APP,
    PUBLIC_URL: front.url,
    INTROSPECTION_SECRET,
  };
});
front.target = product.url;
Object.assign(process.env, { INTROSPECTION_SECRET, BETTER_AUTH_SECRET: 'b'.repeat(32) });
const examples = await readExamples('client-authors.md', {
  'https://latchkey.example': front.url,
  '53682': String(APP_PORT),
});

afterAll(async () => {
  await front.stop();
  await stage[Symbol.asyncDispose]();
});

/** Opens Latchkey's consent address in a browser, and returns where the member is sent back to. */
async function consent(address: string | URL, who: LocalMember): Promise<string> {
  const response = await fetch(address, { redirect: 'manual' });
  expect([response.status, await response.text()]).toEqual([302, '']);
  return who.authorizeAt(response.headers.get('Location') ?? '');
}

interface Client {
  start(): string | Promise<string>;
  /** Resolves with the token. */
  finish(callback: string): Promise<string>;
  whoIs?(token: string): Promise<unknown>;
  introspect?(token: string): Promise<{ readonly active: boolean; readonly sub?: string }>;
  revoke(token: string): Promise<unknown>;
}

test('there is an example for each client, and a test for each example', () => {
  expect(examples.names).toEqual([
    'page',
    'app',
    'oauth4webapi',
    'openid-client',
    'simple-oauth2',
    'passport-oauth2',
    '@fastify/oauth2',
    'better-auth',
  ]);
});

const logIn = async (client: Client, who: LocalMember) =>
  client.finish(await consent(await client.start(), who));

const failureOf = (attempt: Promise<unknown>) => attempt.catch((reason: unknown) => reason);

test.each(['oauth4webapi', 'openid-client', 'simple-oauth2'])(
  '%s logs in and revokes',
  async (name) => {
    const ada = member('ada');
    const client = await examples.load<Client>(name);
    const token = await logIn(client, ada);
    expect((await check(product, `Bearer ${token}`)).body).toMatchObject({ user_id: ada.id });
    await client.revoke(token);
    expect((await check(product, token)).status).toBe(401);
  },
);

test.each(['oauth4webapi', 'openid-client', 'simple-oauth2'])(
  '%s understands why a login is refused',
  async (name) => {
    const client = await examples.load<Client>(name);
    const callback = new URL(await consent(await client.start(), member('eve')));
    callback.searchParams.set('code', 'x'.repeat(30));
    const error = await failureOf(client.finish(callback.href));
    expect(error).toBeInstanceOf(Error);
    // Each keeps it in a place of its own.
    const { data, ...fields } = error as Error & { readonly data?: { readonly payload: object } };
    expect({ ...fields, ...data?.payload }).toMatchObject({ error: 'invalid_grant' });
  },
);

test.each(['oauth4webapi', 'openid-client'])(
  '%s asks whose a token is, and introspects it',
  async (name) => {
    const ada = member('ada');
    const client = await examples.load<Required<Client>>(name);
    const token = await logIn(client, ada);
    expect(await client.whoIs(token)).toMatchObject({ sub: ada.id, preferred_username: 'ada' });
    expect(await client.introspect(token)).toMatchObject({ active: true, sub: ada.id });
    await client.revoke(token);
    expect(await client.introspect(token)).toEqual({ active: false });
    onTestFinished(() => void Object.assign(process.env, { INTROSPECTION_SECRET }));
    process.env['INTROSPECTION_SECRET'] = 'another secret';
    expect(await failureOf(client.introspect(token))).toBeInstanceOf(Error);
  },
);

test('passport-oauth2', async () => {
  const ada = member('ada');
  const { app } = await examples.load<{ app: RequestListener }>('passport-oauth2');
  const site = await open(app);
  const { body } = await site.logIn(ada);
  expect(body).toMatchObject({ id: ada.id, username: 'ada' });
  const { accessToken } = body as { accessToken: string };
  expect((await check(product, accessToken)).body).toMatchObject({ user_id: ada.id });
  const strangers = await fetch(site.at(await consent((await site.start()).url, ada)));
  expect(strangers.status).toBe(403);
});

test('@fastify/oauth2', async () => {
  const ada = member('ada');
  const { app } = await examples.load<{
    app: { ready(): Promise<void>; routing: RequestListener; close(): Promise<void> };
  }>('@fastify/oauth2');
  await app.ready();
  onTestFinished(() => app.close());
  const site = await open(app.routing);
  const { body } = await site.logIn(ada);
  expect(body).toMatchObject({ sub: ada.id, name: 'ada' });
  const { accessToken } = body as { accessToken: string };
  expect((await check(product, accessToken)).status).toBe(200);
  expect((await fetch(site.at(`/logout/${accessToken}`))).status).toBe(200);
  expect((await check(product, accessToken)).status).toBe(401);
});

test('better-auth', async () => {
  const ada = member('ada');
  const { auth } = await examples.load<{ auth: { handler(request: Request): Promise<Response> } }>(
    'better-auth',
  );
  const address = 'https://lamps.example/api/auth/sign-in/social';
  const started = await auth.handler(
    new Request(address, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Origin: 'https://lamps.example' },
      body: JSON.stringify({
        provider: 'latchkey',
        callbackURL: '/inside',
        errorCallbackURL: '/no',
      }),
    }),
  );
  const { url } = (await started.json()) as { url: string };
  const back = await consent(url, ada);
  const headers = { Cookie: cookiesOf(started) };
  const finished = await auth.handler(new Request(back, { headers }));
  expect([finished.status, finished.headers.get('Location')]).toEqual([302, '/inside']);
  const session = await auth.handler(
    new Request('https://lamps.example/api/auth/get-session', {
      headers: { Cookie: cookiesOf(finished) },
    }),
  );
  expect(await session.json()).toMatchObject({
    user: { name: 'ada', email: `${ada.id}@discord.invalid` },
  });
});

test('a web page', async () => {
  const ada = member('ada');
  const storage = { theme: 'dark' };
  vi.stubGlobal('location', undefined);
  vi.stubGlobal('sessionStorage', storage);
  onTestFinished(() => void vi.unstubAllGlobals());
  const page = await examples.load<{ logIn(): Promise<void>; callback(): Promise<object> }>('page');
  await page.logIn();
  const back = await consent(String(Reflect.get(globalThis, 'location')), ada);
  vi.stubGlobal('location', new URL(back));
  const answer = (await page.callback()) as { token: string };
  expect((await check(product, answer.token)).body).toMatchObject({
    user_id: ada.id,
    type: 'login',
  });
  expect(storage).toEqual({ theme: 'dark' });
  await expect(page.callback()).rejects.toThrow('not started here');
});

test('an installed app', async () => {
  const ada = member('ada');
  const said = vi.spyOn(console, 'log').mockImplementation(() => {});
  onTestFinished(() => said.mockRestore());
  const app = examples.load<{ token: string }>('app');
  await vi.waitFor(() => expect(said).toHaveBeenCalledOnce(), { timeout: 15_000 });
  const address = String(said.mock.calls[0]?.[0]).replace('Open ', '');
  const closed = await fetch(await consent(address, ada));
  expect(await closed.text()).toBe('You can close this window.');
  const { token } = await app;
  expect((await check(product, token)).body).toMatchObject({ user_id: ada.id, type: 'app_login' });
});

/** A web site of this listener, in a browser of its own. */
async function open(listener: RequestListener) {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });
  const { port } = server.address() as AddressInfo;
  /** The same address on this machine. */
  function at(address: string): string {
    const { pathname, search } = new URL(address, WEB);
    return `http://127.0.0.1:${port}${pathname}${search}`;
  }
  /** Where the site sends the browser, and the cookies that it sets. */
  async function start() {
    const response = await fetch(at('/login'), { redirect: 'manual' });
    return { url: response.headers.get('Location') ?? '', cookies: cookiesOf(response) };
  }
  return {
    at,
    start,
    async logIn(who: LocalMember) {
      const { url, cookies } = await start();
      const response = await fetch(at(await consent(url, who)), { headers: { Cookie: cookies } });
      return { status: response.status, body: (await response.json()) as object };
    },
  };
}

function cookiesOf(response: Response): string {
  return response.headers
    .getSetCookie()
    .map((cookie) => cookie.split(';')[0])
    .join('; ');
}
