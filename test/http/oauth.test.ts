import { describe, expect, it, onTestFinished } from 'vitest';
import { ANA, BEN, DAY, HOUR, member, SECOND, START } from '../support/fixtures.ts';
import {
  asForm,
  asJson,
  body,
  CODE,
  createHttpHarness,
  INTROSPECTION_SECRET,
  PUBLIC_URL,
  refusal,
  type HttpHarness,
  type HttpHarnessOptions,
  WEB,
} from '../support/http-harness.ts';

function setUp(options: HttpHarnessOptions = {}): HttpHarness {
  const service = createHttpHarness(options);
  onTestFinished(() => service.close());
  return service;
}

const UNKNOWN = `lk_api_${'0'.repeat(49)}`;
const FORM = 'application/x-www-form-urlencoded';

const introspect = (
  { send }: HttpHarness,
  fields: Record<string, string>,
  credential: string | undefined = `Bearer ${INTROSPECTION_SECRET}`,
) => send('/introspect', asForm(fields, credential));

const revoke = ({ send }: HttpHarness, fields: Record<string, string>) =>
  send('/revoke', asForm(fields));

describe('introspection', () => {
  it('says of a good token whose it is, of which session, and until when', async () => {
    const service = setUp();
    const { token, session } = await service.token();
    const response = await introspect(service, { token });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toContain('application/json');
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(await response.json()).toEqual({
      active: true,
      sub: ANA,
      sid: session.id,
      session_type: 'api',
      token_type: 'Bearer',
      exp: (START + DAY) / 1000,
      iss: PUBLIC_URL,
    });
  });

  it('gives the expiry in whole seconds, and never later than it is', async () => {
    const service = setUp();
    service.clock.advance(1_999 - (START % 1_000));
    const { token, session } = await service.token();
    const { exp } = (await (await introspect(service, { token })).json()) as { exp: number };
    expect(Number.isInteger(exp)).toBe(true);
    expect(exp * 1000).toBeLessThanOrEqual(session.expiresAt);
    expect(exp * 1000).toBeGreaterThan(session.expiresAt - 1000);
  });

  it('says the same of a login, with its type', async () => {
    const service = setUp();
    await service.connect();
    const login = await service.send('/oauth2', asJson({ code: CODE, redirect_uri: WEB }));
    const { token } = (await login.json()) as { token: string };
    const answer = await (await introspect(service, { token })).json();
    expect(answer).toMatchObject({ active: true, session_type: 'login', sub: ANA });
  });

  it('tells byte for byte the same of whatever is not good', async () => {
    const service = setUp();
    const [revoked, surrendered, expired, theirs] = [
      await service.token(),
      await service.token(),
      await service.token(ANA, 'a token', HOUR),
      await service.token(BEN),
    ];
    await service.sessions.revoke(member(ANA), revoked.session.id);
    await service.sessions.revokeByToken(surrendered.token, 'r');
    await service.ban(BEN);
    service.clock.advance(HOUR);
    const malformed = ['nonsense', '', ' ', '\0', '🗝', `${expired.token} `, 'Bearer x'];
    const tokens = [revoked, surrendered, expired, theirs].map(({ token }) => token);
    const answers: unknown[] = [];
    for (const token of [...tokens, UNKNOWN, ...malformed]) {
      const response = await introspect(service, { token });
      const headers = [...response.headers].filter(([name]) => name !== 'x-request-id');
      answers.push(JSON.stringify([response.status, headers, await response.text()]));
    }
    expect(new Set(answers).size).toBe(1);
    expect(answers[0]).toContain(String.raw`{\"active\":false}`);
    expect(answers[0]).toMatch(/^\[200,/);
  });

  it('says that a token is good until the millisecond before its expiry', async () => {
    const service = setUp();
    const { token } = await service.token(ANA, 'a token', SECOND);
    const active = async () =>
      ((await (await introspect(service, { token })).json()) as { active: boolean }).active;
    service.clock.advance(SECOND - 1);
    expect(await active()).toBe(true);
    service.clock.advance(1);
    expect(await active()).toBe(false);
  });

  it('says that a token is good again after the unban', async () => {
    const service = setUp();
    const { token } = await service.token();
    await service.ban();
    expect(await (await introspect(service, { token })).json()).toEqual({ active: false });
    await service.unban();
    expect(await (await introspect(service, { token })).json()).toMatchObject({ active: true });
  });

  it('ignores the hint and whatever else is in the form', async () => {
    const service = setUp();
    const { token } = await service.token();
    for (const token_type_hint of ['access_token', 'refresh_token', 'nonsense', '']) {
      const response = await introspect(service, { token, token_type_hint, resource: 'x' });
      expect(await response.json()).toMatchObject({ active: true });
    }
  });

  it.each(['Bearer ', 'bearer ', 'BEARER   ', ''])('takes its secret after %j', async (scheme) => {
    const service = setUp();
    const response = await introspect(service, { token: 'x' }, scheme + INTROSPECTION_SECRET);
    expect(response.status).toBe(200);
  });

  it('needs its secret', async () => {
    const service = setUp();
    const response = await service.send('/introspect', asForm({ token: UNKNOWN }));
    expect(response.headers.get('www-authenticate')).toContain('Bearer realm="Latchkey"');
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(await refusal(response)).toEqual([401, 'NoAuthToken']);
  });

  it('takes nothing else for its secret, not even a good token', async () => {
    const service = setUp();
    const { token } = await service.token();
    const half = INTROSPECTION_SECRET.slice(0, -1);
    for (const secret of [token, half, `${half}T`, `${INTROSPECTION_SECRET}x`, 'Bearer']) {
      const response = await introspect(service, { token }, `Bearer ${secret}`);
      expect(response.headers.get('www-authenticate')).toBe(
        'Bearer realm="Latchkey", error="invalid_token"',
      );
      expect(await refusal(response)).toEqual([401, 'InvalidToken']);
    }
  });

  it('does not open anything else with its secret', async () => {
    const { call } = setUp();
    for (const path of ['/sessions', '/sessions/@me', '/oauth2/@me']) {
      expect((await call('GET', path, INTROSPECTION_SECRET)).status).toBe(401);
    }
  });

  it('is not there where no secret is configured', async () => {
    const service = setUp({ introspectionSecret: null });
    expect(await refusal(await introspect(service, { token: UNKNOWN }))).toEqual([404, 'NotFound']);
  });

  it('asks for the secret before it looks at the form', async () => {
    const service = setUp();
    expect((await introspect(service, {}, 'Bearer wrong')).status).toBe(401);
  });
});

describe.each(['/introspect', '/revoke'])('a form for %s', (path) => {
  const headers = { Authorization: `Bearer ${INTROSPECTION_SECRET}` };

  it.each(['application/json', 'text/plain'] as const)('of type %s is refused', async (type) => {
    const service = setUp();
    const { token } = await service.token();
    const response = await service.send(path, body(type, JSON.stringify({ token }), headers));
    expect(await refusal(response)).toEqual([415, 'BadRequest']);
    expect((await service.check(token)).status).toBe(200);
  });

  it.each(['', 'tokens=x', 'token_type_hint=access_token', 'token', '&', '%'])(
    'that is %j, without a token or with an empty one, is never taken for a good one',
    async (text) => {
      const service = setUp();
      const response = await service.send(path, body(FORM, text, headers));
      // An empty one is a token too, if not a good one.
      expect(response.status).toBe(text === 'token' ? 200 : 400);
    },
  );

  it('with two tokens is refused, and both go on', async () => {
    const service = setUp();
    const [one, two] = [await service.token(), await service.token()];
    const text = `token=${one.token}&token=${two.token}`;
    expect((await service.send(path, body(FORM, text, headers))).status).toBe(400);
    for (const { token } of [one, two]) expect((await service.check(token)).status).toBe(200);
  });

  it('that says nothing of itself is refused', async () => {
    const { send } = setUp();
    expect((await send(path, { method: 'POST', headers })).status).toBe(400);
  });

  it('with a charset is taken', async () => {
    const { send } = setUp();
    const type = { 'Content-Type': `${FORM}; charset=UTF-8`, 'Content-Length': '7' };
    const init = { method: 'POST', headers: { ...headers, ...type }, body: 'token=x' };
    expect((await send(path, init)).status).toBe(200);
  });
});

describe('revocation', () => {
  it('ends the session that the token opens, and only that', async () => {
    const service = setUp();
    const [mine, other] = [await service.token(), await service.token()];
    const response = await revoke(service, { token: mine.token });
    expect([response.status, await response.text()]).toEqual([200, '{}']);
    expect((await service.check(mine.token)).status).toBe(401);
    expect((await service.check(other.token)).status).toBe(200);
  });

  it('leaves in the row that somebody ended it, when and why, and tells its owner', async () => {
    const service = setUp();
    const { token, session } = await service.token();
    service.clock.advance(HOUR);
    await revoke(service, { token });
    const sessions = await service.store.history({
      userId: ANA,
      now: service.clock(),
      state: 'ended',
      limit: 99,
    });
    expect(sessions).toEqual([
      { ...session, ended: { at: START + HOUR, by: null, reason: 'revoked' } },
    ]);
    const [event] = await service.store.audit({ userId: ANA, limit: 1 });
    expect(event).toMatchObject({ action: 'token.revoked', actorKind: 'bearer', actorId: null });
    const batch = await service.store.takeBatch(START + HOUR, START + DAY, 'one');
    expect(batch).toMatchObject({ recipient: ANA, events: [{ action: 'token.revoked' }] });
  });

  it('answers alike whatever the token is', async () => {
    const service = setUp();
    const [good, ended, expired] = [
      await service.token(),
      await service.token(),
      await service.token(ANA, 'a token', SECOND),
    ];
    await service.sessions.revoke(member(ANA), ended.session.id);
    service.clock.advance(SECOND);
    const tokens = [good.token, ended.token, expired.token, UNKNOWN, 'nonsense', '\0', ''];
    const answers = new Set<string>();
    for (const token of tokens) {
      const response = await revoke(service, { token });
      const headers = [...response.headers].filter(([name]) => name !== 'x-request-id');
      answers.add(JSON.stringify([response.status, headers, await response.text()]));
    }
    expect(answers.size).toBe(1);
    expect([...answers][0]).toMatch(/^\[200,/);
    expect((await service.check(good.token)).status).toBe(401);
  });

  it('keeps the reason of what had ended before', async () => {
    const service = setUp();
    const { token, session } = await service.token();
    await service.sessions.revoke(member(ANA), session.id);
    service.clock.advance(HOUR);
    await revoke(service, { token });
    const sessions = await service.store.history({
      userId: ANA,
      now: service.clock(),
      state: 'ended',
      limit: 99,
    });
    expect(sessions[0]?.ended?.at).toBe(START);
  });

  it.each(['access_token', 'refresh_token', 'nonsense'])('ignores the hint %s', async (hint) => {
    const service = setUp();
    const { token } = await service.token();
    expect((await revoke(service, { token, token_type_hint: hint })).status).toBe(200);
    expect((await service.check(token)).status).toBe(401);
  });

  it("ends a banned account's session, which the unban does not bring back", async () => {
    const service = setUp();
    const { token } = await service.token();
    await service.ban();
    expect((await revoke(service, { token })).status).toBe(200);
    await service.unban();
    expect((await service.check(token)).status).toBe(401);
  });

  it('needs no credential, and minds none', async () => {
    const service = setUp();
    const { token } = await service.token();
    const response = await service.send('/revoke', asForm({ token }, 'Basic Y2xpZW50OnNlY3JldA=='));
    expect(response.status).toBe(200);
    expect((await service.check(token)).status).toBe(401);
  });

  it('ends what the session made too: whoever found it may have made that', async () => {
    const service = setUp();
    const parent = await service.token();
    const made = await service.send(
      '/sessions',
      asJson({ name: 'child', type: 'api', expiry: 60 }, parent.token),
    );
    const { token } = (await made.json()) as { token: string };
    await revoke(service, { token: parent.token });
    expect((await service.check(token)).status).toBe(401);
  });
});

describe('DELETE /sessions/{id}', () => {
  it.each([
    ['', 200],
    ['?made=false', 200],
    ['?made=true', 401],
  ])('%j leaves what it made with %i', async (query, status) => {
    const service = setUp();
    const [asking, parent] = [await service.token(), await service.token()];
    const fresh = asJson({ name: 'child', type: 'api', expiry: 60 }, parent.token);
    const made = await service.send('/sessions', fresh);
    const { token } = (await made.json()) as { token: string };
    const path = `/sessions/${parent.session.id}${query}`;
    expect((await service.call('DELETE', path, asking.token)).status).toBe(204);
    expect((await service.check(token)).status).toBe(status);
  });

  it('refuses what it does not know, and ends nothing', async () => {
    const service = setUp();
    const { token, session } = await service.token();
    const response = await service.call('DELETE', `/sessions/${session.id}?made=yes`, token);
    expect(await refusal(response)).toEqual([400, 'BadRequest']);
    expect((await service.check(token)).status).toBe(200);
  });
});

describe('the calls of one account', () => {
  it('are bounded by the minute, each method by itself, and checks are not', async () => {
    const service = setUp();
    const [mine, theirs] = [await service.token(), await service.token(BEN)];
    const list = (token: string) => service.call('GET', '/sessions', token);
    for (let index = 0; index < 240; index += 1) await list(mine.token);
    const refused = await list(mine.token);
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '60']);
    expect((await service.check(mine.token)).status).toBe(200);
    expect((await list(theirs.token)).status).toBe(200);
    const path = `/sessions/${mine.session.id}`;
    expect((await service.call('DELETE', path, mine.token)).status).toBe(204);
  });
});

