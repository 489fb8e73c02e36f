import { describe, expect, it, onTestFinished } from 'vitest';
import { AppError } from '../../../src/core/errors.ts';
import { ENDED_KEPT_MS, LAST_INSTANT } from '../../../src/core/sessions/session.ts';
import { hashToken, mintToken } from '../../../src/core/sessions/token.ts';
import type { Store } from '../../../src/core/store.ts';
import {
  type CoreHarnessOptions,
  createCoreHarness as createUnboundBench,
} from '../../support/core-harness.ts';
import {
  ANA,
  atMost,
  BEN,
  createPostbox,
  DAY,
  HOUR,
  idAt,
  interfering,
  member,
  newBan,
  newSession,
  seededRandom,
  STAFF,
  START,
} from '../../support/fixtures.ts';

const ana = member(ANA);
const ben = member(BEN);

function createCoreHarness(options?: CoreHarnessOptions) {
  const harness = createUnboundBench(options);
  onTestFinished(() => harness.close());
  return harness;
}

/** Which of the store's methods were called, in order. */
function counting() {
  const calls: (keyof Store)[] = [];
  const through = (store: Store): Store =>
    new Proxy(store, {
      get(target, name: keyof Store) {
        calls.push(name);
        return target[name];
      },
    });
  return { calls, through };
}

const input = (name = 'deploy') => ({ name, expiresAt: START + DAY });

describe('a token check', () => {
  it('tells whose a good token is', async () => {
    const harness = createCoreHarness();
    const { token, session } = await harness.token();
    expect(await harness.sessions.verify(token)).toEqual({
      is: 'valid',
      id: session.id,
      userId: ANA,
      type: 'api',
      expiresAt: session.expiresAt,
      isSuperseded: false,
      name: session.name,
      createdAt: session.createdAt,
      standing: null,
    });
  });

  it('holds until the millisecond before the expiry', async () => {
    const harness = createCoreHarness();
    const { token } = await harness.token();
    harness.clock.advance(DAY - 1);
    expect(await harness.sessions.verify(token)).toMatchObject({ is: 'valid' });
    harness.clock.advance(1);
    expect(await harness.sessions.verify(token)).toEqual({ is: 'invalid' });
  });

  it('refuses a well-formed token that was never stored', async () => {
    const harness = createCoreHarness();
    const unknown = mintToken('lk', 'api', seededRandom('another'));
    expect(await harness.sessions.verify(unknown)).toEqual({ is: 'invalid' });
  });

  it('refuses a malformed token without a look into the store', async () => {
    const { calls, through } = counting();
    const harness = createCoreHarness({ through });
    const { token } = await harness.token();
    calls.length = 0;
    const changed = token.slice(0, -1) + (token.endsWith('a') ? 'b' : 'a');
    const foreign = mintToken('other', 'api', seededRandom());
    for (const wrong of ['', 'x', changed, foreign, token.toUpperCase(), 'a'.repeat(1_000_000)]) {
      expect(await harness.sessions.verify(wrong)).toEqual({ is: 'invalid' });
    }
    expect(calls).toEqual([]);
    await harness.sessions.verify(token);
    expect(calls).toEqual(['findByToken']);
  });

  it('refuses a revoked token', async () => {
    const harness = createCoreHarness();
    const { token, session } = await harness.token();
    await harness.sessions.revoke(ana, session.id);
    expect(await harness.sessions.verify(token)).toEqual({ is: 'invalid' });
  });

  it('tells of a ban only to whoever holds a token that would be good', async () => {
    const harness = createCoreHarness();
    const good = await harness.token();
    const revoked = await harness.token();
    const endedByBan = await harness.token();
    const short = await harness.token(ANA, 'short', HOUR);
    await harness.sessions.revoke(ana, revoked.session.id);
    await harness.store.end(
      { actor: STAFF, at: START },
      ANA,
      { one: endedByBan.session.id, includeDescendants: false },
      'banned',
    );
    await harness.accounts.ban(STAFF, newBan(ANA));
    harness.clock.advance(HOUR);
    const verdict = async (token: string) => (await harness.sessions.verify(token)).is;
    expect(await verdict(good.token)).toBe('banned');
    expect(await verdict(endedByBan.token)).toBe('banned');
    expect(await verdict(revoked.token)).toBe('invalid');
    expect(await verdict(short.token)).toBe('invalid');
    await harness.accounts.unban(STAFF, ANA, null);
    expect(await verdict(good.token)).toBe('valid');
    expect(await verdict(endedByBan.token)).toBe('invalid');
  });

  it('of a good token is noted as its last use, of a refused one not', async () => {
    const harness = createCoreHarness();
    const used = await harness.token();
    const refused = await harness.token();
    await harness.sessions.revoke(ana, refused.session.id);
    const at = harness.clock.advance(HOUR);
    await harness.sessions.verify(used.token);
    await harness.sessions.verify(refused.token);
    await harness.lastUsed.flush();
    const { sessions } = await harness.sessions.list(ana);
    expect(sessions.map(({ id, lastUsedAt }) => [id, lastUsedAt])).toEqual([[used.session.id, at]]);
  });
});

