import type { Candidate } from './rounds.ts';

/** Works through the keys, over and over. */
export function each<Key>(
  name: string,
  keys: readonly Key[],
  work: (key: Key) => unknown,
): Candidate {
  let next = 0;
  return {
    name,
    run(times) {
      for (let done = 0; done < times; done += 1) {
        work(keys[next] as Key);
        next = (next + 1) % keys.length;
      }
    },
  };
}

/** The same, waiting for each before the next. */
export function eachAwaited<Key>(
  name: string,
  keys: readonly Key[],
  work: (key: Key) => unknown,
): Candidate {
  let next = 0;
  return {
    name,
    async run(times) {
      for (let done = 0; done < times; done += 1) {
        await work(keys[next] as Key);
        next = (next + 1) % keys.length;
      }
    },
  };
}
