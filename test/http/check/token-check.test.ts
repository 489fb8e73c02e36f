import { once } from 'node:events';
import { BlockList, connect } from 'node:net';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { createPolicy, type Policy } from '../../../src/core/policy/policy.ts';
import { createTokenCheck } from '../../../src/http/check/token-check.ts';
import { requestIds } from '../../../src/http/request/request-id.ts';
import { close, createHttpServer, listen } from '../../../src/http/server/server.ts';
import { silentMeter } from '../../../src/metrics.ts';
import { createHttpHarness } from '../../support/http-harness.ts';
import { BEN, collectLog, newBan, STAFF } from '../../support/fixtures.ts';

const ORIGIN = 'https://lamps.example';

/** The API alone, and behind the check, on a socket each. */
interface Pair {
  readonly slow: number;
  readonly fast: number;
  readonly good: string;
  readonly banned: string;
  /** What was logged of both. */
  readonly lines: readonly string[];
  /** How many the check has answered. */
  readonly answeredHere: () => number;
  readonly close: () => Promise<void>;
}

async function startPair(corsOrigins: readonly string[], policy?: Policy): Promise<Pair> {
  const api = createHttpHarness({ corsOrigins, ...(policy === undefined ? {} : { policy }) });
  const { token: good } = await api.token();
  const { token: banned } = await api.token(BEN);
  await api.accounts.ban(STAFF, newBan(BEN));
  let answered = 0;
  const meter = { ...silentMeter, quickCheck: () => void (answered += 1) };
  const newRequestId = requestIds(new BlockList());
  const { log, lines } = collectLog();
  const { sessions } = api;
  const isOpen = corsOrigins.length > 0;
  const servers = [
    createHttpServer(api.api),
    createHttpServer(api.api, createTokenCheck({ sessions, log, meter, newRequestId, isOpen })),
  ];
  const ports: number[] = [];
  for (const server of servers) ports.push(await listen(server, '127.0.0.1', 0, 'HTTP_PORT'));
  const [slow = 0, fast = 0] = ports;
  return {
    slow,
    fast,
    good,
    banned,
    get lines() {
      return [...lines, ...api.lines];
    },
    answeredHere: () => answered,
    async close() {
      await Promise.all(servers.map(close));
      await api.close();
    },
  };
}

let plain: Pair;
/** With an origin whose pages may read the answers. */
let open: Pair;
let good: string;
let banned: string;

beforeAll(async () => {
  plain = await startPair([]);
  open = await startPair([ORIGIN]);
  ({ good, banned } = plain);
});

afterAll(() => Promise.all([plain.close(), open.close()]));

/** What comes back, but for what differs from one answer to the next. */
async function send(port: number, request: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  let answer = '';
  socket.setEncoding('latin1');
  socket.on('data', (chunk: string) => (answer += chunk));
  socket.write(request, 'latin1');
  await once(socket, 'close');
  return answer.replaceAll(/^(date|x-request-id): .*$/gim, '$1');
}

const check = (...headers: string[]) => lines('GET /sessions/@me HTTP/1.1', 'Host: x', ...headers);
const lines = (...head: string[]) => `${head.join('\r\n')}\r\nConnection: close\r\n\r\n`;
/** A check at any address. */
const at = (start: string, ...headers: string[]) =>
  lines(`${start} HTTP/1.1`, 'Host: x', `Authorization: Bearer ${good}`, ...headers);

/** Asks both for the same, and returns what both answered. */
async function answerOf({ slow, fast }: Pair, request: string): Promise<string> {
  const [one, other] = await Promise.all([slow, fast].map((port) => send(port, request)));
  expect(other).toBe(one);
  return one ?? '';
}

it.each([
  ['a good token', () => check(`Authorization: ${good}`), 200],
  ['the same as a bearer', () => check(`authorization: bEARER  ${good}`), 200],
  ['the same after User', () => check(`Authorization: User ${good}`), 200],
  [
    'a body that nobody reads',
    () => `${check(`Authorization: ${good}`, 'Content-Length: 2')}{}`,
    200,
  ],
  ['HTTP/1.0', () => lines('GET /sessions/@me HTTP/1.0', 'Host: x', `Authorization: ${good}`), 200],
  ['HEAD', () => at('HEAD /sessions/@me'), 200],
  ['a query', () => at('GET /sessions/@me?a'), 200],
  ['a query of nothing', () => at('GET /sessions/@me?'), 200],
  ['a query with what is called a token', () => at('GET /sessions/@me?access_token=x'), 200],
  ['a query with a token', () => at(`GET /sessions/@me?token=${good}`), 200],
  [
    'an origin that nobody asks about',
    () => check(`Authorization: ${good}`, `Origin: ${ORIGIN}`),
    200,
  ],
  ['any method', () => at('POST /check'), 200],
  ['a method of which nobody has heard', () => at('PROPFIND /check/lamps'), 200],
  ['HEAD of anything', () => at('HEAD /check/lamps'), 200],
  ['OPTIONS of anything', () => at('OPTIONS /check/lamps', 'Origin: https://x.example'), 200],
  ['TRACE of anything', () => at('TRACE /check/lamps'), 200],
  ['any path', () => at('DELETE /check/lamps/1?on=1&token=x'), 200],
  ['an empty path', () => at('GET /check/'), 200],
  ['a path that leads elsewhere', () => at('GET /check/../docs'), 200],
  ['a path that leads elsewhere, encoded', () => at('GET /check/%2e%2E/%2e./docs'), 200],
  ['a path that is no text', () => at('GET /check/%ff%zz/%00'), 200],
  ['a body of any type', () => `${at('POST /check/x', 'Content-Length: 2')}{}`, 200],
])('what it answers is the same to the byte: %s', async (_, request, status) => {
  const before = plain.answeredHere();
  const answer = await answerOf(plain, request());
  expect(plain.answeredHere()).toBe(before + 1);
  expect(answer).toContain(`HTTP/1.1 ${status}`);
  expect(answer).toContain('x-latchkey-user: ');
});

