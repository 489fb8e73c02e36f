import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { importStore } from '../app/import-store.ts';
import { ConfigError, readMove } from '../config.ts';
import { Interrupted, StoreError } from '../store/store-error.ts';

/** What is under way after a signal is not waited for longer. */
const STOP_WITHIN_MS = 5_000;

/** `npm run move`. */
async function main(args: readonly string[]): Promise<void> {
  if (args.length > 0) {
    throw new StoreError(
      'npm run move takes no arguments, since others on this machine can read a password there: set DATABASE_URL to the database, and MOVE_FROM to the file.',
    );
  }
  const { from, to } = readMove(process.env);
  const stopping = new AbortController();
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    process.on(signal, () => {
      process.exitCode = code;
      stopping.abort();
      // The server may not answer; what it was sent is there whole, or not at all.
      void delay(STOP_WITHIN_MS, undefined, { ref: false }).then(() => process.exit());
    });
  }
  await importStore(true);
  const { move } = await import('../store/move/move.ts');
  const { stdout } = process;
  await move(from, to, {
    clock: Date.now,
    monotonicNow: () => performance.now(),
    random: Math.random,
    screen: {
      isTerminal: stdout.isTTY,
      width: stdout.columns ?? 80,
      write: (text) => void stdout.write(text),
    },
    signal: stopping.signal,
  });
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  const known = error instanceof ConfigError || error instanceof StoreError;
  process.stderr.write(`${known ? error.message : String(error)}\n`);
  if (!(error instanceof Interrupted)) process.exitCode = 1;
}
