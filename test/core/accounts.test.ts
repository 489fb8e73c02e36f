import { beforeEach, describe, expect, it } from 'vitest';
import { type Bench, createBench } from '../support/bench.ts';
import { ANA, BEN, member, STAFF, newBan } from '../support/fixtures.ts';

describe('bans', () => {
  let bench: Bench;

  beforeEach(() => {
    bench = createBench();
    return () => bench.close();
  });

  it('can be made and lifted by staff and by the system', async () => {
    const { accounts, store } = bench;
    for (const actor of [STAFF, { kind: 'system' } as const]) {
      await accounts.ban(actor, newBan(ANA, 'spam'));
      expect(await store.findAccount(ANA)).toMatchObject({ ban: { source: 'staff' } });
      await accounts.unban(actor, ANA, null);
      expect(await store.findAccount(ANA)).toMatchObject({ ban: null });
    }
  });

  it('can neither be made nor lifted by a member, not even their own', async () => {
    const { accounts, store } = bench;
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
    const { accounts, sessions } = bench;
    const { token, session } = await bench.token();
    await accounts.ban(STAFF, newBan(ANA));
    expect(await sessions.verify(token)).toEqual({ is: 'banned', userId: ANA });
    await accounts.unban(STAFF, ANA, null);
    expect(await sessions.verify(token)).toMatchObject({ is: 'valid', id: session.id });
  });

  it("do not touch another member's tokens", async () => {
    const { accounts, sessions } = bench;
    const { token } = await bench.token(BEN);
    await accounts.ban(STAFF, newBan(ANA));
    expect(await sessions.verify(token)).toMatchObject({ is: 'valid', userId: BEN });
  });
});
