import { describe, expect, it, onTestFinished } from 'vitest';
import { ALL_NOTICES } from '../../../src/core/accounts/notice.ts';
import { createNotices } from '../../../src/core/accounts/notices.ts';
import { AppError } from '../../../src/core/errors.ts';
import { createCoreHarness as createUnboundBench } from '../../support/core-harness.ts';
import {
  ANA,
  BEN,
  DAY,
  everythingOf,
  idAt,
  member,
  newBan,
  STAFF,
  START,
} from '../../support/fixtures.ts';

const ana = member(ANA);
const ben = member(BEN);

function setUp() {
  const harness = createUnboundBench();
  onTestFinished(() => harness.close());
  return { ...harness, notices: createNotices(harness) };
}

/** What is owed to members, by action. */
async function owed({ store, clock }: ReturnType<typeof setUp>): Promise<readonly string[]> {
  const actions: string[] = [];
  for (;;) {
    const batch = await store.takeBatch(clock(), clock() + DAY, idAt(clock()));
    if (batch === null) return actions;
    await store.dropBatch(batch.id);
    actions.push(...batch.events.map(({ action }) => action));
  }
}

describe('what a member hears', () => {
  it('is chosen one by one, and shown as it is then', async () => {
    const { notices } = setUp();
    expect(await notices.show(ana)).toEqual(ALL_NOTICES);
    expect(await notices.set(ana, 'login', false)).toEqual({ ...ALL_NOTICES, login: false });
    expect(await notices.set(ana, 'login', true)).toEqual(ALL_NOTICES);
    expect(await notices.show(ben)).toEqual(ALL_NOTICES);
  });

  it('can be chosen by a banned member', async () => {
    const { notices, accounts } = setUp();
    await accounts.ban(STAFF, newBan(ANA));
    expect(await notices.set(ana, 'expiry', false)).toMatchObject({ expiry: false });
  });

  it('is part of the overview', async () => {
    const { notices, sessions } = setUp();
    await notices.set(ana, 'login', false);
    const overview = await sessions.overview(ana);
    expect(overview.notices).toEqual({ ...ALL_NOTICES, login: false });
  });
});

describe('a token that is let expire', () => {
  it('is not reminded of any more, and lives until its end', async () => {
    const harness = setUp();
    const { session } = await harness.token(ANA, 'deploy', 90 * DAY);
    expect(await harness.notices.letExpire(ana, session.id)).toBe(session.expiresAt);
    harness.clock.advance(89 * DAY);
    expect(await harness.store.remind({ actor: STAFF, at: harness.clock() }, 10)).toBe(0);
    expect(await harness.store.findLive(ANA, session.id, harness.clock())).not.toBeNull();
  });

  it('is the member’s own and live, or none at all', async () => {
    const harness = setUp();
    const { session } = await harness.token(ANA, 'deploy', 90 * DAY);
    const unknown = idAt(START);
    for (const [actor, id] of [
      [ben, session.id],
      [ana, unknown],
      [ana, ''],
    ] as const) {
      await expect(harness.notices.letExpire(actor, id)).rejects.toMatchObject({
        code: 'not_found',
      });
    }
    harness.clock.advance(76 * DAY);
    expect(await harness.store.remind({ actor: STAFF, at: harness.clock() }, 10)).toBe(1);
    await harness.sessions.revoke(ana, session.id);
    await expect(harness.notices.letExpire(ana, session.id)).rejects.toMatchObject({
      code: 'not_found',
    });
  });
});

describe('a member whom Discord kept from us', () => {
  it('is reached again once a message arrives, and not before', async () => {
    const harness = setUp();
    await harness.token();
    await harness.store.saveDmStatus(ANA, START);
    const closed = new AppError({ code: 'dm_closed' });
    await expect(harness.notices.retry(ana, () => Promise.reject(closed))).rejects.toBe(closed);
    expect((await harness.notices.show(ana)).refusedAt).toBe(START);
    const greeted: string[] = [];
    await harness.notices.retry(ana, async (userId) => void greeted.push(userId));
    expect(greeted).toEqual([ANA]);
    expect((await harness.notices.show(ana)).refusedAt).toBeNull();
  });
});

