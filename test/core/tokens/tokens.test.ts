import { describe, expect, it, onTestFinished } from 'vitest';
import { AppError, type Refusal } from '../../../src/core/errors.ts';
import type { MintedToken } from '../../../src/core/sessions/minted-token.ts';
import { LAST_INSTANT } from '../../../src/core/sessions/session.ts';
import type { Store } from '../../../src/core/store.ts';
import { type Deliver, pendingRef } from '../../../src/core/tokens/delivery.ts';
import { createTokens } from '../../../src/core/tokens/tokens.ts';
import {
  type CoreHarnessOptions,
  createCoreHarness as createUnboundBench,
} from '../../support/core-harness.ts';
import {
  ANA,
  atMost,
  BEN,
  communityMember,
  createPostbox,
  DAY,
  HOUR,
  idAt,
  interfering,
  member,
  newBan,
  newSession,
  SECOND,
  seededRandom,
  STAFF,
  START,
} from '../../support/fixtures.ts';

const ana = member(ANA);
const WEEK = 7 * DAY;
const SETTLED = 10 * SECOND;

function setUp(options?: CoreHarnessOptions) {
  const harness = createUnboundBench(options);
  onTestFinished(() => harness.close());
  const postbox = createPostbox();
  const rotate = (id: string, graceMs = DAY, actor = ana) =>
    harness.tokens.rotate(actor, { id, graceMs });
  const reissue = (id: string, graceMs = DAY, deliver = postbox.deliver) =>
    harness.tokens.rotateAndDeliver(ana, { id, graceMs }, deliver);
  const isGood = async (token: string) => (await harness.sessions.verify(token)).is === 'valid';
  return { ...harness, postbox, rotate, reissue, isGood };
}

/** Delivers nothing. */
const ending =
  (refusal: Refusal): Deliver =>
  () =>
    Promise.reject(new AppError(refusal));

const locked = () => Promise.reject(new Error('locked'));

/** Delivers, and then it goes on like this. */
const delivering = (then: () => Promise<never>) => {
  const sent: string[] = [];
  const deliver: Deliver = ({ session }) => {
    sent.push(pendingRef(session));
    return then();
  };
  return { sent, deliver };
};

/** The message that is to be deleted in an hour, and not before. */
async function due({ store, clock }: ReturnType<typeof setUp>) {
  const early = await store.takeDeletion(clock() + HOUR - 1, clock() + DAY);
  expect(early).toBeNull();
  return store.takeDeletion(clock() + HOUR, clock() + DAY);
}

