import { describe, expect, it } from 'vitest';
import type { Session } from '../../../../src/core/sessions/session.ts';
import {
  ANA,
  atMost,
  BEN,
  DAY,
  HOUR,
  newSession,
  SECOND,
  START,
} from '../../../support/fixtures.ts';
import { act, add, addSeveral, ban, endOne, LIMIT, page, replace, store } from '../stage.ts';

const mayAdd = (limits = LIMIT, now = START) => store.checkCreation(ANA, limits, now);

/** API tokens that are new. */
export function describeTokenCreation(): void {
  describe('storing a session', () => {
    it('keeps every property', async () => {
      const parent = await add();
      const session = await add({ parentId: parent.id, name: null, type: 'login', hint: 'abcd' });
      expect(await store.findLive(ANA, session.id, START)).toEqual(session);
    });

    it('refuses a banned account', async () => {
      await ban();
      const fresh = newSession();
      expect(await store.add(act(), fresh, LIMIT)).toEqual({ is: 'banned' });
      expect(await store.findByToken(fresh.tokenHash)).toBeNull();
    });

    it('refuses an API token beyond the limit, and counts live ones of that type only', async () => {
      await add({ type: 'login' });
      await add({ userId: BEN });
      const first = await add();
      await add();
      const fresh = newSession();
      expect(await store.add(act(), fresh, atMost(2))).toEqual({ is: 'limit_reached' });
      expect(await store.findByToken(fresh.tokenHash)).toBeNull();
      expect(await store.add(act(), newSession({ type: 'login' }), LIMIT)).toEqual({
        is: 'stored',
      });
      await endOne(first, START);
      expect(await store.add(act(), fresh, atMost(2))).toEqual({ is: 'stored' });
    });

    it('refuses more API tokens in an hour than allowed, ended ones too, until the first is an hour old', async () => {
      const limits = { maxApiTokens: 100, creationsPerHour: 2 };
      const [first] = await addSeveral(2);
      await endOne(first!, START + 2 * SECOND);
      await add({ userId: BEN });
      const refused = { is: 'rate_limited', what: 'created', most: 2, until: START + HOUR };
      const fresh = newSession({ createdAt: START + HOUR + 1 });
      expect(await store.checkCreation(ANA, limits, START + HOUR - 1)).toEqual(refused);
      expect(await store.add(act(START + HOUR - 1), fresh, limits)).toEqual(refused);
      expect(await store.findByToken(fresh.tokenHash)).toBeNull();
      expect(await store.checkCreation(ANA, limits, START + HOUR + 1)).toEqual({ is: 'stored' });
      expect(await store.add(act(START + HOUR + 1), fresh, limits)).toEqual({ is: 'stored' });
    });

    it('does not count against the hour what a clock that was ahead made', async () => {
      const limits = { maxApiTokens: 100, creationsPerHour: 1 };
      await add({ createdAt: START + 365 * DAY });
      expect(await store.checkCreation(ANA, limits, START)).toEqual({ is: 'stored' });
      await add({ createdAt: START + HOUR });
      expect(await store.checkCreation(ANA, limits, START)).toMatchObject({ is: 'rate_limited' });
    });

    it('makes room when a token expires', async () => {
      const first = await add();
      const later = newSession({ createdAt: first.expiresAt });
      expect(await store.add(act(first.expiresAt - 1), later, atMost(1))).toEqual({
        is: 'limit_reached',
      });
      expect(await store.add(act(first.expiresAt), later, atMost(1))).toEqual({ is: 'stored' });
    });

    it.each([
      ['ended', async (parent: Session) => void (await endOne(parent, START))],
      ['expired', async () => {}],
    ])('refuses when the session whose token asked has %s', async (how, end) => {
      const parent = await add();
      await end(parent);
      const createdAt = how === 'expired' ? parent.expiresAt : START;
      const fresh = newSession({ parentId: parent.id, createdAt });
      expect(await store.add(act(createdAt), fresh, LIMIT)).toEqual({ is: 'parent_ended' });
      expect(await store.findByToken(fresh.tokenHash)).toBeNull();
    });

    it("refuses another member's session as the parent", async () => {
      const foreign = await add({ userId: BEN });
      const fresh = newSession({ parentId: foreign.id });
      expect(await store.add(act(), fresh, LIMIT)).toEqual({ is: 'parent_ended' });
    });

    it('lets no more than the limit in when many ask at once', async () => {
      const outcomes = await Promise.all(
        Array.from({ length: 20 }, () => store.add(act(), newSession(), atMost(3))),
      );
      expect(outcomes.filter((outcome) => outcome.is === 'stored')).toHaveLength(3);
      expect((await page()).total).toBe(3);
    });

    it('never stores the same token twice', async () => {
      const { session, tokenHash } = newSession();
      await store.add(act(), { session, tokenHash }, LIMIT);
      const again = { ...newSession(), tokenHash };
      await expect(store.add(act(), again, LIMIT)).rejects.toBeInstanceOf(Error);
      expect((await page()).total).toBe(1);
    });
  });

  describe('whether another API token may be stored', () => {
    it('is answered as storing it would be, with nothing stored', async () => {
      expect(await mayAdd()).toEqual({ is: 'stored' });
      expect(await store.findAccount(ANA)).toBeNull();
      await add();
      await add({ type: 'login' });
      expect(await mayAdd(atMost(2))).toEqual({ is: 'stored' });
      expect(await mayAdd(atMost(1))).toEqual({ is: 'limit_reached' });
      expect(await mayAdd(atMost(1), START + DAY)).toEqual({ is: 'stored' });
      const once = { maxApiTokens: 9, creationsPerHour: 1 };
      expect(await mayAdd(once)).toEqual({
        is: 'rate_limited',
        what: 'created',
        most: 1,
        until: START + HOUR,
      });
      expect(await mayAdd(once, START + HOUR)).toEqual({ is: 'stored' });
      await ban();
      expect(await mayAdd()).toEqual({ is: 'banned' });
    });

    it('does not depend on what replaced another, nor on logins', async () => {
      const limits = { maxApiTokens: 9, creationsPerHour: 2 };
      const old = await add();
      const fresh = newSession({ replaces: old.id });
      await replace(act(), fresh);
      await add({ type: 'login' });
      await add({ type: 'app_login' });
      expect(await store.checkCreation(ANA, limits, START)).toEqual({ is: 'stored' });
      await add();
      expect(await store.checkCreation(ANA, limits, START)).toMatchObject({ is: 'rate_limited' });
    });
  });
}