describe('a session that its owner does not recognize', () => {
  it('ends with all that it made, whether it lives or not', async () => {
    const harness = setUp();
    const root = await harness.token();
    const child = await harness.tokens.create(member(ANA, root.session.id), {
      name: 'child',
      expiresAt: START + DAY,
    });
    await harness.sessions.revoke(ana, root.session.id);
    expect(await harness.sessions.revokeUnrecognized(ana, root.session.id)).toMatchObject({
      ended: 1,
    });
    expect(await harness.sessions.verify(child.token)).toEqual({ is: 'invalid' });
    const other = await harness.token();
    const grandchild = await harness.tokens.create(member(ANA, other.session.id), {
      name: 'child',
      expiresAt: START + DAY,
    });
    expect(await harness.sessions.revokeUnrecognized(ana, other.session.id)).toMatchObject({
      ended: 2,
    });
    expect(await harness.sessions.revokeUnrecognized(ana, other.session.id)).toMatchObject({
      ended: 0,
    });
    const { sessions } = await everythingOf(harness.store, ANA);
    const reasons = new Map(sessions.map(({ id, ended }) => [id, ended?.reason]));
    expect(reasons.get(root.session.id)).toBe('revoked');
    expect(reasons.get(other.session.id)).toBe('leaked');
    expect(reasons.get(grandchild.session.id)).toBe('leaked');
  });

  it('takes its successor along, where it was rotated by its own token', async () => {
    const harness = setUp();
    const { session } = await harness.token();
    const stolen = member(ANA, session.id);
    const next = await harness.tokens.rotate(stolen, { id: session.id, graceMs: 0 });
    expect(await harness.sessions.revokeUnrecognized(ana, session.id)).toEqual({
      ended: 1,
      parent: null,
      successor: null,
    });
    expect(await harness.sessions.verify(next.token)).toEqual({ is: 'invalid' });
  });

  it('says what made it, where that lives on', async () => {
    const harness = setUp();
    const { session: stolen } = await harness.token();
    const expiresAt = START + DAY;
    const create = { name: 'child', expiresAt };
    const [one, two] = [
      await harness.tokens.create(member(ANA, stolen.id), create),
      await harness.tokens.create(member(ANA, stolen.id), create),
    ];
    expect(await harness.sessions.revokeUnrecognized(ana, one.session.id)).toEqual({
      ended: 1,
      parent: stolen,
      successor: null,
    });
    await harness.sessions.revoke(ana, two.session.id);
    expect(await harness.sessions.revokeUnrecognized(ana, two.session.id)).toMatchObject({
      ended: 0,
      parent: stolen,
    });
    await harness.sessions.revoke(ana, stolen.id);
    expect(await harness.sessions.revokeUnrecognized(ana, one.session.id)).toMatchObject({
      parent: null,
    });
  });

  it.each([
    ['in Discord', () => undefined],
    ['by another session', (id: string) => id],
  ])('leaves what was put in its place %s, and says so', async (_, by) => {
    const harness = setUp();
    const { session: other } = await harness.token();
    const { session: old } = await harness.token();
    const rotator = member(ANA, by(other.id));
    const next = await harness.tokens.rotate(rotator, { id: old.id, graceMs: 0 });
    expect(await harness.sessions.revokeUnrecognized(ana, old.id)).toEqual({
      ended: 0,
      parent: null,
      successor: next.session,
    });
    expect(await harness.sessions.verify(next.token)).toMatchObject({ is: 'valid' });
    expect(await harness.sessions.revokeUnrecognized(ana, next.session.id)).toMatchObject({
      ended: 1,
      parent: by(other.id) === undefined ? null : { id: other.id },
    });
    expect(await harness.sessions.revokeUnrecognized(ana, old.id)).toMatchObject({
      successor: null,
    });
  });

  it('is nobody else’s', async () => {
    const harness = setUp();
    const { session } = await harness.token();
    const child = await harness.tokens.rotate(member(ANA, session.id), {
      id: session.id,
      graceMs: DAY,
    });
    const nothing = { ended: 0, parent: null, successor: null };
    for (const id of [session.id, child.session.id]) {
      expect(await harness.sessions.revokeUnrecognized(ben, id)).toEqual(nothing);
    }
    expect(await harness.sessions.revokeUnrecognized(ana, idAt(START))).toEqual(nothing);
    expect(await harness.sessions.verify(child.token)).toMatchObject({ is: 'valid' });
  });

  it('may be a banned member’s: it does not come back with the unban', async () => {
    const harness = setUp();
    const { session, token } = await harness.token();
    await harness.accounts.ban(STAFF, newBan(ANA));
    expect(await harness.sessions.revokeUnrecognized(ana, session.id)).toMatchObject({ ended: 1 });
    await harness.accounts.unban(STAFF, ANA, null);
    expect(await harness.sessions.verify(token)).toEqual({ is: 'invalid' });
  });
});

