import { beforeEach, describe, expect, it } from 'vitest';
import type { Session, SessionType } from '../../src/core/sessions/session.ts';
import {
  ANA,
  BEN,
  DAY,
  HOUR,
  idAt,
  member,
  newSession,
  SECOND,
  START,
} from '../support/fixtures.ts';
import { createHttpHarness, refusal, type HttpHarness } from '../support/http-harness.ts';

let service: HttpHarness;
/** The token that asks, whose session is the oldest of the member's. */
let token: string;
let asking: Session;

beforeEach(async () => {
  service = createHttpHarness();
  ({ token, session: asking } = await service.token(ANA, 'a token', 100 * DAY));
  return () => service.close();
});

interface Page {
  readonly sessions: readonly {
    readonly id: string;
    readonly type: SessionType;
    readonly ended_at: string | null;
    readonly end_reason: string | null;
  }[];
  readonly next_cursor?: string | null;
}

async function get(query: string): Promise<Page> {
  const response = await service.call('GET', `/sessions${query}`, token);
  expect(response.status).toBe(200);
  expect(response.headers.get('cache-control')).toBe('no-store');
  return (await response.json()) as Page;
}

const idsOf = ({ sessions }: Page) => sessions.map(({ id }) => id);

/** More sessions of the member's, one a second, the oldest first. */
async function add(amount: number, overrides: Partial<Session> = {}): Promise<string[]> {
  const ids: string[] = [];
  for (let index = 0; index < amount; index += 1) {
    const createdAt = service.clock.advance(SECOND);
    const fresh = newSession({ createdAt, expiresAt: createdAt + DAY, ...overrides });
    const act = { actor: member(fresh.session.userId), at: createdAt };
    const limits = { maxApiTokens: 1_000, creationsPerHour: 1_000 };
    expect(await service.store.add(act, fresh, limits)).toEqual({ is: 'stored' });
    ids.push(fresh.session.id);
  }
  return ids;
}

/** Follows the cursors to the end; `meanwhile` happens between the pages. */
async function follow(
  query: string,
  meanwhile: (page: Page, turn: number) => Promise<unknown> = async () => {},
): Promise<string[][]> {
  const pages: string[][] = [];
  let cursor: string | null | undefined;
  do {
    const page = await get(cursor ? `?${query}&cursor=${cursor}` : `?${query}`);
    expect(page).toHaveProperty('next_cursor');
    pages.push(idsOf(page));
    await meanwhile(page, pages.length);
    cursor = page.next_cursor;
  } while (cursor && pages.length < 50);
  return pages;
}

const sizes = (pages: string[][]) => pages.map(({ length }) => length);

const revoke = (id: string) => service.sessions.revoke(member(ANA), id);

describe('without a query', () => {
  it('all live sessions come, however many, and nothing about pages', async () => {
    const ids = await add(120);
    const page = await get('');
    expect(Object.keys(page)).toEqual(['sessions']);
    expect(idsOf(page)).toEqual([asking.id, ...ids].toReversed());
  });
});

