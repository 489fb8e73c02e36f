import { beforeEach, describe, expect, it } from 'vitest';
import { type CoreHarness, createCoreHarness } from '../../support/core-harness.ts';
import { ANA, BEN, HOUR, member, newBan, STAFF, START } from '../../support/fixtures.ts';

describe('bans', () => {
  let harness: CoreHarness;

  beforeEach(() => {
    harness = createCoreHarness();
    return () => harness.close();
  });

  it('can be made and lifted by staff and by the system', async () => {
    const { accounts, store } = harness;
    for (const actor of [STAFF, { kind: 'system' } as const]) {
      await accounts.ban(actor, newBan(ANA, 'spam'));
      expect(await store.findAccount(ANA)).toMatchObject({ ban: { source: 'staff' } });
      await accounts.unban(actor, ANA, null);
      expect(await store.findAccount(ANA)).toMatchObject({ ban: null });
    }
  });

  it('can neither be made nor lifted by a member, not even their own', async () => {
    const { accounts, store } = harness;
    await expect(accounts.ban(member(ANA), newBan(BEN))).rejects.toMatchObject({
      code: 'restricted',
    });
    expect(await store.findAccount(BEN)).toBeNull();
    await accounts.ban(STAFF, newBan(ANA));
    await expect(accounts.unban(member(ANA), ANA, null)).rejects.toMatchObject({
      code: 'restricted',
    });
    expect(await store.findAccount(ANA)).toMatchObject({ ban: { source: 'staff' } });
  });

  it('hold from the next check on, and what staff did not end comes back with the unban', async () => {
    const { accounts, sessions } = harness;
    const { token, session } = await harness.token();
    await accounts.ban(STAFF, newBan(ANA));
    expect(await sessions.verify(token)).toEqual({ is: 'banned', userId: ANA });
    await accounts.unban(STAFF, ANA, null);
    expect(await sessions.verify(token)).toMatchObject({ is: 'valid', id: session.id });
  });

  it("do not touch another member's tokens", async () => {
    const { accounts, sessions } = harness;
    const { token } = await harness.token(BEN);
    await accounts.ban(STAFF, newBan(ANA));
    expect(await sessions.verify(token)).toMatchObject({ is: 'valid', userId: BEN });
  });
});

describe('a ban for some time', () => {
  let harness: CoreHarness;

  beforeEach(() => {
    harness = createCoreHarness();
    return () => harness.close();
  });

  const until = START + HOUR;

  it('holds until the millisecond before its end, whether it was lifted by then or not', async () => {
    const { accounts, sessions, clock, token } = harness;
    const { token: secret } = await token();
    await accounts.ban(STAFF, { ...newBan(ANA), until });
    clock.advance(HOUR - 1);
    expect(await sessions.verify(secret)).toEqual({ is: 'banned', userId: ANA });
    await expect(token()).rejects.toMatchObject({ code: 'banned' });
    clock.advance(1);
    expect(await sessions.verify(secret)).toMatchObject({ is: 'valid' });
    await token();
  });

  it('is lifted when its time is over, and not before', async () => {
    const { accounts, store, clock } = harness;
    await accounts.ban(STAFF, { ...newBan(ANA), until });
    await accounts.ban(STAFF, newBan(BEN));
    clock.advance(HOUR - 1);
    await accounts.liftExpiredBans();
    expect(await store.findAccount(ANA)).not.toMatchObject({ ban: null });
    clock.advance(1);
    await accounts.liftExpiredBans();
    expect(await store.findAccount(ANA)).toMatchObject({ ban: null });
    expect(await store.findAccount(BEN)).not.toMatchObject({ ban: null });
    const [lifted] = await store.audit({ limit: 1 });
    expect(lifted).toMatchObject({
      action: 'account.unbanned',
      actorKind: 'system',
      userId: ANA,
    });
  });

  it('is lifted with all others whose time is over, however many those are', async () => {
    const { accounts, store, clock } = harness;
    for (let index = 0; index < 250; index += 1) {
      await accounts.ban(STAFF, { ...newBan(`${ANA}${index}`), until });
    }
    clock.advance(HOUR);
    await accounts.liftExpiredBans();
    expect(await store.stats(clock(), 0)).toMatchObject({ accounts: 250, banned: 0 });
  });

  it('says how many sessions it ended, and those do not come back', async () => {
    const { accounts, sessions, clock, token } = harness;
    const { token: secret } = await token();
    expect(await accounts.ban(STAFF, { ...newBan(ANA), until, endSessions: true })).toBe(1);
    expect(await sessions.verify(secret)).toEqual({ is: 'banned', userId: ANA });
    clock.advance(HOUR);
    expect(await sessions.verify(secret)).toEqual({ is: 'invalid' });
  });
});

