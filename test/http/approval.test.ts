import { describe, expect, it, onTestFinished } from 'vitest';
import type { Staff } from '../../src/core/actor.ts';
import { createPolicy } from '../../src/core/policy/policy.ts';
import { ANA, createPostbox, DAY, HOUR, member, STAFF } from '../support/fixtures.ts';
import { createHttpHarness } from '../support/http-harness.ts';

const rule = { given: false, roles: null, longestMs: null, approval: false };

const POLICY = createPolicy({
  roles: [],
  holders: null,
  scopes: [
    { ...rule, name: 'lamps:read', says: 'See your lamps', given: true },
    { ...rule, name: 'lamps:all', says: "Everyone's lamps", approval: true },
  ],
});

const SCOPES = ['lamps:all', 'lamps:read', 'latchkey:write'];

/** With a token of Ana's that staff approved. */
async function setUp() {
  const harness = createHttpHarness({ policy: POLICY });
  onTestFinished(() => harness.close());
  const { requests, clock, call } = harness;
  const approved = async () => {
    const input = { name: 'lamp', scopes: SCOPES, expiresAt: clock() + DAY, why: 'x' };
    const { id } = await requests.open(member(ANA), input);
    const { deliver, delivered } = createPostbox();
    await requests.approve(STAFF as Staff, id, deliver);
    const [minted] = delivered;
    if (minted === undefined) throw new Error('nothing was delivered');
    return { token: minted.token, id: minted.session.id };
  };
  const post = async (path: string, token: string, body: object) => {
    const response = await call('POST', path, token, body);
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };
  return { ...harness, approved, post };
}

const child = { name: 'child', type: 'api', expiry: HOUR / 1000 };

const REFUSED = {
  status: 403,
  body: {
    code: 'Restricted',
    message:
      'Staff approve each token with the scope lamps:all. Its owner asks for one in Discord, with /token create.',
  },
};

describe('a scope that staff approve, over HTTP,', () => {
  it('is in the answer to a check of a token that they approved', async () => {
    const { approved, check } = await setUp();
    const { token } = await approved();
    const checked = await check(token);
    expect(await checked.json()).toMatchObject({ scope: SCOPES.join(' ') });
  });

  it('is refused to any token, with the way to ask, and is not given to who names none', async () => {
    const { approved, post, token } = await setUp();
    const { token: has } = await approved();
    const { token: hasNot } = await token();
    for (const asking of [has, hasNot]) {
      const asked = { ...child, scope: 'lamps:read lamps:all' };
      expect(await post('/sessions', asking, asked)).toEqual(REFUSED);
    }
    const made = await post('/sessions', has, child);
    expect(made).toMatchObject({ status: 200, body: { scope: 'lamps:read latchkey:write' } });
  });

  it('is kept by a token that rotates itself, and given to no other by a rotation', async () => {
    const { approved, post, check } = await setUp();
    const first = await approved();
    const second = await approved();
    const rotated = await post(`/sessions/${first.id}/rotate`, first.token, {});
    expect(rotated).toMatchObject({ status: 200, body: { scope: SCOPES.join(' ') } });
    const { token: asking } = rotated.body as { token: string };
    expect(await post(`/sessions/${second.id}/rotate`, asking, {})).toEqual(REFUSED);
    expect((await check(second.token)).status).toBe(200);
    const narrowed = await post(`/sessions/${second.id}/rotate`, asking, { scope: 'lamps:read' });
    expect(narrowed).toMatchObject({ status: 200, body: { scope: 'lamps:read' } });
  });

  it('is listed as any other, for who writes clients', async () => {
    const { send } = await setUp();
    const { scopes } = (await (await send('/scopes')).json()) as { scopes: unknown[] };
    expect(scopes).toContainEqual({ name: 'lamps:all', says: "Everyone's lamps", given: false });
  });
});