describe('making a token', () => {
  it('stores what it returns, made by the session that asked', async () => {
    const harness = createCoreHarness();
    const parent = await harness.token();
    const actor = member(ANA, parent.session.id);
    const { token, session } = await harness.tokens.create(actor, input('  deploy '));
    expect(session).toMatchObject({
      userId: ANA,
      type: 'api',
      name: 'deploy',
      hint: token.slice(-4),
      parentId: parent.session.id,
      createdAt: START,
      expiresAt: START + DAY,
      lastUsedAt: null,
      ended: null,
    });
    expect(session.id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-/);
    expect(await harness.store.findLive(ANA, session.id, START)).toEqual(session);
  });

  it('refuses a bad name before anything else is looked at', async () => {
    const harness = createCoreHarness();
    await expect(harness.tokens.create(ana, input('a\nb'))).rejects.toMatchObject({
      code: 'invalid',
    });
    expect((await harness.sessions.list(ana)).total).toBe(0);
  });

  it('refuses a banned account', async () => {
    const harness = createCoreHarness();
    await harness.accounts.ban(STAFF, newBan(ANA));
    await expect(harness.tokens.create(ana, input())).rejects.toMatchObject({ code: 'banned' });
  });

  it('refuses at the limit, which is each member’s own', async () => {
    const harness = createCoreHarness({ maxApiTokens: 2 });
    await harness.token();
    const second = await harness.token();
    await expect(harness.tokens.create(ana, input())).rejects.toMatchObject({
      code: 'limit_reached',
      refusal: { max: 2 },
    });
    await expect(harness.tokens.create(ben, input())).resolves.toBeDefined();
    await harness.sessions.revoke(ana, second.session.id);
    await expect(harness.tokens.create(ana, input())).resolves.toBeDefined();
  });

  it('refuses a session that has ended meanwhile', async () => {
    const harness = createCoreHarness();
    const parent = await harness.token();
    await harness.sessions.revoke(ana, parent.session.id);
    await expect(
      harness.tokens.create(member(ANA, parent.session.id), input()),
    ).rejects.toMatchObject({ code: 'invalid_token' });
  });
});

