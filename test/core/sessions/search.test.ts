import { describe, expect, it } from 'vitest';
import {
  createMatcher,
  fold,
  type Search,
  searchSessions,
} from '../../../src/core/sessions/search.ts';
import type { NamesQuery, SessionName } from '../../../src/core/sessions/store.ts';
import { ANA, newSession, START } from '../../support/fixtures.ts';

const KINDS = { login: 'logins', app_login: 'app logins', api: 'API tokens' };

const session = (name: string | null, hint = 'Zz09', type: SessionName['type'] = 'api') => ({
  name,
  hint,
  type,
});

const rank = (typed: string, ...given: Parameters<typeof session>) =>
  createMatcher(typed, KINDS)(session(...given));

describe('a name is found by what people type', () => {
  it.each([
    ['Сервер', 'сервер'],
    ['Сервер', 'серв'],
    ['Йогурт', 'иогурт'],
    ['Ärger', 'arger'],
    ['Ärger', 'ärger'],
    ['A\u0308rger', 'ärger'],
    ['CAFÉ', 'cafe'],
    ['café', 'CAFÉ'],
    ['İstanbul', 'istanbul'],
    ['İSTANBUL', 'İstanbul'],
    ['Isparta', 'ısparta'],
    ['ısparta', 'isparta'],
    ['Straße', 'strasse'],
    ['STRASSE', 'straße'],
    ['ΜΕΣΟ', 'μεσ'],
    ['Άρης', 'αρησ'],
    ['Đà Nẵng', 'đa nang'],
    ['שָׁלוֹם', 'שלום'],
    ['مُحَمَّد', 'محمد'],
    ['한글', '하'],
    ['ガク', 'カク'],
    ['ﬁre', 'fire'],
    ['ｄｅｐｌｏｙ', 'deploy'],
    ['ประเทศไทย', 'ประเทศ'],
    ['किताब', 'किता'],
    ['❤️ lamps', '❤'],
    ['👩‍👧', '👩'],
    ['a\u200Db', 'ab'],
    ['deploy  \u00A0robot', 'deploy robot'],
  ])('%j by %j', (name, typed) => {
    expect(rank(typed, name)).toMatch(/^(whole|begins)$/);
  });

  it.each([
    ['दिन', 'दान'],
    ['กา', 'กี'],
    ['deploy', 'deplay'],
    ['100 %', '100_'],
    ['a.c', 'abc'],
    ['a', '\\'],
  ])('%j not by %j', (name, typed) => {
    expect(rank(typed, name)).toBeNull();
  });

  it.each(['%', '_', "'", '\\', '100%', "o'n", 'a_b', '\\d', '"', '--', '?', '(', '[a-z]', '.*'])(
    'with %j in it, as it is written',
    (part) => {
      expect(rank(part, `before ${part} after`)).toBe('word');
      expect(rank(part, 'before after axb 100 on')).toBeNull();
    },
  );
});

describe('how well something matches', () => {
  it('is told by the name, then the ending, then what the type is called', () => {
    expect(rank('PI', 'pi')).toBe('whole');
    expect(rank('pi', 'pinboard')).toBe('begins');
    expect(rank('pi', 'raspberry pi')).toBe('word');
    expect(rank('pi', 'spi-pi')).toBe('word');
    expect(rank('🗝 b', 'x🗝 b')).toBe('contains');
    expect(rank('b', '🗝b')).toBe('word');
    expect(rank('b', '𝒜b 𐐀b')).toBe('contains');
    expect(rank('pi', 'spider')).toBe('contains');
    expect(rank('pi', 'deploy', 'xPi9')).toBe('ending');
    expect(rank('tok', 'deploy')).toBe('kind');
    expect(rank('pi', 'deploy')).toBeNull();
  });

  it('is whole by the ending of the token, as it is shown and in upper or lower case', () => {
    for (const typed of ['8aHP', '8ahp', '…8aHP', ' ...8AHP ']) {
      expect(rank(typed, 'deploy', '8aHP')).toBe('whole');
    }
    expect(rank('…', 'deploy', '8aHP')).toBeNull();
  });

  it.each([
    ['api', ['api']],
    ['token', ['api']],
    ['API token', ['api']],
    ['api tokens', ['api']],
    ['app', ['app_login']],
    ['login', ['login', 'app_login']],
    ['log', ['login', 'app_login']],
    ['pi', []],
    ['ogin', []],
  ])('is told of %j by the beginning of a word of the type', (typed, types) => {
    const found = (['api', 'login', 'app_login'] as const).filter(
      (type) => rank(typed, null, 'Zz09', type) === 'kind',
    );
    expect(found.toSorted()).toEqual(types.toSorted());
  });

  it('is the same for everything where nothing was typed', () => {
    for (const typed of ['', '  ', '\u200B', '\u0301']) {
      expect([rank(typed, 'deploy'), rank(typed, null)]).toEqual(['contains', 'contains']);
    }
  });
});