describe('a use', () => {
  const DAY_OF_GRACE = { graceMs: DAY };

  it('for the first time is told its owner once it is written', async () => {
    const harness = setUp();
    const { token } = await harness.token();
    await harness.sessions.verify(token);
    expect(await owed(harness)).toEqual([]);
    await harness.lastUsed.flush();
    await harness.sessions.verify(token);
    await harness.lastUsed.flush();
    expect(await owed(harness)).toEqual(['token.first_used']);
  });

  it.each([
    ['with a grace that is over', DAY],
    ['without a grace', 0],
  ])('of a token that was rotated %s warns its owner, once', async (_, graceMs) => {
    const harness = setUp();
    const { token, session } = await harness.token(ANA, 'deploy', 90 * DAY);
    const next = await harness.tokens.rotate(ana, { id: session.id, graceMs });
    harness.clock.advance(graceMs);
    for (let turn = 0; turn < 3; turn += 1) {
      expect(await harness.sessions.verify(token)).toEqual({ is: 'invalid' });
      await harness.lastUsed.flush();
    }
    expect(await owed(harness)).toEqual(['token.reused']);
    expect(await harness.sessions.verify(next.token)).toMatchObject({ is: 'valid' });
  });

  it('within the grace warns nobody while the clock is a year ahead, and does after it', async () => {
    const harness = setUp();
    const { token, session } = await harness.token(ANA, 'deploy', 90 * DAY);
    await harness.tokens.rotate(ana, { id: session.id, ...DAY_OF_GRACE });
    const use = async () => {
      await harness.sessions.verify(token);
      await harness.lastUsed.flush();
    };
    harness.clock.advance(365 * DAY);
    await use();
    harness.clock.advance(-365 * DAY);
    await use();
    expect(await owed(harness)).toEqual(['token.first_used']);
    harness.clock.advance(DAY);
    await use();
    expect(await owed(harness)).toEqual(['token.reused']);
  });

  it('within the grace is a use like any other', async () => {
    const harness = setUp();
    const { token, session } = await harness.token(ANA, 'deploy', 90 * DAY);
    await harness.tokens.rotate(ana, { id: session.id, ...DAY_OF_GRACE });
    harness.clock.advance(DAY - 1);
    expect(await harness.sessions.verify(token)).toMatchObject({ is: 'valid' });
    await harness.lastUsed.flush();
    expect(await owed(harness)).toEqual(['token.first_used']);
  });

  it('of what was revoked or expired, and never replaced, warns nobody', async () => {
    const harness = setUp();
    const [revoked, expired, both] = [
      await harness.token(),
      await harness.token(),
      await harness.token(ANA, 'deploy', 90 * DAY),
    ];
    await harness.sessions.revoke(ana, revoked.session.id);
    await harness.tokens.rotate(ana, { id: both.session.id, ...DAY_OF_GRACE });
    await harness.sessions.revoke(ana, both.session.id);
    harness.clock.advance(DAY);
    for (const { token } of [revoked, expired, both]) {
      expect(await harness.sessions.verify(token)).toEqual({ is: 'invalid' });
    }
    await harness.lastUsed.flush();
    expect(await owed(harness)).toEqual([]);
  });
});
