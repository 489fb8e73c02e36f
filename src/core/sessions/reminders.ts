import { setImmediate as yieldToOthers } from 'node:timers/promises';
import { type SessionId, SYSTEM } from '../actor.ts';
import { type Act, type AuditEvent, ownerNotified } from '../audit/audit.ts';
import type { Store } from '../store.ts';
import type { Clock, Instant } from '../time.ts';
import { isLive, type Session } from './session.ts';

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

/** A session whose owner would hear of it soon, and when. */
export interface Upcoming extends Session {
  readonly remindAt: Instant;
}

/** What is known of one owner whose sessions are to be looked at. */
export interface ReminderFacts {
  readonly isBanned: boolean;
  readonly due: readonly Session[];
  /** Their live ones of which they would hear within {@link TOGETHER_MS}. */
  readonly soon: readonly Upcoming[];
}

export interface ReminderPlan {
  /** When each is to be looked at next; null if never. */
  readonly next: readonly { readonly id: SessionId; readonly at: Instant | null }[];
  readonly events: readonly AuditEvent[];
}

/**
 * Tells an owner of what is due and, where that is an end to come, of what is near as well: of at most
 * `most` sessions together.
 */
export function planReminders(act: Act, facts: ReminderFacts, most: number): ReminderPlan {
  const { isBanned, due, soon } = facts;
  const told = due.flatMap((session) => {
    const action = session.ended === null && !isBanned ? reminderAt(session, act.at) : null;
    return action === null ? [] : [{ session, action }];
  });
  const isEndNear = told.some(({ action }) => action === 'token.expiring');
  // One that is looked at late may be due again soon: that is told with this.
  const near = [...soon, ...due.flatMap((session) => upcoming(session, act.at))]
    .filter((session) => reminderAt(session, session.remindAt) === 'token.expiring')
    .toSorted((one, other) => one.remindAt - other.remindAt)
    .slice(0, isEndNear ? Math.max(most - due.length, 0) : 0);
  const ids = new Set(told.map(({ session }) => session.id));
  const untold = near.filter(({ id }) => !ids.has(id));
  const next = new Map<SessionId, Instant | null>();
  for (const session of due) next.set(session.id, nextReminder(session, act.at));
  for (const session of near) next.set(session.id, nextReminder(session, session.remindAt));
  return {
    next: Array.from(next, ([id, at]) => ({ id, at })),
    events: [
      ...told.map(({ session, action }) => ownerNotified(act, action, session)),
      ...untold.map((session) => ownerNotified(act, 'token.expiring', session)),
    ],
  };
}

/** The session, if its owner is to hear of it within {@link TOGETHER_MS}. */
function upcoming(session: Session, now: Instant): readonly Upcoming[] {
  const remindAt = nextReminder(session, now);
  const isSoon = remindAt !== null && remindAt <= now + TOGETHER_MS && isLive(session, now);
  return isSoon ? [{ ...session, remindAt }] : [];
}

/** Tells the owners of API tokens in time that they expire, a slice at a time. */
export async function remind(store: Pick<Store, 'remind'>, clock: Clock): Promise<void> {
  while ((await store.remind({ actor: SYSTEM, at: clock() }, SLICE)) > 0) {
    await yieldToOthers();
  }
}
