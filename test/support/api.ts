import { BlockList } from 'node:net';
import { pictureOf } from '../../src/discord/server/picture.ts';
import { createApi } from '../../src/http/api.ts';
import { silentMeter } from '../../src/metrics.ts';
import { type BenchOptions, createBench } from './bench.ts';
import { ANA, collectLog } from './fixtures.ts';

export interface ApiOptions extends BenchOptions {
  /** What is wrong with the way to Discord. */
  readonly gateway?: () => string | null;
  readonly corsOrigins?: readonly string[];
}

/** The HTTP API over the real core and store. */
export function createTestApi(given: ApiOptions = {}) {
  const { gateway = () => null, corsOrigins = [], ...options } = given;
  const bench = createBench(options);
  const { log, lines } = collectLog();
  const { sessions, tokens, leaks, clock, store } = bench;
  const healthChecks = {
    database: () => store.ping(),
    isWritable: () => store.isWritable(),
    gateway,
    log,
  };
  const api = createApi({
    pictureOf,
    sessions,
    tokens,
    leaks,
    logins: undefined,
    clock,
    healthChecks,
    log,
    meter: silentMeter,
    publicUrl: 'https://latchkey.example',
    introspectionSecret: undefined,
    failuresPerMinute: 1_000_000,
    trustedProxies: new BlockList(),
    corsOrigins,
  });

  /** With a token and, where there is a body, as JSON. */
  async function call(method: string, path: string, token?: string, body?: unknown) {
    return api.request(path, {
      method,
      headers: {
        ...(token === undefined ? {} : { Authorization: token }),
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  }

  /** Makes a token of `userId` without asking HTTP. */
  const token = (userId = ANA) => bench.token(userId);

  return { ...bench, api, lines, call, token };
}

export type TestApi = ReturnType<typeof createTestApi>;
