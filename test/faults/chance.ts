import { randomInt } from 'node:crypto';
import process from 'node:process';

/** Chance that comes out the same again for the same seed. */
export interface Chance {
  readonly seed: number;
  /** From 0 to 1. */
  next(): number;
  /** A whole number from `least` to `most`. */
  between(least: number, most: number): number;
  pick<Item>(items: readonly Item[]): Item;
}

/** By the environment's `SEED`, if there is one. */
export function createChance(seed = Number(process.env['SEED'] ?? randomInt(2 ** 31))): Chance {
  let state = seed >>> 0;

  // Mulberry32: small, and good enough to choose moments with.
  function next(): number {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  const between = (least: number, most: number) => least + Math.floor(next() * (most - least + 1));
  return {
    seed,
    next,
    between,
    pick: (items) => items[between(0, items.length - 1)]!,
  };
}
