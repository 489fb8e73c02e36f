import { describe, expect, it } from 'vitest';
import type { NewSession } from '../../../../src/core/sessions/minted-token.ts';
import type { Instant } from '../../../../src/core/time.ts';
import { pendingRef } from '../../../../src/core/tokens/delivery.ts';
import {
  ANA,
  atMost,
  DAY,
  everythingOf,
  forget,
  HOUR,
  newSession,
  SECOND,
  START,
} from '../../../support/fixtures.ts';
import {
  act,
  actionsOf,
  add,
  expectDelivery,
  LIMIT,
  LOST_AFTER,
  rotate,
  store,
  successorOf,
} from '../stage.ts';

const nextDeletion = (at: Instant, again = at + 15 * SECOND) => store.takeDeletion(at, again);

/** One that is about to be sent. */
async function expected(): Promise<NewSession> {
  const fresh = newSession();
  await expectDelivery(fresh.session, START);
  return fresh;
}

/** Messages that hold a token. */
export function describeDeletionStore(): void {
  describe('a message with a token', () => {
    const messageRef = '5/8';
    const dueAt = START + HOUR;

    it('is to be deleted when its time has come, and not before', async () => {
      await add({}, { messageRef, dueAt });
      expect(await nextDeletion(dueAt - 1)).toBeNull();
      expect(await nextDeletion(dueAt)).toEqual({ messageRef, attempts: 1 });
    });

    it('is not to be deleted where its token was not stored, or nobody asked for that', async () => {
      const fresh = newSession();
      await expectDelivery(fresh.session, START);
      await store.add(act(), fresh, atMost(0), { messageRef, dueAt });
      await store.dropDeletion(pendingRef(fresh.session));
      await add({}, null);
      await add();
      expect(await nextDeletion(dueAt)).toBeNull();
    });

    it('of a rotation is to be deleted too', async () => {
      const old = await add();
      await rotate(old, { deletion: { messageRef, dueAt } });
      expect(await nextDeletion(dueAt)).toEqual({ messageRef, attempts: 1 });
    });

    it('once taken is due again at that time, and counts its attempts', async () => {
      await add({}, { messageRef, dueAt });
      await nextDeletion(dueAt);
      expect(await nextDeletion(dueAt + 15 * SECOND - 1)).toBeNull();
      expect(await nextDeletion(dueAt + 15 * SECOND)).toMatchObject({ attempts: 2 });
    });

    it('can be put off, and lets others pass', async () => {
      await add({}, { messageRef, dueAt });
      await add({}, { messageRef: '5/9', dueAt: dueAt + 1 });
      await nextDeletion(dueAt);
      await store.postponeDeletion(messageRef, dueAt + HOUR);
      expect(await nextDeletion(dueAt + 1)).toMatchObject({ messageRef: '5/9' });
      expect(await nextDeletion(dueAt + 2)).toBeNull();
      expect(await nextDeletion(dueAt + HOUR)).toMatchObject({ messageRef: '5/9' });
      expect(await nextDeletion(dueAt + HOUR)).toMatchObject({ messageRef, attempts: 2 });
    });

    it('is over once it is dropped, and the others are not', async () => {
      await add({}, { messageRef, dueAt });
      await add({}, { messageRef: '5/9', dueAt });
      await store.dropDeletion(messageRef);
      expect(await nextDeletion(dueAt)).toMatchObject({ messageRef: '5/9' });
      expect(await nextDeletion(dueAt)).toBeNull();
    });

    it('goes to one of two that ask at once', async () => {
      await add({}, { messageRef, dueAt });
      const taken = await Promise.all([nextDeletion(dueAt), nextDeletion(dueAt)]);
      expect(taken.filter((each) => each !== null)).toHaveLength(1);
    });

    it('does not wait for a time that a wrong clock gave it', async () => {
      await add({}, { messageRef, dueAt: START + 365 * DAY });
      await add({}, { messageRef: '5/9', dueAt: START + 2 * HOUR });
      expect(await nextDeletion(START)).toMatchObject({ messageRef });
      expect(await nextDeletion(START)).toBeNull();
    });
  });

  describe('a message with a token that is on its way', () => {
    const lostAt = START + LOST_AFTER;

    it('is looked for when its time has come, and not before', async () => {
      const { session } = await expected();
      expect(await nextDeletion(lostAt - 1)).toBeNull();
      const messageRef = pendingRef(session);
      expect(await nextDeletion(lostAt)).toEqual({ messageRef, attempts: 1 });
      expect(await nextDeletion(lostAt + 15 * SECOND)).toEqual({ messageRef, attempts: 2 });
      await store.dropDeletion(messageRef);
      expect(await nextDeletion(lostAt + HOUR)).toBeNull();
    });

    it('is not looked for once its token is stored, whether it stays or not', async () => {
      const old = await add({}, null);
      await rotate(old);
      await add({}, { messageRef: '5/8', dueAt: START + HOUR });
      expect(await nextDeletion(START + HOUR - 1)).toBeNull();
      expect(await nextDeletion(START + HOUR)).toMatchObject({ messageRef: '5/8' });
    });

    it('is looked for where its token was refused', async () => {
      const fresh = await expected();
      expect((await store.add(act(), fresh, atMost(0), null)).is).toBe('limit_reached');
      expect(await nextDeletion(lostAt)).toMatchObject({ messageRef: pendingRef(fresh.session) });
    });

    it('is for nothing once it has been looked for: its token is not stored any more', async () => {
      const old = await add();
      const fresh = await expected();
      const successor = successorOf(old, START);
      await expectDelivery(successor.session, START);
      await nextDeletion(lostAt);
      await nextDeletion(lostAt);
      const rotation = { rotatedAt: null, graceEndsAt: START };
      expect([
        await store.add(act(), fresh, LIMIT, null),
        await store.replace(act(), successor, rotation, LIMIT, null),
      ]).toEqual([{ is: 'retracted' }, { is: 'retracted' }]);
      const { sessions } = await everythingOf(store, ANA);
      expect(sessions).toEqual([old]);
      expect(await actionsOf()).toEqual(['session.created']);
    });

    it('is for nothing where nobody knows of it, and opens no account', async () => {
      const fresh = newSession();
      expect(await store.add(act(), fresh, LIMIT, null)).toEqual({ is: 'retracted' });
      expect(await store.findAccount(ANA)).toBeNull();
    });

    it('is looked for at once where its owner is forgotten', async () => {
      const { session } = await expected();
      await forget(store, act(), ANA);
      expect(await nextDeletion(START)).toMatchObject({ messageRef: pendingRef(session) });
    });
  });
}
