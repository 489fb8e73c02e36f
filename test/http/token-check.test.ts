import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { close, createHttpServer, listen } from '../../src/http/server.ts';
import { createTokenCheck } from '../../src/http/token-check.ts';
import type { Meter } from '../../src/metrics.ts';
import { createTestApi, type TestApi } from '../support/api.ts';
import { BEN, collectLog, newBan, STAFF } from '../support/fixtures.ts';

let api: TestApi;
let servers: ReturnType<typeof createHttpServer>[];
let ports: number[];
let good: string;
let banned: string;
let answeredHere = 0;

beforeAll(async () => {
  api = createTestApi();
  ({ token: good } = await api.token());
  ({ token: banned } = await api.token(BEN));
  await api.accounts.ban(STAFF, newBan(BEN));
  const meter: Meter = { check: () => void (answeredHere += 1), command() {} };
  const { log } = collectLog();
  const { sessions } = api;
  servers = [
    createHttpServer(api.api),
    createHttpServer(api.api, createTokenCheck({ sessions, log, meter })),
  ];
  ports = [];
  for (const server of servers) ports.push(await listen(server, '127.0.0.1', 0, 'HTTP_PORT'));
});

afterAll(async () => {
  await Promise.all(servers.map(close));
  await api.close();
});

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
])('what it answers is the same to the byte: %s', async (_, request, status) => {
  const before = answeredHere;
  const [slow, fast] = await Promise.all(ports.map((port) => send(port, request())));
  expect(answeredHere).toBe(before + 1);
  expect(fast).toContain(`HTTP/1.1 ${status}`);
  expect(fast).toBe(slow);
});

it.each([
  ['no token', () => check(), 401],
  ['a token of a banned account', () => check(`Authorization: ${banned}`), 403],
  ['an unknown token', () => check('Authorization: lk_api_x'), 401],
  ['two tokens', () => check(`Authorization: ${good}`, `Authorization: ${good}`), 401],
  ['a token and a line break', () => check(`Authorization: ${good}\n x`), 400],
  ['two hosts', () => check('Host: y', `Authorization: ${good}`), 200],
  ['no host', () => lines('GET /sessions/@me HTTP/1.1', `Authorization: ${good}`), 400],
  [
    'an impossible host',
    () => lines('GET /sessions/@me HTTP/1.1', 'Host: a b', `Authorization: ${good}`),
    400,
  ],
  ['HEAD', () => lines('HEAD /sessions/@me HTTP/1.1', 'Host: x', `Authorization: ${good}`), 200],
  ['POST', () => lines('POST /sessions/@me HTTP/1.1', 'Host: x', `Authorization: ${good}`), 405],
  [
    'a query',
    () => lines(`GET /sessions/@me?a HTTP/1.1`, 'Host: x', `Authorization: ${good}`),
    200,
  ],
  [
    'a token in the query',
    () => lines(`GET /sessions/@me?token=${good} HTTP/1.1`, 'Host: x', `Authorization: ${good}`),
    400,
  ],
  [
    'another address',
    () => lines('GET /sessions HTTP/1.1', 'Host: x', `Authorization: ${good}`),
    200,
  ],
])('what it leaves to the API is answered as ever: %s', async (_, request, status) => {
  const before = answeredHere;
  const [slow, fast] = await Promise.all(ports.map((port) => send(port, request())));
  expect(answeredHere).toBe(before);
  expect(fast).toContain(`HTTP/1.1 ${status}`);
  expect(fast).toBe(slow);
});