describe('a rotation with a grace', () => {
  it('keeps the scopes that were written out, while there is no policy too: one may come back', async () => {
    const { store, rotate } = setUp();
    const narrow = newSession({ scope: 'lamps:read' });
    await store.add({ actor: ana, at: START }, narrow, atMost(9));
    expect((await rotate(narrow.session.id)).session.scope).toBe('lamps:read');
    const older = newSession();
    await store.add({ actor: ana, at: START }, older, atMost(9));
    expect((await rotate(older.session.id)).session.scope).toBeNull();
  });

  it('makes a token of the same name and lifetime, and both work until the grace is over', async () => {
    const { clock, token, rotate, isGood } = setUp();
    const old = await token(ANA, 'deploy', 90 * DAY);
    clock.advance(DAY);
    const next = await rotate(old.session.id, HOUR);
    expect(next.session).toMatchObject({
      name: 'deploy',
      type: 'api',
      replaces: old.session.id,
      createdAt: START + DAY,
      expiresAt: START + 91 * DAY,
      rotatedAt: null,
    });
    clock.advance(HOUR - 1);
    expect([await isGood(old.token), await isGood(next.token)]).toEqual([true, true]);
    clock.advance(1);
    expect([await isGood(old.token), await isGood(next.token)]).toEqual([false, true]);
  });

  it('delivered, says when the old one ends: with its grace or its own expiry', async () => {
    const { clock, token, reissue, postbox } = setUp();
    const long = await token(ANA, 'long', 90 * DAY);
    const short = await token(ANA, 'short', HOUR);
    const first = await reissue(long.session.id, DAY);
    expect(first).toMatchObject({ endsAt: START + DAY, replaced: long.session });
    expect(postbox.delivered.map(({ session }) => session)).toEqual([first.session]);
    expect(await reissue(short.session.id, DAY)).toMatchObject({ endsAt: START + HOUR });
    clock.advance(SETTLED);
    const again = await reissue(long.session.id, WEEK);
    expect(again.endsAt).toBe(START + DAY);
    expect(await reissue(again.session.id, 0)).toMatchObject({ endsAt: START + SETTLED });
  });

  it('is refused to who is banned while it is delivered, and the old one is as it was', async () => {
    const harness = setUp();
    const { session, token } = await harness.token();
    const { deliver, retracted } = createPostbox(() => harness.accounts.ban(STAFF, newBan(ANA)));
    await expect(harness.reissue(session.id, DAY, deliver)).rejects.toMatchObject({
      code: 'banned',
    });
    expect(retracted).toHaveLength(1);
    await harness.accounts.unban(STAFF, ANA, null);
    expect(await harness.isGood(token)).toBe(true);
    expect(await harness.store.findLive(ANA, session.id, START)).toMatchObject({ rotatedAt: null });
  });

  it('by two with the token itself, at once, tells the slower one of the other', async () => {
    const { token, rotate } = setUp();
    const { session } = await token();
    const itself = member(ANA, session.id);
    const outcomes = await Promise.allSettled([
      rotate(session.id, 0, itself),
      rotate(session.id, 0, itself),
    ]);
    expect(outcomes.find(({ status }) => status === 'rejected')).toMatchObject({
      reason: { code: 'conflict' },
    });
  });

  it('that there is no room for is refused before anything is delivered', async () => {
    const { token, tokens, reissue, postbox } = setUp({ maxApiTokens: 1 });
    const old = await token();
    const next = await tokens.rotate(ana, { id: old.session.id, graceMs: DAY });
    await expect(reissue(next.session.id)).rejects.toMatchObject({ code: 'limit_reached' });
    expect(postbox.delivered).toEqual([]);
    await reissue(next.session.id, 0);
    expect(postbox.delivered).toHaveLength(1);
  });

  it('for a session that ended makes nothing', async () => {
    const { token, rotate, sessions, isGood } = setUp();
    const parent = await token();
    const old = await token();
    await sessions.revoke(ana, parent.session.id);
    const asking = member(ANA, parent.session.id);
    await expect(rotate(old.session.id, DAY, asking)).rejects.toMatchObject({
      code: 'invalid_token',
    });
    expect(await isGood(old.token)).toBe(true);
  });
});