describe('pages', () => {
  it('have as many as asked for, newest first, and end with a cursor that is null', async () => {
    const ids = [asking.id, ...(await add(6))].toReversed();
    expect(await follow('limit=3')).toEqual([ids.slice(0, 3), ids.slice(3, 6), ids.slice(6)]);
    expect(await follow('limit=7')).toEqual([ids]);
    expect(await follow('limit=8')).toEqual([ids]);
    expect(await follow('limit=1')).toEqual(ids.map((id) => [id]));
  });

  it('have 25 unless told, and 100 at most', async () => {
    await add(104);
    expect(sizes(await follow('state=live'))).toEqual([25, 25, 25, 25, 5]);
    expect(sizes(await follow('limit=100'))).toEqual([100, 5]);
  });

  it.each(['0', '-1', '101', '1.5', 'ten', '', 'NaN', 'Infinity', '1e999', '5&limit=6'])(
    'of %j are refused',
    async (limit) => {
      const response = await service.call('GET', `/sessions?limit=${limit}`, token);
      expect(await refusal(response)).toEqual([400, 'BadRequest']);
    },
  );

  it.each(['nonsense', '1', '', '%00', "'", '../..', idAt(START).slice(1), `${idAt(START)}0`])(
    'after the cursor %j are refused',
    async (cursor) => {
      const response = await service.call('GET', `/sessions?cursor=${cursor}`, token);
      expect(await refusal(response)).toEqual([400, 'BadRequest']);
    },
  );

  it('go on from a cursor in upper case', async () => {
    const [older, newer] = await add(2);
    expect(idsOf(await get(`?cursor=${newer?.toUpperCase()}`))).toEqual([older, asking.id]);
  });

  it('go on from a cursor whose row has ended, was removed, or never was', async () => {
    const [ended, removed] = await add(2, { expiresAt: START + HOUR });
    const [older] = await add(1, { expiresAt: START + 90 * DAY });
    const [newer] = await add(1, { expiresAt: START + 90 * DAY });
    await revoke(newer!);
    expect(idsOf(await get(`?cursor=${newer}`))).toEqual([older, removed, ended, asking.id]);
    service.clock.advance(60 * DAY);
    await service.sessions.purge();
    for (const gone of [removed, ended]) {
      expect(idsOf(await get(`?cursor=${gone}`))).toEqual([asking.id]);
    }
    const neverThere = idAt(service.clock());
    expect(idsOf(await get(`?cursor=${neverThere}`))).toEqual([older, asking.id]);
  });

  it("go on from another member's id as from any other, and show nothing of theirs", async () => {
    const [older] = await add(1);
    const [theirs] = await add(1, { userId: BEN });
    await add(1);
    expect(idsOf(await get(`?cursor=${theirs}`))).toEqual([older, asking.id]);
    expect(idsOf(await get('?state=all'))).not.toContain(theirs);
  });

  it('end, empty, beyond the oldest', async () => {
    await add(2);
    expect(await get(`?cursor=${asking.id}`)).toEqual({ sessions: [], next_cursor: null });
  });

  it('neither skip nor repeat while sessions are revoked and made in between', async () => {
    const ids = await add(20);
    const revoked: string[] = [];
    const pages = await follow('limit=3', async (page, turn) => {
      // One that was shown, the one that the cursor names, and the oldest that is still to come.
      const shown = idsOf(page).filter((id) => id !== asking.id);
      for (const id of new Set([shown[0], shown.at(-1), ids[turn]])) {
        if (id === undefined || revoked.includes(id)) continue;
        revoked.push(id);
        await revoke(id);
      }
      await add(1);
    });
    const seen = pages.flat();
    expect(new Set(seen).size).toBe(seen.length);
    expect(pages.length).toBeGreaterThan(4);
    const expected = [asking.id, ...ids].filter((id) => !revoked.includes(id) || seen.includes(id));
    expect(seen).toEqual(expected.toReversed());
    const live = idsOf(await get('')).filter((id) => ids.includes(id));
    expect(seen).toEqual(expect.arrayContaining(live));
  });

  it('leave no session out that is live all the while, when all that were shown end', async () => {
    const ids = await add(10);
    const pages = await follow('limit=2', async (page) => {
      for (const id of idsOf(page)) if (id !== asking.id) await revoke(id);
    });
    expect(pages.flat()).toEqual([asking.id, ...ids].toReversed());
  });
});