describe('issuing a token', () => {
  it('delivers exactly the token that works from then on', async () => {
    const harness = createCoreHarness();
    const postbox = createPostbox(async () => {
      // Nothing authenticates while it is on its way.
      expect((await harness.store.page({ userId: ANA, now: START })).total).toBe(0);
    });
    const { session, receipt } = await harness.tokens.createAndDeliver(
      ana,
      input(),
      postbox.deliver,
    );
    expect(postbox.delivered).toHaveLength(1);
    expect(postbox.delivered[0]?.session).toEqual(session);
    expect(receipt.url).toMatch(/^https:/);
    expect(await harness.sessions.verify(postbox.delivered[0]!.token)).toMatchObject({
      is: 'valid',
      id: session.id,
    });
    expect(postbox.retracted).toEqual([]);
  });

  it.each([
    ['dm_closed', new AppError({ code: 'dm_closed' }), 'dm_closed'],
    ['undelivered', new AppError({ code: 'undelivered', reason: 'refused' }), 'undelivered'],
    ['something unknown', new TypeError('no'), 'unknown'],
  ])('stores nothing when delivery fails with %s, and writes that down', async (_, error, why) => {
    const events: unknown[] = [];
    const harness = createCoreHarness({
      through: (store) =>
        interfering(store, {
          record: async (event) => {
            events.push(event);
            await store.record(event);
          },
        }),
    });
    let token = '';
    const attempt = harness.tokens.createAndDeliver(ana, input(), async (minted) => {
      token = minted.token;
      throw error;
    });
    await expect(attempt).rejects.toBe(error);
    expect(await harness.store.findByToken(hashToken(token))).toBeNull();
    expect(await harness.sessions.verify(token)).toEqual({ is: 'invalid' });
    expect((await harness.sessions.list(ana)).total).toBe(0);
    expect(events).toEqual([
      { actor: ana, at: START, userId: ANA, action: 'token.undelivered', why },
    ]);
  });

  it.each([
    [
      'a ban',
      'banned',
      (harness: ReturnType<typeof createCoreHarness>) => harness.accounts.ban(STAFF, newBan(ANA)),
    ],
    [
      'another token that takes the last place',
      'limit_reached',
      (harness: ReturnType<typeof createCoreHarness>) => harness.token(ANA, 'the other'),
    ],
  ] as const)('says that it is void when %s comes in between', async (_, code, meanwhile) => {
    const harness = createCoreHarness({ maxApiTokens: 1 });
    const postbox = createPostbox(() => meanwhile(harness));
    await expect(
      harness.tokens.createAndDeliver(ana, input(), postbox.deliver),
    ).rejects.toMatchObject({
      code,
    });
    expect(postbox.delivered).toHaveLength(1);
    expect(postbox.retracted).toEqual(postbox.delivered);
    const hash = hashToken(postbox.delivered[0]!.token);
    expect(await harness.store.findByToken(hash)).toBeNull();
  });

  it('says that it is void when the store fails', async () => {
    const failing = new AppError({ code: 'unavailable' });
    const harness = createCoreHarness({
      through: (store) => interfering(store, { add: () => Promise.reject(failing) }),
    });
    const postbox = createPostbox();
    await expect(harness.tokens.createAndDeliver(ana, input(), postbox.deliver)).rejects.toBe(
      failing,
    );
    expect(postbox.retracted).toEqual(postbox.delivered);
    expect(postbox.retracted).toHaveLength(1);
  });

  it.each([
    ['a bad name', 'invalid', 'a\u202Eb', async () => {}],
    [
      'a banned account',
      'banned',
      'deploy',
      (harness: ReturnType<typeof createCoreHarness>) => harness.accounts.ban(STAFF, newBan(ANA)),
    ],
    [
      'a full account',
      'limit_reached',
      'deploy',
      (harness: ReturnType<typeof createCoreHarness>) => harness.token(),
    ],
  ] as const)('sends nothing for %s', async (_, code, name, before) => {
    const harness = createCoreHarness({ maxApiTokens: 1 });
    await before(harness);
    const postbox = createPostbox();
    await expect(
      harness.tokens.createAndDeliver(ana, input(name), postbox.deliver),
    ).rejects.toMatchObject({
      code,
    });
    expect(postbox.delivered).toEqual([]);
  });
});

