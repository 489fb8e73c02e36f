import { describe, expect, it, onTestFinished } from 'vitest';
import { createPolicy } from '../../src/core/policy/policy.ts';
import { ANA, communityMember, DAY, HOUR } from '../support/fixtures.ts';
import {
  asForm,
  CODE,
  createHttpHarness,
  type HttpHarness,
  type HttpHarnessOptions,
  INTROSPECTION_SECRET,
  WEB,
} from '../support/http-harness.ts';
import { see } from '../support/roles.ts';

const PATRON = '112233445566778899';
const DEV = '998877665544332211';

const rule = { given: false, roles: null, longestMs: null, approval: false };

const POLICY = createPolicy({
  roles: [
    { name: 'patron', id: PATRON },
    { name: 'dev', id: DEV },
  ],
  holders: ['patron', 'dev'],
  scopes: [
    { ...rule, name: 'lamps:read', says: 'See your lamps', given: true },
    { ...rule, name: 'lamps:write', says: 'Switch your lamps' },
    { ...rule, name: 'lamps:all', says: "Everyone's lamps", roles: ['dev'], longestMs: 30 * DAY },
  ],
});

/** A community whose member has these roles, as Discord says at each moment. */
function setUp(options: HttpHarnessOptions = {}) {
  const held = { roles: [PATRON] as readonly string[] };
  const harness = createHttpHarness({
    policy: POLICY,
    findMember: async () => communityMember(...held.roles),
    ...options,
  });
  onTestFinished(() => harness.close());
  return { ...harness, held };
}

const make = async ({ call }: HttpHarness, token: string, body: object = {}) => {
  const wanted = { name: 'made', type: 'api', expiry: 3_600, ...body };
  const response = await call('POST', '/sessions', token, wanted);
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
};

async function logIn({ connect, send }: HttpHarness): Promise<string> {
  await connect();
  const response = await send(
    '/oauth2',
    asForm({
      grant_type: 'authorization_code',
      code: CODE,
      redirect_uri: WEB,
    }),
  );
  return ((await response.json()) as { token: string }).token;
}

describe('with a policy, a check', () => {
  it('says what the token may do, with which roles, and until when', async () => {
    const harness = setUp();
    const { token, session } = await harness.token();
    const response = await harness.check(token);
    const scope = 'lamps:read latchkey:read latchkey:write';
    const expiry = new Date(session.expiresAt).toISOString();
    expect(await response.json()).toEqual({
      user_id: ANA,
      id: session.id,
      state: 'normal',
      type: 'api',
      expiry,
      scope,
      roles: ['patron'],
      name: 'a token',
      created_at: new Date(session.createdAt).toISOString(),
    });
    expect(response.headers.get('X-Latchkey-Scope')).toBe(scope);
    expect(response.headers.get('X-Latchkey-Roles')).toBe('patron');
    expect(response.headers.get('X-Latchkey-Expires')).toBe(expiry);
  });

  it('that asks for what the token has is answered as any other', async () => {
    const harness = setUp();
    const { token } = await harness.token();
    const response = await harness.call(
      'GET',
      '/sessions/@me?scope=lamps:read%20latchkey:read',
      token,
    );
    expect(response.status).toBe(200);
  });

  it('that asks for more names all that is needed, and all that is missing', async () => {
    const harness = setUp();
    const { token } = await harness.token();
    const needed = 'lamps:all lamps:read lamps:write';
    const response = await harness.call(
      'GET',
      `/sessions/@me?scope=${needed.replaceAll(' ', '+')}`,
      token,
    );
    expect(response.status).toBe(403);
    expect(await response.json()).toEqual({
      message: 'This token may not do that. It lacks the scopes lamps:all and lamps:write.',
      code: 'InsufficientScope',
      scope: needed,
      missing: ['lamps:all', 'lamps:write'],
    });
    expect(response.headers.get('WWW-Authenticate')).toBe(
      `Bearer realm="Latchkey", error="insufficient_scope", scope="${needed}"`,
    );
  });

  it('needs all that is asked for, however often the query names it', async () => {
    const harness = setUp();
    const { token } = await harness.token();
    const twice = await harness.call(
      'GET',
      '/sessions/@me?scope=lamps:read&scope=lamps:write',
      token,
    );
    expect(twice.status).toBe(403);
  });

  it.each([
    ['scope=', 400],
    ['scope=%20', 400],
    ['scope=%22lamps:read%22', 400],
    ['scope=lamps:read%00', 400],
    [`scope=${Array.from({ length: 26 }, (_, index) => `s${index}`).join('+')}`, 400],
    ['scope=lamps:none', 403],
    ['scope=LAMPS:READ', 403],
    ['Scope=lamps:none', 200],
    ['other=1', 200],
  ])('with ?%s is answered with %i', async (query, status) => {
    const harness = setUp();
    const { token } = await harness.token();
    expect((await harness.call('GET', `/sessions/@me?${query}`, token)).status).toBe(status);
  });

  it('at another path reads no query: that is another API’s', async () => {
    const harness = setUp();
    const { token } = await harness.token();
    expect((await harness.call('GET', '/check/lamps?scope=lamps:none', token)).status).toBe(200);
  });

  it('follows a role that was lost and given back, from the next request on', async () => {
    const harness = setUp();
    harness.held.roles = [DEV];
    const { token, session } = await harness.token();
    const { tokens, store, clock } = harness;
    const wide = await tokens.rotate(
      { kind: 'member', userId: ANA, requestId: 'r', credential: { kind: 'discord' } },
      { id: session.id, graceMs: HOUR },
    );
    expect(wide.session.scope).toBe('lamps:read latchkey:read latchkey:write');
    const look = (roles: string) =>
      see(store, ANA, { roles, at: clock.advance(1) }, clock(), POLICY);
    await look('');
    const refused = await harness.check(token);
    expect(refused.status).toBe(403);
    expect(await refused.json()).toEqual({
      message:
        "The owner of this token needs one of the roles patron and dev in the community's Discord server.",
      code: 'Restricted',
    });
    await look(PATRON);
    expect((await harness.check(token)).status).toBe(200);
  });
});

