import { OpenAPIHono } from '@hono/zod-openapi';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Env } from '../../../src/http/env.ts';
import { healthRoutes } from '../../../src/http/routes/health.ts';
import { collectLog } from '../../support/fixtures.ts';
import { createHttpHarness, type HttpHarnessOptions } from '../../support/http-harness.ts';

const HERE = '192.0.2.7';
const MINUTE = 60_000;
/** What one address may write in a minute. */
const LINES = 60;
/** How many addresses are told apart. */
const ADDRESSES = 1_000;

interface Line {
  readonly level: number;
  readonly msg: string;
  readonly path?: string;
  readonly status?: number;
  readonly address?: string;
  readonly requests?: number;
  readonly err?: { readonly stack: string };
}

function setUp(options: HttpHarnessOptions = {}) {
  const service = createHttpHarness(options);
  onTestFinished(() => service.close());

  /** What has been logged since the last call, but for what only some want to know. */
  function logged(): Line[] {
    const lines = service.lines.splice(0).map((line) => JSON.parse(line) as Line);
    return lines.filter(({ level }) => level >= 30);
  }

  async function times(count: number, from: string, path = '/nowhere'): Promise<void> {
    for (let done = 0; done < count; done += 1) await service.send(path, {}, from);
  }
  return { ...service, logged, times };
}

describe('a request in the log', () => {
  it('has the first characters of its path only', async () => {
    const { send, logged } = setUp();
    await send(`/${'x'.repeat(15_000)}`);
    const [line] = logged();
    expect(line?.path).toHaveLength(201);
    expect(JSON.stringify(line).length).toBeLessThan(600);
  });

  it.each([
    [400, '/sessions?token=x', {}],
    [401, '/sessions/@me', {}],
    [401, '/sessions/@me', { headers: { Authorization: 'nonsense' } }],
    [404, '/nowhere', {}],
    [405, '/sessions/@me', { method: 'PUT' }],
  ])(
    'has the address that it came from where it is refused with %d',
    async (status, path, init) => {
      const { send, logged } = setUp();
      await send(path, init, HERE);
      expect(logged()).toMatchObject([{ status, address: HERE }]);
    },
  );

  it('has the address behind our proxies', async () => {
    const { token, ban, check, logged } = setUp({
      trustedProxies: ['10.0.0.0/8'],
      failuresPerMinute: 1,
    });
    const made = await token();
    await ban();
    const headers = { 'X-Forwarded-For': HERE };
    for (const sent of [made.token, 'nonsense', 'nonsense']) {
      await check(sent, '10.0.0.1', headers);
    }
    expect(logged().map(({ status, address }) => [status, address])).toEqual([
      [403, HERE],
      [401, HERE],
      [429, HERE],
    ]);
  });

  it('has no address where it is served', async () => {
    const { call, token, logged } = setUp();
    await call('GET', '/sessions', (await token()).token);
    const [line] = logged();
    expect(line).toMatchObject({ status: 200 });
    expect(line).not.toHaveProperty('address');
  });

  it('is the only line about what failed in it', async () => {
    const { call, token, logged } = setUp({
      through: (store) => ({ ...store, page: () => Promise.reject(new Error('broken')) }),
    });
    await call('GET', '/sessions', (await token()).token);
    expect(logged()).toMatchObject([
      { level: 50, status: 500, err: { stack: expect.stringContaining('broken') as string } },
    ]);
  });
});

describe('more requests than one reads', () => {
  it('from one address are a line a minute, which says how many there were', async () => {
    const { clock, times, logged } = setUp();
    await times(LINES + 500, HERE);
    expect(logged()).toHaveLength(LINES);
    clock.advance(MINUTE);
    await times(1, HERE);
    const [left, next, ...more] = logged();
    expect(left).toMatchObject({ address: HERE, requests: 500 });
    expect(left).not.toHaveProperty('path');
    expect(next).toMatchObject({ path: '/nowhere', address: HERE });
    expect(more).toEqual([]);
    clock.advance(MINUTE);
    await times(1, HERE);
    expect(logged()).toHaveLength(1);
  });

  it('are told of by the next request, whoever sends it and wherever to', async () => {
    const { clock, times, send, logged } = setUp();
    await times(LINES + 1, HERE);
    logged();
    clock.advance(MINUTE);
    await send('/health/live', {}, '192.0.2.8');
    expect(logged()).toMatchObject([{ address: HERE, requests: 1 }]);
  });

  it('do not keep the requests of others out of the log', async () => {
    const { times, logged } = setUp();
    await times(LINES + 1, HERE);
    logged();
    await times(1, '192.0.2.8');
    expect(logged()).toMatchObject([{ address: '192.0.2.8' }]);
  });

  it('are counted together whether they are served, are refused or fail', async () => {
    const { times, send, logged } = setUp({ identify: null });
    await times(LINES, HERE, '/openapi.json');
    logged();
    await times(1, HERE, '/openapi.json');
    await times(1, HERE);
    const body = JSON.stringify({ code: 'a'.repeat(30), redirect_uri: 'https://x.example' });
    const headers = { 'Content-Type': 'application/json', 'Content-Length': String(body.length) };
    const { status } = await send('/oauth2', { method: 'POST', headers, body }, HERE);
    expect(status).toBe(503);
    expect(logged()).toEqual([]);
  });

  it('from one network of IPv6 are as from one address', async () => {
    const { clock, times, logged } = setUp();
    for (let host = 1; host <= LINES + 5; host += 1) await times(1, `2001:db8::${host}`);
    expect(logged()).toHaveLength(LINES);
    clock.advance(MINUTE);
    await times(1, HERE);
    expect(logged()[0]).toMatchObject({ address: '2001:db8:0:0::/64', requests: 5 });
  });

  it('from more addresses than can be told apart are told of together', async () => {
    const { clock, times, logged } = setUp();
    for (let index = 0; index < 3 * ADDRESSES; index += 1) {
      await times(1, `10.0.${index >> 8}.${index & 255}`);
    }
    expect(logged()).toHaveLength(ADDRESSES + LINES);
    clock.advance(MINUTE);
    await times(1, HERE);
    expect(logged()[0]).toMatchObject({ address: 'others', requests: 2 * ADDRESSES - LINES });
  });

  it('are told of also where the clock was set back', async () => {
    const { clock, times, logged } = setUp();
    await times(LINES + 1, HERE);
    logged();
    clock.advance(-10 * MINUTE);
    await times(1, HERE);
    expect(logged()).toMatchObject([{ requests: 1 }, { path: '/nowhere' }]);
  });
});

it('a database that does not answer is told of once, until it does', async () => {
  const { log, lines } = collectLog();
  let works = false;
  const api = new OpenAPIHono<Env>();
  healthRoutes(api, {
    database: () => (works ? Promise.resolve() : Promise.reject(new Error('gone'))),
    isWritable: () => Promise.resolve(true),
    gateway: () => null,
    log,
  });
  for (const path of ['/health', '/health/live', '/health/live']) await api.request(path);
  expect(lines).toHaveLength(1);
  works = true;
  await api.request('/health/live');
  works = false;
  await api.request('/health/live');
  expect(lines).toHaveLength(2);
});