it('what it answers with a policy is the same to the byte, whatever a token is called', async () => {
  const policed = await startPair([], createPolicy({ roles: [], holders: null, scopes: [] }));
  onTestFinished(policed.close);
  for (const name of ['lamps', 'Küche', '"\\ 💡']) {
    const body = JSON.stringify({ name, type: 'api', expiry: 3_600 });
    const head = ['POST /sessions HTTP/1.1', 'Host: x', `Authorization: ${policed.good}`];
    const length = `Content-Length: ${Buffer.byteLength(body)}`;
    const made = await send(
      policed.fast,
      Buffer.from(lines(...head, 'Content-Type: application/json', length) + body).toString(
        'latin1',
      ),
    );
    const [token] = /lk_api_\w+/.exec(made) ?? [];
    const before = policed.answeredHere();
    const answer = await answerOf(policed, check(`Authorization: ${token}`));
    expect(policed.answeredHere()).toBe(before + 1);
    expect(answer).toContain('x-latchkey-scope: latchkey:read latchkey:write');
    const state = Buffer.from(answer.split('\r\n\r\n')[1] ?? '', 'latin1').toString();
    expect(JSON.parse(state)).toMatchObject({ name, roles: [] });
  }
});

it.each([['GET /sessions/@me'], ['GET /sessions/@me?a'], ['PUT /check/x'], ['OPTIONS /check/x']])(
  'where pages may ask too, all others are answered here: %s',
  async (start) => {
    const before = open.answeredHere();
    const request = lines(`${start} HTTP/1.1`, 'Host: x', `Authorization: ${open.good}`);
    const answer = await answerOf(open, request);
    expect(open.answeredHere()).toBe(before + 1);
    expect(answer).toMatch(/^HTTP\/1\.1 200 /);
    expect(answer).toMatch(/^vary: Origin\r$/im);
    expect(answer).not.toMatch(/^access-control-/im);
  },
);

it.each([
  ['of a page that may ask', ORIGIN, 'GET /sessions/@me', ORIGIN],
  ['of one that may not', 'https://evil.example', 'GET /sessions/@me', undefined],
  ['of a page, passed on by a proxy', ORIGIN, 'GET /check/x', ORIGIN],
] as const)('the origin is left to the API: %s', async (_, origin, start, allowed) => {
  const before = open.answeredHere();
  const authorization = `Authorization: ${open.good}`;
  const request = lines(`${start} HTTP/1.1`, 'Host: x', authorization, `Origin: ${origin}`);
  const answer = await answerOf(open, request);
  expect(open.answeredHere()).toBe(before);
  expect(answer).toMatch(/^HTTP\/1\.1 200 /);
  expect(answer).toMatch(/^vary: Origin\r$/im);
  expect(/^access-control-allow-origin: (.*)\r$/im.exec(answer)?.[1]).toBe(allowed);
});

it('an OPTIONS that a proxy asks about is a check, never a preflight', async () => {
  const headers = [`Origin: ${ORIGIN}`, 'Access-Control-Request-Method: GET'];
  for (const path of ['/check', '/check/lamps']) {
    const answer = await answerOf(open, lines(`OPTIONS ${path} HTTP/1.1`, 'Host: x', ...headers));
    expect(answer).toMatch(/^HTTP\/1\.1 401 /);
  }
  const preflight = lines('OPTIONS /sessions/@me HTTP/1.1', 'Host: x', ...headers);
  expect(await answerOf(open, preflight)).toMatch(/^HTTP\/1\.1 204 /);
});

