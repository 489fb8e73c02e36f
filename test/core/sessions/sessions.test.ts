import { describe, expect, it, onTestFinished } from 'vitest';
import { AppError } from '../../../src/core/errors.ts';
import { ENDED_KEPT_MS, LAST_INSTANT } from '../../../src/core/sessions/session.ts';
import { hashToken, mintToken } from '../../../src/core/sessions/token.ts';
import type { Store } from '../../../src/core/store.ts';
import { type BenchOptions, createBench as createUnboundBench } from '../../support/bench.ts';
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

function createBench(options?: BenchOptions) {
  const bench = createUnboundBench(options);
  onTestFinished(() => bench.close());
  return bench;
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
    const bench = createBench();
    const { token, session } = await bench.token();
    expect(await bench.sessions.verify(token)).toEqual({
      is: 'valid',
      id: session.id,
      userId: ANA,
      type: 'api',
      expiresAt: session.expiresAt,
      isSuperseded: false,
    });
  });

  it('holds until the millisecond before the expiry', async () => {
    const bench = createBench();
    const { token } = await bench.token();
    bench.clock.advance(DAY - 1);
    expect(await bench.sessions.verify(token)).toMatchObject({ is: 'valid' });
    bench.clock.advance(1);
    expect(await bench.sessions.verify(token)).toEqual({ is: 'invalid' });
  });

  it('refuses a well-formed token that was never stored', async () => {
    const bench = createBench();
    const unknown = mintToken('lk', 'api', seededRandom('another'));
    expect(await bench.sessions.verify(unknown)).toEqual({ is: 'invalid' });
  });

  it('refuses a malformed token without a look into the store', async () => {
    const { calls, through } = counting();
    const bench = createBench({ through });
    const { token } = await bench.token();
    calls.length = 0;
    const changed = token.slice(0, -1) + (token.endsWith('a') ? 'b' : 'a');
    const foreign = mintToken('other', 'api', seededRandom());
    for (const wrong of ['', 'x', changed, foreign, token.toUpperCase(), 'a'.repeat(1_000_000)]) {
      expect(await bench.sessions.verify(wrong)).toEqual({ is: 'invalid' });
    }
    expect(calls).toEqual([]);
    await bench.sessions.verify(token);
    expect(calls).toEqual(['findByToken']);
  });

  it('refuses a revoked token', async () => {
    const bench = createBench();
    const { token, session } = await bench.token();
    await bench.sessions.revoke(ana, session.id);
    expect(await bench.sessions.verify(token)).toEqual({ is: 'invalid' });
  });

  it('tells of a ban only to whoever holds a token that would be good', async () => {
    const bench = createBench();
    const good = await bench.token();
    const revoked = await bench.token();
    const endedByBan = await bench.token();
    const short = await bench.token(ANA, 'short', HOUR);
    await bench.sessions.revoke(ana, revoked.session.id);
    await bench.store.end(
      { actor: STAFF, at: START },
      ANA,
      { one: endedByBan.session.id, includeDescendants: false },
      'banned',
    );
    await bench.accounts.ban(STAFF, newBan(ANA));
    bench.clock.advance(HOUR);
    const verdict = async (token: string) => (await bench.sessions.verify(token)).is;
    expect(await verdict(good.token)).toBe('banned');
    expect(await verdict(endedByBan.token)).toBe('banned');
    expect(await verdict(revoked.token)).toBe('invalid');
    expect(await verdict(short.token)).toBe('invalid');
    await bench.accounts.unban(STAFF, ANA, null);
    expect(await verdict(good.token)).toBe('valid');
    expect(await verdict(endedByBan.token)).toBe('invalid');
  });

  it('of a good token is noted as its last use, of a refused one not', async () => {
    const bench = createBench();
    const used = await bench.token();
    const refused = await bench.token();
    await bench.sessions.revoke(ana, refused.session.id);
    const at = bench.clock.advance(HOUR);
    await bench.sessions.verify(used.token);
    await bench.sessions.verify(refused.token);
    await bench.lastUsed.flush();
    const { sessions } = await bench.sessions.list(ana);
    expect(sessions.map(({ id, lastUsedAt }) => [id, lastUsedAt])).toEqual([[used.session.id, at]]);
  });
});

