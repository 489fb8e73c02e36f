import { once } from 'node:events';
import { BlockList, connect } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createTokenCheck } from '../../../src/http/check/token-check.ts';
import { requestIds } from '../../../src/http/request/request-id.ts';
import { close, createHttpServer, listen } from '../../../src/http/server/server.ts';
import { silentMeter } from '../../../src/metrics.ts';
import { ANA, collectLog } from '../../support/fixtures.ts';
import { asJson, createHttpHarness } from '../../support/http-harness.ts';

const PROXY = '192.0.2.1';
const STRANGER = '198.51.100.7';
const ID = 'e3b0c44298fc1c149afbf4c8996fb924';
const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const TRACEPARENT = `00-${TRACE}-00f067aa0ba902b7-01`;
const OURS = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/;

function setUp(trustedProxies: readonly string[] = [PROXY]) {
  const service = createHttpHarness({ trustedProxies });
  onTestFinished(() => service.close());
  const { token, check, lines } = service;

  /** What a check with these headers is called, in the answer and in the log. */
  async function idsOf(from: string, headers: Readonly<Record<string, string>>) {
    const { token: good } = await token();
    const { headers: answered } = await check(good, from, headers);
    const logged = JSON.parse(lines.at(-1) ?? '') as { request: string; trace?: string };
    expect(logged.request).toBe(answered.get('x-request-id'));
    expect(logged.trace ?? null).toBe(answered.get('x-trace-id'));
    return [answered.get('x-request-id'), answered.get('x-trace-id')];
  }

  return { ...service, idsOf };
}

describe('of a trusted proxy', () => {
  it('the request id is kept, in the answer and in the log', async () => {
    expect(await setUp().idsOf(PROXY, { 'X-Request-Id': ID })).toEqual([ID, null]);
  });

  it.each(['a', 'A-1', 'a'.repeat(64), '018f4e2c-7b1a-7c3d-9e8f-0123456789ab'])(
    'any usual one is: %s',
    async (id) => {
      expect(await setUp().idsOf(PROXY, { 'X-Request-Id': id })).toEqual([id, null]);
    },
  );

  it('the trace id is kept, and is the request id where there is no other', async () => {
    const { idsOf } = setUp();
    expect(await idsOf(PROXY, { traceparent: TRACEPARENT })).toEqual([TRACE, TRACE]);
    expect(await idsOf(PROXY, { traceparent: TRACEPARENT, 'X-Request-Id': ID })).toEqual([
      ID,
      TRACE,
    ]);
    expect(await idsOf(PROXY, { traceparent: TRACEPARENT, 'X-Request-Id': 'a b' })).toEqual([
      TRACE,
      TRACE,
    ]);
  });

  it.each([
    'a'.repeat(65),
    'a_b',
    `lk_api_${'a'.repeat(49)}`,
    'a b',
    'a,b',
    'é',
    '<script>',
    '"',
    '..',
    `${ID}, ${ID}`,
  ])('an id that is too long or has other characters is not: %s', async (id) => {
    const [given, trace] = await setUp().idsOf(PROXY, { 'X-Request-Id': id });
    expect(given).toMatch(OURS);
    expect(trace).toBeNull();
  });

  it.each([
    '',
    TRACE,
    TRACEPARENT.toUpperCase(),
    `ff${TRACEPARENT.slice(2)}`,
    `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`,
    `00-${TRACE}-${'0'.repeat(16)}-01`,
    `${TRACEPARENT}-x`,
    `${TRACEPARENT}, ${TRACEPARENT}`,
    `00-${TRACE}-00f067aa0ba902b7`,
  ])('a traceparent that is none is not: %s', async (traceparent) => {
    const [given, trace] = await setUp().idsOf(PROXY, { traceparent });
    expect(given).toMatch(OURS);
    expect(trace).toBeNull();
  });

  it('the request id is in the audit', async () => {
    const { send, token, store } = setUp();
    const init = asJson({ name: 'x', type: 'api', expiry: 60 }, (await token()).token);
    const headers = { ...(init.headers as object), 'X-Request-Id': ID };
    expect((await send('/sessions', { ...init, headers }, PROXY)).status).toBe(200);
    const [newest] = await store.audit({ userId: ANA, limit: 1 });
    expect(newest).toMatchObject({ action: 'session.created', requestId: ID });
  });

  it('that came in over IPv6 the same holds', async () => {
    const { idsOf } = setUp();
    expect(await idsOf(`::ffff:${PROXY}`, { 'X-Request-Id': ID })).toEqual([ID, null]);
  });
});

describe('of anybody else', () => {
  it.each([
    [[PROXY], STRANGER],
    [[PROXY], ''],
    [[], PROXY],
  ])('neither is kept: with proxies %j, from "%s"', async (proxies, from) => {
    const headers = { 'X-Request-Id': ID, traceparent: TRACEPARENT, 'X-Forwarded-For': PROXY };
    const [id, trace] = await setUp(proxies).idsOf(from, headers);
    expect(id).toMatch(OURS);
    expect(trace).toBeNull();
  });
});

/** What it answers, and what it logs, to a request with these lines; loopback is trusted. */
async function answerTo(isTrusted: boolean, ...more: string[]) {
  const { sessions, token, api } = setUp();
  const proxies = new BlockList();
  proxies.addAddress(isTrusted ? '127.0.0.1' : PROXY);
  const { log, lines } = collectLog();
  const newRequestId = requestIds(proxies);
  const check = createTokenCheck({
    sessions,
    log,
    meter: silentMeter,
    newRequestId,
    isOpen: false,
  });
  const server = createHttpServer(api, check);
  const port = await listen(server, '127.0.0.1', 0, 'HTTP_PORT');
  onTestFinished(() => close(server));
  const authorization = `Authorization: Bearer ${(await token()).token}`;
  const head = ['GET /sessions/@me HTTP/1.1', 'Host: x', authorization, 'Connection: close'];
  const socket = connect(port, '127.0.0.1');
  let answer = '';
  socket.setEncoding('latin1').on('data', (chunk: string) => (answer += chunk));
  socket.write(`${[...head, ...more].join('\r\n')}\r\n\r\n`, 'latin1');
  await once(socket, 'close');
  expect(answer).toMatch(/^HTTP\/1\.1 200 /);
  const [id] = /(?<=^x-request-id: ).*(?=\r)/m.exec(answer) ?? [];
  const [trace] = /(?<=^x-trace-id: ).*(?=\r)/m.exec(answer) ?? [];
  const logged = JSON.parse(lines.at(-1) ?? '') as { request: string; trace?: string };
  expect([logged.request, logged.trace]).toEqual([id, trace]);
  return [id, trace];
}

describe('a check that is answered ahead of the API', () => {
  it('keeps what a trusted proxy sent', async () => {
    expect(await answerTo(true, `X-Request-ID: ${ID}`)).toEqual([ID, undefined]);
    expect(await answerTo(true, `Traceparent: ${TRACEPARENT}`)).toEqual([TRACE, TRACE]);
  });

  it.each([
    ['a stranger', false, [`X-Request-Id: ${ID}`, `traceparent: ${TRACEPARENT}`]],
    ['one that sends two', true, [`X-Request-Id: ${ID}`, `X-Request-Id: ${ID}`]],
    ['one that sends too long a one', true, [`X-Request-Id: ${'a'.repeat(8_000)}`]],
    ['one that sends nothing', true, []],
  ])('gives an id of ours to %s', async (_, isTrusted, more) => {
    const [id, trace] = await answerTo(isTrusted, ...more);
    expect(id).toMatch(OURS);
    expect(trace).toBeUndefined();
  });
});
