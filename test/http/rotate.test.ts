import { describe, expect, it, onTestFinished } from 'vitest';
import { type HttpHarnessOptions, createHttpHarness } from '../support/http-harness.ts';
import {
  ANA,
  BEN,
  DAY,
  HOUR,
  idAt,
  interfering,
  member,
  newBan,
  newSession,
  SECOND,
  STAFF,
  START,
} from '../support/fixtures.ts';

const UNKNOWN = idAt(START);
const time = (at: number) => new Date(at).toISOString();

interface Body {
  readonly id: string;
  readonly session_id: string;
  readonly token: string;
  readonly expiry: string;
}

function setUp(options?: HttpHarnessOptions) {
  const api = createHttpHarness(options);
  onTestFinished(() => api.close());
  const rotate = (id: string, token: string, body?: unknown) =>
    api.call('POST', `/sessions/${id}/rotate`, token, body);
  const statusOf = async (token: string) => (await api.call('GET', '/sessions/@me', token)).status;
  return { ...api, rotate, statusOf };
}

async function failure(response: Response) {
  return { status: response.status, ...((await response.json()) as object) };
}

const made = async (response: Response): Promise<Body> => {
  expect(response.status).toBe(200);
  return (await response.json()) as Body;
};

async function superseded() {
  const api = setUp();
  const old = await api.token();
  const next = await made(await api.rotate(old.session.id, old.token, { grace: '1h' }));
  return { ...api, old, next };
}

describe('a token that was rotated, in its grace', () => {
  it('is good, lists, ends itself, and repeats its own rotation', async () => {
    const { call, old, next, rotate, clock, statusOf } = await superseded();
    expect(await statusOf(old.token)).toBe(200);
    expect((await call('GET', '/sessions', old.token)).status).toBe(200);
    clock.advance(10 * SECOND);
    const again = await made(await rotate(old.session.id, old.token, { grace: '1h' }));
    expect([await statusOf(next.token), await statusOf(again.token)]).toEqual([401, 200]);
    expect((await call('DELETE', `/sessions/${old.session.id}`, old.token)).status).toBe(204);
  });

  it.each<[string, string, string, unknown]>([
    ['rotate the new one', 'POST', '/sessions/NEXT/rotate', {}],
    ['end the new one', 'DELETE', '/sessions/NEXT', undefined],
    ['end all others', 'DELETE', '/sessions?except=current', undefined],
    ['make another', 'POST', '/sessions', { name: 'x', type: 'api', expiry: 60 }],
  ])('may not %s', async (_, method, path, body) => {
    const { call, old, next, statusOf } = await superseded();
    const response = await call(method, path.replace('NEXT', next.session_id), old.token, body);
    expect(await failure(response)).toMatchObject({ status: 403, code: 'Restricted' });
    expect(await statusOf(next.token)).toBe(200);
  });
});

