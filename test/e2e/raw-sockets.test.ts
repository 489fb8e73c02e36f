import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { METHODS } from 'node:http';
import { connect, type Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { freePort } from '../support/free-port.ts';
import { startProduct } from '../support/product.ts';
import { setUp } from '../support/end-to-end.ts';

const METRICS_PORT = await freePort();
const AT_ONCE = 50;
/** Far less than what was held for good before there were limits; more than what the collector leaves. */
const SLACK_MB = 60;

const { product, discord, ...stage } = await setUp({ METRICS_PORT: String(METRICS_PORT) });

afterAll(() => stage[Symbol.asyncDispose]());

const HOST = 'Host: x\r\n';
const TOKEN = `Authorization: Bearer lk_api_${'a'.repeat(49)}\r\n`;

const STARTS: readonly (string | Buffer)[] = [
  ...METHODS.map((method) => `${method} /sessions/@me HTTP/1.1\r\n${HOST}\r\n`),
  ...METHODS.map((method) => `${method} x:1 HTTP/1.1\r\n${HOST}\r\n`),
  'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  `GET /metrics HTTP/1.1\r\n${HOST}Connection: Upgrade\r\nUpgrade: h2c\r\n\r\n`,
  `GET /metrics HTTP/1.1\r\n${HOST}Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n`,
  `CONNECT x:1 HTTP/1.1\r\n${HOST}Content-Length: 3\r\n\r\nabc`,
  `POST /sessions HTTP/1.1\r\n${HOST}Expect: 100-continue\r\nContent-Length: 3\r\n\r\n`,
  `POST /sessions HTTP/1.1\r\n${HOST}Expect: gold\r\nContent-Length: 3\r\n\r\n`,
  `POST /sessions HTTP/1.1\r\n${HOST}Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc`,
  `POST /sessions HTTP/1.1\r\n${HOST}Content-Length: -1\r\n\r\n`,
  `POST /sessions HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n`,
  `POST /sessions HTTP/1.1\r\n${HOST}Transfer-Encoding: gzip\r\n\r\n`,
  `GET / HTTP/1.1\r\n${HOST}${'X: y\r\n'.repeat(5_000)}\r\n`,
  `GET /${'a'.repeat(20_000)} HTTP/1.1\r\n${HOST}\r\n`,
  `GET /sessions/@me HTTP/1.1\r\n${HOST}${HOST}\r\n`,
  'GET / HTTP/1.1\r\n\r\n',
  'GET / HTTP/1.0\r\n\r\n',
  'GET / HTTP/0.9\r\n\r\n',
  'GET / HTTP/9.9\r\n\r\n',
  'GET /\r\n\r\n',
  'GET  HTTP/1.1\r\n\r\n',
  'get / HTTP/1.1\r\n\r\n',
  'GET / HTTP/1.1\nHost: x\n\n',
  'GET / HTTP/1.1\r\nHost : x\r\n\r\n',
  'GET / HTTP/1.1\r\n Host: x\r\n\r\n',
  'HELO mail\r\n\r\n',
  '\r\n\r\n\r\n\r\n',
  '\0\0\0\0',
  Buffer.from('16030100a5010000a10303', 'hex'),
  Buffer.alloc(70_000, 0xff),
];

/** Sent by the byte, and broken off after each. */
const REQUESTS = [
  `GET /sessions/@me HTTP/1.1\r\n${HOST}${TOKEN}\r\n`,
  `POST /revoke HTTP/1.1\r\n${HOST}Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 7\r\n\r\ntoken=x`,
  `POST /oauth2 HTTP/1.1\r\n${HOST}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n`,
];

const PREFIXES = REQUESTS.flatMap((request) =>
  Array.from(request, (_, index) => request.slice(0, index + 1)),
);

type Break = (socket: Socket) => Promise<unknown> | void;

/** How a connection ends from the other side. */
const BREAKS: Readonly<Record<string, Break>> = {
  'is reset at once': (socket) => void socket.resetAndDestroy(),
  async 'is reset a moment later'(socket) {
    await turn();
    socket.resetAndDestroy();
  },
  async 'is reset with the first byte of the answer'(socket) {
    socket.end();
    await Promise.race([once(socket, 'data'), once(socket, 'close')]);
    socket.resetAndDestroy();
  },
  'is closed by half': (socket) => void socket.end(),
};

async function open(port: number, { allowHalfOpen = false } = {}): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen });
  socket.on('error', () => {});
  await once(socket, 'connect');
  return socket;
}

