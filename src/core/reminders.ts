import { setImmediate as yieldToOthers } from 'node:timers/promises';
import { SYSTEM } from './actor.ts';
import type { Clock, Store } from './ports.ts';
import type { Instant, Session } from './session.ts';

const DAY_MS = 86_400_000;

/** How long before its end the owner of an API token is told. */
const AHEAD_MS = [14 * DAY_MS, 7 * DAY_MS, DAY_MS];

/** A token that was used so shortly before its end is missed by something. */
const IN_USE_MS = 7 * DAY_MS;
/** After that the end of a token is no news, or the clock is wrong. */
const NEWS_MS = 7 * DAY_MS;

/** What an owner would hear so soon after one reminder is in the same message. */
export const TOGETHER_MS = DAY_MS / 2;

const SLICE = 50;

type Life = Pick<Session, 'type' | 'createdAt' | 'expiresAt' | 'rotatedAt' | 'lastUsedAt'>;

/** Only in the last half of a token's life, so that nobody is told of what they just chose. */
function instantsOf({ type, createdAt, expiresAt, rotatedAt }: Life): readonly Instant[] {
  if (type !== 'api' || rotatedAt !== null) return [];
  const ahead = AHEAD_MS.filter((ms) => ms * 2 < expiresAt - createdAt);
  return ahead.length === 0 ? [] : [...ahead.map((ms) => expiresAt - ms), expiresAt];
}

/** When a session is to be looked at next: null if never. */
export function nextReminder(session: Life, now: Instant): Instant | null {
  return instantsOf(session).find((at) => at > now) ?? null;
}

/**
 * What its owner is told about a session that is looked at, now: that it expires or that it did; null
 * for nothing. What was missed meanwhile is not made up for.
 */
export function reminderAt(session: Life, now: Instant): 'token.expiring' | 'token.expired' | null {
  const [first] = instantsOf(session);
  if (first === undefined || now < first) return null;
  const { expiresAt, lastUsedAt } = session;
  if (now < expiresAt) return 'token.expiring';
  const wasInUse = lastUsedAt !== null && lastUsedAt > expiresAt - IN_USE_MS;
  return wasInUse && now < expiresAt + NEWS_MS ? 'token.expired' : null;
}

/** Tells the owners of API tokens in time that they expire, a slice at a time. */
export async function remind(store: Pick<Store, 'remind'>, clock: Clock): Promise<void> {
  while ((await store.remind({ actor: SYSTEM, at: clock() }, SLICE)) > 0) {
    await yieldToOthers();
  }
}
