import { setTimeout as delay } from 'node:timers/promises';

/** Waits until it is so: for tests that run beside each other, where vitest's own `poll` has no test. */
export async function until(
  what: string,
  isSo: () => boolean | Promise<boolean>,
  { withinMs = 45_000, everyMs = 50 } = {},
): Promise<void> {
  const givesUpAt = performance.now() + withinMs;
  while (!(await isSo())) {
    if (performance.now() > givesUpAt) throw new Error(`not within ${withinMs} ms: ${what}`);
    await delay(everyMs);
  }
}
