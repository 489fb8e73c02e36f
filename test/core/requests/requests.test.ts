import { describe, expect, it, onTestFinished } from 'vitest';
import type { Member, Staff } from '../../../src/core/actor.ts';
import { AppError, type Refusal, refuse } from '../../../src/core/errors.ts';
import { createPolicy, type ScopeRule } from '../../../src/core/policy/policy.ts';
import { MOST_REQUESTS, REQUEST_LIFETIME_MS } from '../../../src/core/requests/request.ts';
import { createRequests, lapseRequests } from '../../../src/core/requests/requests.ts';
import type { Store } from '../../../src/core/store.ts';
import { type CoreHarnessOptions, createCoreHarness } from '../../support/core-harness.ts';
import {
  ANA,
  BEN,
  communityMember,
  createPostbox,
  DAY,
  HOUR,
  interfering,
  member,
  newBan,
  STAFF,
  START,
} from '../../support/fixtures.ts';

const SUE = STAFF as Staff;
const DEV = '998877665544332211';
const ALL = ['lamps:all', 'lamps:read'];

const rule = (name: string, more: Partial<ScopeRule> = {}): ScopeRule => ({
  name,
  says: `says ${name}`,
  given: false,
  roles: null,
  longestMs: null,
  approval: false,
  ...more,
});

const policyWith = (more: Partial<ScopeRule> = {}) =>
  createPolicy({
    roles: [{ name: 'dev', id: DEV }],
    holders: null,
    scopes: [
      rule('lamps:read', { given: true }),
      rule('lamps:all', { approval: true, roles: ['dev'], ...more }),
    ],
  });

/** A community whose member is a dev, while `held` says so. */
function setUp(options: CoreHarnessOptions = {}) {
  const held = { roles: [DEV] as readonly string[], isThere: true };
  const harness = createCoreHarness({
    policy: policyWith(),
    findMember: async () => (held.isThere ? communityMember(...held.roles) : null),
    ...options,
  });
  onTestFinished(() => harness.close());
  const { requests, clock, core } = harness;
  return {
    ...harness,
    held,
    open: (userId = ANA, lifetime = 90 * DAY) =>
      requests.open(member(userId), {
        name: 'lamp',
        scopes: ALL,
        expiresAt: clock() + lifetime,
        why: 'for the club',
      }),
    /** The same with another policy, as after a restart. */
    under: (policy: CoreHarnessOptions['policy']) => createRequests({ ...core, policy }),
    live: async () => (await harness.store.page({ userId: ANA, now: clock() })).sessions,
  };
}

const never = () => Promise.reject(new Error('nothing is delivered here'));

const refusalOf = async (attempt: Promise<unknown>): Promise<Refusal | undefined> => {
  try {
    await attempt;
    return undefined;
  } catch (error) {
    if (error instanceof AppError) return error.refusal;
    throw error;
  }
};

const OVER = { code: 'conflict', reason: 'request_over' };
const CLOSED = { code: 'dm_closed' } as const;
const closed = () => Promise.reject(refuse(CLOSED));