describe('a rotation that is repeated', () => {
  it('within ten seconds is refused, and says when to try again', async () => {
    const { clock, token, rotate, isGood } = setUp();
    const { session } = await token();
    const next = await rotate(session.id);
    clock.advance(SETTLED - 1);
    await expect(rotate(session.id)).rejects.toMatchObject({ code: 'conflict', retryAfterMs: 1 });
    expect(await isGood(next.token)).toBe(true);
  });

  it('then revokes the successor that nobody used, and gives a new one as long a life', async () => {
    const { clock, token, rotate, isGood } = setUp();
    const { session, token: old } = await token(ANA, 'deploy', 90 * DAY);
    const lost = await rotate(session.id);
    clock.advance(SETTLED);
    const next = await rotate(session.id);
    expect(next.session).toMatchObject({ name: 'deploy', replaces: session.id });
    expect(next.session.expiresAt - next.session.createdAt).toBe(90 * DAY);
    expect([await isGood(old), await isGood(lost.token), await isGood(next.token)]).toEqual([
      true,
      false,
      true,
    ]);
    clock.advance(SETTLED);
    await expect(rotate(session.id)).rejects.toMatchObject({ code: 'conflict' });
  });

  it('again and again leaves one successor, of the first length', async () => {
    const { clock, token, rotate, store } = setUp({ maxApiTokens: 1 });
    const { session } = await token(ANA, 'deploy', 90 * DAY);
    for (let turn = 0; turn < 4; turn += 1) {
      const next = await rotate(session.id);
      expect(next.session.expiresAt - next.session.createdAt).toBe(90 * DAY);
      clock.advance(SETTLED);
    }
    expect((await store.page({ userId: ANA, now: clock() })).total).toBe(2);
  });

  it.each([
    ['before its use is written', async () => {}],
    ['after', (harness: ReturnType<typeof setUp>) => harness.lastUsed.flush()],
  ])('is refused once the successor was used, %s', async (_, meanwhile) => {
    const harness = setUp();
    const { session } = await harness.token();
    const next = await harness.rotate(session.id);
    expect(await harness.isGood(next.token)).toBe(true);
    await meanwhile(harness);
    harness.clock.advance(SETTLED);
    await expect(harness.rotate(session.id)).rejects.toMatchObject({
      code: 'conflict',
      refusal: { reason: 'successor_in_use' },
    });
    expect(await harness.isGood(next.token)).toBe(true);
  });

  it.each([
    ['with a grace', HOUR],
    ['without one', 0],
  ])('is refused once the successor was rotated in turn, %s', async (_, graceMs) => {
    const { clock, token, rotate, isGood } = setUp();
    const { session } = await token(ANA, 'deploy', 90 * DAY);
    const middle = await rotate(session.id);
    clock.advance(SETTLED);
    const last = await rotate(middle.session.id, graceMs);
    clock.advance(SETTLED);
    await expect(rotate(session.id)).rejects.toMatchObject({
      code: 'conflict',
      refusal: { reason: 'rotated_twice' },
    });
    expect(await isGood(last.token)).toBe(true);
  });

  it('goes on where the successor was revoked', async () => {
    const { clock, token, rotate, sessions, isGood } = setUp();
    const { session } = await token(ANA, 'deploy', 90 * DAY);
    const leaked = await rotate(session.id);
    await isGood(leaked.token);
    await sessions.revoke(ana, leaked.session.id);
    clock.advance(SETTLED);
    const next = await rotate(session.id);
    expect(next.session.expiresAt - next.session.createdAt).toBe(90 * DAY);
    expect(await isGood(next.token)).toBe(true);
  });

  it('after the grace finds nothing', async () => {
    const { clock, token, rotate } = setUp();
    const { session } = await token(ANA, 'deploy', 90 * DAY);
    await rotate(session.id, HOUR);
    clock.advance(HOUR);
    await expect(rotate(session.id)).rejects.toMatchObject({ code: 'not_found' });
  });

  it('by two at once revokes no successor that was delivered', async () => {
    const { clock, token, rotate, reissue, postbox, isGood } = setUp();
    const { session } = await token();
    await rotate(session.id);
    clock.advance(SETTLED);
    const outcomes = await Promise.allSettled([reissue(session.id), reissue(session.id)]);
    expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    expect(outcomes.find(({ status }) => status === 'rejected')).toMatchObject({
      reason: { code: 'conflict' },
    });
    const [kept] = outcomes.flatMap((each) => (each.status === 'fulfilled' ? each.value : []));
    const good = postbox.delivered.find(({ session: { id } }) => id === kept?.session.id);
    expect(await isGood(good?.token ?? '')).toBe(true);
    expect(postbox.retracted.map(({ token: void_ }) => void_)).toEqual(
      postbox.delivered.filter((each) => each !== good).map(({ token: void_ }) => void_),
    );
  });

  it('of one that lives until the last instant makes one that does, whatever the clock', async () => {
    const { clock, tokens, rotate } = setUp();
    const { session } = await tokens.create(ana, { name: 'deploy', expiresAt: LAST_INSTANT });
    expect((await rotate(session.id)).session.expiresAt).toBe(LAST_INSTANT);
    clock.advance(-DAY);
    expect((await rotate(session.id)).session.expiresAt).toBe(LAST_INSTANT);
  });

  it('is nobody else’s', async () => {
    const { clock, token, rotate } = setUp();
    const { session } = await token();
    await rotate(session.id);
    clock.advance(SETTLED);
    await expect(rotate(session.id, DAY, member(BEN))).rejects.toMatchObject({ code: 'not_found' });
  });
});