/** Resolves once the connection is closed. */
async function sendAndBreak(port: number, bytes: string | Buffer, end: Break): Promise<void> {
  const socket = await open(port);
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.resume();
  await new Promise((resolve) => socket.write(bytes, resolve));
  await end(socket);
  await closed;
}

async function each<Item>(items: readonly Item[], act: (item: Item) => Promise<void>) {
  const rest = [...items];
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (let item = rest.pop(); item !== undefined; item = rest.pop()) await act(item);
    }),
  );
}

/** As many connections at once as there are places to stop, all of them given up in the end. */
async function standStill(port: number): Promise<void> {
  const sockets: Socket[] = [];
  await each([...STARTS, ...PREFIXES], async (bytes) => {
    const socket = await open(port, { allowHalfOpen: true });
    socket.write(bytes);
    sockets.push(socket);
  });
  for (const socket of sockets) socket.resetAndDestroy();
}

const descriptors = (): number => readdirSync(`/proc/${product.pid}/fd`).length;

function megabytes(): number {
  const status = readFileSync(`/proc/${product.pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) / 1024;
}

async function isLive(): Promise<number> {
  const answer = await fetch(`${product.url}/health/live`, { headers: { Connection: 'close' } });
  return answer.status;
}

/** What the process has lost of what it had before this. */
async function harm(act: () => Promise<void>): Promise<string[]> {
  const before = { descriptors: descriptors(), megabytes: megabytes() };
  await act();
  // The other side of a connection that we have closed notices a moment later.
  await expect.poll(descriptors, { interval: 5 }).toBeLessThanOrEqual(before.descriptors);
  const more = megabytes() - before.megabytes;
  const status = await isLive();
  return [
    ...(more < SLACK_MB ? [] : [`${more} MB`]),
    ...(status === 200 ? [] : [`an answer of ${status}`]),
    ...product.output.filter((line) => /"level":[56]0|unhandled|uncaught/.test(line)),
  ];
}

const PORTS = {
  HTTP_PORT: () => Number(new URL(product.url).port),
  METRICS_PORT: () => METRICS_PORT,
};

describe.each(Object.entries(PORTS))('on %s', (_, port) => {
  it.each(Object.entries(BREAKS))(
    'a connection, whatever it begins with, %s',
    async (_how, end) => {
      const broken = () => each(STARTS, (bytes) => sendAndBreak(port(), bytes, end));
      expect(await harm(broken)).toEqual([]);
    },
  );

  it.each(Object.entries(BREAKS))(
    'a connection, after each byte of a request, %s',
    async (_how, end) => {
      const broken = () => each(PREFIXES, (bytes) => sendAndBreak(port(), bytes, end));
      expect(await harm(broken)).toEqual([]);
    },
  );

  it('connections that stand still after each byte are left', async () => {
    expect(await harm(() => standStill(port()))).toEqual([]);
  });
});

it.each([
  ['/docs', PORTS.HTTP_PORT],
  ['/openapi.json', PORTS.HTTP_PORT],
  ['/metrics', PORTS.METRICS_PORT],
])(
  'thousands of requests in a row for %s, with no answer read, cost little',
  async (path, port) => {
    const row = `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`.repeat(2_096);
    const sockets = await Promise.all(Array.from({ length: 8 }, () => open(port())));
    const flood = async () => {
      for (const socket of sockets) socket.pause().write(row);
      await isLive();
    };
    expect(await harm(flood)).toEqual([]);
  },
);

it('SIGTERM does not wait for connections that a stranger holds', async () => {
  await using other = await startProduct(discord);
  const port = Number(new URL(other.url).port);
  const held = [
    '',
    'GET / HTTP/1.1\r\nHo',
    `CONNECT x:1 HTTP/1.1\r\n${HOST}\r\n`,
    'HELO mail\r\n\r\n',
  ];
  for (const bytes of held) {
    for (let count = 0; count < 20; count += 1) {
      const socket = await open(port, { allowHalfOpen: true });
      socket.write(bytes);
    }
  }
  const startedAt = performance.now();
  expect(await other.stop()).toBe(0);
  expect(performance.now() - startedAt).toBeLessThan(3_000);
});