it('folding is quick for the longest text that Discord takes', () => {
  const began = performance.now();
  for (const part of ['\u0301', 'ﷺ', 'a', '🗝', ' ', '\uD800', '\0']) fold(part.repeat(6_000));
  expect(performance.now() - began).toBeLessThan(500);
});

/** A store of these names, newest first, that counts how it is asked. */
function storing(names: readonly (readonly [string | null, SessionName['type']?])[]) {
  const sessions = names.map(([name, type = 'api'], index): SessionName => ({
    id: String(names.length - index).padStart(9, '0'),
    type,
    name,
    hint: newSession().session.hint,
    lastUsedAt: null,
  }));
  const asked: NamesQuery[] = [];
  return {
    asked,
    names: async (query: NamesQuery) => {
      asked.push(query);
      const { after = '~', limit, type } = query;
      return sessions
        .filter((each) => each.id < after && (type === undefined || each.type === type))
        .slice(0, limit);
    },
  };
}

const search = (store: ReturnType<typeof storing>, given: Partial<Search> = {}) =>
  searchSessions(store, ANA, START, { typed: '', kinds: KINDS, limit: 25, ...given });

describe('a search', () => {
  it('returns the best first, and the newest first among equals', async () => {
    const store = storing([
      ['api one'],
      ['spider'],
      ['api two'],
      ['raspberry pi'],
      ['pi-hole'],
      ['Pi'],
      ['my pi'],
      ['deploy'],
    ]);
    const { best, total, whole, named } = await search(store, { typed: 'pi' });
    expect(best.map(({ name }) => name)).toEqual([
      'Pi',
      'pi-hole',
      'raspberry pi',
      'my pi',
      'api one',
      'spider',
      'api two',
    ]);
    expect([total, whole, named]).toEqual([7, 1, 7]);
  });

  it('counts what it does not return, and what has it in its name apart', async () => {
    const store = storing([
      ...Array.from({ length: 60 }, (_, index) => [`deploy ${index}`] as const),
      ['tokens of mine'],
    ]);
    const { best, total, whole, named } = await search(store, { typed: 'token', limit: 24 });
    expect([best.length, best[0]?.name, total, whole, named]).toEqual([
      24,
      'tokens of mine',
      61,
      0,
      1,
    ]);
  });

  it('looks at all, in slices, between which others have their turn', async () => {
    const store = storing(Array.from({ length: 1_200 }, (_, index) => [`token ${index}`] as const));
    let turns = 0;
    const takeTurns = () => {
      turns += 1;
      if (turns < 9) setImmediate(takeTurns);
    };
    setImmediate(takeTurns);
    const { best, total } = await search(store, { typed: 'token 1199' });
    expect(turns).toBeGreaterThanOrEqual(2);
    expect([best.map(({ name }) => name), total]).toEqual([['token 1199'], 1]);
    expect(store.asked.map(({ limit }) => limit)).toEqual([500, 500, 500]);
    expect(store.asked.every(({ userId }) => userId === ANA)).toBe(true);
  });

  it('looks at as many as it is told, the newest', async () => {
    const store = storing(Array.from({ length: 1_200 }, (_, index) => [`token ${index}`] as const));
    const { total } = await search(store, { typed: 'token', among: 700 });
    expect([total, store.asked.map(({ limit }) => limit)]).toEqual([700, [500, 200]]);
  });

  it('can be for one type', async () => {
    const store = storing([[null, 'login'], ['deploy']]);
    const { best } = await search(store, { type: 'api' });
    expect(best.map(({ name }) => name)).toEqual(['deploy']);
  });

  it('of nothing finds nothing', async () => {
    expect(await search(storing([]), { typed: 'x' })).toEqual({
      best: [],
      total: 0,
      whole: 0,
      named: 0,
    });
  });
});