describe('only some', () => {
  it.each(['login', 'app_login', 'api'] as const)('of type %s come, page by page', async (type) => {
    const lists: Record<SessionType, string[]> = { login: [], app_login: [], api: [asking.id] };
    for (const kind of ['login', 'api', 'app_login', 'login', 'api', 'app_login'] as const) {
      lists[kind].unshift(...(await add(1, { type: kind })));
    }
    expect((await follow(`type=${type}&limit=2`)).flat()).toEqual(lists[type]);
    expect((await follow(`type=${type}&limit=1`)).map(({ length }) => length)).toEqual(
      lists[type].map(() => 1),
    );
  });

  it('live ones, ended ones or all come, each with what ended it', async () => {
    const [expired] = await add(1, { expiresAt: START + HOUR });
    const [revoked, live] = await add(2);
    await revoke(revoked!);
    service.clock.advance(HOUR);
    expect(idsOf(await get('?state=live'))).toEqual([live, asking.id]);
    const ended = await get('?state=ended');
    expect(ended.sessions.map(({ id, end_reason }) => [id, end_reason])).toEqual([
      [revoked, 'revoked'],
      [expired, 'expired'],
    ]);
    expect(ended.sessions[1]?.ended_at).toBe(new Date(START + HOUR).toISOString());
    const all = await get('?state=all');
    expect(idsOf(all)).toEqual([live, revoked, expired, asking.id]);
    expect(all.sessions.map(({ ended_at }) => ended_at === null)).toEqual([
      true,
      false,
      false,
      true,
    ]);
    expect((await follow('state=ended&limit=1')).flat()).toEqual([revoked, expired]);
    expect((await follow('state=all&limit=3')).flat()).toEqual(idsOf(all));
  });

  it('live ones come where only the type is told', async () => {
    const [revoked, live] = await add(2, { type: 'login' });
    await revoke(revoked!);
    expect(idsOf(await get('?type=login'))).toEqual([live]);
    expect(idsOf(await get('?type=login&state=ended'))).toEqual([revoked]);
    expect(idsOf(await get('?type=app_login&state=all'))).toEqual([]);
  });

  it('ended ones come for 30 days', async () => {
    const [revoked] = await add(1, { expiresAt: START + 90 * DAY });
    await revoke(revoked!);
    service.clock.advance(30 * DAY);
    await service.sessions.purge();
    expect(idsOf(await get('?state=ended'))).toEqual([revoked]);
    service.clock.advance(1);
    await service.sessions.purge();
    expect(idsOf(await get('?state=ended'))).toEqual([]);
  });

  it.each([
    'type=root',
    'type=',
    'type=API',
    'type=api&type=login',
    'state=dead',
    'state=',
    'state=LIVE',
  ])('come not for %s, which is refused', async (query) => {
    const response = await service.call('GET', `/sessions?${query}`, token);
    expect(await refusal(response)).toEqual([400, 'BadRequest']);
  });

  it('come whatever else is in the query, which changes nothing', async () => {
    const [older, newer] = await add(2);
    expect(await get('?limit=2&offset=1&user_id=2&matching=x&sort=asc&__proto__=x')).toEqual(
      await get('?limit=2'),
    );
    expect(idsOf(await get('?limit=2'))).toEqual([newer, older]);
  });
});

describe('a query', () => {
  it('of nothing that we know asks for no page', async () => {
    await add(30);
    const all = await get('?_=1');
    expect(all.sessions).toHaveLength(31);
    expect(all.next_cursor).toBeUndefined();
  });

  it.each(['?a=%ff', '?a=%C3%28', '?%'])('that is no text does no harm: %s', async (query) => {
    expect((await get(query)).sessions).toHaveLength(1);
  });

  it.each(['?a=?TOKEN', '?TOKEN', '?access%5Ftoken=x', '?a=TOKEN#x'])(
    'with a token anywhere in it is refused: %s',
    async (query) => {
      const path = `/sessions${query.replace('TOKEN', token)}`;
      expect((await service.call('GET', path, token)).status).toBe(400);
    },
  );

  it.each(['0x10', '1e1', '%205', '+5', '5.0', '0', '101', ''])(
    'with the limit %j is refused',
    async (limit) => {
      expect((await service.call('GET', `/sessions?limit=${limit}`, token)).status).toBe(400);
    },
  );
});