describe('what happens in the server', () => {
  let harness: CoreHarness;

  beforeEach(() => {
    harness = createCoreHarness();
    return () => harness.close();
  });

  const ban = async (userId = ANA) => (await harness.store.findAccount(userId))?.ban;

  it('a ban is carried over, and its end too', async () => {
    const { accounts, sessions, token } = harness;
    const { token: secret } = await token();
    await accounts.followBan(ANA);
    expect(await ban()).toEqual({
      source: 'server',
      at: START,
      until: null,
      by: null,
      reason: null,
      isReasonTold: false,
    });
    expect(await sessions.verify(secret)).toMatchObject({ is: 'banned' });
    await accounts.followUnban(ANA);
    expect(await ban()).toBeNull();
    expect(await sessions.verify(secret)).toMatchObject({ is: 'valid' });
  });

  it('a ban of who never had anything here leaves no trace of them', async () => {
    await harness.accounts.followBan(ANA);
    expect(await harness.store.findAccount(ANA)).toBeNull();
  });

  it('leaves a ban by staff as it is', async () => {
    const { accounts } = harness;
    await accounts.ban(STAFF, newBan(ANA, 'spam'));
    await accounts.followBan(ANA);
    await accounts.followUnban(ANA);
    expect(await ban()).toMatchObject({ source: 'staff', reason: 'spam' });
  });

  it('an end of a ban that nobody has changes nothing', async () => {
    const { accounts, store } = harness;
    await accounts.followUnban(ANA);
    expect(await store.findAccount(ANA)).toBeNull();
    expect(await store.audit({ limit: 9 })).toEqual([]);
  });

  it('leaving ends every session of the member, and no other', async () => {
    const { accounts, sessions, token, store } = harness;
    const [mine, theirs] = [await token(), await token(BEN)];
    await accounts.followLeave(ANA);
    expect(await sessions.verify(mine.token)).toEqual({ is: 'invalid' });
    expect(await sessions.verify(theirs.token)).toMatchObject({ is: 'valid' });
    const ended = await store.history({ userId: ANA, now: START, state: 'ended', limit: 99 });
    expect(ended).toMatchObject([{ ended: { by: null, reason: 'left' } }]);
    expect(await ban()).toBeNull();
    await token();
  });

  it('is made up for: bans that came and went, of accounts that are known', async () => {
    const { accounts, token, store } = harness;
    const [cy, dan, eve] = ['100000000000000003', '100000000000000004', '100000000000000005'];
    for (const userId of [ANA, BEN, cy, dan]) await token(userId);
    await accounts.followBan(ANA);
    await accounts.followBan(BEN);
    await accounts.ban(STAFF, newBan(cy, 'spam'));
    await accounts.catchUp(new Set([BEN, cy, dan, eve]), new Set());
    expect(await ban(ANA)).toBeNull();
    expect(await ban(BEN)).toMatchObject({ source: 'server' });
    expect(await ban(cy)).toMatchObject({ source: 'staff' });
    expect(await ban(dan)).toMatchObject({ source: 'server' });
    expect(await store.findAccount(eve)).toBeNull();
    const before = await store.audit({ limit: 99 });
    await accounts.catchUp(new Set([BEN, cy, dan, eve]), new Set());
    expect(await store.audit({ limit: 99 })).toEqual(before);
    await accounts.catchUp(new Set(), new Set());
    expect(await ban(BEN)).toBeNull();
    expect(await ban(cy)).toMatchObject({ source: 'staff' });
  });
});
