import { describe, expect, it, onTestFinished } from 'vitest';
import { type HttpHarnessOptions, createHttpHarness } from '../support/http-harness.ts';
import {
  ANA,
  atMost,
  BEN,
  DAY,
  HOUR,
  idAt,
  interfering,
  member,
  newBan,
  newSession,
  STAFF,
  START,
} from '../support/fixtures.ts';

function setUp(options?: HttpHarnessOptions) {
  const api = createHttpHarness(options);
  onTestFinished(() => api.close());
  return api;
}

const WRITE = { name: 'deploy', type: 'api', expiry: 3_600 };
const UNKNOWN = idAt(START);

/** All headers but the one that differs by request. */
const headersOf = (response: Response) =>
  [...response.headers].filter(([name]) => name !== 'x-request-id');

async function failure(response: Response) {
  return { status: response.status, ...((await response.json()) as object) };
}

describe('GET /sessions/@me', () => {
  it.each([
    ['alone', (token: string) => token],
    ['after Bearer', (token: string) => `Bearer ${token}`],
    ['after bearer', (token: string) => `bearer ${token}`],
    ['after BEARER', (token: string) => `BEARER ${token}`],
    ['after Bearer and several spaces', (token: string) => `Bearer   ${token}`],
    ['after User', (token: string) => `User ${token}`],
    ['after uSER and several spaces', (token: string) => `uSER   ${token}`],
  ])('takes the token %s', async (_, header) => {
    const { call, token } = setUp();
    const made = await token();
    const response = await call('GET', '/sessions/@me', header(made.token));
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({
      user_id: ANA,
      id: made.session.id,
      state: 'normal',
      type: 'api',
    });
  });

  it('says whose token it is in headers, for a proxy to pass on', async () => {
    const { call, token } = setUp();
    const made = await token();
    const { headers } = await call('GET', '/sessions/@me', made.token);
    expect(headers.get('x-latchkey-user')).toBe(ANA);
    expect(headers.get('x-latchkey-session')).toBe(made.session.id);
    expect(headers.get('x-latchkey-type')).toBe('api');
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('content-type')).toContain('application/json');
  });

  it('answers HEAD as GET, without a body', async () => {
    const { call, token } = setUp();
    const response = await call('HEAD', '/sessions/@me', (await token()).token);
    expect(response.status).toBe(200);
    expect(response.headers.get('x-latchkey-user')).toBe(ANA);
    expect(await response.text()).toBe('');
  });

  it.each([
    ['no header', undefined],
    ['an empty header', ''],
  ])('refuses %s with NoAuthToken and a challenge without an error', async (_, header) => {
    const { call } = setUp();
    const response = await call('GET', '/sessions/@me', header);
    expect(response.headers.get('www-authenticate')).toBe('Bearer realm="Latchkey"');
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(await failure(response)).toEqual({
      status: 401,
      code: 'NoAuthToken',
      message: expect.any(String) as string,
    });
  });

  it.each(['nonsense', 'Basic dXNlcjpwYXNz', 'lk_api_x', '%00', 'null', 'a'.repeat(10_000)])(
    'refuses %.30j with InvalidToken and a challenge',
    async (header) => {
      const { call } = setUp();
      const response = await call('GET', '/sessions/@me', header);
      expect(response.headers.get('www-authenticate')).toBe(
        'Bearer realm="Latchkey", error="invalid_token"',
      );
      expect(response.headers.get('cache-control')).toBe('no-store');
      expect(await failure(response)).toMatchObject({ status: 401, code: 'InvalidToken' });
    },
  );

  it('answers the same for a revoked, an expired and an unknown token', async () => {
    const { call, token, clock, sessions } = setUp();
    const [revoked, expired] = [await token(), await token()];
    await sessions.revoke(member(ANA), revoked.session.id);
    const answers = [await call('GET', '/sessions/@me', revoked.token)];
    clock.advance(DAY);
    answers.push(await call('GET', '/sessions/@me', expired.token));
    answers.push(await call('GET', '/sessions/@me', 'lk_api_unknown'));
    const bodies = await Promise.all(answers.map((answer) => answer.text()));
    expect(new Set(bodies).size).toBe(1);
    expect(answers.map(({ status }) => status)).toEqual([401, 401, 401]);
  });

  it('says that the account is banned, without a challenge and without the headers', async () => {
    const { call, token, accounts } = setUp();
    const made = await token();
    await accounts.ban(STAFF, newBan(ANA, 'the reason is for staff'));
    const response = await call('GET', '/sessions/@me', made.token);
    expect(response.headers.get('www-authenticate')).toBeNull();
    expect(response.headers.get('x-latchkey-user')).toBeNull();
    expect(response.headers.get('cache-control')).toBe('no-store');
    const refused = await failure(response);
    expect(refused).toMatchObject({ status: 403, code: 'ApiBanned' });
    expect(JSON.stringify(refused)).not.toContain('reason');
  });

  it('is the last use that the list shows, from then on', async () => {
    const { call, token, clock } = setUp();
    const made = await token();
    clock.advance(HOUR);
    const asking = await token();
    await call('GET', '/sessions/@me', made.token);
    const { sessions } = (await (await call('GET', '/sessions', asking.token)).json()) as {
      sessions: { id: string; last_used_at: string }[];
    };
    const entry = sessions.find(({ id }) => id === made.session.id);
    expect(entry?.last_used_at).toBe(new Date(START + HOUR).toISOString());
  });
});

