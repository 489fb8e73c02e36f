import { setTimeout as delay } from 'node:timers/promises';
import type { Store } from '../../../core/store.ts';
import type { DatabaseDeps, OpenDatabase } from '../../open-database.ts';
import { messageOf, StoreError, UnusableDatabase } from '../../store-error.ts';
import { createPostgresStore } from '../postgres-store.ts';
import type { DriverConnection } from './driver.ts';
import { DatabaseFailure } from './failures.ts';
import { migrate } from './migrate.ts';
import { requireMoved } from './move-mark.ts';
import { openConnection, openPools } from './pools.ts';
import { durabilityOf, readFacts, type ServerFacts, warningsOf } from './server-facts.ts';
import { isTemporary, toStoreError } from './start-errors.ts';

export interface ServerConfig {
  readonly url: string;
  /** For this process. */
  readonly connections: number;
}

type ServerDeps = Omit<DatabaseDeps, 'clock'>;

/** The first version that has all that is used; older ones get no corrections any more. */
const OLDEST_VERSION = 140_000;
/** A server that starts at the same time as we do is waited for. */
const PATIENCE_MS = 15_000;
const PAUSE_MS = 500;

/** Opens the database on a server, and brings its schema up to date. */
export async function openServer(config: ServerConfig, deps: ServerDeps): Promise<OpenDatabase> {
  const { url } = config;
  const { log } = deps;
  const tell = (facts: ServerFacts) => {
    const { version, database, isolation } = facts;
    log.info(
      { version, database, isolation, waitsForStandby: durabilityOf(facts) },
      `the database is on PostgreSQL ${version}`,
    );
    for (const warning of warningsOf(facts, isElsewhere(url))) log.warn(warning);
  };
  // Another server may have taken its place. What it does not say now it says in its answers.
  const lookAgain = () => void alone(url, readFacts).then(tell, () => {});
  await bringUpToDate(url, deps, tell);
  await alone(url, requireMoved);
  return {
    store: useServer(config, deps, lookAgain),
    jobs: [],
    backups: undefined,
    failure: new Promise(() => {}),
    reportDamage() {},
    stop() {},
  };
}

/**
 * Waits for the server, and brings the schema there up to date.
 * @param onFound hears what was found before anything is written, which may have to wait for a standby
 * @throws StoreError
 */
export async function bringUpToDate(
  url: string,
  deps: Pick<ServerDeps, 'log' | 'monotonicNow'>,
  onFound: (facts: ServerFacts) => void = () => {},
): Promise<void> {
  onFound(await whileTemporary(deps, () => alone(url, (first) => requireUsable(first, url))));
  await alone(url, async (connection) => {
    const added = await migrate({ connect: async () => lent(connection) });
    if (added > 0) deps.log.info({ migrations: added }, 'the schema was brought up to date');
  });
}

/** The same database for a process that only uses it. */
export function useServer(
  { url, connections }: ServerConfig,
  { log, monotonicNow, random, onRecorded }: ServerDeps,
  onRecovery: () => void = () => {},
): Store {
  const driver = openPools({
    url,
    connections,
    monotonicNow,
    random,
    onTrouble: (err) => log.warn({ err }, 'no connection to the database'),
    onRecovery() {
      log.info('the database answers again');
      onRecovery();
    },
  });
  return createPostgresStore(driver, onRecorded);
}

/** Does something on a connection of its own. @throws StoreError */
export async function alone<Result>(
  url: string,
  work: (connection: DriverConnection) => Promise<Result>,
): Promise<Result> {
  try {
    const connection = await openConnection(url);
    try {
      return await work(connection);
    } finally {
      connection.release(true);
    }
  } catch (error) {
    throw error instanceof StoreError ? error : toStoreError(error);
  }
}

async function requireUsable(connection: DriverConnection, url: string): Promise<ServerFacts> {
  await requireStatements(url, connection);
  const facts = await readFacts(connection);
  if (facts.versionNumber < OLDEST_VERSION) {
    throw new UnusableDatabase(
      `Latchkey needs PostgreSQL 14 or later; the server in DATABASE_URL is ${facts.version}.`,
    );
  }
  if (facts.isStandby) {
    throw new StoreError(
      'DATABASE_URL leads to a standby, which takes no writes: name the primary, or an address that always leads to it.',
    );
  }
  return facts;
}

const PROBE = { name: 'lk_probe', text: 'select 1', values: [] };
/** `duplicate_prepared_statement`, `invalid_sql_statement_name`. */
const SHARED = ['42P05', '26000'];

/** Each connection must keep its own prepared statements, also behind a pooler. */
async function requireStatements(url: string, first: DriverConnection): Promise<void> {
  const second = await openConnection(url);
  try {
    for (const connection of [first, second, first, second]) await connection.query(PROBE);
  } catch (error) {
    if (!SHARED.includes(new DatabaseFailure(error).state)) throw error;
    throw new UnusableDatabase(
      'DATABASE_URL leads to a pooler that mixes up prepared statements, as PgBouncer before 1.21 does: use 1.21 or later with max_prepared_statements above 0, or pool_mode=session.',
    );
  } finally {
    second.release(true);
  }
}

async function whileTemporary<Result>(
  { log, monotonicNow }: Pick<ServerDeps, 'log' | 'monotonicNow'>,
  work: () => Promise<Result>,
): Promise<Result> {
  const givesUpAt = monotonicNow() + PATIENCE_MS;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (!isTemporary(error) || monotonicNow() > givesUpAt) throw error;
      if (attempt === 1) log.warn(`${messageOf(error)} Trying again for a while.`);
      await delay(PAUSE_MS);
    }
  }
}

function lent(connection: DriverConnection): DriverConnection {
  return { query: (query) => connection.query(query), release() {} };
}

/** Whether what is sent leaves this machine. */
function isElsewhere(url: string): boolean {
  const { hostname, searchParams } = new URL(url);
  const host = searchParams.get('host') ?? decodeURIComponent(hostname);
  return host !== '' && !host.startsWith('/') && !/^(localhost|127\.|\[?::1\]?$)/.test(host);
}