const endOthers = ({ call }: HttpHarness, token: string, query = '?except=current') =>
  call('DELETE', `/sessions${query}`, token);

describe('DELETE /sessions?except=current', () => {
  it('ends all the others of the member, and says how many', async () => {
    const service = setUp();
    await service.connect();
    const current = await service.token();
    const [other, ended, theirs] = [
      await service.token(),
      await service.token(),
      await service.token(BEN),
    ];
    await service.sessions.revoke(member(ANA), ended.session.id);
    const login = await service.send('/oauth2', asJson({ code: CODE, redirect_uri: WEB }));
    const { token: loggedIn } = (await login.json()) as { token: string };
    const response = await endOthers(service, current.token);
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect([response.status, await response.json()]).toEqual([200, { ended: 2 }]);
    for (const token of [other.token, loggedIn]) {
      expect((await service.check(token)).status).toBe(401);
    }
    for (const { token } of [current, theirs]) {
      expect((await service.check(token)).status).toBe(200);
    }
  });

  it('ends nothing where there is no other', async () => {
    const service = setUp();
    const { token } = await service.token();
    expect(await (await endOthers(service, token)).json()).toEqual({ ended: 0 });
    expect((await service.check(token)).status).toBe(200);
  });

  it.each(['', '?', '?except=', '?except=all', '?except=Current', '?current', '?except[]=current'])(
    'with %j instead is refused, and nothing ends',
    async (query) => {
      const service = setUp();
      const [one, two] = [await service.token(), await service.token()];
      expect(await refusal(await endOthers(service, one.token, query))).toEqual([
        400,
        'BadRequest',
      ]);
      for (const { token } of [one, two]) expect((await service.check(token)).status).toBe(200);
    },
  );
});
