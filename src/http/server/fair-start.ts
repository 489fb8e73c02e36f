/** Does something at once, or in its turn. */
export type Begin = (start: () => void) => void;

/**
 * Begins at most so many things in one turn of the event loop, which takes one new connection: who sends
 * many requests waits for those who send one, or have yet to be let in.
 */
export function createFairStart(atOnce: number): Begin {
  const ready: (() => void)[] = [];
  let begun = 0;
  let willStartNext = false;

  function startNext(): void {
    willStartNext = true;
    setImmediate(() => {
      const next = ready.splice(0, atOnce);
      begun = next.length;
      willStartNext = false;
      if (ready.length > 0) startNext();
      for (const start of next) start();
    });
  }

  return (start) => {
    if (!willStartNext) startNext();
    if (ready.length > 0 || begun >= atOnce) {
      ready.push(start);
      return;
    }
    begun += 1;
    start();
  };
}
