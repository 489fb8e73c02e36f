import { setImmediate as yieldToOthers } from 'node:timers/promises';

/** Repeats a step that does at most `size` at a time until it did fewer; whatever waits gets its turn in between. */
export async function inSlices(
  size: number,
  step: (size: number) => Promise<number>,
): Promise<void> {
  while ((await step(size)) === size) await yieldToOthers();
}
