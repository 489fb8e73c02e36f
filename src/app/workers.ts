import cluster, { type Worker } from 'node:cluster';
import { once } from 'node:events';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import type { LogIn } from '../http/limits/login-gate.ts';
import type { Log } from '../log.ts';
import type { Sample } from '../metrics.ts';
import type { BotState } from './bot-state.ts';
import { answerLogin, type LoginAnswer, type LoginCall } from './login-call.ts';

/** From us to a worker. */
export type ToWorker =
  { readonly state: BotState } | { readonly wants: 'metrics'; readonly id: number } | LoginAnswer;

/** From a worker to us. */
export type ToPrimary =
  | { readonly listensOn: number }
  | { readonly failed: string }
  | { readonly met: 'damage' }
  | LoginCall
  | { readonly id: number; readonly samples: readonly Sample[] };

/** The processes that answer HTTP could not start. The message is for the operator. */
export class WorkerError extends Error {
  override readonly name = 'WorkerError';
}

const TELL_EVERY_MS = 1_000;
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 60_000;
/** One that has run for so long did not end for want of something that a start needs. */
const SETTLED_MS = 60_000;
const ANSWER_WITHIN_MS = 2_000;
const STOP_WITHIN_MS = 5_000;

export interface WorkersDeps {
  readonly state: () => BotState;
  readonly onDamage: () => void;
  /** Absent where logging in is off. */
  readonly logIn: LogIn | undefined;
}

/** Held by one process after another: where they die of something, the others are not kept waiting. */
interface Place {
  /** Until the next one is started there. */
  pauseMs: number;
}

/**
 * Processes that answer HTTP over the same database; one that dies is replaced.
 * @throws WorkerError
 */
export async function startWorkers(
  count: number,
  log: Log,
  { state, onDamage, logIn }: WorkersDeps,
) {
  const workers = new Set<Worker>();
  let stopping = false;
  let asked = 0;

  /** Resolves with its port. */
  function fork(place: Place): Promise<number> {
    const worker = cluster.fork();
    const startedAt = performance.now();
    workers.add(worker);
    tell(worker, { state: state() });
    return new Promise((resolve, reject) => {
      worker.on('message', (said: ToPrimary) => {
        if ('listensOn' in said) resolve(said.listensOn);
        if ('failed' in said) reject(new WorkerError(said.failed));
        if ('met' in said) onDamage();
        if ('grant' in said && logIn !== undefined) {
          void answerLogin(said, logIn, log).then((reply) => tell(worker, reply));
        }
      });
      const end = (how: string): void => {
        if (!workers.delete(worker)) return;
        reject(new WorkerError(`a process for HTTP ended (${how})`));
        if (!stopping) void replace(place, how, performance.now() - startedAt);
      };
      worker.once('error', ({ message }) => end(message));
      worker.once('exit', (code, signal) => end(signal ?? `code ${code}`));
    });
  }

  let isUp = false;
  async function replace(place: Place, how: string, ranMs: number): Promise<void> {
    if (!isUp) return;
    if (ranMs > SETTLED_MS) place.pauseMs = FIRST_PAUSE_MS;
    const { pauseMs } = place;
    place.pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
    log.error({ how, pauseMs }, 'a process for HTTP ended; another one takes its place');
    await delay(pauseMs, undefined, { ref: false });
    if (stopping) return;
    // How it failed is said where the next one is started.
    await fork(place).catch(() => {});
  }

  const telling = setInterval(() => {
    for (const worker of workers) tell(worker, { state: state() });
  }, TELL_EVERY_MS);

  async function stop(): Promise<void> {
    stopping = true;
    clearInterval(telling);
    const ended = [...workers].map((worker) => {
      const gone = once(worker, 'exit');
      worker.process.kill('SIGTERM');
      return gone;
    });
    await Promise.race([Promise.all(ended), delay(STOP_WITHIN_MS, undefined, { ref: false })]);
    for (const worker of workers) worker.process.kill('SIGKILL');
  }

  let ports: readonly number[];
  try {
    const places = Array.from({ length: count }, () => ({ pauseMs: FIRST_PAUSE_MS }));
    ports = await Promise.all(places.map(fork));
    isUp = true;
  } catch (error) {
    await stop();
    throw error;
  }

  return {
    port: ports[0] ?? 0,
    stop,

    /** What each worker has counted; nothing from one that does not answer in time. */
    async samples(): Promise<readonly (readonly Sample[])[]> {
      const id = (asked += 1);
      const answers = [...workers].map(
        (worker) =>
          new Promise<readonly Sample[]>((resolve) => {
            const timer = setTimeout(() => finish([]), ANSWER_WITHIN_MS);
            function take(said: ToPrimary): void {
              if ('samples' in said && said.id === id) finish(said.samples);
            }
            function finish(samples: readonly Sample[]): void {
              clearTimeout(timer);
              worker.off('message', take);
              resolve(samples);
            }
            worker.on('message', take);
            tell(worker, { wants: 'metrics', id });
          }),
      );
      return Promise.all(answers);
    },
  };
}

export type Workers = Awaited<ReturnType<typeof startWorkers>>;

/** To the process that started this one. */
export function sendToPrimary(what: ToPrimary, onSent = () => {}): void {
  process.send?.(what, undefined, undefined, onSent);
}

function tell(worker: Worker, message: ToWorker): void {
  // It may be about to end.
  if (worker.isConnected()) worker.send(message, () => {});
}
