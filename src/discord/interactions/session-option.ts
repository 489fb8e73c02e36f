import type { SessionId, Staff, UserId } from '../../core/actor.ts';
import type { Search, SearchResult } from '../../core/sessions/search.ts';
import type { SessionType } from '../../core/sessions/session.ts';
import { parseUuid } from '../../core/uuid.ts';
import { label, plain, shorten } from '../render/render.ts';
import { Declined } from '../render/reply.ts';
import type { Words } from '../words/words.ts';
import { MOST_CHOICES, offer } from './choices.ts';
import type { Choice, Context } from './command.ts';

/** Looks through the live sessions that the option can name. */
export type SearchNames = (search: Search) => Promise<SearchResult>;

export function searchOwn({ sessions, actor }: Pick<Context, 'sessions' | 'actor'>): SearchNames {
  return (search) => sessions.search(actor, search);
}

export function searchThoseOf(
  userId: UserId,
  { staff, actor }: Pick<Context<Staff>, 'staff' | 'actor'>,
): SearchNames {
  return (search) => staff.search(actor, userId, search);
}

export interface Option {
  readonly typed: string;
  readonly search: SearchNames;
  /** Only sessions of this type are meant. */
  readonly type?: SessionType;
}

/** The session that somebody means. */
export interface Meant {
  readonly id: SessionId;
  /** Its whole name or ending was typed, or it was picked; else it is the only one that has that in its name. */
  readonly exactly: boolean;
}

/** What each type is called where it is shown. */
export function kindsIn(words: Words): Readonly<Record<SessionType, string>> {
  return {
    login: words('kinds.login'),
    app_login: words('kinds.app_login'),
    api: words('kinds.api'),
  };
}

/** At each key that is pressed. Whoever has more types the whole name: that looks at all. */
const AMONG = 5_000;

/** What to offer while somebody types: choices whose value is the id. */
export async function suggestSessions(
  words: Words,
  { typed, search, type }: Option,
): Promise<readonly Choice[]> {
  const { best, total } = await search({
    typed,
    kinds: kindsIn(words),
    type,
    limit: MOST_CHOICES,
    among: AMONG,
  });
  const choices = best.map((session) => ({ name: label(words, session), value: session.id }));
  return offer(words, choices, total);
}

/**
 * Which session was picked from the suggestions, or typed without picking one; of a member's whom staff look
 * at, if one is given.
 * @throws Declined where none or several have that name
 */
export async function findMeant(
  words: Words,
  { typed, search, type }: Option,
  member?: string,
): Promise<Meant> {
  const id = parseUuid(typed.trim());
  if (id !== null) return { id, exactly: true };
  const kinds = kindsIn(words);
  const { best, whole, named } = await search({ typed, kinds, type, limit: 1 });
  const [first] = best;
  const count = whole === 0 ? named : whole;
  if (first !== undefined && count === 1) return { id: first.id, exactly: whole === 1 };
  if (count > 1) {
    const shown = plain(shorten(typed, LONGEST_ECHO));
    throw new Declined((say) => say('meant.many', { count, typed: shown }));
  }
  if (member !== undefined) throw new Declined((say) => say('meant.none.member', { member }));
  if (type === undefined) throw new Declined((say) => say('meant.none.any'));
  throw new Declined((say) => say('meant.none', { kinds: say(`kinds.${type}`) }));
}

/** So much of what somebody typed is shown to them again. */
export const LONGEST_ECHO = 50;
