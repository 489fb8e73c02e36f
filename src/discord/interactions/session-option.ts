import type { SessionId, Staff, UserId } from '../../core/actor.ts';
import type { Search, SearchResult } from '../../core/sessions/search.ts';
import type { SessionType } from '../../core/sessions/session.ts';
import { parseUuid } from '../../core/uuid.ts';
import { label, TYPE_NAMES } from '../render/render.ts';
import { Declined } from '../render/reply.ts';
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

const KINDS: Readonly<Record<SessionType, string>> = {
  login: `${TYPE_NAMES.login}s`,
  app_login: `${TYPE_NAMES.app_login}s`,
  api: `${TYPE_NAMES.api}s`,
};

/** At each key that is pressed. Whoever has more types the whole name: that looks at all. */
const AMONG = 5_000;

/** What to offer while somebody types: choices whose value is the id. */
export async function suggestSessions({ typed, search, type }: Option): Promise<readonly Choice[]> {
  const { best, total } = await search({
    typed,
    kinds: KINDS,
    type,
    limit: MOST_CHOICES,
    among: AMONG,
  });
  const choices = best.map((session) => ({ name: label(session), value: session.id }));
  return offer(choices, total);
}

/**
 * Which session was picked from the suggestions, or typed without picking one.
 * @throws Declined where none or several have that name
 */
export async function findMeant({ typed, search, type }: Option, whose: string): Promise<Meant> {
  const id = parseUuid(typed.trim());
  if (id !== null) return { id, exactly: true };
  const { best, whole, named } = await search({ typed, kinds: KINDS, type, limit: 1 });
  const [first] = best;
  const matching = whole === 0 ? named : whole;
  if (first !== undefined && matching === 1) return { id: first.id, exactly: whole === 1 };
  const sessions = `of ${whose} live ${type === undefined ? 'session' : TYPE_NAMES[type]}s`;
  throw new Declined(
    matching === 0
      ? `None ${sessions} has that name or ending. Pick one from the list that opens while you type.`
      : `${matching} ${sessions} match that. Pick one from the list that opens while you type, or type the last four characters of its token.`,
  );
}