describe('making a token', () => {
  it('stores what it returns, made by the session that asked', async () => {
    const bench = createBench();
    const parent = await bench.token();
    const actor = member(ANA, parent.session.id);
    const { token, session } = await bench.tokens.create(actor, input('  deploy '));
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
    expect(await bench.store.findLive(ANA, session.id, START)).toEqual(session);
  });

  it('refuses a bad name before anything else is looked at', async () => {
    const bench = createBench();
    await expect(bench.tokens.create(ana, input('a\nb'))).rejects.toMatchObject({
      code: 'invalid',
    });
    expect((await bench.sessions.list(ana)).total).toBe(0);
  });

  it('refuses a banned account', async () => {
    const bench = createBench();
    await bench.accounts.ban(STAFF, newBan(ANA));
    await expect(bench.tokens.create(ana, input())).rejects.toMatchObject({ code: 'banned' });
  });

  it('refuses at the limit, which is each member’s own', async () => {
    const bench = createBench({ maxApiTokens: 2 });
    await bench.token();
    const second = await bench.token();
    await expect(bench.tokens.create(ana, input())).rejects.toMatchObject({
      code: 'limit_reached',
      refusal: { max: 2 },
    });
    await expect(bench.tokens.create(ben, input())).resolves.toBeDefined();
    await bench.sessions.revoke(ana, second.session.id);
    await expect(bench.tokens.create(ana, input())).resolves.toBeDefined();
  });

  it('refuses a session that has ended meanwhile', async () => {
    const bench = createBench();
    const parent = await bench.token();
    await bench.sessions.revoke(ana, parent.session.id);
    await expect(
      bench.tokens.create(member(ANA, parent.session.id), input()),
    ).rejects.toMatchObject({ code: 'invalid_token' });
  });
});

