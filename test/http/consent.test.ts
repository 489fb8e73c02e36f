import { describe, expect, it, onTestFinished } from 'vitest';
import { APP, APPLICATION, createHttpHarness, refusal, WEB } from '../support/http-harness.ts';

const CHALLENGE = 'c'.repeat(43);

async function setUp() {
  const service = createHttpHarness();
  onTestFinished(() => service.close());
  await service.connect();
  return service;
}

type Query = Readonly<Record<string, string>> | string;

async function ask(query: Query): Promise<Response> {
  const { send } = await setUp();
  return send(`/login?${new URLSearchParams(query).toString()}`);
}

const CLIENTS = {
  response_type: 'code',
  client_id: 'lamps',
  redirect_uri: WEB,
  scope: 'openid profile email',
  state: 's'.repeat(32),
  code_challenge: CHALLENGE,
  code_challenge_method: 'S256',
};

describe('what ready-made clients send to the consent page', () => {
  it('is taken, and Discord is asked for what Latchkey needs, by our application', async () => {
    const more = { nonce: 'n', prompt: 'consent', access_type: 'offline', resource: 'https://x.y' };
    const response = await ask({ ...CLIENTS, ...more });
    expect(response.status).toBe(302);
    expect(response.headers.get('cache-control')).toBe('no-store');
    const { searchParams } = new URL(response.headers.get('location') ?? '');
    expect(Object.fromEntries(searchParams)).toEqual({
      client_id: APPLICATION.id,
      response_type: 'code',
      scope: 'identify',
      redirect_uri: WEB,
      state: CLIENTS.state,
      code_challenge: CHALLENGE,
      code_challenge_method: 'S256',
    });
  });

  it('may be a state of 2,048 characters, and no longer one', async () => {
    expect((await ask({ ...CLIENTS, state: 's'.repeat(2_048) })).status).toBe(302);
    expect((await ask({ ...CLIENTS, state: 's'.repeat(2_049) })).status).toBe(400);
  });

  it('may be an empty state, which is none', async () => {
    const response = await ask({ ...CLIENTS, state: '' });
    expect(response.headers.get('location')).not.toContain('state');
    expect((await ask({ redirect_uri: WEB, state: '' })).status).toBe(400);
  });

  it.each(['token', 'id_token', 'code token', 'none', ''])(
    'is refused where it is for %j, which nobody would get',
    async (response_type) => {
      expect(await refusal(await ask({ ...CLIENTS, response_type }))).toEqual([400, 'BadRequest']);
    },
  );

  it.each([
    ['a plain challenge', { ...CLIENTS, code_challenge_method: 'plain' }],
    ['an app without one', { redirect_uri: APP, state: 's' }],
    ['two addresses', `redirect_uri=${WEB}&redirect_uri=${APP}&state=s`],
    ['two states', `redirect_uri=${WEB}&state=s&state=t`],
    ['two challenges', `redirect_uri=${WEB}&code_challenge=a&code_challenge=b`],
    ['no address', { state: 's' }],
  ])('is refused with %s', async (_, query) => {
    expect(await refusal(await ask(query))).toEqual([400, 'BadRequest']);
  });
});
