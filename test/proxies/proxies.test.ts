/**
 * Real proxies, with the very lines of docs/proxies.md, between clients of any kind and an API that is
 * easily deceived. Needs `nginx`, `caddy` and `haproxy` on the PATH.
 */
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import type { LocalMember, LocalServer } from 'local-discord';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { openStore } from '../../src/store/sqlite/file/open.ts';
import { banBy, temporaryFolder } from '../support/fixtures.ts';
import { setUp, type Stage } from '../support/end-to-end.ts';
import { deliveriesTo, newToken, tokenIn } from '../support/tokens.ts';
import { type Answer, ask, type Header, HOST as Host, type Question } from './ask.ts';
import { type FoldingApi, type Received, startFoldingApi } from './folding-api.ts';
import { type Proxy, PROXY_NAMES, startProxy } from './proxy.ts';
import { type Relay, startRelay } from './relay.ts';

const FAILURES_PER_MINUTE = 20;

/** An address that nobody has asked from yet, so that no test feels what another has sent. */
let next = 10;
const newAddress = () => `127.0.0.${next++}`;

const length = (body: Buffer): Header => ['Content-Length', String(body.length)];

const as = (token: string): Header => ['Authorization', `Bearer ${token}`];

const NAMES = ['User', 'Session', 'Type', 'Scope', 'Roles', 'Expires'];

/** Each name in each spelling that somebody might take for it. */
const FORGED: readonly Header[] = NAMES.flatMap((name) =>
  ['-', '_', '.'].flatMap((one) =>
    ['-', '_', '.'].flatMap((other) =>
      [`X${one}Latchkey${other}${name}`, `x${one}latchkey${other}${name.toLowerCase()}`].map(
        (spelling): Header => [spelling, 'forged'],
      ),
    ),
  ),
);

/** Not more than HAProxy takes in one request. */
const FORGERY = FORGED.filter(([spelling]) => spelling.startsWith('X'));

const ALL = NAMES.map((name) => `X-Latchkey-${name}`).join(', ');

/** Ways to say that headers end at the proxy. */
const CONNECTIONS: readonly string[] = [
  `close, ${ALL}`,
  `keep-alive, ${ALL}`,
  ALL,
  `X_Latchkey_User, ${ALL.toLowerCase()}`,
  `Upgrade, ${ALL}`,
  'close, X-Forwarded-For',
];

const PREFLIGHT: readonly Header[] = [
  ['Origin', 'https://lamps.example'],
  ['Access-Control-Request-Method', 'POST'],
  ['Access-Control-Request-Headers', 'authorization'],
];

/** What asks for these protocols, and for WebSockets in due form. */
const upgrade = (...protocols: readonly string[]): readonly Header[] => [
  ['Connection', 'Upgrade, HTTP2-Settings'],
  ...protocols.map((protocol): Header => ['Upgrade', protocol]),
  ['HTTP2-Settings', 'AAMAAABkAARAAAAAAAIAAAAA'],
  ['Sec-WebSocket-Key', 'dGhlIHNhbXBsZSBub25jZQ=='],
  ['Sec-WebSocket-Version', '13'],
];