describe('rotating a token', () => {
  it('replaces it by one of the same name and lifetime, counted from now', async () => {
    const harness = createCoreHarness();
    const old = await harness.token(ANA, 'deploy', 2 * DAY);
    const now = harness.clock.advance(DAY);
    const postbox = createPostbox(async () => {
      // Until the new one arrived, the old one works.
      expect(await harness.sessions.verify(old.token)).toMatchObject({ is: 'valid' });
    });
    const rotated = await harness.tokens.rotateAndDeliver(
      ana,
      { id: old.session.id, graceMs: 0 },
      postbox.deliver,
    );
    expect(rotated.replaced).toEqual(old.session);
    expect(rotated.session).toMatchObject({
      name: 'deploy',
      createdAt: now,
      expiresAt: now + 2 * DAY,
    });
    expect(await harness.sessions.verify(old.token)).toEqual({ is: 'invalid' });
    expect(await harness.sessions.verify(postbox.delivered[0]!.token)).toMatchObject({
      is: 'valid',
      id: rotated.session.id,
    });
  });

  it('works at the limit', async () => {
    const harness = createCoreHarness({ maxApiTokens: 1 });
    const { session } = await harness.token();
    await harness.tokens.rotateAndDeliver(
      ana,
      { id: session.id, graceMs: 0 },
      createPostbox().deliver,
    );
    expect((await harness.sessions.list(ana)).total).toBe(1);
  });

  it('that lives until the last instant makes one that does', async () => {
    const harness = createCoreHarness();
    const { session } = await harness.token(ANA, 'forever', LAST_INSTANT - START);
    harness.clock.advance(DAY);
    const rotated = await harness.tokens.rotateAndDeliver(
      ana,
      { id: session.id, graceMs: 0 },
      createPostbox().deliver,
    );
    expect(rotated.session.expiresAt).toBe(LAST_INSTANT);
  });

  it('leaves the old one as it is when delivery fails', async () => {
    const harness = createCoreHarness();
    const { token, session } = await harness.token();
    const refusal = new AppError({ code: 'dm_closed' });
    const attempt = harness.tokens.rotateAndDeliver(ana, { id: session.id, graceMs: 0 }, () =>
      Promise.reject(refusal),
    );
    await expect(attempt).rejects.toBe(refusal);
    expect(await harness.sessions.verify(token)).toMatchObject({ is: 'valid' });
    expect((await harness.sessions.list(ana)).total).toBe(1);
  });

  it('happens once when two ask at once: the token of the other is said to be void', async () => {
    const harness = createCoreHarness();
    const { session } = await harness.token();
    let arrived = 0;
    const { promise: both, resolve: release } = Promise.withResolvers<void>();
    const postbox = createPostbox(() => {
      arrived += 1;
      if (arrived === 2) release();
      return both;
    });
    const outcomes = await Promise.allSettled([
      harness.tokens.rotateAndDeliver(ana, { id: session.id, graceMs: 0 }, postbox.deliver),
      harness.tokens.rotateAndDeliver(ana, { id: session.id, graceMs: 0 }, postbox.deliver),
    ]);
    const lost = outcomes.filter((outcome) => outcome.status === 'rejected');
    expect(lost).toHaveLength(1);
    expect(lost[0]?.reason).toMatchObject({ code: 'conflict' });
    expect(postbox.delivered).toHaveLength(2);
    expect(postbox.retracted).toHaveLength(1);
    for (const { token } of postbox.delivered) {
      const isVoid = postbox.retracted.some((minted) => minted.token === token);
      expect((await harness.sessions.verify(token)).is).toBe(isVoid ? 'invalid' : 'valid');
    }
    expect((await harness.sessions.list(ana)).total).toBe(1);
  });

  it("is refused for another member's token as for one that never was", async () => {
    const harness = createCoreHarness();
    const { session } = await harness.token(BEN);
    const postbox = createPostbox();
    for (const id of [session.id, idAt(START), 'nonsense', '']) {
      await expect(
        harness.tokens.rotateAndDeliver(ana, { id, graceMs: 0 }, postbox.deliver),
      ).rejects.toMatchObject({
        code: 'not_found',
      });
    }
    expect(postbox.delivered).toEqual([]);
  });

  it('is refused for a login', async () => {
    const harness = createCoreHarness();
    const login = newSession({ type: 'login', name: null });
    await harness.store.add({ actor: ana, at: START }, login, atMost(9));
    const postbox = createPostbox();
    await expect(
      harness.tokens.rotateAndDeliver(ana, { id: login.session.id, graceMs: 0 }, postbox.deliver),
    ).rejects.toMatchObject({ code: 'restricted' });
    expect(postbox.delivered).toEqual([]);
  });

  it('is refused while the account is banned', async () => {
    const harness = createCoreHarness();
    const { session } = await harness.token();
    await harness.accounts.ban(STAFF, newBan(ANA));
    await expect(
      harness.tokens.rotateAndDeliver(ana, { id: session.id, graceMs: 0 }, createPostbox().deliver),
    ).rejects.toMatchObject({ code: 'banned' });
  });
});

