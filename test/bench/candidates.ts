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

/** The same, with so many under way at any time. */
export function manyAtOnce<Key>(
  name: string,
  keys: readonly Key[],
  work: (key: Key) => Promise<unknown>,
  atOnce: number,
): Candidate {
  let next = 0;
  return {
    name,
    async run(times) {
      let left = times;
      const asker = async () => {
        for (; left > 0;) {
          left -= 1;
          next = (next + 1) % keys.length;
          await work(keys[next] as Key);
        }
      };
      await Promise.all(Array.from({ length: atOnce }, asker));
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