const warnings = (harness: { store: Store }) =>
  harness.store.audit({ actions: ['rotation.refused'], limit: 99 });

describe('a rotation that another has made', () => {
  it('in Discord ends nothing over HTTP, and its owner is warned once a day', async () => {
    const harness = setUp();
    const { clock, token, rotate, reissue, isGood, postbox } = harness;
    const old = await token(ANA, 'deploy', 90 * DAY);
    await reissue(old.session.id, 7 * DAY);
    const [delivered] = postbox.delivered;
    const thief = member(ANA, old.session.id);
    for (const ms of [SECOND, SETTLED, HOUR, DAY, DAY]) {
      clock.advance(ms);
      await expect(rotate(old.session.id, 0, thief)).rejects.toMatchObject({
        code: 'conflict',
        refusal: { reason: 'rotated_elsewhere', where: 'discord' },
      });
    }
    expect([await isGood(old.token), await isGood(delivered?.token ?? '')]).toEqual([true, true]);
    expect(await warnings(harness)).toMatchObject([
      { actorSessionId: old.session.id, sessionId: old.session.id, userId: ANA },
      { actorSessionId: old.session.id },
      { actorSessionId: old.session.id },
    ]);
  });

  it('over HTTP ends nothing in Discord, where its owner reads which one to rotate', async () => {
    const harness = setUp();
    const { clock, token, rotate, reissue, isGood } = harness;
    const old = await token(ANA, 'deploy', 90 * DAY);
    const next = await rotate(old.session.id, DAY, member(ANA, old.session.id));
    clock.advance(SETTLED);
    await expect(reissue(old.session.id)).rejects.toMatchObject({
      code: 'conflict',
      refusal: { reason: 'rotated_elsewhere', hint: next.session.hint },
    });
    expect([await isGood(old.token), await isGood(next.token)]).toEqual([true, true]);
    expect(await warnings(harness)).toEqual([]);
  });

  it('with another token ends nothing; with the same one it is repeated', async () => {
    const { clock, token, rotate, isGood } = setUp();
    const [old, other] = [await token(ANA, 'deploy', 90 * DAY), await token()];
    const next = await rotate(old.session.id, DAY, member(ANA, other.session.id));
    clock.advance(SETTLED);
    const own = rotate(old.session.id, DAY, member(ANA, old.session.id));
    await expect(own).rejects.toMatchObject({ code: 'conflict' });
    const again = await rotate(old.session.id, DAY, member(ANA, other.session.id));
    expect([await isGood(next.token), await isGood(again.token)]).toEqual([false, true]);
  });

  it('goes on where the owner has revoked what the other got', async () => {
    const { clock, token, rotate, reissue, sessions, isGood } = setUp();
    const old = await token(ANA, 'deploy', 90 * DAY);
    const next = await rotate(old.session.id, DAY, member(ANA, old.session.id));
    clock.advance(SETTLED);
    await sessions.revoke(ana, next.session.id);
    await reissue(old.session.id);
    expect(await isGood(old.token)).toBe(true);
  });
});

const told = async ({ store }: { store: Store }) =>
  (await store.audit({ actions: ['session.rotated'], limit: 99 }))
    .map(({ detail }) => detail['told'])
    .toReversed();