describe('revoking', () => {
  it('ends a token once', async () => {
    const harness = createCoreHarness();
    const { session } = await harness.token();
    expect(await harness.sessions.revoke(ana, session.id)).toEqual({ session, descendants: 0 });
    await expect(harness.sessions.revoke(ana, session.id)).rejects.toMatchObject({
      code: 'not_found',
    });
  });

  it("cannot reach another member's session, which looks like none at all", async () => {
    const harness = createCoreHarness();
    const { token, session } = await harness.token(BEN);
    const foreign = await harness.sessions.revoke(ana, session.id).catch((error: unknown) => error);
    const random = await harness.sessions.revoke(ana, idAt(START)).catch((error: unknown) => error);
    expect(foreign).toMatchObject({ code: 'not_found' });
    expect(String(foreign)).toBe(String(random));
    await expect(harness.sessions.show(ana, session.id)).rejects.toMatchObject({
      code: 'not_found',
    });
    expect(await harness.sessions.revokeMadeBy(ana, session.id)).toEqual([]);
    expect(await harness.sessions.revokeAll(ana)).toEqual([]);
    expect(await harness.sessions.verify(token)).toMatchObject({ is: 'valid' });
  });

  it('leaves what the token made, and says how many those are', async () => {
    const harness = createCoreHarness();
    const root = await harness.token();
    const child = await harness.tokens.create(member(ANA, root.session.id), input());
    const grandchild = await harness.tokens.create(member(ANA, child.session.id), input());
    expect(await harness.sessions.show(ana, root.session.id)).toMatchObject({ descendants: 2 });
    expect(await harness.sessions.revoke(ana, root.session.id)).toMatchObject({ descendants: 2 });
    expect(await harness.sessions.verify(child.token)).toMatchObject({ is: 'valid' });
    const ended = await harness.sessions.revokeMadeBy(ana, root.session.id);
    expect(ended.map(({ id }) => id).toSorted()).toEqual(
      [child.session.id, grandchild.session.id].toSorted(),
    );
    expect(await harness.sessions.verify(grandchild.token)).toEqual({ is: 'invalid' });
  });

  it('ends what the token made too, where asked', async () => {
    const harness = createCoreHarness();
    const other = await harness.token();
    const root = await harness.token();
    const child = await harness.tokens.create(member(ANA, root.session.id), input());
    const { session, descendants: made } = await harness.sessions.revoke(
      ana,
      root.session.id,
      true,
    );
    expect([session, made]).toEqual([root.session, 0]);
    expect(await harness.sessions.verify(child.token)).toEqual({ is: 'invalid' });
    expect(await harness.sessions.verify(other.token)).toMatchObject({ is: 'valid' });
  });

  it("ends all of a member's and nobody else's", async () => {
    const harness = createCoreHarness();
    const mine = [await harness.token(), await harness.token()];
    const theirs = await harness.token(BEN);
    expect(await harness.sessions.revokeAll(ana)).toHaveLength(2);
    expect(await harness.sessions.revokeAll(ana)).toEqual([]);
    for (const { token } of mine) {
      expect(await harness.sessions.verify(token)).toEqual({ is: 'invalid' });
    }
    expect(await harness.sessions.verify(theirs.token)).toMatchObject({ is: 'valid' });
  });
});

