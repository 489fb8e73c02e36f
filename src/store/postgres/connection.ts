import { setTimeout as delay } from 'node:timers/promises';
import type { NoticeSettings } from '../../core/accounts/notice.ts';
import type { UserId } from '../../core/actor.ts';
import { AppError } from '../../core/errors.ts';
import type { Values } from '../statement.ts';
import type { Driver, DriverConnection } from './server/driver.ts';
import {
  byDriver,
  explain,
  isCollision,
  isReusable,
  isSaid,
  LostAnswer,
  uncertain,
} from './server/failures.ts';
import type { Statement } from './statement.ts';

/** What is read together. What is sent before an earlier statement is answered costs no round trip. */
export interface Snapshot {
  readonly all: <Row>(statement: Statement<Row>, values?: Values) => Promise<readonly Row[]>;
  readonly get: <Row>(statement: Statement<Row>, values?: Values) => Promise<Row | undefined>;
}

/** What is written together, or not at all. */
export interface Transaction extends Snapshot {
  /**
   * Whether the same was tried before, and no answer came to its commit. Then it looks for its own traces
   * first, behind the lock that the earlier attempt may still hold; see traces.ts.
   */
  readonly mayBeKept: boolean;
  /** Sends a statement for whose answer nobody waits: if it fails, all fails. */
  run(statement: Statement, values?: Values): void;
  /** Lets nothing be kept of it. */
  undo(): void;
  /** Does something once all is kept; never, if it is not, or if no answer came to that. */
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
   * Runs `work` in one transaction, and again where another was in its way, or where no answer came to its
   * commit: it may change nothing besides. The commit is sent along with its last statements.
   * @throws AppError `uncertain` where nobody could find out in time whether it was kept
   */
  readonly write: <Result>(work: (transaction: Transaction) => Promise<Result>) => Promise<Result>;
}

// Each with its limits: a pooler allows none at the start of a connection. Isolation in so many words, since an
// operator may have changed the default: a lock alone does not renew what REPEATABLE READ sees.
const LIMITS =
  'set local statement_timeout = 8000; set local lock_timeout = 5000; set local idle_in_transaction_session_timeout = 10000';
const BEGIN = { text: `begin isolation level read committed; ${LIMITS}` };
const BEGIN_READING = { text: `begin isolation level repeatable read, read only; ${LIMITS}` };
// Without a limit of the server's: who ends the wait for a standby is told that all is well. Ours ends it too, and
// knows nothing then.
const COMMIT = { text: 'set local statement_timeout = 0; commit' };
const ROLLBACK = { text: 'rollback' };

/** For how long what collides is tried again, and the first pause. */
const PATIENCE_MS = 5_000;
const PAUSE_MS = 5;
const LONGEST_PAUSE_MS = 250;

/** For how long it is looked for what became of a commit, and the first pause. */
const LOOKED_FOR_MS = 10_000;
const LOOK_AFTER_MS = 50;
const LONGEST_LOOK_MS = 1_000;

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
    mayBeKept = false,
  ): Promise<Result> {
    return onOne(async (connection) => {
      const kept: (() => void)[] = [];
      const sent: Promise<unknown>[] = [];
      let failure: { readonly error: unknown; readonly ofCommit: boolean } | undefined;
      let isUndone = false;
      let isCommitting = false;

      /** The first failure is the reason; what was sent behind it fails for that alone. */
      function send<Row>(query: Parameters<DriverConnection['query']>[0]): Promise<readonly Row[]> {
        const answer = byDriver(connection.query(query)).then(({ rows }) => rows as readonly Row[]);
        const ofCommit = query === COMMIT;
        answer.catch((error: unknown) => (failure ??= { error, ofCommit }));
        sent.push(answer);
        return answer;
      }
      const transaction: Transaction = {
        mayBeKept,
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
        isCommitting = !isUndone && begin === BEGIN;
        void send(isUndone ? ROLLBACK : COMMIT);
        await Promise.all(sent);
        if (!isUndone) for (const then of kept) then();
        return result;
      } catch (error) {
        await Promise.allSettled(sent);
        const reason = failure === undefined ? error : failure.error;
        // What the server refuses before it comes to the commit, it commits nothing of.
        const isRefused = failure?.ofCommit === false && isSaid(reason);
        if (isCommitting && !isRefused && !isReusable(reason)) {
          throw new LostAnswer('no answer came to a commit', { cause: reason });
        }
        // Any other is closed, and the transaction with it.
        if (isReusable(reason)) await byDriver(connection.query(ROLLBACK));
        throw reason;
      }
    });
  }

  /** What an earlier attempt began is found by its traces, or done now, before anybody is told anything. */
  async function write<Result>(work: (transaction: Transaction) => Promise<Result>) {
    let givesUpAt: number | undefined;
    for (let pause = LOOK_AFTER_MS; ; pause = Math.min(pause * 2, LONGEST_LOOK_MS)) {
      try {
        return await runTogether(BEGIN, work, givesUpAt !== undefined);
      } catch (error) {
        if (error instanceof LostAnswer) givesUpAt ??= performance.now() + LOOKED_FOR_MS;
        if (givesUpAt === undefined) throw error;
        if (!mayPass(error) || performance.now() + pause > givesUpAt) throw uncertain(error);
      }
      await delay(pause);
    }
  }

  const connection: Connection = {
    all: (statement, values) =>
      onOne(async (one) => (await byDriver(one.query(filled(statement, values)))).rows as never),
    get: async (statement, values) => (await connection.all(statement, values))[0],
    readTogether: (work) => runTogether(BEGIN_READING, work),
    write,
  };
  return connection;
}

function mayPass(error: unknown): boolean {
  return error instanceof LostAnswer || (error instanceof AppError && error.code === 'unavailable');
}

function filled(statement: Statement<unknown>, values: Values = {}) {
  return { name: statement.name, text: statement.text, values: statement.fill(values) };
}