describe.each(PROXY_NAMES)('an API behind %s', (name) => {
  let stage: Stage;
  let relay: Relay;
  let api: FoldingApi;
  let proxy: Proxy;
  let token: string;
  let whose: Readonly<Record<string, string>>;

  beforeAll(async () => {
    stage = await setUp({
      TRUSTED_PROXIES: '127.0.0.1',
      FAILURES_PER_MINUTE: String(FAILURES_PER_MINUTE),
    });
    api = await startFoldingApi();
    relay = await startRelay(() => Number(new URL(stage.product.url).port));
    proxy = await startProxy(name, { api: api.port, latchkey: relay.port });
    const ada = stage.member('ada');
    token = await newToken(ada, 'token', '7d');
    whose = {
      X_LATCHKEY_USER: ada.id,
      X_LATCHKEY_SESSION: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
      X_LATCHKEY_TYPE: 'api',
    };
  });

  beforeEach(() => void api.received.splice(0));

  afterAll(async () => {
    await proxy?.stop();
    await relay?.stop();
    await api?.stop();
    await stage?.[Symbol.asyncDispose]();
  });

  const send = (question: Question) => ask(proxy.port, question);

  /** What the API takes for the identity of whoever sent the only request that reached it. */
  function identity(): Readonly<Record<string, string>> {
    expect(api.received).toHaveLength(1);
    return identityIn(api.received[0]);
  }

  test('is reached with a good token, and told whose it is', async () => {
    for (const header of [token, `Bearer ${token}`, `bearer ${token}`, `User ${token}`]) {
      api.received.splice(0);
      const answer = await send({ headers: [['Authorization', header]] });
      expect([answer.status, answer.text]).toEqual([200, 'of the API']);
      expect(identity()).toEqual(whose);
    }
  });

  test.each(FORGED)('is not told what a client says: %s', async (...header) => {
    expect((await send({ headers: [header, as(token)] })).status).toBe(200);
    expect(identity()).toEqual(whose);
    api.received.splice(0);
    expect((await send({ headers: [header] })).status).toBe(401);
    expect(api.received).toEqual([]);
  });

  test.each(CONNECTIONS)('is told who it is whatever ends at the proxy: %s', async (connection) => {
    for (const forged of [[], FORGERY]) {
      api.received.splice(0);
      const headers: readonly Header[] = [['Connection', connection], ...forged];
      expect((await send({ headers: [...headers, as(token)] })).status).toBe(200);
      expect(identity()).toEqual(whose);
      expect((await send({ headers })).status).toBe(401);
      expect(api.received).toHaveLength(1);
    }
  });

  test('has nobody before it whose token ends at the proxy, or who has it', async () => {
    const headers: readonly Header[] = [['Connection', 'close, Authorization'], ...FORGERY];
    const { status } = await send({ headers: [...headers, as(token)] });
    expect([status, api.received.map(identityIn)]).toEqual(
      status === 200 ? [200, [whose]] : [401, []],
    );
  });

  test('is not told of anybody by what answers in place of Latchkey', async () => {
    relay.pretend('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
    try {
      const { status, text } = await send({ headers: [...FORGERY, as(token)] });
      // nginx lets the request through, as from nobody.
      const [expected, said, identities] =
        name === 'nginx' ? [200, 'of the API', [{}]] : [503, '"Upstream"', []];
      expect([status, api.received.map(identityIn)]).toEqual([expected, identities]);
      expect(text).toContain(said);
    } finally {
      relay.pretend(undefined);
    }
  });

  test.runIf(name === 'HAProxy')('is closed where the script fails', async () => {
    relay.pretend('HTTP/1.1 200 OK\r\nX-Latchkey-User: 1\r\nContent-Length: 0\r\n\r\n');
    try {
      expect((await send({ headers: [...FORGERY, as(token)] })).status).toBe(503);
      expect(api.received).toEqual([]);
    } finally {
      relay.pretend(undefined);
    }
  });

  test('is not reached without a token, nor with a wrong one', async () => {
    const none = await send({});
    expect(refusalIn(none)).toEqual([401, 'NoAuthToken']);
    expect(none.headers['www-authenticate']).toMatch(/^Bearer/);
    const wrong = await send({ headers: [as('lk_api_wrong')] });
    expect(refusalIn(wrong)).toEqual([401, 'InvalidToken']);
    expect(wrong.headers['www-authenticate']).toMatch(/^Bearer.*invalid_token/);
    for (const answer of [none, wrong]) {
      expect(answer.times('www-authenticate')).toBe(1);
      expectReadable(answer);
    }
    expect(api.received).toEqual([]);
  });

  test.each([
    ['two tokens', ['good', 'good']],
    ['a wrong token and a good one', ['lk_api_wrong', 'good']],
    ['a good token and a wrong one', ['good', 'lk_api_wrong']],
    ['a list of tokens', ['good, good']],
    ['a name and a password', ['Basic bGs6Z29vZA==']],
    ['an empty header', ['']],
    ['a long header', ['x'.repeat(6_000)]],
    ['bytes that are no text', ['Bearer \u00e9\u00ff\u0080']],
  ])('is not reached with %s', async (_, values) => {
    const headers = values.map((value): Header => [
      'Authorization',
      value.replaceAll('good', token),
    ]);
    const { status } = await send({ headers, from: newAddress() });
    expect([400, 401]).toContain(status);
    expect(api.received).toEqual([]);
  });

  test('is closed to a token from the request after its end', async () => {
    const ben = stage.member('ben');
    const ended = await newToken(ben);
    expect((await send({ headers: [as(ended)] })).status).toBe(200);
    const asked = await ben.slash('session revoke-all');
    await ben.press(asked.reply!, 'Revoke everything');
    expect(refusalIn(await send({ headers: [as(ended)] }))).toEqual([401, 'InvalidToken']);
  });

  test('is closed to a banned account, with 403', async () => {
    const mallory = stage.member('mallory');
    const banned = await newToken(mallory);
    const store = openStore(stage.product.databaseFile);
    const act = { actor: { kind: 'system' as const }, at: Date.now() };
    await store.ban(act, mallory.id, banBy(act), false);
    await store.close();
    const answer = await send({ headers: [as(banned)] });
    expect(refusalIn(answer)).toEqual([403, 'ApiBanned']);
    expectReadable(answer);
    expect(api.received).toEqual([]);
  });

  test('gets preflights, which have no token, and nothing about who sends them', async () => {
    for (const headers of [PREFLIGHT, [...PREFLIGHT, ...FORGERY], [...PREFLIGHT, as(token)]]) {
      api.received.splice(0);
      expect((await send({ method: 'OPTIONS', headers })).status).toBe(200);
      expect(identity()).toEqual({});
      expect(api.received[0]).toMatchObject({ method: 'OPTIONS', url: '/lamps?on=1' });
    }
  });

  test('gets nothing else without a token because it looks a little like a preflight', async () => {
    const asked = [
      await send({ method: 'OPTIONS' }),
      await send({ method: 'GET', headers: PREFLIGHT }),
      await send({ method: 'POST', headers: PREFLIGHT }),
    ];
    expect(asked.map(({ status }) => status)).toEqual([401, 401, 401]);
    expect(api.received).toEqual([]);
  });

  test('is not made to change the protocol by a preflight', async () => {
    const { status } = await send({
      method: 'OPTIONS',
      headers: [...PREFLIGHT, ...upgrade('websocket')],
    });
    expect(status).not.toBe(101);
    expect(api.received.map(({ upgrade: to }) => to)).toEqual(status === 200 ? [undefined] : []);
  });

  test('is asked for what the client asks for, whatever the query is called', async () => {
    for (const path of ['/a%20b/%7e/..%2fc?x=%ff', '/?token=abc', '/x?access_token=lk_api_x&a=?']) {
      api.received.splice(0);
      expect((await send({ path, headers: [as(token)] })).status).toBe(200);
      expect(api.received[0]?.url).toBe(path);
      expect(identity()).toEqual(whose);
    }
    // What a client may write into the query of a check would be read there.
    expect([...relay.asked]).toEqual([
      expect.stringMatching(/^(GET|HEAD) \/sessions\/@me HTTP\/1\.1$/),
    ]);
  });

  test('gets bodies whole, of which Latchkey gets nothing', async () => {
    const before = relay.bytes();
    const small = Buffer.alloc(900_000, 'x');
    const large = Buffer.alloc(20_000_000, 'x');
    for (const [body, headers] of [
      [small, [length(small), ['Content-Type', 'application/json']]],
      [small, [length(small), ['Expect', '100-continue']]],
      [large, [length(large)]],
      [large, [['Transfer-Encoding', 'chunked']]],
    ] as const) {
      api.received.splice(0);
      const answer = await send({ method: 'POST', body, headers: [...headers, as(token)] });
      expect(answer.status).toBe(200);
      expect(api.received).toMatchObject([{ method: 'POST', bytes: body.length }]);
      expect(identity()).toEqual(whose);
    }
    expect(relay.bytes() - before).toBeLessThan(10_000);
  });

  test('opens WebSockets to whoever has a token', async () => {
    const socket = new WebSocket(`ws://127.0.0.1:${proxy.port}/live`, {
      headers: { Host, Authorization: `Bearer ${token}`, X_Latchkey_User: 'forged' },
    });
    const messages: string[] = [];
    socket.on('message', (message: Buffer) => messages.push(message.toString()));
    await once(socket, 'open');
    await expect.poll(() => messages).toHaveLength(1);
    expect(identity()).toEqual(whose);
    socket.send('hello');
    await expect.poll(() => messages).toHaveLength(2);
    expect(messages[1]).toBe('echo hello');
    socket.close();
    await once(socket, 'close');
  });

  test('opens WebSockets to nobody else', async () => {
    const socket = new WebSocket(`ws://127.0.0.1:${proxy.port}/live`, { headers: { Host } });
    const [error] = (await once(socket, 'error')) as [Error];
    expect(error.message).toContain('401');
    expect(api.received).toEqual([]);
  });

  test.each([
    [['h2c']],
    [['h2c, websocket']],
    [['websocket, h2c']],
    [['h2c', 'websocket']],
    [['websocket', 'h2c']],
    [['websockets']],
    [['raw']],
  ])('changes to no other protocol: %j', async (protocols) => {
    const { status } = await send({ headers: [...upgrade(...protocols), as(token)] });
    // Some take it for a WebSocket, and some for no request at all.
    const expected = { 200: [undefined], 101: ['websocket'], 400: [] }[status];
    expect(api.received.map(({ upgrade: to }) => to)).toEqual(expected);
    for (const received of api.received) expect(identityIn(received)).toEqual(whose);
  });

  test.each([401, 403, 418, 429, 500, 503])('keeps its own answers: %i', async (status) => {
    const answer = await send({ path: `/status/${status}`, headers: [as(token)] });
    expect([answer.status, answer.text]).toEqual([status, 'of the API']);
    expect(answer.headers['www-authenticate']).toBe('Lamp');
    expect(answer.headers['retry-after']).toBe('77');
    expect(answer.headers).not.toHaveProperty('access-control-allow-origin');
  });

  test('is away by itself: nobody says that tokens cannot be checked', async () => {
    const answer = await send({ path: '/hang-up', headers: [as(token)] });
    expect(answer.status).toBe(502);
    expect(answer.text).not.toContain('Tokens');
  });

  test('costs Latchkey no connection for each request', async () => {
    await send({ headers: [as(token)] });
    const before = relay.connections();
    for (let index = 0; index < 20; index += 1) {
      await send({ headers: [as(token)] });
      if (index % 5 === 0) await send({ headers: [as('lk_api_wrong')], from: newAddress() });
    }
    expect(relay.connections() - before).toBeLessThanOrEqual(2);
  });

  test('answers 429 to a flood of wrong tokens, to nobody else, and goes on answering the good one', async () => {
    const [flooding, other] = [newAddress(), newAddress()];
    const wrong = (from: string, ...headers: Header[]) =>
      send({ from, headers: [as('lk_api_wrong'), ...headers] });
    let limited = await wrong(flooding);
    for (let index = 0; index < 3 * FAILURES_PER_MINUTE && limited.status !== 429; index += 1) {
      expect(limited.status).toBe(401);
      limited = await wrong(flooding);
    }
    expect(refusalIn(limited)).toEqual([429, 'RateLimited']);
    expect(Number(limited.headers['retry-after'])).toBeGreaterThan(0);
    expect(limited.times('retry-after')).toBe(1);
    expectReadable(limited);
    expect((await wrong(other, ['X-Forwarded-For', flooding])).status).toBe(401);
    api.received.splice(0);
    expect((await send({ from: flooding, headers: [as(token)] })).status).toBe(200);
    expect(identity()).toEqual(whose);
  });

  test('is not flooded from an address that somebody has made up', async () => {
    const flooding = newAddress();
    const statuses = new Set<number>();
    for (let index = 0; index < 3 * FAILURES_PER_MINUTE; index += 1) {
      const headers: Header[] = [as('lk_api_wrong'), ['X-Forwarded-For', `1.2.3.${index}`]];
      statuses.add((await send({ from: flooding, headers })).status);
    }
    expect(statuses).toEqual(new Set([401, 429]));
  });

  test('gets nothing of a body that was refused', async () => {
    const body = Buffer.alloc(2_000_000);
    for (const method of ['POST', 'PUT']) {
      expect(refusalIn(await send({ method, body }))).toEqual([401, 'NoAuthToken']);
    }
    const head = await send({ method: 'HEAD' });
    expect([head.status, head.text]).toEqual([401, '']);
    expect(api.received).toEqual([]);
  });

  test('is closed with 503 while Latchkey is away, and open again when it is back', async () => {
    const { port } = new URL(stage.product.url);
    await stage.product.stop();
    await relay.stop();
    for (const headers of [[as(token)], [as('lk_api_wrong')], [], [...FORGERY, as(token)]]) {
      const away = await send({ headers });
      expect(refusalIn(away)).toEqual([503, 'Upstream']);
      expect(Number(away.headers['retry-after'])).toBeGreaterThan(0);
      expectReadable(away);
    }
    expect(api.received).toEqual([]);
    expect((await send({ method: 'OPTIONS', headers: PREFLIGHT })).status).toBe(200);
    expect(identity()).toEqual({});
    await relay.start();
    await stage.product.start({ HTTP_PORT: port });
    api.received.splice(0);
    expect((await send({ headers: [as(token)] })).status).toBe(200);
    expect(identity()).toEqual(whose);
  });

  test('is closed with 503 while Latchkey hangs', async () => {
    process.kill(stage.product.pid, 'SIGSTOP');
    try {
      const startedAt = performance.now();
      const away = await send({ headers: [as(token)] });
      expect(performance.now() - startedAt).toBeLessThan(10_000);
      expect(refusalIn(away)).toEqual([503, 'Upstream']);
      expectReadable(away);
      expect(api.received).toEqual([]);
    } finally {
      process.kill(stage.product.pid, 'SIGCONT');
    }
  });
});

describe.each(PROXY_NAMES)('an API behind %s, with a policy', (name) => {
  const folder = temporaryFolder();
  let stage: Stage;
  let api: FoldingApi;
  let proxy: Proxy;
  let ada: LocalMember;
  let server: LocalServer;
  let patron: string;

  beforeAll(async () => {
    stage = await setUp((discord) => {
      server = discord.addServer();
      patron = server.addRole('Patron').id;
      const file = join(folder.path, 'policy.json');
      const scopes = {
        'lamps:read': { says: 'See lamps' },
        'lamps:write': { says: 'Switch them' },
      };
      writeFileSync(file, JSON.stringify({ roles: { patron }, holders: ['patron'], scopes }));
      return { POLICY_FILE: file, COMMUNITY_SERVER_ID: server.id, TRUSTED_PROXIES: '127.0.0.1' };
    });
    api = await startFoldingApi();
    const latchkey = Number(new URL(stage.product.url).port);
    proxy = await startProxy(name, { api: api.port, latchkey });
    ada = stage.discord.addMember({ username: 'ada', server, roles: [patron] });
  });

  afterAll(async () => {
    await proxy?.stop();
    await api?.stop();
    await stage?.[Symbol.asyncDispose]();
    folder.remove();
  });

  async function newTokenFor(scopes: string): Promise<string> {
    await ada.slash('token create', { name: `for ${scopes}`, scopes });
    return tokenIn(deliveriesTo(ada).at(-1));
  }

  test('is told what the token may do, whatever a client says and ends at the proxy', async () => {
    await ada.slash('token create', { name: 'lamp', scopes: 'lamps:write lamps:read' });
    const token = tokenIn(deliveriesTo(ada).at(-1));
    for (const forged of [
      [],
      FORGERY,
      ...CONNECTIONS.map((value) => [['Connection', value] as const, ...FORGERY]),
    ]) {
      api.received.splice(0);
      const { status } = await ask(proxy.port, { headers: [...forged, as(token)] });
      expect(status).toBe(200);
      expect(api.received.map(identityIn)).toEqual([
        {
          X_LATCHKEY_USER: ada.id,
          X_LATCHKEY_SESSION: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
          X_LATCHKEY_TYPE: 'api',
          X_LATCHKEY_SCOPE: 'lamps:read lamps:write',
          X_LATCHKEY_ROLES: 'patron',
          X_LATCHKEY_EXPIRES: expect.stringMatching(/^\d{4}-.*Z$/) as string,
        },
      ]);
    }
  });

  describe('and the lines for scopes', () => {
    let asking: Proxy;
    let tokens: Readonly<Record<'read' | 'write' | 'both', string>>;

    beforeAll(async () => {
      const latchkey = Number(new URL(stage.product.url).port);
      asking = await startProxy(name, { api: api.port, latchkey }, { asksScopes: true });
      tokens = {
        read: await newTokenFor('lamps:read'),
        write: await newTokenFor('lamps:write'),
        both: await newTokenFor('lamps:read lamps:write'),
      };
    });

    beforeEach(() => void api.received.splice(0));

    afterAll(() => asking?.stop());

    test.each([
      ['GET', '/lamps', 'read'],
      ['HEAD', '/lamps/', 'read'],
      ['GET', '/lamps/7/colour?on=/../x', 'read'],
      ['POST', '/lamps', 'write'],
      ['PUT', '/lamps/a_b-7', 'write'],
      ['DELETE', '/lamps/7?really=1', 'write'],
    ] as const)(
      'is reached by %s %s with the scope that it needs',
      async (method, path, needed) => {
        const send = (token: string) => ask(asking.port, { method, path, headers: [as(token)] });
        expect((await send(tokens[needed])).status).toBe(200);
        expect((await send(tokens.both)).status).toBe(200);
        expect(api.received.map(({ url }) => url)).toEqual([path, path]);
        const refused = await send(tokens[needed === 'read' ? 'write' : 'read']);
        expect(refused.status).toBe(403);
        expect(refused.text).toContain(method === 'HEAD' ? '' : '"InsufficientScope"');
        expectReadable(refused);
        expect(api.received).toHaveLength(2);
      },
    );

    test.each([
      ['GET', '/'],
      ['GET', '/lampshades'],
      ['GET', '/admin'],
      ['GET', '/LAMPS'],
      ['GET', '//lamps'],
      ['GET', '/lamps//7'],
      ['GET', '/lamps/../admin'],
      ['GET', '/lamps/./7'],
      ['GET', '/admin/../lamps'],
      ['GET', '/admin/..%2flamps'],
      ['GET', '/lamps%2f..%2fadmin'],
      ['GET', '/lamps/%2e%2e/admin'],
      ['GET', '/%6camps'],
      ['GET', '/lamps;/../admin'],
      ['GET', '/lamps\\..\\admin'],
      ['GET', '/x?/lamps'],
      ['PROPFIND', '/lamps'],
      ['OPTIONS', '/lamps'],
    ])('is reached by nobody with %s %s, which is not listed', async (method, path) => {
      const { status } = await ask(asking.port, { method, path, headers: [as(tokens.both)] });
      expect([400, 403, 405]).toContain(status);
      expect(api.received).toEqual([]);
    });

    test('is closed as before to a wrong token, and to none', async () => {
      expect(refusalIn(await ask(asking.port))).toEqual([401, 'NoAuthToken']);
      const wrong = await ask(asking.port, { headers: [as('lk_api_wrong')] });
      expect(refusalIn(wrong)).toEqual([401, 'InvalidToken']);
    });
  });

  test('gets preflights without any of it', async () => {
    api.received.splice(0);
    await ask(proxy.port, { method: 'OPTIONS', headers: [...PREFLIGHT, ...FORGERY] });
    expect(api.received.map(identityIn)).toEqual([{}]);
  });

  test('is closed to who lacks every role that may hold tokens', async () => {
    await ada.slash('token create', { name: 'other', scopes: 'lamps:read' });
    const token = tokenIn(deliveriesTo(ada).at(-1));
    server.setRoles(ada.id, []);
    await ada.slash('session list');
    api.received.splice(0);
    const refused = await ask(proxy.port, { headers: [as(token)] });
    expect(refusalIn(refused)).toEqual([403, name === 'nginx' ? 'ApiBanned' : 'Restricted']);
    expectReadable(refused);
    expect(api.received).toEqual([]);
    server.setRoles(ada.id, [patron]);
    await ada.slash('session list');
    expect((await ask(proxy.port, { headers: [as(token)] })).status).toBe(200);
  });
});

/** Without what is empty of what only a policy fills: Caddy writes it all the same. */
function identityIn(received: Received | undefined): Readonly<Record<string, string>> {
  const entries = Object.entries(received?.headers ?? {}).filter(
    ([name, value]) => value !== '' || !/_(SCOPE|ROLES|EXPIRES)$/.test(name),
  );
  return Object.fromEntries(entries.filter(([name]) => name.includes('LATCHKEY')));
}

/** Status and code, of a failure in our form. */
function refusalIn({ status, headers, text }: Answer): [number, string | undefined] {
  expect(headers['content-type']).toMatch(/^application\/json\b/);
  const { message, code, ...more } = JSON.parse(text) as Record<string, string | undefined>;
  expect(message).toMatch(/\S/);
  expect(more).toEqual({});
  return [status, code];
}

/** A page of another origin can read it, and the headers that matter. */
function expectReadable({ headers, times }: Answer): void {
  expect(headers['access-control-allow-origin']).toBe('*');
  expect(times('access-control-allow-origin')).toBe(1);
  expect(headers['access-control-expose-headers']?.toLowerCase().split(/, */)).toEqual(
    expect.arrayContaining(['retry-after', 'www-authenticate']),
  );
}
