import type { Store } from '../../core/store.ts';

/** The same store; whoever listens hears of each call that failed. */
export function observeFailures(store: Store, onFailure: (error: unknown) => void): Store {
  const watched = Object.entries(store).map(([name, work]) => [
    name,
    (...input: unknown[]) => {
      const working = (work as (...input: unknown[]) => Promise<unknown>)(...input);
      // Beside it, so that whoever waits for the call does not wait for this.
      working.catch(onFailure);
      return working;
    },
  ]);
  return Object.fromEntries(watched) as Store;
}