describe('what is told of a rotation', () => {
  it('is told where a token did it, once a day in a line of successors', async () => {
    const harness = setUp();
    let newest = await harness.token(ANA, 'deploy', 90 * DAY);
    for (const ms of [0, HOUR, 22 * HOUR, HOUR - 1, 1, HOUR]) {
      harness.clock.advance(ms);
      newest = await harness.rotate(newest.session.id, 0, member(ANA, newest.session.id));
    }
    expect(await told(harness)).toEqual([true, false, false, false, true, false]);
    const other = await harness.token();
    await harness.rotate(other.session.id, 0, member(ANA, other.session.id));
    expect((await told(harness)).at(-1)).toBe(true);
  });

  it('is told each time that it ends a new token which nobody has used', async () => {
    const harness = setUp();
    const { session } = await harness.token(ANA, 'deploy', 90 * DAY);
    for (let index = 0; index < 3; index += 1) {
      await harness.rotate(session.id, DAY, member(ANA, session.id));
      harness.clock.advance(SETTLED);
    }
    expect(await told(harness)).toEqual([true, true, true]);
  });

  it('is not told in Discord, where its owner did it', async () => {
    const harness = setUp();
    const { session } = await harness.token();
    await harness.reissue(session.id);
    expect(await told(harness)).toEqual([false]);
  });
});

describe('a token that rotates itself', () => {
  it('gets no longer a life than it was made with, counted from then', async () => {
    const { clock, token, rotate } = setUp();
    let newest = await token(ANA, 'ci', DAY);
    for (let day = 0; day < 5; day += 1) {
      clock.advance(DAY - HOUR);
      newest = await rotate(newest.session.id, 0, member(ANA, newest.session.id));
      expect(newest.session.expiresAt - clock()).toBe(DAY);
    }
  });
});

describe('the community', () => {
  it('is asked about a member only where nothing here refuses them', async () => {
    let asked = 0;
    const findMember = async () => {
      asked += 1;
      return communityMember();
    };
    const harness = setUp({ maxApiTokens: 2, findMember });
    const { tokens, rotate, reissue, clock } = harness;
    const old = await tokens.create(ana, { name: 'a', expiresAt: clock() + DAY });
    expect(asked).toBe(1);
    await expect(rotate(idAt(START + 1))).rejects.toMatchObject({ code: 'not_found' });
    await reissue(old.session.id);
    expect(asked).toBe(2);
    await expect(reissue(old.session.id)).rejects.toMatchObject({ code: 'conflict' });
    expect(asked).toBe(2);
  });
});