describe('GET /sessions', () => {
  it("lists the member's own live sessions, newest first, never a token", async () => {
    const { call, token, clock, store, sessions } = setUp();
    const first = await token();
    clock.advance(1_000);
    const second = await token();
    clock.advance(1_000);
    const login = newSession({ type: 'login', name: null, createdAt: clock() });
    await store.add({ actor: member(ANA), at: clock() }, login, atMost(9));
    await token(BEN);
    const ended = await token();
    await sessions.revoke(member(ANA), ended.session.id);
    const response = await call('GET', '/sessions', first.token);
    expect(response.headers.get('cache-control')).toBe('no-store');
    const text = await response.text();
    const list = JSON.parse(text) as { sessions: { id: string }[] };
    expect(list.sessions.map(({ id }) => id)).toEqual([
      login.session.id,
      second.session.id,
      first.session.id,
    ]);
    expect(list.sessions[2]).toMatchObject({
      id: first.session.id,
      name: 'a token',
      user_id: ANA,
      created_at: '2026-01-02T03:04:05.000Z',
      type: 'api',
      expiry: '2026-01-03T03:04:05.000Z',
    });
    for (const { token: secret } of [first, second]) expect(text).not.toContain(secret);
  });
});

describe('POST /sessions', () => {
  it('makes a token that works, and answers with it this once', async () => {
    const { call, token } = setUp();
    const parent = await token();
    const response = await call('POST', '/sessions', parent.token, WRITE);
    expect(response.status).toBe(200);
    expect(response.headers.get('cache-control')).toBe('no-store');
    const made = (await response.json()) as Record<string, string>;
    expect(made).toMatchObject({
      user_id: ANA,
      token: expect.stringMatching(/^lk_api_/) as string,
      session_id: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
      expiry: new Date(START + HOUR).toISOString(),
      user: null,
    });
    const check = await call('GET', '/sessions/@me', made['token']);
    expect(await check.json()).toMatchObject({ id: made['session_id'], user_id: ANA });
  });

  it('answers with what the list then says of it', async () => {
    const { call, token } = setUp();
    const parent = await token();
    const body = { ...WRITE, name: '  déjà vu ' };
    const response = await call('POST', '/sessions', parent.token, body);
    const {
      token: _,
      session_id,
      user: __,
      ...made
    } = (await response.json()) as Record<string, unknown>;
    const list = (await (await call('GET', '/sessions', parent.token)).json()) as {
      sessions: { id: string }[];
    };
    const entry = list.sessions.find(({ id }) => id === session_id);
    expect(entry).toEqual(made);
    expect(entry).toMatchObject({ name: 'déjà vu', created_by: parent.session.id });
  });

  it.each([
    [1, '2026-01-02T03:04:06.000Z'],
    [1.0, '2026-01-02T03:04:06.000Z'],
    [86_400, '2026-01-03T03:04:05.000Z'],
    [9_223_372_036_854_774, '9999-12-31T23:59:59.000Z'],
  ])('takes an expiry of %d, capped at the end of the year 9999', async (expiry, instant) => {
    const { call, token } = setUp();
    const response = await call('POST', '/sessions', (await token()).token, { ...WRITE, expiry });
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ expiry: instant });
  });

  it.each([0, -1, 0.5, Number('9223372036854775'), 1e99, '3600', '', null, true, [], {}])(
    'refuses an expiry of %j and stores nothing',
    async (expiry) => {
      const { call, token, store } = setUp();
      const made = await token();
      const response = await call('POST', '/sessions', made.token, { ...WRITE, expiry });
      expect(await failure(response)).toMatchObject({
        status: 400,
        code: 'BadRequest',
        message: expect.stringMatching(/expiry/) as string,
      });
      expect((await store.page({ userId: ANA, now: START })).total).toBe(1);
    },
  );

  it.each(['NaN', '1e999', '-1e999', '01', '0x10', '9223372036854775000'])(
    'refuses an expiry that is written as %s',
    async (written) => {
      const { api, token } = setUp();
      const { token: authorization } = await token();
      const response = await api.request('/sessions', {
        method: 'POST',
        headers: { Authorization: authorization, 'Content-Type': 'application/json' },
        body: `{"name":"deploy","type":"api","expiry":${written}}`,
      });
      expect(await failure(response)).toMatchObject({ status: 400, code: 'BadRequest' });
    },
  );

  it.each([
    ['empty', ''],
    ['spaces', '   '],
    ['too long', 'x'.repeat(81)],
    ['4,000 characters', 'x'.repeat(4_000)],
    ['direction-changing', 'a\u202Eb'],
    ['broken in two lines', 'a\nb'],
    ['with half a surrogate', 'a\uD800'],
    ['a number', 7],
    ['null', null],
    ['absent', undefined],
    ['a list', ['x']],
  ])('refuses a name that is %s', async (_, name) => {
    const { call, token } = setUp();
    const response = await call('POST', '/sessions', (await token()).token, { ...WRITE, name });
    expect(await failure(response)).toMatchObject({ status: 400, code: 'BadRequest' });
  });

  it.each(['@everyone', '<@&1>', '```', '[x](http://evil)', '🗝'.repeat(80), "'; --"])(
    'keeps the name %j as it is',
    async (name) => {
      const { call, token } = setUp();
      const response = await call('POST', '/sessions', (await token()).token, { ...WRITE, name });
      expect(await response.json()).toMatchObject({ name });
    },
  );

  it.each(['login', 'app_login', 'API', '', 'root'])(
    'makes no session of type %j',
    async (type) => {
      const { call, token, store } = setUp();
      const response = await call('POST', '/sessions', (await token()).token, { ...WRITE, type });
      expect(await failure(response)).toMatchObject({ status: 403, code: 'Restricted' });
      expect((await store.page({ userId: ANA, now: START })).total).toBe(1);
    },
  );

  it('ignores members that it does not know, and none of them can take over', async () => {
    const { call, token } = setUp();
    const body = { ...WRITE, user_id: BEN, id: UNKNOWN, state: 'x', token: 'y', parentId: 'z' };
    const response = await call('POST', '/sessions', (await token()).token, body);
    expect(response.status).toBe(200);
    const made = (await response.json()) as Record<string, unknown>;
    expect(made['user_id']).toBe(ANA);
    expect(made['id']).not.toBe(UNKNOWN);
  });

  it('is not misled by __proto__ or a member that is there twice', async () => {
    const { api, token } = setUp();
    const { token: authorization } = await token();
    const response = await api.request('/sessions', {
      method: 'POST',
      headers: { Authorization: authorization, 'Content-Type': 'application/json' },
      body: '{"__proto__":{"name":"p"},"name":"first","name":"last","type":"api","expiry":60}',
    });
    expect(await response.json()).toMatchObject({ name: 'last' });
    expect(Object.prototype).not.toHaveProperty('name');
  });

  it('asks for the token before it looks at the body', async () => {
    const { call } = setUp();
    for (const header of [undefined, 'nonsense']) {
      const response = await call('POST', '/sessions', header, { expiry: 'bad' });
      expect(response.status).toBe(401);
    }
  });

  it('answers 409 at the limit', async () => {
    const { call, token } = setUp({ maxApiTokens: 2 });
    const made = await token();
    expect((await call('POST', '/sessions', made.token, WRITE)).status).toBe(200);
    expect(await failure(await call('POST', '/sessions', made.token, WRITE))).toMatchObject({
      status: 409,
      code: 'LimitReached',
    });
  });

  it('answers 503 when the database cannot be written, and stores nothing', async () => {
    const { AppError } = await import('../../src/core/errors.ts');
    let full = false;
    const { call, token } = setUp({
      through: (store) =>
        interfering(store, {
          add: (...given) =>
            full ? Promise.reject(new AppError({ code: 'unavailable' })) : store.add(...given),
        }),
    });
    const made = await token();
    full = true;
    expect(await failure(await call('POST', '/sessions', made.token, WRITE))).toMatchObject({
      status: 503,
    });
  });
});

