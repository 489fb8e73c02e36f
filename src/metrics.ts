import {
  AggregatorRegistry,
  collectDefaultMetrics,
  Counter,
  Histogram,
  type MetricObjectWithValues,
  type MetricValue,
  Registry,
} from 'prom-client';
import type { AuditEvent } from './core/audit/audit.ts';
import { END_REASONS, SESSION_TYPES } from './core/sessions/session.ts';
import type { Store } from './core/store.ts';
import { addReadings, type Readings } from './readings.ts';

/**
 * `ok`: done; `refused`: for a reason that the member is told; `failed`: Discord or the database did, or
 * we; `unanswered`: it came too late, or its answer did not arrive.
 */
export type CommandOutcome = 'ok' | 'refused' | 'failed' | 'unanswered';

/** Where the parts say what happened. Nothing here may be what somebody else chose. */
export interface Meter {
  /** One token check. */
  check(outcome: 'valid' | 'banned' | 'suspended' | 'invalid' | 'missing'): void;
  /** The same of a valid token, answered ahead of the API, which does not hear of that request. */
  quickCheck(route: string): void;
  /** One request that the API answered. Routes are as they are written down: `DELETE /sessions/:id`. */
  request(route: string, status: number): void;
  /** One command, component or autocomplete, by its name, from its arrival to its answer. */
  command(name: string, seconds: number, outcome: CommandOutcome): void;
  /** Discord refused a direct message, for good. */
  refusedMessage(): void;
}

export const silentMeter: Meter = {
  check() {},
  quickCheck() {},
  request() {},
  command() {},
  refusedMessage() {},
};

/** What one process has counted of one thing. */
export type Sample = MetricObjectWithValues<MetricValue<string>>;

export interface Metrics extends Meter {
  /** Hears of each event that this process wrote into the audit. */
  readonly recorded: (event: AuditEvent) => void;
  /**
   * What is one for all processes, and read when somebody looks. Only the process that gathers what the
   * others have counted has these: they are not to be added up.
   */
  addReadings(readings: Readings): void;
  /** What other processes have counted. */
  addOthers(others: () => Promise<readonly (readonly Sample[])[]>): void;
  /** What this process has counted. */
  samples(): Promise<readonly Sample[]>;
  /** Of all processes together, in the text format of Prometheus. */
  text(): Promise<string>;
  readonly contentType: string;
  /** The same store, with the time that each of its methods takes. */
  measure(store: Store): Store;
}

const SECONDS = [0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 15];

export function createMetrics(): Metrics {
  const register = new Registry();
  const registers = [register];
  collectDefaultMetrics({ register });
  const checks = new Counter({
    name: 'latchkey_checks_total',
    help: 'Token checks over HTTP',
    labelNames: ['outcome'],
    registers,
    collect: () => addQuickChecks(),
  });
  const requests = new Counter({
    name: 'latchkey_http_requests_total',
    help: 'HTTP requests that the API answered',
    labelNames: ['route', 'status'],
    registers,
    collect: () => addQuickChecks(),
  });
  const commands = new Histogram({
    name: 'latchkey_command_seconds',
    help: 'From the arrival of an interaction to its answer',
    labelNames: ['name'],
    buckets: SECONDS,
    registers,
  });
  const commandOutcomes = new Counter({
    name: 'latchkey_commands_total',
    help: 'Commands, components and autocompletes by what came out',
    labelNames: ['name', 'outcome'],
    registers,
  });
  const refusedMessages = new Counter({
    name: 'latchkey_direct_messages_refused_total',
    help: 'Direct messages that Discord does not deliver to their member',
    registers,
  });
  const storeCalls = new Histogram({
    name: 'latchkey_store_seconds',
    help: 'What the methods of the store take',
    labelNames: ['method'],
    buckets: SECONDS,
    registers,
  });
  const sessionEvents = createSessionCounters(registers);
  let samplesOfOthers: (() => Promise<readonly (readonly Sample[])[]>) | undefined;

  /** Valid checks since somebody last looked, by route: a number each, since there are so many. */
  const quickChecks = new Map<string, number>();
  function addQuickChecks(): void {
    for (const [route, count] of quickChecks) {
      checks.inc({ outcome: 'valid' }, count);
      requests.inc({ route, status: 200 }, count);
    }
    quickChecks.clear();
  }

  return {
    check: (outcome) => checks.inc({ outcome }),
    quickCheck: (route) => void quickChecks.set(route, (quickChecks.get(route) ?? 0) + 1),
    request: (route, status) => requests.inc({ route, status }),
    command(name, seconds, outcome) {
      commands.observe({ name }, seconds);
      commandOutcomes.inc({ name, outcome });
    },
    refusedMessage: () => refusedMessages.inc(),
    recorded: sessionEvents,
    addReadings: (readings) => addReadings(register, readings),
    addOthers: (others) => void (samplesOfOthers = others),
    samples: () => register.getMetricsAsJSON(),
    async text() {
      if (samplesOfOthers === undefined) return register.metrics();
      const all = [await register.getMetricsAsJSON(), ...(await samplesOfOthers())];
      return AggregatorRegistry.aggregate(all).metrics();
    },
    contentType: register.contentType,
    measure(store) {
      return new Proxy(store, {
        get(target, method: keyof Store) {
          const work = target[method] as (...input: unknown[]) => Promise<unknown>;
          return (...input: unknown[]) => {
            const done = storeCalls.startTimer({ method });
            return work.apply(target, input).finally(done);
          };
        },
      });
    },
  };
}

/** Counts what becomes of sessions. All series are there from the start: the first of a kind is a rise. */
function createSessionCounters(registers: Registry[]): (event: AuditEvent) => void {
  const created = new Counter({
    name: 'latchkey_sessions_created_total',
    help: 'Sessions made, other than by rotation',
    labelNames: ['type'],
    registers,
  });
  const rotated = new Counter({
    name: 'latchkey_sessions_rotated_total',
    help: 'API tokens that another took the place of',
    registers,
  });
  const ended = new Counter({
    name: 'latchkey_sessions_ended_total',
    help: 'Sessions ended before they expired, by the reason: revoked, leaked and so on',
    labelNames: ['reason'],
    registers,
  });
  for (const type of SESSION_TYPES) created.inc({ type }, 0);
  for (const reason of END_REASONS) ended.inc({ reason }, 0);

  return (event) => {
    if (event.action === 'session.created') created.inc({ type: event.type });
    if (event.action === 'session.rotated') rotated.inc();
    if (event.action === 'session.ended') ended.inc({ reason: event.reason });
  };
}
