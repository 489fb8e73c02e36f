import { Client, type ClientBase, type ClientConfig, Pool, type PoolClient, types } from 'pg';
import { setTimeout as delay } from 'node:timers/promises';
import { type BackOff, type BackOffOptions, createBackOff } from './back-off.ts';
import type { Driver, DriverConnection } from './driver.ts';

/** Of checks at a time: see {@link createChecks}. */
const FOR_CHECKS = 2;
/** Until a connection is there, and until a query is answered. */
const LIMITS = {
  checks: { connectMs: 1_500, queryMs: 2_000 },
  others: { connectMs: 3_000, queryMs: 10_000 },
} as const;
/** After so long a connection is made anew: behind the address there may be another server by then. */
const LIFETIME_S = 1_800;

export interface PoolsOptions extends BackOffOptions {
  readonly url: string;
  /** Two of them for checks. */
  readonly connections: number;
}

/** What no driver says by itself: the server takes no writes, since it follows another one. */
const STANDBY = '25006';

export function openPools({ url, connections, ...options }: PoolsOptions): Driver {
  const backOff = createBackOff(options);
  const checks = openPool(url, FOR_CHECKS, LIMITS.checks, false);
  const others = openPool(url, connections - FOR_CHECKS, LIMITS.others, true);
  const from = (pool: Pool, { connectMs }: { readonly connectMs: number }) =>
    take(pool, backOff, connectMs, options.monotonicNow);
  return {
    connect: () => from(others, LIMITS.others),
    connectForChecks: () => from(checks, LIMITS.checks),
    end: async () => void (await Promise.all([checks.end(), others.end()])),
  };
}

/** One connection by itself, without a limit to what a query takes. */
export async function openConnection(url: string): Promise<DriverConnection> {
  const client = new Client({ ...common(url), connectionTimeoutMillis: LIMITS.others.connectMs });
  client.on('error', () => {});
  try {
    await client.connect();
  } catch (error) {
    // One whose server waits for a password would keep this process from its end.
    void client.end().catch(() => {});
    throw error;
  }
  return {
    query: (query) => client.query({ ...query }),
    release: () => void client.end().catch(() => {}),
  };
}

function openPool(
  url: string,
  max: number,
  { connectMs, queryMs }: { readonly connectMs: number; readonly queryMs: number },
  pipeline: boolean,
): Pool {
  const pool = new Pool({
    ...common(url),
    max,
    pipeline,
    idleTimeoutMillis: 0,
    maxLifetimeSeconds: LIFETIME_S,
    connectionTimeoutMillis: connectMs,
    query_timeout: queryMs,
    // oxlint-disable-next-line typescript/no-misused-promises -- the pool waits for it, though its types do not say so
    onConnect: (client) => refuseStandby(client, connectMs),
  });
  // One that waits for work was ended: the pool drops it. One that works tells who asked.
  pool.on('error', () => {});
  pool.on('connect', (client) => {
    client.on('error', () => {});
    noteUnconfirmed(client);
  });
  return pool;
}

function common(url: string): ClientConfig {
  return {
    connectionString: url,
    keepAlive: true,
    fallback_application_name: 'latchkey',
    // Instants and counts: a double holds all of ours.
    types: {
      getTypeParser: (oid, format) =>
        oid === types.builtins.INT8
          ? Number
          : (types.getTypeParser(oid, format) as (value: string) => unknown),
    },
  };
}

/** A standby would answer checks, and from the past. One becomes a primary, but never the other way round. */
async function refuseStandby(client: ClientBase, queryMs: number): Promise<void> {
  const { rows } = await client.query<{ follows: boolean }>({
    text: 'select pg_is_in_recovery() as follows',
    query_timeout: queryMs,
  } as { text: string });
  if (rows[0]?.follows !== true) return;
  throw Object.assign(new Error('the address leads to a standby'), { code: STANDBY });
}

/**
 * A connection of the pool's. While the server lets nobody in, who asks is refused at once; where it lets
 * in no more, who asks waits for one of those that are there.
 */
async function take(
  pool: Pool,
  backOff: BackOff,
  patienceMs: number,
  monotonicNow: () => number,
): Promise<DriverConnection> {
  const givesUpAt = monotonicNow() + patienceMs;
  for (;;) {
    const rest = pool.idleCount > 0 ? undefined : backOff.rest();
    let error = rest?.error;
    if (rest === undefined) {
      try {
        const client = await pool.connect();
        backOff.succeeded();
        return toConnection(client);
      } catch (reason) {
        error = reason;
        if (!isBusy(reason)) backOff.failed(reason);
      }
    }
    const waits = isFull(error) || (pool.totalCount > 0 && !isBusy(error));
    const ms = Math.min(backOff.rest()?.ms ?? 0, 100);
    if (!waits || monotonicNow() + ms >= givesUpAt) throw error;
    await delay(ms);
  }
}

/** Of these the server ended the wait for a standby, and acknowledged what may be lost with it. */
const unconfirmed = new WeakSet<ClientBase>();

function noteUnconfirmed(client: ClientBase): void {
  client.on('notice', ({ routine }) => {
    if (routine === 'SyncRepWaitForLSN') unconfirmed.add(client);
  });
}

function toConnection(client: PoolClient): DriverConnection {
  return {
    async query(query) {
      const result = await client.query({ ...query });
      if (unconfirmed.has(client)) throw new Error('the wait for a standby was ended');
      return result;
    },
    release: (isBroken) => client.release(isBroken),
  };
}

/** All connections of the pool were in use for too long; this says nothing of the server. */
function isBusy(error: unknown): boolean {
  return error instanceof Error && error.message === 'timeout exceeded when trying to connect';
}

/** `too_many_connections`, also those that the role or the database may have. */
function isFull(error: unknown): boolean {
  return (error as { code?: unknown } | undefined)?.code === '53300';
}
