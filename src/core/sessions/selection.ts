import type { SessionId } from '../actor.ts';
import type { Session } from './session.ts';
import type { Selection } from './store.ts';

/** So many sessions made by one, directly or through others, are followed: a fiftieth of a second. */
export const MOST_DESCENDANTS = 20_000;

/**
 * What is live of all that these sessions of a member's made. `made` are the ids of that, live or not,
 * followed to {@link MOST_DESCENDANTS} of them. Who made more than anybody can have meant to made
 * everything they have: a stranger may ask for this, and it must end.
 */
export function descendantsAmong(
  live: readonly Session[],
  ids: readonly SessionId[],
  made: readonly SessionId[],
): readonly Session[] {
  const others = live.filter(({ id }) => !ids.includes(id));
  if (made.length >= MOST_DESCENDANTS) return others;
  const found = new Set(made);
  return others.filter(({ id }) => found.has(id));
}

/** The session whose descendants must be known before it is clear what is selected; null if none. */
export function ancestorIn(selection: Selection): SessionId | null {
  if ('descendantsOf' in selection) return selection.descendantsOf;
  return 'one' in selection && selection.includeDescendants ? selection.one : null;
}

/** Of a member's live sessions those that are selected. `made` are all that {@link ancestorIn} it made. */
export function selectFrom(
  live: readonly Session[],
  selection: Selection,
  made: readonly SessionId[],
): readonly Session[] {
  if ('allBut' in selection) return live.filter(({ id }) => id !== selection.allBut);
  if ('descendantsOf' in selection) return descendantsAmong(live, [selection.descendantsOf], made);
  const session = live.find(({ id }) => id === selection.one);
  if (session === undefined) return [];
  return selection.includeDescendants
    ? [session, ...descendantsAmong(live, [session.id], made)]
    : [session];
}
