import {
  AggregatorRegistry,
  collectDefaultMetrics,
  Counter,
  Gauge,
  Histogram,
  type MetricObjectWithValues,
  type MetricValue,
  Registry,
} from 'prom-client';
import type { Store } from './core/ports.ts';

/** Where the parts say what happened. */
export interface Meter {
  /** One token check. */
  check(outcome: 'valid' | 'banned' | 'invalid' | 'missing'): void;
  /** One command, component or autocomplete, by its name, from its arrival to its answer. */
  command(name: string, seconds: number): void;
}

export const silentMeter: Meter = { check() {}, command() {} };

/** What one process has counted of one thing. */
export type Sample = MetricObjectWithValues<MetricValue<string>>;

export interface MetricsDeps {
  /** Absent where nobody looks at the connection to Discord. */
  readonly isOnline?: () => boolean;
  /** What other processes have counted. */
  readonly others?: () => Promise<readonly (readonly Sample[])[]>;
}

export interface Metrics extends Meter {
  /** What this process has counted. */
  samples(): Promise<readonly Sample[]>;
  /** Of all processes together, in the text format of Prometheus. */
  text(): Promise<string>;
  readonly contentType: string;
  /** The same store, with the time that each of its methods takes. */
  measure(store: Store): Store;
}

const SECONDS = [0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 15];

export function createMetrics({ isOnline, others }: MetricsDeps): Metrics {
  const register = new Registry();
  const registers = [register];
  collectDefaultMetrics({ register });
  const checks = new Counter({
    name: 'latchkey_checks_total',
    help: 'Token checks over HTTP',
    labelNames: ['outcome'],
    registers,
  });
  const commands = new Histogram({
    name: 'latchkey_command_seconds',
    help: 'From the arrival of an interaction to its answer',
    labelNames: ['name'],
    buckets: SECONDS,
    registers,
  });
  const storeCalls = new Histogram({
    name: 'latchkey_store_seconds',
    help: 'What the methods of the store take',
    labelNames: ['method'],
    buckets: SECONDS,
    registers,
  });
  if (isOnline !== undefined) {
    const gateway = new Gauge({
      name: 'latchkey_gateway_connected',
      help: '1 while interactions arrive from Discord',
      registers: [],
      collect() {
        this.set(isOnline() ? 1 : 0);
      },
    });
    register.registerMetric(gateway);
  }

  return {
    check: (outcome) => checks.inc({ outcome }),
    command: (name, seconds) => commands.observe({ name }, seconds),
    samples: () => register.getMetricsAsJSON(),
    async text() {
      if (others === undefined) return register.metrics();
      const all = [await register.getMetricsAsJSON(), ...(await others())];
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
