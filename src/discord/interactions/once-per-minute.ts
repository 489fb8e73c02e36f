import type { Clock } from '../../core/time.ts';

const MINUTE_MS = 60_000;

/** Tells whether somebody is there for the first time in this minute; minutes begin for all at once. */
export function oncePerMinute(clock: Clock): (userId: string) => boolean {
  let seen = new Set<string>();
  let since = 0;
  return (userId) => {
    const now = clock();
    if (now - since >= MINUTE_MS || now < since) {
      seen = new Set();
      since = now;
    }
    if (seen.has(userId)) return false;
    seen.add(userId);
    return true;
  };
}