it.each([
  '/check',
  '/check/',
  '/check?token=TOKEN',
  '/check/../docs',
  '/check/../health/live',
  '/check/%2e%2e/docs',
  '/check/x/../../openapi.json',
  '/check/..%2fdocs',
  '/check/.%2E/docs?x',
  '/check//docs',
  '/check/?/../docs',
  '/check/..\\docs',
  '/check/..\\..\\docs',
])('whatever the caller asks for, nobody passes without a token: %s', async (path) => {
  const address = path.replace('TOKEN', good);
  for (const method of ['GET', 'HEAD', 'POST', 'OPTIONS', 'TRACE']) {
    for (const headers of [[], ['Authorization: lk_api_x'], ['Expect: x'], [`Origin: ${ORIGIN}`]]) {
      for (const pair of [plain, open]) {
        const request = lines(`${method} ${address} HTTP/1.1`, 'Host: x', ...headers);
        const answer = await answerOf(pair, request);
        expect(answer).toMatch(/^HTTP\/1\.1 40[01] /);
      }
    }
  }
});

it('neither the address nor what follows the head of a check gets into the log', async () => {
  for (const { slow, fast } of [plain]) {
    for (const port of [slow, fast]) {
      await send(port, at(`GET /sessions/@me?secret=swordfish&token=${good}`));
      await send(port, at('PUT /check/swordfish/x?secret=swordfish'));
      await send(port, lines('PUT /check/swordfish HTTP/1.1', 'Host: x'));
    }
  }
  const paths = plain.lines.map((line) => (JSON.parse(line) as { path?: string }).path);
  expect(paths).toEqual(expect.arrayContaining(['/check', '/sessions/@me']));
  expect(plain.lines.join('')).not.toContain('swordfish');
});

it('answers a check before its body is there, and does not take all of it', async () => {
  for (const [port, length] of [
    [plain.fast, 'Content-Length: 9999999999'],
    [plain.fast, 'Transfer-Encoding: chunked'],
    [plain.slow, 'Content-Length: 9999999999'],
  ] as const) {
    const socket = connect(port, '127.0.0.1');
    let answer = '';
    socket.on('data', (chunk: Buffer) => (answer += chunk.toString('latin1')));
    socket.on('error', () => {});
    socket.write(at('POST /check/upload', length).replace('Connection: close\r\n', ''));
    const closed = once(socket, 'close');
    // Whoever goes on sending is cut off.
    const sending = setInterval(() => socket.write('1\r\nx\r\n'), 20);
    await closed;
    clearInterval(sending);
    expect(answer).toMatch(/^HTTP\/1\.1 200 /);
  }
});

it('keeps the connection after a check whose body is there', async () => {
  const socket = connect(plain.fast, '127.0.0.1');
  let answer = '';
  socket.on('data', (chunk: Buffer) => (answer += chunk.toString('latin1')));
  const head = ['Host: x', `Authorization: ${good}`];
  const withBody = ['POST /check/x HTTP/1.1', ...head, 'Content-Length: 2', '', '{}'].join('\r\n');
  const chunked = [
    'PUT /check/x HTTP/1.1',
    ...head,
    'Transfer-Encoding: chunked',
    '',
    '2\r\n{}\r\n0\r\n\r\n',
  ].join('\r\n');
  socket.write(withBody);
  await expect.poll(() => answer).toContain('normal');
  socket.write(chunked);
  await expect.poll(() => answer.match(/normal/g)).toHaveLength(2);
  const closed = once(socket, 'close');
  socket.write(lines('GET /check HTTP/1.1', ...head));
  await closed;
  expect(answer.match(/HTTP\/1\.1 200 /g)).toHaveLength(3);
});

it.each([
  ['no token', () => check(), 401],
  ['a token of a banned account', () => check(`Authorization: ${banned}`), 403],
  ['an unknown token', () => check('Authorization: lk_api_x'), 401],
  ['two tokens', () => check(`Authorization: ${good}`, `Authorization: ${good}`), 401],
  ['a token and a line break', () => check(`Authorization: ${good}\n x`), 400],
  ['two hosts', () => check('Host: y', `Authorization: ${good}`), 400],
  ['no host', () => lines('GET /sessions/@me HTTP/1.1', `Authorization: ${good}`), 400],
  [
    'an impossible host',
    () => lines('GET /sessions/@me HTTP/1.1', 'Host: a b', `Authorization: ${good}`),
    400,
  ],
  ['POST', () => lines('POST /sessions/@me HTTP/1.1', 'Host: x', `Authorization: ${good}`), 405],
  ['an address that only begins like it', () => at('GET /sessions/@mellow'), 405],
  ['another that does', () => at('GET /checks'), 404],
  [
    'another address',
    () => lines('GET /sessions HTTP/1.1', 'Host: x', `Authorization: ${good}`),
    200,
  ],
])('what it leaves to the API is answered as ever: %s', async (_, request, status) => {
  const before = plain.answeredHere();
  const answer = await answerOf(plain, request());
  expect(plain.answeredHere()).toBe(before);
  expect(answer).toContain(`HTTP/1.1 ${status}`);
});