describe('issuing a token', () => {
  it('delivers exactly the token that works from then on', async () => {
    const bench = createBench();
    const postbox = createPostbox(async () => {
      // Nothing authenticates while it is on its way.
      expect((await bench.store.page({ userId: ANA, now: START })).total).toBe(0);
    });
    const { session, receipt } = await bench.tokens.createAndDeliver(ana, input(), postbox.deliver);
    expect(postbox.delivered).toHaveLength(1);
    expect(postbox.delivered[0]?.session).toEqual(session);
    expect(receipt.url).toMatch(/^https:/);
    expect(await bench.sessions.verify(postbox.delivered[0]!.token)).toMatchObject({
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
    const bench = createBench({
      through: (store) =>
        interfering(store, {
          record: async (event) => {
            events.push(event);
            await store.record(event);
          },
        }),
    });
    let token = '';
    const attempt = bench.tokens.createAndDeliver(ana, input(), async (minted) => {
      token = minted.token;
      throw error;
    });
    await expect(attempt).rejects.toBe(error);
    expect(await bench.store.findByToken(hashToken(token))).toBeNull();
    expect(await bench.sessions.verify(token)).toEqual({ is: 'invalid' });
    expect((await bench.sessions.list(ana)).total).toBe(0);
    expect(events).toEqual([
      { actor: ana, at: START, userId: ANA, action: 'token.undelivered', why },
    ]);
  });

  it.each([
    [
      'a ban',
      'banned',
      (bench: ReturnType<typeof createBench>) => bench.accounts.ban(STAFF, newBan(ANA)),
    ],
    [
      'another token that takes the last place',
      'limit_reached',
      (bench: ReturnType<typeof createBench>) => bench.token(ANA, 'the other'),
    ],
  ] as const)('says that it is void when %s comes in between', async (_, code, meanwhile) => {
    const bench = createBench({ maxApiTokens: 1 });
    const postbox = createPostbox(() => meanwhile(bench));
    await expect(
      bench.tokens.createAndDeliver(ana, input(), postbox.deliver),
    ).rejects.toMatchObject({
      code,
    });
    expect(postbox.delivered).toHaveLength(1);
    expect(postbox.retracted).toEqual(postbox.delivered);
    const hash = hashToken(postbox.delivered[0]!.token);
    expect(await bench.store.findByToken(hash)).toBeNull();
  });

  it('says that it is void when the store fails', async () => {
    const failing = new AppError({ code: 'unavailable' });
    const bench = createBench({
      through: (store) => interfering(store, { add: () => Promise.reject(failing) }),
    });
    const postbox = createPostbox();
    await expect(bench.tokens.createAndDeliver(ana, input(), postbox.deliver)).rejects.toBe(
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
      (bench: ReturnType<typeof createBench>) => bench.accounts.ban(STAFF, newBan(ANA)),
    ],
    [
      'a full account',
      'limit_reached',
      'deploy',
      (bench: ReturnType<typeof createBench>) => bench.token(),
    ],
  ] as const)('sends nothing for %s', async (_, code, name, before) => {
    const bench = createBench({ maxApiTokens: 1 });
    await before(bench);
    const postbox = createPostbox();
    await expect(
      bench.tokens.createAndDeliver(ana, input(name), postbox.deliver),
    ).rejects.toMatchObject({
      code,
    });
    expect(postbox.delivered).toEqual([]);
  });
});

describe('rotating a token', () => {
  it('replaces it by one of the same name and lifetime, counted from now', async () => {
    const bench = createBench();
    const old = await bench.token(ANA, 'deploy', 2 * DAY);
    const now = bench.clock.advance(DAY);
    const postbox = createPostbox(async () => {
      // Until the new one arrived, the old one works.
      expect(await bench.sessions.verify(old.token)).toMatchObject({ is: 'valid' });
    });
    const rotated = await bench.tokens.rotateAndDeliver(
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
    expect(await bench.sessions.verify(old.token)).toEqual({ is: 'invalid' });
    expect(await bench.sessions.verify(postbox.delivered[0]!.token)).toMatchObject({
      is: 'valid',
      id: rotated.session.id,
    });
  });

  it('works at the limit', async () => {
    const bench = createBench({ maxApiTokens: 1 });
    const { session } = await bench.token();
    await bench.tokens.rotateAndDeliver(
      ana,
      { id: session.id, graceMs: 0 },
      createPostbox().deliver,
    );
    expect((await bench.sessions.list(ana)).total).toBe(1);
  });

  it('that lives until the last instant makes one that does', async () => {
    const bench = createBench();
    const { session } = await bench.token(ANA, 'forever', LAST_INSTANT - START);
    bench.clock.advance(DAY);
    const rotated = await bench.tokens.rotateAndDeliver(
      ana,
      { id: session.id, graceMs: 0 },
      createPostbox().deliver,
    );
    expect(rotated.session.expiresAt).toBe(LAST_INSTANT);
  });

  it('leaves the old one as it is when delivery fails', async () => {
    const bench = createBench();
    const { token, session } = await bench.token();
    const refusal = new AppError({ code: 'dm_closed' });
    const attempt = bench.tokens.rotateAndDeliver(ana, { id: session.id, graceMs: 0 }, () =>
      Promise.reject(refusal),
    );
    await expect(attempt).rejects.toBe(refusal);
    expect(await bench.sessions.verify(token)).toMatchObject({ is: 'valid' });
    expect((await bench.sessions.list(ana)).total).toBe(1);
  });

  it('happens once when two ask at once: the token of the other is said to be void', async () => {
    const bench = createBench();
    const { session } = await bench.token();
    let arrived = 0;
    const { promise: both, resolve: release } = Promise.withResolvers<void>();
    const postbox = createPostbox(() => {
      arrived += 1;
      if (arrived === 2) release();
      return both;
    });
    const outcomes = await Promise.allSettled([
      bench.tokens.rotateAndDeliver(ana, { id: session.id, graceMs: 0 }, postbox.deliver),
      bench.tokens.rotateAndDeliver(ana, { id: session.id, graceMs: 0 }, postbox.deliver),
    ]);
    const lost = outcomes.filter((outcome) => outcome.status === 'rejected');
    expect(lost).toHaveLength(1);
    expect(lost[0]?.reason).toMatchObject({ code: 'conflict' });
    expect(postbox.delivered).toHaveLength(2);
    expect(postbox.retracted).toHaveLength(1);
    for (const { token } of postbox.delivered) {
      const isVoid = postbox.retracted.some((minted) => minted.token === token);
      expect((await bench.sessions.verify(token)).is).toBe(isVoid ? 'invalid' : 'valid');
    }
    expect((await bench.sessions.list(ana)).total).toBe(1);
  });

  it("is refused for another member's token as for one that never was", async () => {
    const bench = createBench();
    const { session } = await bench.token(BEN);
    const postbox = createPostbox();
    for (const id of [session.id, idAt(START), 'nonsense', '']) {
      await expect(
        bench.tokens.rotateAndDeliver(ana, { id, graceMs: 0 }, postbox.deliver),
      ).rejects.toMatchObject({
        code: 'not_found',
      });
    }
    expect(postbox.delivered).toEqual([]);
  });

  it('is refused for a login', async () => {
    const bench = createBench();
    const login = newSession({ type: 'login', name: null });
    await bench.store.add({ actor: ana, at: START }, login, atMost(9));
    const postbox = createPostbox();
    await expect(
      bench.tokens.rotateAndDeliver(ana, { id: login.session.id, graceMs: 0 }, postbox.deliver),
    ).rejects.toMatchObject({ code: 'restricted' });
    expect(postbox.delivered).toEqual([]);
  });

  it('is refused while the account is banned', async () => {
    const bench = createBench();
    const { session } = await bench.token();
    await bench.accounts.ban(STAFF, newBan(ANA));
    await expect(
      bench.tokens.rotateAndDeliver(ana, { id: session.id, graceMs: 0 }, createPostbox().deliver),
    ).rejects.toMatchObject({ code: 'banned' });
  });
});

describe('revoking', () => {
  it('ends a token once', async () => {
    const bench = createBench();
    const { session } = await bench.token();
    expect(await bench.sessions.revoke(ana, session.id)).toEqual({ session, descendants: 0 });
    await expect(bench.sessions.revoke(ana, session.id)).rejects.toMatchObject({
      code: 'not_found',
    });
  });

  it("cannot reach another member's session, which looks like none at all", async () => {
    const bench = createBench();
    const { token, session } = await bench.token(BEN);
    const foreign = await bench.sessions.revoke(ana, session.id).catch((error: unknown) => error);
    const random = await bench.sessions.revoke(ana, idAt(START)).catch((error: unknown) => error);
    expect(foreign).toMatchObject({ code: 'not_found' });
    expect(String(foreign)).toBe(String(random));
    await expect(bench.sessions.show(ana, session.id)).rejects.toMatchObject({
      code: 'not_found',
    });
    expect(await bench.sessions.revokeMadeBy(ana, session.id)).toEqual([]);
    expect(await bench.sessions.revokeAll(ana)).toEqual([]);
    expect(await bench.sessions.verify(token)).toMatchObject({ is: 'valid' });
  });

  it('leaves what the token made, and says how many those are', async () => {
    const bench = createBench();
    const root = await bench.token();
    const child = await bench.tokens.create(member(ANA, root.session.id), input());
    const grandchild = await bench.tokens.create(member(ANA, child.session.id), input());
    expect(await bench.sessions.show(ana, root.session.id)).toMatchObject({ descendants: 2 });
    expect(await bench.sessions.revoke(ana, root.session.id)).toMatchObject({ descendants: 2 });
    expect(await bench.sessions.verify(child.token)).toMatchObject({ is: 'valid' });
    const ended = await bench.sessions.revokeMadeBy(ana, root.session.id);
    expect(ended.map(({ id }) => id).toSorted()).toEqual(
      [child.session.id, grandchild.session.id].toSorted(),
    );
    expect(await bench.sessions.verify(grandchild.token)).toEqual({ is: 'invalid' });
  });

  it('ends what the token made too, where asked', async () => {
    const bench = createBench();
    const other = await bench.token();
    const root = await bench.token();
    const child = await bench.tokens.create(member(ANA, root.session.id), input());
    const { session, descendants: made } = await bench.sessions.revoke(ana, root.session.id, true);
    expect([session, made]).toEqual([root.session, 0]);
    expect(await bench.sessions.verify(child.token)).toEqual({ is: 'invalid' });
    expect(await bench.sessions.verify(other.token)).toMatchObject({ is: 'valid' });
  });

  it("ends all of a member's and nobody else's", async () => {
    const bench = createBench();
    const mine = [await bench.token(), await bench.token()];
    const theirs = await bench.token(BEN);
    expect(await bench.sessions.revokeAll(ana)).toHaveLength(2);
    expect(await bench.sessions.revokeAll(ana)).toEqual([]);
    for (const { token } of mine) {
      expect(await bench.sessions.verify(token)).toEqual({ is: 'invalid' });
    }
    expect(await bench.sessions.verify(theirs.token)).toMatchObject({ is: 'valid' });
  });
});

describe('looking', () => {
  it('gives an overview of what is live', async () => {
    const bench = createBench({ maxApiTokens: 7 });
    const empty = { login: 0, app_login: 0, api: 0 };
    expect(await bench.sessions.overview(ana)).toMatchObject({
      userId: ANA,
      live: empty,
      rotated: 0,
      maxApiTokens: 7,
      nextApiExpiry: null,
    });
    const login = newSession({ type: 'login', expiresAt: START + 1 });
    await bench.store.add({ actor: ana, at: START }, login, atMost(9));
    await bench.token(ANA, 'long', 2 * DAY);
    await bench.token(ANA, 'short', DAY);
    const old = await bench.token(ANA, 'old', 2 * DAY);
    await bench.tokens.rotate(ana, { id: old.session.id, graceMs: HOUR });
    await bench.token(BEN, 'theirs', HOUR);
    expect(await bench.sessions.overview(ana)).toMatchObject({
      live: { ...empty, login: 1, api: 4 },
      rotated: 1,
      nextApiExpiry: START + DAY,
    });
  });

  it("never lists another member's sessions, whatever the query says", async () => {
    const bench = createBench();
    await bench.token(BEN);
    const sneaky = { userId: BEN, now: 0 } as Parameters<typeof bench.sessions.list>[1];
    expect((await bench.sessions.list(ana, sneaky)).total).toBe(0);
  });

  it('is refused while the account is banned, like every verb', async () => {
    const bench = createBench();
    const { session } = await bench.token();
    await bench.accounts.ban(STAFF, newBan(ANA));
    const { sessions, tokens } = bench;
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
    expect(await bench.store.findLive(ANA, session.id, START)).toEqual(session);
  });
});

describe('purging', () => {
  it('keeps an ended row for thirty days and not a millisecond longer', async () => {
    const bench = createBench();
    const { token, session } = await bench.token(ANA, 'long', 300 * DAY);
    await bench.sessions.revoke(ana, session.id);
    const row = () => bench.store.findByToken(hashToken(token));
    expect(ENDED_KEPT_MS).toBe(30 * DAY);
    bench.clock.advance(30 * DAY);
    await bench.sessions.purge();
    expect(await row()).not.toBeNull();
    bench.clock.advance(1);
    await bench.sessions.purge();
    expect(await row()).toBeNull();
  });

  it('goes through more rows than one slice holds', async () => {
    const bench = createBench({ maxApiTokens: 2_000 });
    for (let index = 0; index < 510; index += 1) {
      const { session, tokenHash } = newSession({ createdAt: START + index });
      await bench.store.add({ actor: ana, at: START }, { session, tokenHash }, atMost(2_000));
    }
    const live = await bench.token(ANA, 'live', 100 * DAY);
    bench.clock.advance(40 * DAY);
    await bench.sessions.purge();
    const { total, sessions } = await bench.store.page({ userId: ANA, now: 0 });
    expect(total).toBe(1);
    expect(sessions).toEqual([live.session]);
  });
});