describe('the message with the token', () => {
  it('is told when it will be deleted, an hour from now, and is then', async () => {
    const harness = setUp();
    const times: unknown[] = [];
    const deliver: Deliver = (minted, deletedAt) => {
      times.push(deletedAt);
      return harness.postbox.deliver(minted, deletedAt);
    };
    const input = { name: 'deploy', expiresAt: START + DAY };
    const { deletedAt, session } = await harness.tokens.createAndDeliver(ana, input, deliver);
    expect([times, deletedAt]).toEqual([[START + HOUR], START + HOUR]);
    expect(await due(harness)).toEqual({ messageRef: '1/2', attempts: 1 });
    await harness.store.dropDeletion('1/2');
    expect(await harness.reissue(session.id, 0, deliver)).toMatchObject({
      deletedAt: START + HOUR,
    });
    expect(await due(harness)).toEqual({ messageRef: '1/2', attempts: 1 });
  });

  it('stays where the member wants that', async () => {
    const harness = setUp();
    await harness.store.saveNotice(ANA, 'deletion', false);
    const input = { name: 'deploy', expiresAt: START + DAY };
    const { deletedAt } = await harness.tokens.createAndDeliver(
      ana,
      input,
      harness.postbox.deliver,
    );
    expect(deletedAt).toBeNull();
    expect(await harness.store.takeDeletion(START + DAY, START + DAY)).toBeNull();
  });

  it('shows that messages arrive again', async () => {
    const harness = setUp();
    await harness.token();
    await harness.store.saveDmStatus(ANA, START);
    const input = { name: 'deploy', expiresAt: START + DAY };
    await harness.tokens.createAndDeliver(ana, input, harness.postbox.deliver);
    expect((await harness.store.findNotices(ANA)).refusedAt).toBeNull();
  });

  it.each([
    [{ code: 'dm_closed' }, START],
    [{ code: 'undelivered', reason: 'held' }, null],
  ] as const)('that ends with %j is remembered as refused at %s', async (refusal, refusedAt) => {
    const harness = setUp();
    const { session } = await harness.token();
    await expect(harness.reissue(session.id, 0, ending(refusal))).rejects.toMatchObject({
      refusal,
    });
    expect((await harness.store.findNotices(ANA)).refusedAt).toBe(refusedAt);
  });

  it('that is refused opens no account', async () => {
    const harness = setUp();
    const input = { name: 'deploy', expiresAt: START + DAY };
    const attempt = harness.tokens.createAndDeliver(ana, input, ending({ code: 'dm_closed' }));
    await expect(attempt).rejects.toMatchObject({ code: 'dm_closed' });
    expect(await harness.store.findAccount(ANA)).toBeNull();
  });

  it('is void, and nothing is kept, where that cannot be written down', async () => {
    const harness = setUp({ through: (store) => interfering(store, { saveDmStatus: locked }) });
    const input = { name: 'deploy', expiresAt: START + DAY };
    const attempt = harness.tokens.createAndDeliver(ana, input, harness.postbox.deliver);
    await expect(attempt).rejects.toThrow('locked');
    expect(harness.postbox.retracted).toHaveLength(1);
    expect((await harness.store.page({ userId: ANA, now: START })).total).toBe(0);
  });
});

