import { describe, expect, it, onTestFinished } from 'vitest';
import { createLiveSessions } from '../../src/core/sessions/live-sessions.ts';
import type { Instant } from '../../src/core/time.ts';
import { createMetricsApi, isLoopback } from '../../src/http/metrics.ts';
import { createMetrics } from '../../src/metrics.ts';
import { openStore } from '../../src/store/sqlite/file/open.ts';
import {
  ANA,
  atMost,
  BEN,
  DAY,
  HOUR,
  member,
  newSession,
  SECOND,
  START,
} from '../support/fixtures.ts';
import {
  asForm,
  asJson,
  createHttpHarness,
  INTROSPECTION_SECRET,
} from '../support/http-harness.ts';

/** The API with its metrics, and a way to read them as Prometheus does. */
function setUp({ failuresPerMinute = 1_000 } = {}) {
  let online = true;
  const newest: { at: Instant | null } = { at: null };
  const metrics = createMetrics();
  const service = createHttpHarness({
    meter: metrics,
    onRecorded: metrics.recorded,
    through: (store) => metrics.measure(store),
    failuresPerMinute,
  });
  onTestFinished(() => service.close());
  const { store, clock } = service;
  let running = 0;
  const liveSessions = createLiveSessions({ store, clock, monotonicNow: () => running });
  metrics.addReadings({
    version: '1.2.3',
    clock: () => service.clock(),
    isOnline: () => online,
    isWritable: () => service.store.isWritable(),
    liveSessions: () => liveSessions.count(),
    waiting: (most) => service.store.waiting(most),
    backups: { everyMs: HOUR, newestAt: async () => newest.at },
  });
  /** Time goes by, until the sessions are counted again. */
  const later = () => (running += 60_000);
  const api = createMetricsApi(metrics);
  const scrape = async () => (await api.request('/metrics')).text();

  /** The value of a series, by its name and labels as they are written. */
  async function value(series: string): Promise<number | undefined> {
    const line = (await scrape()).split('\n').find((each) => each.startsWith(`${series} `));
    return line === undefined ? undefined : Number(line.slice(series.length));
  }

  const connect = (now: boolean) => (online = now);
  return { ...service, metrics, metricsApi: api, scrape, value, connect, newest, later };
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

const requests = (route: string, status: number) =>
  `latchkey_http_requests_total{route="${route}",status="${status}"}`;

describe('requests', () => {
  it('are counted by their route and what was answered', async () => {
    const { token, call, check, send, value } = setUp({ failuresPerMinute: 1 });
    const { token: good, session } = await token();
    await check(good);
    await check('x');
    await check('x');
    await send('/check/lamps/1', { method: 'PUT', headers: { Authorization: good } });
    await send('/sessions', asJson({ name: 'more', type: 'api', expiry: 60 }, good));
    await call('DELETE', '/sessions/nonsense', good);
    await call('DELETE', `/sessions/${session.id}`, good);
    await send('/sessions', { method: 'POST', body: 'x', headers: { 'Content-Type': 'a/b' } });
    const counted = [
      requests('GET /sessions/@me', 200),
      requests('GET /sessions/@me', 401),
      requests('GET /sessions/@me', 429),
      requests('ALL /check', 200),
      requests('POST /sessions', 200),
      requests('DELETE /sessions/:id', 400),
      requests('DELETE /sessions/:id', 204),
    ];
    expect(await Promise.all(counted.map(value))).toEqual(counted.map(() => 1));
  });

  it('that were answered ahead of the API are counted with the others, each once', async () => {
    const { metrics, value, token, check } = setUp();
    await check((await token()).token);
    metrics.quickCheck('GET /sessions/@me');
    metrics.quickCheck('GET /sessions/@me');
    metrics.quickCheck('ALL /check');
    expect(await value(checks('valid'))).toBe(4);
    expect(await value(requests('GET /sessions/@me', 200))).toBe(3);
    expect(await value(requests('ALL /check', 200))).toBe(1);
    expect(await value(checks('valid'))).toBe(4);
    const [sample] = (await metrics.samples()).filter(
      ({ name }) => name === 'latchkey_checks_total',
    );
    expect(sample?.values).toMatchObject([{ value: 4 }]);
  });

  it('to no route of ours are one series, however many there are', async () => {
    const { send, scrape, value } = setUp();
    for (const path of ['/a', '/b"c', `/sessions/${ANA}/x`, '/%00', '/sessions/@me/x']) {
      await send(path);
      await send(path, { method: 'PROPFIND' });
    }
    await send('/sessions', { method: 'PUT' });
    expect(await value(requests('other', 404))).toBe(10);
    expect(await value(requests('other', 405))).toBe(1);
    expect(labels(await scrape(), 'route')).toEqual(new Set(['other']));
  });
});

const live = (type: string) => `latchkey_sessions_live{type="${type}"}`;
const ended = (reason: string) => `latchkey_sessions_ended_total{reason="${reason}"}`;

describe('sessions', () => {
  it('are counted as they are made, rotated and ended', async () => {
    const { token, sessions, tokens, value } = setUp();
    const made = [await token(), await token(), await token(BEN)];
    await tokens.rotate(member(ANA), { id: made[0]?.session.id ?? '', graceMs: 0 });
    await sessions.revoke(member(ANA), made[1]?.session.id ?? '');
    expect(await value('latchkey_sessions_created_total{type="api"}')).toBe(3);
    expect(await value('latchkey_sessions_rotated_total')).toBe(1);
    expect(await value(ended('revoked'))).toBe(1);
  });

  it('that leaked are told apart', async () => {
    const { token, send, value } = setUp();
    const { token: lost } = await token();
    await send('/leaks', asJson({ tokens: [lost, lost, 'x'] }));
    expect(await value(ended('leaked'))).toBe(1);
    expect(await value(ended('revoked'))).toBe(0);
  });

  it('are there with 0 before the first, so that it is a rise', async () => {
    const { scrape } = setUp();
    const text = await scrape();
    const types = ['login', 'app_login', 'api'];
    for (const type of types)
      expect(text).toContain(`latchkey_sessions_created_total{type="${type}"} 0`);
    expect(labels(text, 'reason')).toEqual(
      new Set(['revoked', 'rotated', 'displaced', 'leaked', 'left', 'banned']),
    );
  });

  it('are not counted where what was written is undone', async () => {
    const heard: string[] = [];
    const store = openStore(':memory:', { onRecorded: ({ action }) => heard.push(action) });
    onTestFinished(() => store.close());
    const { session, tokenHash } = newSession();
    const act = { actor: member(ANA), at: START };
    const twice = { session, tokenHash };
    await store.add(act, twice, atMost(9));
    await expect(store.add(act, twice, atMost(9))).rejects.toThrow(/UNIQUE/);
    await store.end(act, ANA, { one: session.id, includeDescendants: false }, 'revoked');
    expect(heard).toEqual(['session.created', 'session.ended']);
  });

  it('that are live are counted of all members, and not those that ended or expired', async () => {
    const { token, sessions, clock, value, later } = setUp();
    for (let index = 0; index < 45; index += 1)
      await token(`1000000000000000${100 + index}`, 'a token', DAY);
    await token(ANA, 'a token', HOUR);
    const { session } = await token(ANA);
    await sessions.revoke(member(ANA), session.id);
    expect(await value(live('api'))).toBe(46);
    expect(await value(live('login'))).toBe(0);
    clock.advance(2 * HOUR);
    later();
    expect(await value(live('api'))).toBe(45);
  });

  it('are not counted again by everyone who looks', async () => {
    const { token, value, later } = setUp();
    expect(await value(live('api'))).toBe(0);
    await token();
    expect(await value(live('api'))).toBe(0);
    later();
    expect(await value(live('api'))).toBe(1);
  });
});

describe('the outbox', () => {
  const AGE = 'latchkey_outbox_oldest_age_seconds';

  it('has a length, and the age of its oldest event', async () => {
    const { clock, send, token, value } = setUp();
    expect(await value('latchkey_outbox_events')).toBe(0);
    expect(await value(AGE)).toBe(0);
    await send('/leaks', asJson({ tokens: [(await token()).token] }));
    const waiting = await value('latchkey_outbox_events');
    expect(waiting).toBeGreaterThan(0);
    clock.advance(90 * SECOND);
    await send('/leaks', asJson({ tokens: [(await token()).token] }));
    expect(await value('latchkey_outbox_events')).toBe(2 * (waiting ?? 0));
    expect(await value(AGE)).toBe(90);
  });
});

describe('backups', () => {
  const NEWEST = 'latchkey_backup_newest_timestamp_seconds';

  it('have the time of the newest, and how far apart they are to be', async () => {
    const { newest, value } = setUp();
    expect(await value('latchkey_backup_interval_seconds')).toBe(3600);
    expect(await value(NEWEST)).toBe(0);
    newest.at = START;
    expect(await value(NEWEST)).toBe(START / 1000);
  });
});

const fails = () => Promise.reject(new Error('SQLITE_IOERR'));

describe('what cannot be read', () => {
  const never = new Promise<never>(() => {});
  const readings = {
    version: '1',
    clock: () => START,
    isOnline: () => true,
    isWritable: async () => true,
    liveSessions: async () => null,
    waiting: async () => ({ count: 0, oldestAt: null }),
  };

  it('is left out or alarms, and the rest is told', async () => {
    const broken = { ...readings, isWritable: fails, liveSessions: fails, waiting: fails };
    const backups = { everyMs: HOUR, newestAt: fails };
    const metrics = createMetrics();
    metrics.addReadings({ ...broken, backups });
    const text = await metrics.text();
    expect(text).toMatch(/^latchkey_build_info\{version="1"\} 1$/m);
    expect(text).toMatch(/^latchkey_database_writable 0$/m);
    expect(text).toMatch(/^latchkey_backup_newest_timestamp_seconds 0$/m);
    expect(text).not.toMatch(/^latchkey_(sessions_live|outbox)/m);
  });

  it('is waited for a second, and asked once however many look', async () => {
    let asked = 0;
    const waiting = () => {
      asked += 1;
      return never;
    };
    const metrics = createMetrics();
    metrics.addReadings({ ...readings, waiting });
    const texts = await Promise.all([metrics.text(), metrics.text(), metrics.text()]);
    for (const text of texts) expect(text).not.toMatch(/^latchkey_outbox/m);
    // For its length and for its age.
    expect(asked).toBe(1);
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
    const metrics = createMetrics();
    const store = openStore(':memory:');
    const measured = metrics.measure(store);
    await store.close();
    const reason = await store.ping().catch((error: unknown) => error);
    expect(reason).toBeInstanceOf(Error);
    await expect(measured.ping()).rejects.toEqual(reason);
    expect(await metrics.text()).toContain(`${calls('ping')} 1`);
  });

  it('gives back what it found', async () => {
    const metrics = createMetrics();
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
    metrics.command('token create', 0.25, 'ok');
    metrics.command('token create', 0.5, 'refused');
    metrics.command('other', 4, 'unanswered');
    expect(await value(latency('count'))).toBe(2);
    expect(await value(latency('sum'))).toBe(0.75);
    expect(await value('latchkey_commands_total{name="token create",outcome="refused"}')).toBe(1);
    expect(await value('latchkey_commands_total{name="token create",outcome="failed"}')).toBe(
      undefined,
    );
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