describe('looking', () => {
  it('gives an overview of what is live', async () => {
    const harness = createCoreHarness({ maxApiTokens: 7 });
    const empty = { login: 0, app_login: 0, api: 0 };
    expect(await harness.sessions.overview(ana)).toMatchObject({
      userId: ANA,
      live: empty,
      rotated: 0,
      maxApiTokens: 7,
      nextApiExpiry: null,
    });
    const login = newSession({ type: 'login', expiresAt: START + 1 });
    await harness.store.add({ actor: ana, at: START }, login, atMost(9));
    await harness.token(ANA, 'long', 2 * DAY);
    await harness.token(ANA, 'short', DAY);
    const old = await harness.token(ANA, 'old', 2 * DAY);
    await harness.tokens.rotate(ana, { id: old.session.id, graceMs: HOUR });
    await harness.token(BEN, 'theirs', HOUR);
    expect(await harness.sessions.overview(ana)).toMatchObject({
      live: { ...empty, login: 1, api: 4 },
      rotated: 1,
      nextApiExpiry: START + DAY,
    });
  });

  it("never lists another member's sessions, whatever the query says", async () => {
    const harness = createCoreHarness();
    await harness.token(BEN);
    const sneaky = { userId: BEN, now: 0 } as Parameters<typeof harness.sessions.list>[1];
    expect((await harness.sessions.list(ana, sneaky)).total).toBe(0);
  });

  it('is refused while the account is banned, like every verb', async () => {
    const harness = createCoreHarness();
    const { session } = await harness.token();
    await harness.accounts.ban(STAFF, newBan(ANA));
    const { sessions, tokens } = harness;
    const { deliver } = createPostbox();
    const attempts = await Promise.allSettled([
      sessions.overview(ana),
      sessions.list(ana),
      sessions.show(ana, session.id),
      tokens.create(ana, input()),
      tokens.createAndDeliver(ana, input(), deliver),
      tokens.rotateAndDeliver(ana, { id: session.id, graceMs: 0 }, deliver),
      sessions.revoke(ana, session.id),
      sessions.revokeMadeBy(ana, session.id),
      sessions.revokeAll(ana),
    ]);
    for (const attempt of attempts) {
      expect(attempt).toMatchObject({ status: 'rejected', reason: { code: 'banned' } });
    }
    expect(await harness.store.findLive(ANA, session.id, START)).toEqual(session);
  });
});

describe('purging', () => {
  it('keeps an ended row for thirty days and not a millisecond longer', async () => {
    const harness = createCoreHarness();
    const { token, session } = await harness.token(ANA, 'long', 300 * DAY);
    await harness.sessions.revoke(ana, session.id);
    const row = () => harness.store.findByToken(hashToken(token));
    expect(ENDED_KEPT_MS).toBe(30 * DAY);
    harness.clock.advance(30 * DAY);
    await harness.sessions.purge();
    expect(await row()).not.toBeNull();
    harness.clock.advance(1);
    await harness.sessions.purge();
    expect(await row()).toBeNull();
  });

  it('goes through more rows than one slice holds', async () => {
    const harness = createCoreHarness({ maxApiTokens: 2_000 });
    for (let index = 0; index < 510; index += 1) {
      const { session, tokenHash } = newSession({ createdAt: START + index });
      await harness.store.add({ actor: ana, at: START }, { session, tokenHash }, atMost(2_000));
    }
    const live = await harness.token(ANA, 'live', 100 * DAY);
    harness.clock.advance(40 * DAY);
    await harness.sessions.purge();
    const { total, sessions } = await harness.store.page({ userId: ANA, now: 0 });
    expect(total).toBe(1);
    expect(sessions).toEqual([live.session]);
  });
});
