const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 3_000;

export interface BackOffOptions {
  /** Milliseconds on a clock that no correction of the time moves. */
  readonly monotonicNow: () => number;
  /** From 0 up to 1: many processes are not to come back at the same instant. */
  readonly random: () => number;
  /** Hears of the first failure, and of the end of it. */
  readonly onTrouble: (error: unknown) => void;
  readonly onRecovery: () => void;
}

/** How long to leave a server alone to which no connection could be opened. */
export function createBackOff({ monotonicNow, random, onTrouble, onRecovery }: BackOffOptions) {
  let pauseMs = FIRST_PAUSE_MS;
  let until = 0;
  let failure: { readonly error: unknown } | undefined;

  return {
    /** Why it is left alone, and for how many milliseconds more; undefined if it is not. */
    rest(): { readonly error: unknown; readonly ms: number } | undefined {
      const ms = until - monotonicNow();
      return failure === undefined || ms <= 0 ? undefined : { error: failure.error, ms };
    },

    failed(error: unknown): void {
      if (failure === undefined) onTrouble(error);
      failure = { error };
      // Those who tried at the same time count once.
      if (until > monotonicNow()) return;
      until = monotonicNow() + pauseMs * (0.5 + random() / 2);
      pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
    },

    succeeded(): void {
      if (failure === undefined) return;
      failure = undefined;
      until = 0;
      pauseMs = FIRST_PAUSE_MS;
      onRecovery();
    },
  };
}

export type BackOff = ReturnType<typeof createBackOff>;
