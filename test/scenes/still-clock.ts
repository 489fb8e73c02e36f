const { performance } = globalThis;
const running = performance.now.bind(performance);

/** Noon on a day on which nothing special happens. */
const START = Date.UTC(2026, 2, 10, 12);

let ahead = 0;

/** All clocks of this process, the local Discord's too: they stand still until they are put forward. */
export function stopClocks(): { now(): number; advance(ms: number): void } {
  const now = (): number => START + ahead;
  Date.now = now;
  // What guards against a clock that jumps sees the same leap in the time that the process has run.
  performance.now = () => running() + ahead;
  return {
    now,
    advance(ms) {
      ahead += ms;
    },
  };
}
