const { performance } = globalThis;
const running = performance.now.bind(performance);

export interface StillClock {
  readonly now: () => number;
  readonly advance: (ms: number) => void;
}

/** The morning of a day on which nothing special happens. */
const START = Date.UTC(2026, 2, 3, 8);

let ahead = 0;

const now = (): number => START + ahead;

/** All clocks of this process, the local Discord's too: they stand still until they are put forward. */
export function stopClocks(): StillClock {
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