describe('POST /sessions/{id}/rotate', () => {
  it.each([
    ['now', 0],
    ['1h', HOUR],
    ['24h', DAY],
    ['7d', 7 * DAY],
    [0, 0],
    [1, SECOND],
    [90, 90 * SECOND],
    [604_800, 7 * DAY],
  ])('with a grace of %j lets the old one go on for that long', async (grace, ms) => {
    const { tokens, clock, rotate, statusOf } = setUp();
    const expiresAt = START + 90 * DAY;
    const asking = await tokens.create(member(ANA), { name: 'asking', expiresAt });
    const old = await tokens.create(member(ANA), { name: 'deploy', expiresAt });
    const next = await made(await rotate(old.session.id, asking.token, { grace }));
    clock.advance(Math.max(ms - 1, 0));
    expect(await statusOf(old.token)).toBe(ms === 0 ? 401 : 200);
    clock.advance(1);
    expect([await statusOf(old.token), await statusOf(next.token)]).toEqual([401, 200]);
  });

  it.each([
    ['no body', undefined],
    ['an empty one', {}],
    ['members that it does not know', { name: 'x', expiry: 1, user_id: BEN }],
  ])('with %s ends the old one at once', async (_, body) => {
    const { token, rotate, statusOf } = setUp();
    const old = await token();
    const next = await made(await rotate(old.session.id, old.token, body));
    expect([await statusOf(old.token), await statusOf(next.token)]).toEqual([401, 200]);
  });

  it('answers with what the list then says of it, and its token this once', async () => {
    const { token, call, rotate, clock } = setUp();
    const asking = await token();
    const old = await token();
    clock.advance(HOUR);
    const response = await rotate(old.session.id, asking.token, { grace: '1h' });
    expect(response.headers.get('cache-control')).toBe('no-store');
    const {
      token: secret,
      session_id,
      user,
      ...listed
    } = (await response.json()) as Body & {
      user: unknown;
    };
    expect(secret).toMatch(/^lk_api_/);
    expect([session_id, user]).toEqual([listed.id, null]);
    const list = (await (await call('GET', '/sessions', asking.token)).json()) as {
      sessions: Body[];
    };
    expect(list.sessions[0]).toEqual(listed);
    expect(list.sessions[0]).toMatchObject({
      name: 'a token',
      type: 'api',
      created_at: time(START + HOUR),
      expiry: time(START + HOUR + DAY),
      rotated_at: null,
      last_used_at: null,
      created_by: asking.session.id,
      end_reason: null,
    });
    const replaced = list.sessions.find(({ id }) => id === old.session.id);
    expect(replaced).toMatchObject({
      rotated_at: time(START + HOUR),
      expiry: time(START + 2 * HOUR),
      ended_at: null,
    });
    clock.advance(HOUR);
    const ended = await call('GET', '/sessions?state=ended', asking.token);
    expect(await ended.json()).toMatchObject({
      sessions: [{ id: old.session.id, end_reason: 'rotated', ended_at: time(START + 2 * HOUR) }],
    });
  });

  it.each([
    ['another word', { grace: '2h' }],
    ['a word in upper case', { grace: '1H' }],
    ['less than nothing', { grace: -1 }],
    ['half a second', { grace: 0.5 }],
    ['more than a week', { grace: 604_801 }],
    ['a number in quotes', { grace: '60' }],
    ['null', { grace: null }],
    ['a list', { grace: ['now'] }],
    ['the name of what every object has', { grace: 'toString' }],
  ])('refuses %s as a grace, says what is allowed and changes nothing', async (_, body) => {
    const { token, rotate, statusOf, store } = setUp();
    const { token: secret, session } = await token();
    const { status, ...said } = await failure(await rotate(session.id, secret, body));
    expect(status).toBe(400);
    expect(said).toMatchObject({ code: 'BadRequest' });
    expect(JSON.stringify(said)).toMatch(/grace.*now, 1h, 24h, 7d.*604800/);
    expect(await statusOf(secret)).toBe(200);
    expect((await store.page({ userId: ANA, now: START })).total).toBe(1);
  });

  it.each([
    ['that is not JSON', '{', 'application/json', 400],
    ['that is a list', '[]', 'application/json', 400],
    ['that is null', 'null', 'application/json', 400],
    ['of another type', 'grace=now', 'application/x-www-form-urlencoded', 415],
  ])('refuses a body %s', async (_, body, type, status) => {
    const { token, api, statusOf } = setUp();
    const { token: secret, session } = await token();
    const response = await api.request(`/sessions/${session.id}/rotate`, {
      method: 'POST',
      headers: {
        Authorization: secret,
        'Content-Type': type,
        'Content-Length': `${body.length}`,
      },
      body,
    });
    expect(await failure(response)).toMatchObject({ status, code: 'BadRequest' });
    expect(await statusOf(secret)).toBe(200);
  });

  it('asks for the token before it looks at the id or the body', async () => {
    const { call } = setUp();
    const response = await call('POST', '/sessions/x/rotate', undefined, { grace: 'x' });
    expect(await failure(response)).toMatchObject({ status: 401, code: 'NoAuthToken' });
  });

  it('takes an id in upper case, and refuses one that is none', async () => {
    const { token, rotate } = setUp();
    const { token: secret, session } = await token();
    expect(await failure(await rotate('x', secret))).toMatchObject({
      status: 400,
      code: 'BadRequest',
    });
    await made(await rotate(session.id.toUpperCase(), secret));
  });

  it("answers another member's id byte for byte as an unknown one, and leaves it", async () => {
    const { token, rotate, statusOf } = setUp();
    const mine = await token();
    const theirs = await token(BEN);
    const [foreign, unknown] = [
      await rotate(theirs.session.id, mine.token),
      await rotate(UNKNOWN, mine.token),
    ];
    expect([foreign.status, unknown.status]).toEqual([404, 404]);
    expect(await foreign.text()).toBe(await unknown.text());
    expect(await statusOf(theirs.token)).toBe(200);
  });

  it('refuses a login, which is renewed by logging in', async () => {
    const { token, store, rotate } = setUp();
    const { token: secret } = await token();
    const { session, tokenHash } = newSession({ type: 'login', name: null });
    const authorization = {
      user: { id: ANA, username: 'ana' },
      scopes: [],
      expiresAt: START + DAY,
      checkedAt: START,
    };
    await store.addLogin(
      { actor: member(ANA), at: START },
      { session, tokenHash },
      authorization,
      50,
    );
    expect(await failure(await rotate(session.id, secret))).toEqual({
      status: 403,
      code: 'Restricted',
      message: expect.stringContaining('log in again'),
    });
    expect(await store.findLive(ANA, session.id, START)).toEqual(session);
  });

  it('refuses a banned account', async () => {
    const { token, rotate, accounts } = setUp();
    const { token: secret, session } = await token();
    await accounts.ban(STAFF, newBan(ANA));
    expect(await failure(await rotate(session.id, secret))).toMatchObject({
      status: 403,
      code: 'ApiBanned',
    });
  });

  it('by its own token, the new one says which made it', async () => {
    const { token, rotate, sessions } = setUp();
    const old = await token();
    const next = await made(await rotate(old.session.id, old.token, { grace: '1h' }));
    expect(next).toMatchObject({ created_by: old.session.id });
    // So that whoever ends a leaked token ends what it was exchanged for.
    await sessions.revoke(member(ANA), old.session.id, true);
    expect(await sessions.verify(next.token)).toEqual({ is: 'invalid' });
  });

  it('by a token that ends in the meantime makes nothing', async () => {
    const stage = setUp({
      through: (store) =>
        interfering(store, {
          async replace(act, fresh, rotation, limits) {
            const id = fresh.session.parentId ?? '';
            await store.end(act, ANA, { one: id, includeDescendants: false }, 'revoked');
            return store.replace(act, fresh, rotation, limits);
          },
        }),
    });
    const asking = await stage.token();
    const old = await stage.token();
    expect(await failure(await stage.rotate(old.session.id, asking.token))).toMatchObject({
      status: 401,
      code: 'InvalidToken',
    });
    expect(await stage.statusOf(old.token)).toBe(200);
  });

  it('twice in ten seconds is a conflict that says when to ask again; then it is answered', async () => {
    const { token, rotate, clock, statusOf } = setUp();
    const old = await token();
    const lost = await made(await rotate(old.session.id, old.token, { grace: '1h' }));
    clock.advance(4 * SECOND);
    const again = await rotate(old.session.id, old.token, { grace: '1h' });
    expect(again.headers.get('retry-after')).toBe('6');
    expect(await failure(again)).toMatchObject({ status: 409, code: 'Conflict' });
    clock.advance(6 * SECOND);
    const next = await made(await rotate(old.session.id, old.token, { grace: '1h' }));
    expect(await statusOf(lost.token)).toBe(401);
    expect([await statusOf(old.token), await statusOf(next.token)]).toEqual([200, 200]);
    clock.advance(10 * SECOND);
    const used = await rotate(old.session.id, old.token, { grace: '1h' });
    expect(used.headers.get('retry-after')).toBeNull();
    expect(await failure(used)).toMatchObject({
      status: 409,
      code: 'Conflict',
      message: expect.stringContaining('in use'),
    });
  });

  it('by two at once is answered to one, and a conflict to the other', async () => {
    const { token, rotate, store } = setUp();
    const asking = await token();
    const { session } = await token();
    const answers = await Promise.all([
      rotate(session.id, asking.token, { grace: '1h' }),
      rotate(session.id, asking.token, { grace: '1h' }),
    ]);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 409]));
    expect((await store.page({ userId: ANA, now: START })).total).toBe(3);
  });

  it('stops at twice the limit, unless the old one ends at once', async () => {
    const { token, rotate } = setUp({ maxApiTokens: 1 });
    const old = await token();
    const next = await made(await rotate(old.session.id, old.token, { grace: '24h' }));
    const refused = await rotate(next.id, next.token, { grace: '24h' });
    expect(await failure(refused)).toMatchObject({ status: 409, code: 'LimitReached' });
    await made(await rotate(next.id, next.token));
  });
});
