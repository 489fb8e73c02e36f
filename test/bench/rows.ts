import { hash } from 'node:crypto';
import { mintToken } from '../../src/core/sessions/token.ts';

/** What stands in row `index` of a benchmark's database: made from the index, so nothing need be kept. */

export const PREFIX = 'lk';
const DAY_MS = 86_400_000;
const FIRST_USER = 100_000_000_000_000_000n;
/** What some members hold: as many live sessions as a page of the list shows. */
export const PAGE = 25;

/** One in twenty expired long ago. */
export const isLive = (index: number) => index % 20 !== 1;

export function tokenOf(index: number, seed = 'row'): string {
  return mintToken(PREFIX, 'api', () => Buffer.from(hash('sha256', `${seed} ${index}`), 'hex'));
}

/** Whose it is: a quarter of all belongs to members with a page each, the rest to ten times as many. */
export function userOf(index: number, rows: number): string {
  const withPage = membersWithPage(rows);
  return userId(index % 4 === 0 ? (index / 4) % withPage : withPage + (index % (rows / 10)));
}

export const userId = (user: number) => String(FIRST_USER + BigInt(user));

/** The first so many members have exactly a page of live sessions. */
export const membersWithPage = (rows: number) => rows / 4 / PAGE;

/** Made in even steps over the year before `builtAt`. */
export function timesOf(index: number, rows: number, builtAt: number) {
  const createdAt = Math.floor(builtAt - (365 - (364 * index) / rows) * DAY_MS);
  const expiresAt = isLive(index) ? Date.UTC(9999, 0) : createdAt + DAY_MS;
  return { createdAt, expiresAt };
}

/** A version 7 UUID of that time. */
export function idOf(index: number, createdAt: number): string {
  const time = createdAt.toString(16).padStart(12, '0');
  const rest = hash('md5', `id ${index}`);
  return `${time.slice(0, 8)}-${time.slice(8)}-7${rest.slice(0, 3)}-8${rest.slice(3, 6)}-${rest.slice(6, 18)}`;
}

/** Uniform over all live rows, the same in each run: the worst case for any cache. */
export function sampleRows(rows: number, size: number): number[] {
  let state = 0x2545f491;
  return Array.from({ length: size }, () => {
    do state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    while (!isLive(Math.floor((state / 2 ** 32) * rows)));
    return Math.floor((state / 2 ** 32) * rows);
  });
}
