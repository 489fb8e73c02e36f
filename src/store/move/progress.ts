/** Where the operator reads. */
export interface Screen {
  readonly isTerminal: boolean;
  /** Characters in a line of it. */
  readonly width: number;
  readonly write: (text: string) => void;
}

export interface Progress {
  /** So many rows are done, the last of them of `what`. */
  reached(done: number, what: string): void;
  /** Leaves what is shown where it is. */
  close(): void;
}

const BAR = 30;
/** On a terminal as often as one can see it, in a log as often as one would read it. */
const EVERY_MS = { terminal: 100, lines: 5_000 } as const;

/** How far a work has come: a bar on a terminal, elsewhere a line now and then. */
export function createProgress(
  { isTerminal, width, write }: Screen,
  { total, done: before }: { readonly total: number; readonly done: number },
  monotonicNow: () => number,
): Progress {
  const startedAt = monotonicNow();
  let shownAt = -Infinity;
  let isOpen = false;

  function textOf(done: number, what: string): string {
    const percent = Math.floor((100 * done) / Math.max(total, 1));
    const ms = ((monotonicNow() - startedAt) * (total - done)) / Math.max(done - before, 1);
    const left = done === total ? '' : `, about ${Math.ceil(ms / 1_000)} s left`;
    return `${percent}%, ${counted(done)} of ${counted(total)} rows, ${what}${left}`;
  }

  return {
    reached(done, what) {
      const now = monotonicNow();
      const isAwaited = now - shownAt >= EVERY_MS[isTerminal ? 'terminal' : 'lines'];
      if (!isAwaited && done !== total) return;
      shownAt = now;
      if (!isTerminal) return write(`${textOf(done, what)}\n`);
      const filled = Math.floor((BAR * done) / Math.max(total, 1));
      const bar = '#'.repeat(filled).padEnd(BAR, '.');
      write(`\r${`[${bar}] ${textOf(done, what)}`.slice(0, width - 1).padEnd(width - 1)}`);
      isOpen = true;
    },

    close() {
      if (isOpen) write('\n');
      isOpen = false;
    },
  };
}

/** With a comma before each three digits. */
export function counted(count: number): string {
  return count.toLocaleString('en-US');
}