describe('a request', () => {
  it('is kept with what was asked, and mints nothing', async () => {
    const { open, requests, live } = setUp();
    const request = await open();
    expect(request).toMatchObject({
      userId: ANA,
      name: 'lamp',
      scope: 'lamps:all lamps:read',
      why: 'for the club',
      lapsesAt: START + REQUEST_LIFETIME_MS,
      approved: null,
    });
    expect(await requests.own(member(ANA))).toEqual([request]);
    expect(await requests.own(member(BEN))).toEqual([]);
    expect(await live()).toEqual([]);
  });

  it('is refused to who could not have the token: by ban, role, membership, limit or name', async () => {
    const { open, accounts, held, requests, token } = setUp({ maxApiTokens: 1 });
    held.roles = [];
    expect(await refusalOf(open())).toEqual({
      code: 'restricted',
      reason: 'scope_role',
      scope: 'lamps:all',
      roles: ['dev'],
    });
    held.isThere = false;
    expect(await refusalOf(open())).toMatchObject({ reason: 'members_only' });
    held.isThere = true;
    held.roles = [DEV];
    const named = { name: ' ', scopes: ALL, expiresAt: START + DAY, why: 'x' };
    expect(await refusalOf(requests.open(member(ANA), named))).toMatchObject({
      reason: 'name_missing',
    });
    await token();
    expect(await refusalOf(open())).toMatchObject({ code: 'limit_reached' });
    await accounts.ban(SUE, newBan(ANA));
    expect(await refusalOf(open())).toEqual({ code: 'banned' });
    expect(await requests.own(member(ANA))).toEqual([]);
  });

  it('is one of three at most, until one is answered', async () => {
    const { open, requests } = setUp();
    const [first] = [await open(), await open(), await open()];
    expect(await refusalOf(open())).toEqual({
      code: 'restricted',
      reason: 'requests_open',
      max: MOST_REQUESTS,
    });
    await requests.deny(SUE, first.id, null);
    await open();
  });

  it('is of no use without a policy', async () => {
    const { under, requests, open } = setUp();
    const { id } = await open();
    const input = { name: 'lamp', scopes: ALL, expiresAt: START + DAY, why: 'x' };
    const changed = { code: 'conflict', reason: 'policy_changed' };
    expect(await refusalOf(under(undefined).open(member(ANA), input))).toEqual(changed);
    expect(await refusalOf(under(undefined).approve(SUE, id, never))).toEqual(changed);
    expect(await requests.own(member(ANA))).toHaveLength(1);
  });
});