describe('a token that was sent and is not stored', () => {
  const LOST_AFTER = 120 * SECOND;
  const input = { name: 'deploy', expiresAt: START + DAY };

  it('by a process that died is looked for once nobody can be sending it any more', async () => {
    const harness = setUp();
    const { promise: reached, resolve } = Promise.withResolvers<void>();
    const { sent, deliver } = delivering(() => (resolve(), new Promise(() => {})));
    void harness.tokens.createAndDeliver(ana, input, deliver);
    await reached;
    expect(await harness.store.takeDeletion(START + LOST_AFTER - 1, START + DAY)).toBeNull();
    const taken = await harness.store.takeDeletion(START + LOST_AFTER, START + DAY);
    expect(taken).toEqual({ messageRef: sent[0], attempts: 1 });
  });

  it.each([
    ['nobody knows whether it arrived', new AppError({ code: 'unconfirmed', reason: 'token' })],
    ['something is wrong with us', new TypeError('no')],
  ])('is looked for at once where %s', async (_, error) => {
    const harness = setUp();
    const { sent, deliver } = delivering(() => Promise.reject(error));
    await expect(harness.tokens.createAndDeliver(ana, input, deliver)).rejects.toBe(error);
    expect(await harness.store.takeDeletion(START, START + DAY)).toMatchObject({
      messageRef: sent[0],
    });
  });

  it.each([{ code: 'dm_closed' }, { code: 'undelivered', reason: 'held' }] as const)(
    'is not looked for where it never arrived: %j',
    async (refusal) => {
      const harness = setUp();
      const { session } = await harness.token();
      await expect(harness.reissue(session.id, 0, ending(refusal))).rejects.toMatchObject({
        refusal,
      });
      expect(await harness.store.takeDeletion(START + DAY, START + DAY)).toBeNull();
    },
  );

  it.each([
    ['is taken back at once', true],
    ['is looked for where that fails', false],
  ])('since that failed %s', async (_, isReached) => {
    const harness = setUp({ through: (store) => interfering(store, { add: locked }) });
    const { deliver, delivered, retracted } = createPostbox(undefined, isReached);
    await expect(harness.tokens.createAndDeliver(ana, input, deliver)).rejects.toThrow('locked');
    expect(retracted).toEqual(delivered);
    const taken = await harness.store.takeDeletion(START + LOST_AFTER, START + DAY);
    const [{ session }] = delivered as [MintedToken];
    expect(taken?.messageRef).toBe(isReached ? undefined : pendingRef(session));
  });

  it.each(['stored', 'not stored'])(
    'is left as it is where nobody knows yet whether it is: it was %s',
    async (what) => {
      const harness = setUp({
        through: (store) =>
          interfering(store, {
            async add(...given) {
              if (what === 'stored') await store.add(...given);
              throw new AppError({ code: 'uncertain', reason: 'change' });
            },
          }),
      });
      const { deliver, delivered, retracted } = createPostbox();
      const attempt = harness.tokens.createAndDeliver(ana, input, deliver);
      await expect(attempt).rejects.toMatchObject({
        code: 'uncertain',
        refusal: { reason: 'token' },
      });
      expect(retracted).toEqual([]);
      const [{ session, token }] = delivered as [MintedToken];
      // Its message is looked for, and says that it does not work, exactly where it does not.
      const taken = await harness.store.takeDeletion(START + LOST_AFTER, START + DAY);
      const isLooked = taken?.messageRef === pendingRef(session);
      expect([await harness.isGood(token), isLooked]).toEqual(
        what === 'stored' ? [true, false] : [false, true],
      );
    },
  );

  it.each(['a new one', 'one that takes the place of another'])(
    'is not stored any more once its owner was told so: %s',
    async (what) => {
      const harness = setUp();
      const old = await harness.token();
      const { deliver, delivered, retracted } = createPostbox(async () => {
        harness.clock.advance(LOST_AFTER);
        await harness.store.takeDeletion(harness.clock(), harness.clock() + SECOND);
      });
      const attempt =
        what === 'a new one'
          ? harness.tokens.createAndDeliver(ana, input, deliver)
          : harness.reissue(old.session.id, 0, deliver);
      await expect(attempt).rejects.toMatchObject({
        code: 'undelivered',
        refusal: { reason: 'retracted' },
      });
      expect(retracted).toEqual(delivered);
      expect(await harness.isGood(delivered[0]!.token)).toBe(false);
      expect(await harness.isGood(old.token)).toBe(true);
    },
  );

  it('is not sent where that cannot be written down', async () => {
    const harness = setUp({ through: (store) => interfering(store, { expectDelivery: locked }) });
    const attempt = harness.tokens.createAndDeliver(ana, input, harness.postbox.deliver);
    await expect(attempt).rejects.toThrow('locked');
    expect(harness.postbox.delivered).toEqual([]);
  });
});

describe('who is banned in the server', () => {
  it.each(['over HTTP', 'in Discord'])('and has no account gets no token %s', async (where) => {
    const { store, lastUsed, clock, postbox } = setUp();
    const asked: string[] = [];
    const tokens = createTokens({
      store,
      lastUsed,
      clock,
      random: seededRandom(),
      tokenPrefix: 'lk',
      limits: atMost(5),
      isBannedInServer: async (userId) => asked.push(userId) > 0 && userId === ANA,
    });
    const input = { name: 'x', expiresAt: START + DAY };
    const make = (userId: string): Promise<unknown> =>
      where === 'over HTTP'
        ? tokens.create(member(userId), input)
        : tokens.createAndDeliver(member(userId), input, postbox.deliver);
    await expect(make(ANA)).rejects.toMatchObject({ code: 'banned' });
    await make(BEN);
    // Once there is an account the events of the server are followed, and nothing need be asked.
    await make(BEN);
    expect(asked).toEqual([ANA, BEN]);
  });
});