describe('without a policy', () => {
  it('no scope is asked for, given or shown', async () => {
    const harness = setUp({ policy: undefined });
    const { token } = await harness.token();
    const checked = await harness.call('GET', '/sessions/@me?scope=', token);
    expect(checked.status).toBe(200);
    expect(Object.keys((await checked.json()) as object)).toEqual([
      'user_id',
      'id',
      'state',
      'type',
      'expiry',
    ]);
    expect(checked.headers.get('X-Latchkey-Scope')).toBeNull();
    const { status, body } = await make(harness, token, { scope: '"' });
    expect([status, body['scope']]).toEqual([200, undefined]);
    expect((await harness.send('/scopes')).status).toBe(404);
  });
});

describe('a token that another makes', () => {
  it('gets what is given, of what that one has', async () => {
    const harness = setUp();
    const { body } = await make(harness, await logIn(harness));
    expect(body['scope']).toBe('lamps:read latchkey:read latchkey:write');
  });

  it('gets what it asks for, written out', async () => {
    const harness = setUp();
    const { body } = await make(harness, await logIn(harness), {
      scope: 'lamps:write  lamps:read',
    });
    expect(body['scope']).toBe('lamps:read lamps:write');
    const listed = await harness.call('GET', '/sessions/@me', String(body['token']));
    expect(await listed.json()).toMatchObject({ scope: 'lamps:read lamps:write' });
  });

  it.each([
    ['lamps:none', 400, 'BadRequest', 'There is no scope lamps:none. There are lamps:read,'],
    ['lamps:all', 403, 'InsufficientScope', 'lacks the scope lamps:all'],
    ['', 400, 'BadRequest', 'scope names no scope'],
  ])('with the scope %j is refused', async (scope, status, code, message) => {
    const harness = setUp();
    const made = await make(harness, await logIn(harness), { scope });
    expect([made.status, made.body['code']]).toEqual([status, code]);
    expect(made.body['message']).toContain(message);
  });

  it('is never wider than it, whatever its owner may', async () => {
    const harness = setUp();
    const narrow = await make(harness, await logIn(harness), {
      scope: 'lamps:read latchkey:write',
    });
    const child = await make(harness, String(narrow.body['token']), { scope: 'lamps:write' });
    expect(child.body).toMatchObject({ code: 'InsufficientScope', missing: ['lamps:write'] });
    const alike = await make(harness, String(narrow.body['token']));
    expect(alike.body['scope']).toBe('lamps:read latchkey:write');
  });

  it('needs leave to make any', async () => {
    const harness = setUp();
    const narrow = await make(harness, await logIn(harness), { scope: 'lamps:read' });
    const child = await make(harness, String(narrow.body['token']), { scope: 'lamps:read' });
    expect(child.body).toMatchObject({ code: 'InsufficientScope', missing: ['latchkey:write'] });
  });

  it('never outlives it, if that is an API token, nor what its scopes allow', async () => {
    const harness = setUp();
    harness.held.roles = [DEV];
    const now = harness.clock();
    const root = await make(harness, await logIn(harness), {
      scope: 'lamps:all latchkey:write',
      expiry: 90 * 86_400,
    });
    expect(root.body['expiry']).toBe(new Date(now + 30 * DAY).toISOString());
    const child = await make(harness, String(root.body['token']), {
      scope: 'latchkey:write',
      expiry: 90 * 86_400,
    });
    expect(child.body['expiry']).toBe(root.body['expiry']);
  });

  it('is refused to who lacks every role that may hold tokens', async () => {
    const harness = setUp();
    const login = await logIn(harness);
    harness.held.roles = [];
    const made = await make(harness, login);
    expect(made.body).toMatchObject({ code: 'Restricted' });
    expect(made.body['message']).toContain('needs one of the roles patron and dev');
  });
});

