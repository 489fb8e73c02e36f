import { AppError } from '../../src/core/errors.ts';
import type { Store } from '../../src/core/store.ts';

/** What an act comes down to. */
const DECISIVE: readonly (keyof Store)[] = [
  'add',
  'addLogin',
  'replace',
  'end',
  'endFound',
  'rename',
  'ban',
  'unban',
  'forget',
];

/** The real store, until something is done by it while `isArmed`: from then on it is away. */
export function leavingStore(store: Store, isArmed: () => boolean): Store {
  let isAway = false;
  return new Proxy(store, {
    get(target, name: keyof Store) {
      const method = target[name] as (...args: unknown[]) => Promise<unknown>;
      return async (...args: unknown[]) => {
        if (isAway) throw new AppError({ code: 'unavailable' });
        const result = await method(...args);
        if (isArmed() && DECISIVE.includes(name)) isAway = true;
        return result;
      };
    },
  });
}
