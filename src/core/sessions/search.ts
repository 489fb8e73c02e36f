import { setImmediate as yieldToOthers } from 'node:timers/promises';
import type { UserId } from '../actor.ts';
import { storable } from '../storable.ts';
import type { Instant } from '../time.ts';
import type { SessionType } from './session.ts';
import type { SessionName, SessionStore } from './store.ts';

/** What somebody typed to name one of a member's live sessions. */
export interface Search {
  readonly typed: string;
  /** What each type is called where it is shown. */
  readonly kinds: Readonly<Record<SessionType, string>>;
  /** Only of this type. */
  readonly type?: SessionType | undefined;
  /** How many of the best to return. */
  readonly limit: number;
  /** How many to look at, the newest; all if absent. */
  readonly among?: number | undefined;
}

export interface SearchResult {
  /** The best first, and the newest first among equals. */
  readonly best: readonly SessionName[];
  /** How many match in all. */
  readonly total: number;
  /** How many have it as their whole name or ending: those come first. */
  readonly whole: number;
  /** How many have it in their name at least, or as their ending. */
  readonly named: number;
}

/** How well something matches: the smaller the better. */
const RANKS = ['whole', 'begins', 'word', 'contains', 'ending', 'kind'] as const;
type Rank = (typeof RANKS)[number];

/** Each takes some microseconds to read and compare: others wait two milliseconds or so. */
const SLICE = 500;

/** Looks through the names of a member's live sessions, a slice at a time. */
export async function searchSessions(
  store: Pick<SessionStore, 'names'>,
  userId: UserId,
  now: Instant,
  { typed, kinds, type, limit, among = Number.MAX_SAFE_INTEGER }: Search,
): Promise<SearchResult> {
  const rankOf = createMatcher(typed, kinds);
  const byRank = new Map(RANKS.map((rank) => [rank, { best: [] as SessionName[], count: 0 }]));
  let after: string | undefined;
  for (let left = among; left > 0; left -= SLICE) {
    const slice = await store.names({ userId, now, type, limit: Math.min(SLICE, left), after });
    for (const session of slice) {
      const rank = rankOf(session);
      const matching = rank === null ? undefined : byRank.get(rank);
      if (matching === undefined) continue;
      matching.count += 1;
      if (matching.best.length < limit) matching.best.push(session);
    }
    after = slice.at(-1)?.id;
    if (slice.length < SLICE) break;
    await yieldToOthers();
  }
  const countOf = (...ranks: readonly Rank[]) =>
    ranks.reduce((sum, rank) => sum + (byRank.get(rank)?.count ?? 0), 0);
  return {
    best: [...byRank.values()].flatMap(({ best }) => best).slice(0, limit),
    total: countOf(...RANKS),
    whole: countOf('whole'),
    named: countOf('whole', 'begins', 'word', 'contains'),
  };
}

/**
 * Tells how well a session matches what was typed; null if it does not. The name counts before the
 * ending of the token, and that before what the type is called.
 */
export function createMatcher(
  typed: string,
  kinds: Readonly<Record<SessionType, string>>,
): (session: Pick<SessionName, 'name' | 'hint' | 'type'>) => Rank | null {
  const query = fold(storable(typed));
  // Endings are shown behind an ellipsis, which is folded to three dots.
  const ending = query.replace(/^\.+/, '');
  const isKind = Object.fromEntries(
    Object.entries(kinds).map(([type, kind]) => [
      type,
      placeIn(` ${fold(kind)}`, query) === 'word',
    ]),
  );

  return ({ name, hint, type }) => {
    if (query === '') return 'contains';
    const end = hint.toUpperCase();
    const messageRef = placeIn(name === null ? '' : fold(name), query);
    if (messageRef === 'whole' || end === ending) return 'whole';
    if (messageRef !== null) return messageRef;
    if (ending !== '' && end.includes(ending)) return 'ending';
    return isKind[type] === true ? 'kind' : null;
  };
}

/** Where the query, which is not empty, stands in a text. */
function placeIn(text: string, query: string): 'whole' | 'begins' | 'word' | 'contains' | null {
  if (text === query) return 'whole';
  let at = text.indexOf(query);
  if (at === 0) return 'begins';
  if (at === -1) return null;
  for (; at !== -1; at = text.indexOf(query, at + 1)) {
    // Two units: a character of a script that is written seldom has so many.
    if (!/[\p{L}\p{M}\p{N}]$/u.test(text.slice(Math.max(0, at - 2), at))) return 'word';
  }
  return 'contains';
}

const IGNORED = /[\p{M}&&\p{Diacritic}]|\p{Default_Ignorable_Code_Point}/gv;

/**
 * Text as it is compared: without accents and points, without invisible characters, in upper case.
 * Upper case, since more is alike there: `ß` and `ss`, `ı` and `i`, `ς` and `σ`.
 */
export function fold(text: string): string {
  return text
    .normalize('NFKD')
    .replaceAll(IGNORED, '')
    .toUpperCase()
    .replaceAll(/\s+/g, ' ')
    .trim();
}