const narrow = async (harness: HttpHarness, scope: string) =>
  String((await make(harness, await logIn(harness), { scope })).body['token']);

describe('a narrow token', () => {
  it('may look at itself, and revoke and rotate itself, without any scope for it', async () => {
    const harness = setUp();
    const token = await narrow(harness, 'lamps:read');
    const checked = await harness.check(token);
    const { id } = (await checked.json()) as { id: string };
    expect((await harness.call('GET', '/sessions', token)).status).toBe(403);
    const rotated = await harness.call('POST', `/sessions/${id}/rotate`, token, {});
    expect(rotated.status).toBe(200);
    const next = (await rotated.json()) as { token: string; id: string; scope: string };
    expect(next.scope).toBe('lamps:read');
    expect((await harness.call('DELETE', `/sessions/${next.id}`, next.token)).status).toBe(204);
  });

  it('may narrow itself by a rotation, and never widen', async () => {
    const harness = setUp();
    const token = await narrow(harness, 'lamps:read lamps:write');
    const { id } = (await (await harness.check(token)).json()) as { id: string };
    const wider = await harness.call('POST', `/sessions/${id}/rotate`, token, {
      scope: 'latchkey:write',
    });
    expect(await wider.json()).toMatchObject({
      code: 'Restricted',
      message: 'A rotation cannot add scopes: the token does not have latchkey:write.',
    });
    const rotated = await harness.call('POST', `/sessions/${id}/rotate`, token, {
      scope: 'lamps:read',
    });
    expect(await rotated.json()).toMatchObject({ scope: 'lamps:read' });
  });

  it('may not get at another’s scopes by rotating it', async () => {
    const harness = setUp();
    const token = await narrow(harness, 'latchkey:write');
    const wide = await harness.token();
    const rotated = await harness.call('POST', `/sessions/${wide.session.id}/rotate`, token, {});
    expect(await rotated.json()).toMatchObject({
      code: 'InsufficientScope',
      missing: ['lamps:read', 'latchkey:read'],
    });
    expect((await harness.check(wide.token)).status).toBe(200);
  });

  it('may not revoke another without leave', async () => {
    const harness = setUp();
    const token = await narrow(harness, 'lamps:read');
    const other = await harness.token();
    for (const path of [`/sessions/${other.session.id}`, '/sessions?except=current']) {
      const response = await harness.call('DELETE', path, token);
      expect(await response.json()).toMatchObject({ missing: ['latchkey:write'] });
    }
  });
});

const documentOf = async (harness: HttpHarness) => (await harness.send('/openapi.json')).text();

describe('who writes clients', () => {
  it('finds the scopes, without a credential, and in the metadata', async () => {
    const harness = setUp();
    expect(await (await harness.send('/scopes')).json()).toEqual({
      scopes: [
        { name: 'lamps:read', says: 'See your lamps', given: true },
        { name: 'lamps:write', says: 'Switch your lamps', given: false },
        { name: 'lamps:all', says: "Everyone's lamps", given: false },
        { name: 'latchkey:read', says: 'List your tokens and logins', given: true },
        { name: 'latchkey:write', says: 'Make, rotate and revoke your tokens', given: true },
      ],
    });
    const metadata = await harness.send('/.well-known/oauth-authorization-server');
    expect(await metadata.json()).toMatchObject({
      scopes_supported: [
        'lamps:read',
        'lamps:write',
        'lamps:all',
        'latchkey:read',
        'latchkey:write',
      ],
    });
  });

  it('finds them described only where there is a policy', async () => {
    const [withPolicy, without] = [
      await documentOf(setUp()),
      await documentOf(setUp({ policy: undefined })),
    ];
    for (const part of ['InsufficientScope', '/scopes', 'lamps:read']) {
      expect(withPolicy).toContain(part);
      expect(without).not.toContain(part);
    }
    expect(withPolicy + without).not.toContain('x-with-policy');
  });
});

describe('introspection', () => {
  it('tells scopes, roles and when it was made, and that a suspended owner’s is not active', async () => {
    const harness = setUp();
    const { token, session } = await harness.token();
    const introspect = async () => {
      const form = asForm({ token }, `Bearer ${INTROSPECTION_SECRET}`);
      return (await harness.send('/introspect', form)).json();
    };
    expect(await introspect()).toMatchObject({
      active: true,
      scope: 'lamps:read latchkey:read latchkey:write',
      roles: ['patron'],
      iat: Math.floor(session.createdAt / 1000),
    });
    const { store, clock } = harness;
    await see(store, ANA, { roles: '', at: clock() + 1 }, clock(), POLICY);
    expect(await introspect()).toEqual({ active: false });
  });
});
