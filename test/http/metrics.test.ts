import { describe, expect, it, onTestFinished } from 'vitest';
import { createMetricsApi, isLoopback } from '../../src/http/metrics.ts';
import { createMetrics } from '../../src/metrics.ts';
import { openStore } from '../../src/store/open.ts';
import { ANA, atMost, BEN, member, newSession, START } from '../support/fixtures.ts';
import { asForm, createService, INTROSPECTION_SECRET } from '../support/service.ts';

/** The API with its metrics, and a way to read them as Prometheus does. */
function setUp() {
  let online = true;
  const metrics = createMetrics({ isOnline: () => online });
  const service = createService({ meter: metrics, through: (store) => metrics.measure(store) });
  onTestFinished(() => service.close());
  const api = createMetricsApi(metrics);
  const scrape = async () => (await api.request('/metrics')).text();

  /** The value of a series, by its name and labels as they are written. */
  async function value(series: string): Promise<number | undefined> {
    const line = (await scrape()).split('\n').find((each) => each.startsWith(`${series} `));
    return line === undefined ? undefined : Number(line.slice(series.length));
  }

  const connect = (now: boolean) => (online = now);
  return { ...service, metrics, metricsApi: api, scrape, value, connect };
}

const checks = (outcome: string) => `latchkey_checks_total{outcome="${outcome}"}`;
const calls = (method: string) => `latchkey_store_seconds_count{method="${method}"}`;

/** Every value of this label. */
const labels = (text: string, name: string) =>
  new Set(Array.from(text.matchAll(new RegExp(`[{,]${name}="([^"]*)"`, 'g')), ([, is]) => is));

describe('GET /metrics', () => {
  it('is in the text format of Prometheus', async () => {
    const response = await setUp().metricsApi.request('/metrics');
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toMatch(/^text\/plain; *version=0\.0\.4/);
    const lines = (await response.text()).trimEnd().split('\n');
    const odd = lines.filter(
      (line) => !/^(# (HELP|TYPE) \w+ .+|\w+(\{.*\})? (-?[\d.e+-]+|[+-]Inf|nan)|)$/i.test(line),
    );
    expect(odd).toEqual([]);
  });

  it.each(['/', '/metric', '/metrics/', '/sessions', '/sessions/@me', '/health', '/docs'])(
    'is all that there is: %s is not',
    async (path) => {
      const response = await setUp().metricsApi.request(path);
      expect(response.status).toBe(404);
      expect(await response.json()).toMatchObject({ code: 'NotFound' });
    },
  );

  it('is not among what the API answers', async () => {
    expect((await setUp().send('/metrics')).status).toBe(404);
  });

  it('tells of the process and of how late its event loop is', async () => {
    const text = await setUp().scrape();
    expect(text).toMatch(/^nodejs_eventloop_lag_p99_seconds /m);
    expect(text).toMatch(/^process_resident_memory_bytes \d/m);
  });
});

describe('token checks', () => {
  it('are counted by what came out', async () => {
    const { token, check, send, ban, value } = setUp();
    const [good, banned] = [await token(), await token(BEN)];
    await ban(BEN);
    for (let time = 0; time < 4; time += 1) await check(good.token);
    for (let time = 0; time < 3; time += 1) await check('nonsense');
    for (let time = 0; time < 2; time += 1) await check(banned.token);
    await send('/sessions/@me');
    const outcomes = ['valid', 'invalid', 'banned', 'missing'];
    expect(await Promise.all(outcomes.map((each) => value(checks(each))))).toEqual([4, 3, 2, 1]);
  });

  it('have no other outcomes, and no token in any of them', async () => {
    const { token, check, send, scrape } = setUp();
    const { token: good } = await token();
    await check(good);
    await check(`x${good}`);
    await check('a"b\\c\n');
    await send('/introspect', asForm({ token: good }, INTROSPECTION_SECRET));
    await send('/revoke', asForm({ token: good }));
    await check(good);
    const text = await scrape();
    expect(labels(text, 'outcome')).toEqual(new Set(['valid', 'invalid']));
    expect(text).not.toMatch(/_(?:login|app|api)_[0-9A-Za-z]{10}/);
    expect(text).not.toContain(ANA);
    expect(text).not.toContain(INTROSPECTION_SECRET);
  });
});

describe('the gateway', () => {
  it('is 1 while interactions arrive, else 0, as it is when asked', async () => {
    const { connect, value } = setUp();
    expect(await value('latchkey_gateway_connected')).toBe(1);
    connect(false);
    expect(await value('latchkey_gateway_connected')).toBe(0);
    connect(true);
    expect(await value('latchkey_gateway_connected')).toBe(1);
  });
});

describe('the store', () => {
  it('is measured by method, and does what it did', async () => {
    const { token, check, call, value, scrape } = setUp();
    const { token: good, session } = await token();
    await check(good);
    await check(good);
    expect(await value(calls('findByToken'))).toBe(2);
    expect(await value(calls('add'))).toBe(1);
    expect(await value(calls('page'))).toBeUndefined();
    const list = (await (await call('GET', '/sessions', good)).json()) as { sessions: object[] };
    expect(list.sessions).toMatchObject([{ id: session.id }]);
    expect(await value(calls('page'))).toBe(1);
    expect(await scrape()).toMatch(
      /^latchkey_store_seconds_bucket\{le="0\.001",method="add"\} \d/m,
    );
  });

  it('is measured when it fails, too, and the failure stays what it is', async () => {
    const metrics = createMetrics({ isOnline: () => true });
    const store = openStore(':memory:');
    const measured = metrics.measure(store);
    await store.close();
    const reason = await store.ping().catch((error: unknown) => error);
    expect(reason).toBeInstanceOf(Error);
    await expect(measured.ping()).rejects.toEqual(reason);
    expect(await metrics.text()).toContain(`${calls('ping')} 1`);
  });

  it('gives back what it found', async () => {
    const metrics = createMetrics({ isOnline: () => true });
    const store = openStore(':memory:');
    onTestFinished(() => store.close());
    const measured = metrics.measure(store);
    const { session, tokenHash } = newSession();
    await measured.add({ actor: member(ANA), at: START }, { session, tokenHash }, atMost(1));
    expect(await measured.findLive(ANA, session.id, START)).toEqual(session);
  });
});

const latency = (part: string) => `latchkey_command_seconds_${part}{name="token create"}`;

describe('commands', () => {
  it('are measured by name, in seconds', async () => {
    const { metrics, value } = setUp();
    metrics.command('token create', 0.25);
    metrics.command('token create', 0.5);
    metrics.command('other', 4);
    expect(await value(latency('count'))).toBe(2);
    expect(await value(latency('sum'))).toBe(0.75);
  });

  it('of two in one process are counted apart', async () => {
    const [one, other] = [setUp(), setUp()];
    one.metrics.check('valid');
    expect(await one.value(checks('valid'))).toBe(1);
    expect(await other.value(checks('valid'))).toBeUndefined();
  });
});

describe('an address', () => {
  it.each(['127.0.0.1', '127.1.2.3', '::1', 'localhost'])('is ours alone: %s', (host) => {
    expect(isLoopback(host)).toBe(true);
  });

  it.each(['0.0.0.0', '::', '10.0.0.1', '192.0.2.1', '127.evil.example', 'latchkey.example'])(
    'may be reached by others: %s',
    (host) => {
      expect(isLoopback(host)).toBe(false);
    },
  );
});
