/** What goes wrong with the next requests that match. */
export interface Fault {
  readonly method?: string;
  /** Matched against the path without `/api/v10` and without the query. */
  readonly path: RegExp;
  /** Without a status only the delay or the hang-up happens. */
  readonly status?: number;
  readonly code?: number;
  readonly message?: string;
  /** Answered instead of Discord's own form; a text goes out as HTML, as from a proxy. */
  readonly body?: unknown;
  /** Seconds, for 429. */
  readonly retryAfter?: number;
  readonly global?: boolean;
  /** How many requests it meets; 1 unless told. */
  readonly times?: number;
  /** Does the work first and then fails, as when the answer is lost on its way. */
  readonly afterEffect?: boolean;
  /** Closes the connection instead of answering; `reset` sends a TCP reset. */
  readonly hangUp?: boolean | 'reset';
  /** Waits first; with `afterEffect` between the work and the answer. */
  readonly delayMs?: number;
}

export class Faults {
  readonly #pending: { fault: Fault; left: number }[] = [];

  add(fault: Fault): void {
    this.#pending.push({ fault, left: fault.times ?? 1 });
  }

  clear(): void {
    this.#pending.length = 0;
  }

  /** The first fault that fits, used up by one. */
  take(method: string, path: string): Fault | undefined {
    const found = this.#pending.find(
      ({ fault, left }) =>
        left > 0 && (fault.method ?? method).toUpperCase() === method && matches(fault.path, path),
    );
    if (found === undefined) return undefined;
    found.left -= 1;
    return found.fault;
  }
}

// A global or sticky expression keeps a position between tests, which must not matter here.
function matches(pattern: RegExp, path: string): boolean {
  pattern.lastIndex = 0;
  return pattern.test(path);
}
