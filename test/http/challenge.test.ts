import { describe, expect, it, onTestFinished } from 'vitest';
import { idAt, START } from '../support/fixtures.ts';
import {
  asForm,
  asJson,
  body,
  createHttpHarness,
  INTROSPECTION_SECRET,
} from '../support/http-harness.ts';

function setUp() {
  const service = createHttpHarness();
  onTestFinished(() => service.close());
  return service;
}

const challenge = (response: Response) => [
  response.status,
  response.headers.get('www-authenticate'),
];

const MALFORMED = [400, 'Bearer realm="Latchkey", error="invalid_request"'];

describe('the challenge of RFC 6750', () => {
  it('names the realm, and an error only where a token was sent', async () => {
    const { send, check } = setUp();
    expect(challenge(await send('/sessions/@me'))).toEqual([401, 'Bearer realm="Latchkey"']);
    expect(challenge(await check('nonsense'))).toEqual([
      401,
      'Bearer realm="Latchkey", error="invalid_token"',
    ]);
  });

  it.each(['/sessions', '/userinfo', '/oauth2/@me', '/health', '/nowhere'])(
    'says that a token in the address makes a bad request: %s',
    async (path) => {
      const { send, token } = setUp();
      const made = await token();
      for (const query of ['token=x', `access_token=${made.token}`, `a=${made.token}`]) {
        const headers = { Authorization: made.token };
        expect(challenge(await send(`${path}?${query}`, { headers }))).toEqual(MALFORMED);
        expect(challenge(await send(`${path}?${query}`))).toEqual(MALFORMED);
      }
    },
  );

  it('says that a request is bad which a good token was sent with', async () => {
    const { send, call, token } = setUp();
    const made = await token();
    const answers = [
      await call('GET', '/sessions?limit=0', made.token),
      await call('DELETE', '/sessions', made.token),
      await call('DELETE', '/sessions/1', made.token),
      await send('/sessions', asJson({}, made.token)),
      await send('/sessions', asJson({ name: '', type: 'api', expiry: 1 }, made.token)),
      await send('/sessions', body('application/json', '{', { Authorization: made.token })),
      await send(`/sessions/${idAt(START)}/rotate`, asJson({ grace: 'x' }, made.token)),
    ];
    for (const response of answers) expect(challenge(response)).toEqual(MALFORMED);
  });

  it('is not there where no token is asked for', async () => {
    const { send } = setUp();
    const answers = [
      await send('/login'),
      await send('/oauth2', asJson({})),
      await send('/revoke', asForm({})),
      await send('/introspect', asForm({}, `Bearer ${INTROSPECTION_SECRET}`)),
    ];
    for (const response of answers) expect(challenge(response)).toEqual([400, null]);
  });

  it('is not there for what is refused to a good token', async () => {
    const { send, call, token } = setUp();
    const made = await token();
    const answers = [
      await call('DELETE', `/sessions/${idAt(START)}`, made.token),
      await send('/sessions', asJson({ name: 'x', type: 'login', expiry: 1 }, made.token)),
    ];
    expect(answers.map(challenge)).toEqual([
      [404, null],
      [403, null],
    ]);
  });
});

describe('a refusal by an endpoint of OAuth', () => {
  it.each(['/revoke', '/introspect'])('has the shape of RFC 6749 too: %s', async (path) => {
    const { send } = setUp();
    const headers = { Authorization: `Bearer ${INTROSPECTION_SECRET}` };
    for (const [init, status] of [
      [asForm({}, headers.Authorization), 400],
      [body('application/x-www-form-urlencoded', 'token=a&token=b', headers), 400],
      [body('application/json', '{}', headers), 415],
      [body('application/x-www-form-urlencoded', `token=${'x'.repeat(17_000)}`, headers), 413],
    ] as const) {
      const response = await send(path, init);
      expect(response.headers.get('cache-control')).toBe('no-store');
      const answer = (await response.json()) as Record<string, unknown>;
      expect([response.status, answer['code'], answer['error']]).toEqual([
        status,
        'BadRequest',
        'invalid_request',
      ]);
      expect(answer['error_description']).toBe(answer['message']);
    }
  });

  it('is not the shape of any other', async () => {
    const { send, check } = setUp();
    for (const response of [await check('x'), await send('/nowhere'), await send('/login')]) {
      expect(Object.keys((await response.json()) as object).toSorted()).toEqual([
        'code',
        'message',
      ]);
    }
  });
});
