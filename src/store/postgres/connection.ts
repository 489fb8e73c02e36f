import { setTimeout as delay } from 'node:timers/promises';
import type { NoticeSettings } from '../../core/accounts/notice.ts';
import type { UserId } from '../../core/actor.ts';
import type { Values } from '../statement.ts';
import type { Driver, DriverConnection } from './server/driver.ts';
import { byDriver, explain, isCollision, isReusable } from './server/failures.ts';
import type { Statement } from './statement.ts';

/** What is read together. What is sent before an earlier statement is answered costs no round trip. */
export interface Snapshot {
  readonly all: <Row>(statement: Statement<Row>, values?: Values) => Promise<readonly Row[]>;
  readonly get: <Row>(statement: Statement<Row>, values?: Values) => Promise<Row | undefined>;
}

/** What is written together, or not at all. */
export interface Transaction extends Snapshot {
  /** Sends a statement for whose answer nobody waits: if it fails, all fails. */
  run(statement: Statement, values?: Values): void;
  /** Lets nothing be kept of it. */
  undo(): void;
  /** Does something once all is kept; never, if it is not. */
  onceKept(work: () => void): void;
  /** Of whose notices it is known already what they want. */
  readonly notices: Map<UserId, Promise<NoticeSettings>>;
}

/** The ways to the server. */
export interface Connection {
  /** One statement by itself. */
  readonly all: <Row>(statement: Statement<Row>, values?: Values) => Promise<readonly Row[]>;
  readonly get: <Row>(statement: Statement<Row>, values?: Values) => Promise<Row | undefined>;
  /** Runs `work` on one snapshot: others may write between two statements. */
  readonly readTogether: <Result>(work: (snapshot: Snapshot) => Promise<Result>) => Promise<Result>;
  /**
   * Runs `work` in one transaction, and again where another was in its way: it may change nothing
   * besides. Its commit is sent along with its last statements.
   */
  readonly write: <Result>(work: (transaction: Transaction) => Promise<Result>) => Promise<Result>;
}

// Each with its limits: a pooler allows none at the start of a connection. Isolation in so many words, since an
// operator may have changed the default: a lock alone does not renew what REPEATABLE READ sees.
const LIMITS =
  'set local statement_timeout = 8000; set local lock_timeout = 5000; set local idle_in_transaction_session_timeout = 10000';
const BEGIN = { text: `begin isolation level read committed; ${LIMITS}` };
const BEGIN_READING = { text: `begin isolation level repeatable read, read only; ${LIMITS}` };
const COMMIT = { text: 'commit' };
const ROLLBACK = { text: 'rollback' };

/** For how long what collides is tried again, and the first pause. */
const PATIENCE_MS = 5_000;
const PAUSE_MS = 5;
const LONGEST_PAUSE_MS = 250;

export function createConnection(driver: Pick<Driver, 'connect'>): Connection {
  async function onOne<Result>(
    work: (connection: DriverConnection) => Promise<Result>,
  ): Promise<Result> {
    const givesUpAt = performance.now() + PATIENCE_MS;
    for (let pause = PAUSE_MS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
      try {
        const connection = await byDriver(driver.connect());
        let isBroken = false;
        try {
          return await work(connection);
        } catch (error) {
          isBroken = !isReusable(error);
          throw error;
        } finally {
          connection.release(isBroken);
        }
      } catch (error) {
        if (!isCollision(error) || performance.now() > givesUpAt) throw explain(error);
      }
      await delay(pause);
    }
  }

  function runTogether<Result>(
    begin: { readonly text: string },
    work: (transaction: Transaction) => Promise<Result>,
  ): Promise<Result> {
    return onOne(async (connection) => {
      const kept: (() => void)[] = [];
      const sent: Promise<unknown>[] = [];
      let failure: { readonly error: unknown } | undefined;
      let isUndone = false;

      /** The first failure is the reason; what was sent behind it fails for that alone. */
      function send<Row>(query: Parameters<DriverConnection['query']>[0]): Promise<readonly Row[]> {
        const answer = byDriver(connection.query(query)).then(({ rows }) => rows as readonly Row[]);
        answer.catch((error: unknown) => (failure ??= { error }));
        sent.push(answer);
        return answer;
      }
      const transaction: Transaction = {
        all: (statement, values) => send(filled(statement, values)),
        get: async (statement, values) => (await transaction.all(statement, values))[0],
        run: (statement, values) => void send(filled(statement, values)),
        undo: () => void (isUndone = true),
        onceKept: (then) => void kept.push(then),
        notices: new Map(),
      };

      void send(begin);
      try {
        const result = await work(transaction);
        void send(isUndone ? ROLLBACK : COMMIT);
        await Promise.all(sent);
        if (!isUndone) for (const then of kept) then();
        return result;
      } catch (error) {
        await Promise.allSettled(sent);
        const reason = failure === undefined ? error : failure.error;
        // Any other is closed, and the transaction with it.
        if (isReusable(reason)) await byDriver(connection.query(ROLLBACK));
        throw reason;
      }
    });
  }

  const connection: Connection = {
    all: (statement, values) =>
      onOne(async (one) => (await byDriver(one.query(filled(statement, values)))).rows as never),
    get: async (statement, values) => (await connection.all(statement, values))[0],
    readTogether: (work) => runTogether(BEGIN_READING, work),
    write: (work) => runTogether(BEGIN, work),
  };
  return connection;
}

function filled(statement: Statement<unknown>, values: Values = {}) {
  return { name: statement.name, text: statement.text, values: statement.fill(values) };
}