describe('DELETE /sessions/{id}', () => {
  it('ends a session with 204 and no body, then it is not there', async () => {
    const { call, token } = setUp();
    const [mine, other] = [await token(), await token()];
    const response = await call('DELETE', `/sessions/${other.session.id}`, mine.token);
    expect(response.status).toBe(204);
    expect(await response.text()).toBe('');
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect((await call('GET', '/sessions/@me', other.token)).status).toBe(401);
    const again = await call('DELETE', `/sessions/${other.session.id}`, mine.token);
    expect(await failure(again)).toMatchObject({ status: 404, code: 'NotFound' });
  });

  it('ends the session that asks, whose token is refused from then on', async () => {
    const { call, token } = setUp();
    const { token: secret, session } = await token();
    expect((await call('DELETE', `/sessions/${session.id}`, secret)).status).toBe(204);
    expect((await call('DELETE', `/sessions/${session.id}`, secret)).status).toBe(401);
  });

  it("answers another member's id byte for byte as an unknown one, and leaves it", async () => {
    const { call, token } = setUp();
    const mine = await token();
    const theirs = await token(BEN);
    const foreign = await call('DELETE', `/sessions/${theirs.session.id}`, mine.token);
    const unknown = await call('DELETE', `/sessions/${UNKNOWN}`, mine.token);
    expect([foreign.status, unknown.status]).toEqual([404, 404]);
    expect(await foreign.text()).toBe(await unknown.text());
    expect(headersOf(foreign)).toEqual(headersOf(unknown));
    expect((await call('GET', '/sessions/@me', theirs.token)).status).toBe(200);
  });

  it('takes an id in upper case', async () => {
    const { call, token } = setUp();
    const [mine, other] = [await token(), await token()];
    const id = other.session.id.toUpperCase();
    expect((await call('DELETE', `/sessions/${id}`, mine.token)).status).toBe(204);
  });

  it.each([
    '1',
    'nonsense',
    '@me',
    `${UNKNOWN}0`,
    UNKNOWN.slice(1),
    UNKNOWN.replaceAll('-', ''),
    '%00',
    "'",
    '..%2f',
  ])('refuses the id %j', async (id) => {
    const { call, token } = setUp();
    const response = await call('DELETE', `/sessions/${id}`, (await token()).token);
    // /sessions/@me is an address of its own, which cannot be deleted.
    const allowed = id === '@me' ? [400, 405] : [400];
    expect(allowed).toContain(response.status);
    expect(await failure(response)).toMatchObject({ code: 'BadRequest' });
  });

  it('asks for the token before it looks at the id', async () => {
    const { call } = setUp();
    expect((await call('DELETE', '/sessions/nonsense')).status).toBe(401);
  });
});
