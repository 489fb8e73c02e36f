import { describe, expect, it, onTestFinished } from 'vitest';
import { createOwnData } from '../../../src/core/accounts/own-data.ts';
import { createCoreHarness } from '../../support/core-harness.ts';
import {
  ANA,
  BEN,
  everythingOf,
  HOUR,
  member,
  newBan,
  STAFF,
  START,
} from '../../support/fixtures.ts';

const ana = member(ANA);

function setUp() {
  const harness = createCoreHarness();
  onTestFinished(() => harness.close());
  const { store, clock } = harness;
  return { ...harness, ownData: createOwnData({ store, clock }) };
}

describe("a member's own data", () => {
  it('is all that is stored of them, that they asked for it included', async () => {
    const { ownData, token, clock } = setUp();
    const { session, token: secret } = await token();
    await token(BEN);
    clock.advance(HOUR);
    const data = await ownData.read(ana);
    expect(data).toMatchObject({
      account: { userId: ANA, createdAt: START, ban: null },
      sessions: [session],
      authorization: null,
      audit: [
        { action: 'session.created', sessionId: session.id },
        { action: 'account.exported', actorId: ANA, requestId: ana.requestId, at: START + HOUR },
      ],
    });
    expect(JSON.stringify(data)).not.toContain(secret);
    expect(JSON.stringify(data)).not.toContain(BEN);
  });

  it('is there for who has nothing, and for who is banned', async () => {
    const { ownData, accounts } = setUp();
    expect(await ownData.read(ana)).toMatchObject({ account: null, sessions: [] });
    await accounts.ban(STAFF, newBan(ANA, 'spam'));
    expect(await ownData.read(ana)).toMatchObject({ account: { ban: { reason: 'spam' } } });
  });
});

describe('forgetting', () => {
  it('ends every session, and keeps nothing', async () => {
    const { ownData, token, sessions, store } = setUp();
    const [mine, theirs] = [await token(), await token(BEN)];
    await ownData.forget(ana);
    expect(await sessions.verify(mine.token)).toEqual({ is: 'invalid' });
    expect(await sessions.verify(theirs.token)).toMatchObject({ is: 'valid' });
    expect(await everythingOf(store, ANA)).toMatchObject({
      account: null,
      sessions: [],
      audit: [],
    });
  });

  it('is of oneself only', async () => {
    const { ownData, token, store } = setUp();
    await token();
    const before = await everythingOf(store, ANA);
    await ownData.forget(member(BEN));
    expect(await everythingOf(store, ANA)).toEqual(before);
  });

  it('is no way out of a ban', async () => {
    const { ownData, token, accounts, sessions } = setUp();
    await token();
    await accounts.ban(STAFF, newBan(ANA));
    await ownData.forget(ana);
    await expect(token()).rejects.toMatchObject({ code: 'banned' });
    await accounts.unban(STAFF, ANA, null);
    const again = await token();
    expect(await sessions.verify(again.token)).toMatchObject({ is: 'valid' });
  });

  it('survives the last use of a session that is not written yet', async () => {
    const { ownData, token, sessions, lastUsed, store } = setUp();
    const mine = await token();
    await sessions.verify(mine.token);
    await ownData.forget(ana);
    await lastUsed.flush();
    expect((await everythingOf(store, ANA)).sessions).toEqual([]);
  });
});