describe('an approval', () => {
  it('makes the token, delivers it, and names who approved', async () => {
    const { open, requests, live, store, sessions, clock } = setUp();
    const request = await open();
    clock.advance(2 * DAY);
    const { deliver, delivered } = createPostbox();
    const { undelivered } = await requests.approve(SUE, request.id, deliver);
    expect(undelivered).toBeNull();
    const [minted] = delivered;
    const verdict = await sessions.verify(minted?.token ?? '');
    const standing = { scopes: ['lamps:all', 'lamps:read'] };
    expect(verdict).toMatchObject({ is: 'valid', name: 'lamp', standing });
    expect(await live()).toMatchObject([
      { userId: ANA, parentId: null, createdAt: clock(), expiresAt: clock() + 90 * DAY },
    ]);
    expect(await requests.own(member(ANA))).toEqual([]);
    const [event] = await store.audit({ actions: ['session.created'], limit: 1 });
    expect(event).toMatchObject({
      actorId: ANA,
      detail: { approvedBy: SUE.userId, scope: 'lamps:all lamps:read' },
    });
    expect(await refusalOf(requests.approve(SUE, request.id, never))).toEqual(OVER);
  });

  it('lets the token live as long as the policy of now allows', async () => {
    const { open, under, live, clock } = setUp();
    const { id } = await open();
    const requests = under(policyWith({ longestMs: DAY }));
    await requests.approve(SUE, id, createPostbox().deliver);
    expect(await live()).toMatchObject([{ expiresAt: clock() + DAY }]);
  });

  it('is nobody’s of their own request', async () => {
    const { open, requests } = setUp();
    const { id } = await open(SUE.userId);
    const own = { code: 'restricted', reason: 'own_request' };
    expect(await refusalOf(requests.approve(SUE, id, never))).toEqual(own);
    expect(await requests.own(member(SUE.userId))).toMatchObject([{ approved: null }]);
  });

  it('is refused, and the request stays open, for who cannot have the token any more', async () => {
    const { open, requests, held, under, accounts, token, clock } = setUp({ maxApiTokens: 1 });
    const { id } = await open();
    const approve = () => refusalOf(requests.approve(SUE, id, never));
    held.roles = [];
    expect(await approve()).toMatchObject({ reason: 'scope_role', scope: 'lamps:all' });
    held.isThere = false;
    expect(await approve()).toMatchObject({ reason: 'members_only' });
    held.isThere = true;
    held.roles = [DEV];
    const without = createPolicy({ roles: [], holders: null, scopes: [rule('lamps:read')] });
    const changed = { code: 'conflict', reason: 'policy_changed' };
    expect(await refusalOf(under(without).approve(SUE, id, never))).toEqual(changed);
    await token();
    expect(await approve()).toMatchObject({ code: 'limit_reached' });
    await accounts.ban(SUE, newBan(ANA));
    expect(await approve()).toEqual({ code: 'banned' });
    expect(await requests.own(member(ANA))).toMatchObject([{ approved: null }]);
    clock.advance(REQUEST_LIFETIME_MS);
    expect(await approve()).toEqual(OVER);
  });

  it('of two staff who press at once is the first one’s, and delivers once', async () => {
    const { open, requests } = setUp();
    const { id } = await open();
    const { deliver, delivered } = createPostbox();
    const other: Staff = { ...SUE, userId: '900000000000000008' };
    const both = await Promise.allSettled([
      requests.approve(SUE, id, deliver),
      requests.approve(other, id, deliver),
    ]);
    expect(both.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    expect(delivered).toHaveLength(1);
  });

  it('stays where the message is refused, and its member fetches the token once', async () => {
    const { open, requests, store, live, clock } = setUp();
    const { id } = await open();
    clock.advance(HOUR);
    const { undelivered, request } = await requests.approve(SUE, id, closed);
    expect(undelivered).toEqual(CLOSED);
    expect(request.lapsesAt).toBe(clock() + REQUEST_LIFETIME_MS);
    expect(await live()).toEqual([]);
    const actions = (await store.audit({ userId: ANA, limit: 9 })).map(({ action }) => action);
    expect(actions).toEqual([
      'request.undelivered',
      'token.undelivered',
      'request.approved',
      'request.opened',
    ]);
    expect(await refusalOf(requests.fetch(member(ANA), id, closed))).toEqual(CLOSED);
    expect(await refusalOf(requests.fetch(member(BEN), id, never))).toEqual(OVER);
    const { deliver, delivered } = createPostbox();
    const both = await Promise.allSettled([
      requests.fetch(member(ANA), id, deliver),
      requests.fetch(member(ANA), id, deliver),
    ]);
    expect(both.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    expect(await live()).toHaveLength(1);
    expect(delivered.length).toBeGreaterThan(0);
    const [event] = await store.audit({ actions: ['session.created'], limit: 1 });
    expect(event?.detail).toMatchObject({ approvedBy: SUE.userId });
  });

  it('is no more than what its member may still have when they fetch the token', async () => {
    const { open, requests, held, accounts, clock } = setUp();
    const { id } = await open();
    expect(await refusalOf(requests.fetch(member(ANA), id, never))).toEqual(OVER);
    await requests.approve(SUE, id, closed);
    held.roles = [];
    expect(await refusalOf(requests.fetch(member(ANA), id, never))).toMatchObject({
      reason: 'scope_role',
    });
    held.roles = [DEV];
    await accounts.ban(SUE, newBan(ANA));
    expect(await refusalOf(requests.fetch(member(ANA), id, never))).toEqual({ code: 'banned' });
    await accounts.unban(SUE, ANA, null);
    clock.advance(REQUEST_LIFETIME_MS);
    expect(await refusalOf(requests.fetch(member(ANA), id, never))).toEqual(OVER);
  });

  it('leaves no token that works where the member was banned while it was sent', async () => {
    const { open, requests, accounts, live } = setUp();
    const { id } = await open();
    const box = createPostbox(() => accounts.ban(SUE, newBan(ANA)));
    const { undelivered } = await requests.approve(SUE, id, box.deliver);
    expect(undelivered).toEqual({ code: 'banned' });
    expect(box.retracted).toHaveLength(1);
    expect(await live()).toEqual([]);
  });

  it('of which nobody knows whether the token was stored is not told as undelivered', async () => {
    const unsure = refuse({ code: 'uncertain', reason: 'change' });
    const { open, requests, store } = setUp({
      through: (real: Store) => interfering(real, { issueRequest: () => Promise.reject(unsure) }),
    });
    const { id } = await open();
    expect(await refusalOf(requests.approve(SUE, id, createPostbox().deliver))).toEqual({
      code: 'uncertain',
      reason: 'token',
    });
    expect(await store.audit({ actions: ['request.undelivered'], limit: 1 })).toEqual([]);
  });
});

/** Ana asking with a token that has it. */
async function withApproved() {
  const harness = setUp();
  const { open, requests, sessions } = harness;
  const { id } = await open();
  const { deliver, delivered } = createPostbox();
  await requests.approve(SUE, id, deliver);
  const [minted] = delivered;
  if (minted === undefined) throw new Error('nothing was delivered');
  const verdict = await sessions.verify(minted.token);
  if (verdict.is !== 'valid' || verdict.standing === null) throw new Error('it is not valid');
  const { scopes } = verdict.standing;
  const { id: sessionId, expiresAt } = minted.session;
  const asking: Member = {
    ...member(ANA),
    credential: {
      kind: 'token',
      sessionId,
      isSuperseded: false,
      grant: { scopes: [...scopes, 'latchkey:write'], type: 'api', expiresAt },
    },
  };
  return { ...harness, asking, sessionId };
}

describe('a scope that staff approve', () => {
  const needsApproval = { code: 'restricted', reason: 'needs_approval', scope: 'lamps:all' };
  const input = { name: 'x', scopes: ALL, expiresAt: START + DAY };

  it('is not had by asking for a token as any other, nor with one that has it', async () => {
    const { tokens, asking } = await withApproved();
    expect(await refusalOf(tokens.createAndDeliver(member(ANA), input, never))).toEqual(
      needsApproval,
    );
    expect(await refusalOf(tokens.create(asking, input))).toEqual(needsApproval);
    const given = await tokens.create(asking, { ...input, scopes: undefined });
    expect(given.session.scope).not.toContain('lamps:all');
  });

  it('stays in a token that rotates itself or is rotated in Discord, without a new approval', async () => {
    const { tokens, asking, sessionId } = await withApproved();
    const first = await tokens.rotate(asking, { id: sessionId, graceMs: 0 });
    expect(first.session.scope).toBe('lamps:all lamps:read');
    const { deliver } = createPostbox();
    const again = { id: first.session.id, graceMs: 0 };
    const second = await tokens.rotateAndDeliver(member(ANA), again, deliver);
    expect(second.session.scope).toBe('lamps:all lamps:read');
  });

  it('is given to no new secret by another token: to rotate is to make', async () => {
    const { tokens, asking, open, requests } = await withApproved();
    const { id } = await open();
    const { deliver, delivered } = createPostbox();
    await requests.approve(SUE, id, deliver);
    const other = delivered[0]?.session.id ?? '';
    const rotation = { id: other, graceMs: 0 };
    expect(await refusalOf(tokens.rotate(asking, rotation))).toEqual(needsApproval);
    const narrowed = await tokens.rotate(asking, { ...rotation, scopes: ['lamps:read'] });
    expect(narrowed.session.scope).toBe('lamps:read');
  });
});

describe('requests that nobody answered', () => {
  it('lapse after a week, all of them, and are told', async () => {
    const { open, store, clock, requests } = setUp();
    for (const userId of [ANA, BEN]) {
      await open(userId);
      await open(userId);
    }
    clock.advance(REQUEST_LIFETIME_MS - 1);
    await lapseRequests(store, clock);
    expect(await requests.own(member(ANA))).toHaveLength(2);
    clock.advance(1);
    await lapseRequests(store, clock);
    const lapsed = await store.audit({ actions: ['request.lapsed'], limit: 9 });
    expect(lapsed).toHaveLength(4);
    expect(lapsed[0]).toMatchObject({ actorKind: 'system', detail: { approved: false } });
  });
});
