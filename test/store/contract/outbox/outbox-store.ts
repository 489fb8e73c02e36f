import { describe, expect, it } from 'vitest';
import { ANA, banBy, BEN, DAY, HOUR, SECOND, STAFF, START } from '../../../support/fixtures.ts';
import {
  act,
  add,
  addTogether,
  ban,
  CY,
  endOne,
  events,
  fromServer,
  ids,
  owed,
  owedToMembers,
  report,
  staff,
  store,
  summary,
  system,
  touch,
} from '../stage.ts';

let taken = 0;

const nextBatch = (now: number, again = now + 5 * SECOND) => {
  taken += 1;
  return store.takeBatch(now, again, `taken ${taken}`);
};

const exported = (userId: string, at = START) =>
  store.record({ actor: STAFF, at, userId, action: 'sessions.exported' });

/** Messages that are owed about what was done. */
export function describeOutboxStore(): void {
  describe('what is owed', () => {
    it('comes from what is news to staff, and from nothing else', async () => {
      await add();
      await store.end(act(), ANA, { allBut: null }, 'revoked');
      await store.record({ ...act(), userId: ANA, action: 'token.undelivered', why: 'dm_closed' });
      expect(await owed()).toEqual([]);
      const five = [await add(), await add(), await add(), await add(), await add()];
      await store.end(act(), ANA, { allBut: null }, 'revoked');
      expect(await owed()).toEqual([[null, ['sessions.ended']]]);
      expect(five).toHaveLength(5);
      await add();
      await store.end(staff(), ANA, { allBut: null }, 'revoked');
      expect(await owed()).toEqual([[null, ['session.ended']]]);
      await add();
      await add();
      await store.end(staff(), ANA, { allBut: null }, 'revoked');
      expect(await owed()).toEqual([[null, ['sessions.ended']]]);
      await ban(START, BEN);
      await store.unban(staff(), BEN, null, null);
      expect(await owed()).toEqual([
        [null, ['account.banned', 'account.unbanned']],
        [BEN, ['account.banned']],
        [BEN, ['account.unbanned']],
      ]);
    });

    it('is to the member one message where the ban of the server goes on behind one that ends', async () => {
      await store.ban(staff(), ANA, { ...banBy(staff()), until: START + HOUR }, false);
      await store.ban(system(), ANA, fromServer(START + 1), false);
      await owed();
      await store.liftExpiredBans(system(START + HOUR), 100);
      expect(await owed()).toEqual([
        [null, ['account.unbanned', 'account.banned']],
        [ANA, ['account.banned']],
      ]);
    });

    it('is not a refusal that was a mere slip', async () => {
      const refused = {
        ...act(),
        userId: ANA,
        action: 'staff.refused',
        command: '/admin user',
      } as const;
      await store.record({ ...refused, why: 'elsewhere', slip: true });
      expect(await owed()).toEqual([]);
      await store.record({ ...refused, why: 'elsewhere', slip: false });
      expect(await owed()).toEqual([[null, ['staff.refused']]]);
    });

    it('comes of a new token that is unusual', async () => {
      for (let index = 0; index < 12; index += 1) await add();
      expect(await owed()).toEqual([[null, ['session.created']]]);
      const [odd] = await store.audit({ limit: 3 });
      expect(odd?.detail).not.toHaveProperty('oddities');
      expect((await events()).map(({ detail }) => detail['oddities'] ?? null)).toEqual([
        ...Array.from({ length: 9 }, () => null),
        ['many'],
        null,
        null,
      ]);
    });

    it('is taken as one message to each recipient, the oldest first', async () => {
      await exported(ANA);
      await report(await add(), act(START, CY));
      await exported(BEN);
      await report(await add({ userId: BEN }), act(START, CY));
      expect(await owed(START)).toEqual([
        [null, ['sessions.exported', 'token.reported', 'sessions.exported', 'token.reported']],
        [ANA, ['token.reported']],
        [BEN, ['token.reported']],
      ]);
    });

    it('is taken twenty at a time', async () => {
      for (let index = 0; index < 45; index += 1) await exported(`${index}`);
      const lengths = (await owed()).map(([, { length }]) => length);
      expect(lengths).toEqual([20, 20, 5]);
    });

    it('is not taken before it is due', async () => {
      await exported(ANA, START + HOUR);
      expect(await nextBatch(START + HOUR - 1)).toBeNull();
      expect(await nextBatch(START + HOUR)).not.toBeNull();
    });

    it('once taken is due again at that time, and has its id and its events still', async () => {
      await exported(ANA);
      await exported(BEN);
      const first = await store.takeBatch(START, START + SECOND, 'first');
      expect(first).toMatchObject({ id: 'first', recipient: null, triedAt: null, attempts: 1 });
      expect(first?.events.map(({ userId }) => userId)).toEqual([ANA, BEN]);
      // What is new makes another message.
      await exported(CY);
      const other = await store.takeBatch(START, START + HOUR, 'other');
      expect(other?.events.map(({ userId }) => userId)).toEqual([CY]);
      expect(await nextBatch(START + SECOND - 1)).toBeNull();
      const again = await store.takeBatch(START + SECOND, START + HOUR, 'again');
      expect(again).toEqual({ ...first, triedAt: START, attempts: 2 });
    });

    it('is over once it is dropped, and the others are not', async () => {
      await exported(ANA);
      const one = await nextBatch(START);
      await exported(BEN);
      const two = await nextBatch(START);
      await store.dropBatch(one!.id);
      await store.dropBatch('unheard-of');
      const left = await nextBatch(START + DAY);
      expect(left?.id).toBe(two!.id);
      await store.dropBatch(two!.id);
      expect(await nextBatch(START + 9 * DAY)).toBeNull();
      expect(await events()).toHaveLength(2);
    });

    it('can be put off, and lets others pass', async () => {
      await exported(ANA);
      const slow = await nextBatch(START);
      await store.postponeBatch(slow!.id, START + HOUR);
      await exported(BEN);
      const other = await nextBatch(START + 1);
      expect(other?.events.map(({ userId }) => userId)).toEqual([BEN]);
      await store.dropBatch(other!.id);
      expect(await nextBatch(START + HOUR - 1)).toBeNull();
      expect((await nextBatch(START + HOUR))?.id).toBe(slow!.id);
    });

    it('goes to one of two that ask at once', async () => {
      await exported(ANA);
      const both = await Promise.all([nextBatch(START), nextBatch(START)]);
      expect(both.filter((batch) => batch !== null)).toHaveLength(1);
    });
  });

  describe('what is owed to members', () => {
    it('is a message for each kind, whatever happened in between', async () => {
      const [one, two] = await addTogether(2);
      await touch(one!, START + 1);
      await store.warnOfReuse(system(START + 2), [one!.id]);
      await touch(two!, START + 3);
      expect(summary(await owedToMembers())).toEqual([
        ['token.first_used', [one!.id, two!.id]],
        ['token.reused', [one!.id]],
      ]);
    });

    it('is all in one message where tokens have expired together', async () => {
      const all = await addTogether(12, { expiresAt: START + 90 * DAY });
      const { expiresAt } = all[0]!;
      for (const session of all) await touch(session, expiresAt - DAY);
      await owedToMembers();
      await store.remind(system(expiresAt), 100);
      // Those of one moment have no order among themselves.
      const told = summary(await owedToMembers());
      expect(told.map(([action]) => action)).toEqual(['token.expired']);
      expect(new Set(told[0]?.[1])).toEqual(new Set(ids(all)));
      expect(told[0]?.[1]).toHaveLength(all.length);
    });

    it('is eight at a time else, so that each has its buttons', async () => {
      const all = await addTogether(11);
      for (const session of all) await touch(session, START + 1);
      expect((await owedToMembers()).map((batch) => batch.events.length)).toEqual([8, 3]);
    });

    it('has the session as it is when it is taken; none where it is gone', async () => {
      const session = await add();
      await touch(session, START + 1);
      await endOne(session, START + 2);
      const first = await store.takeBatch(START + 3, START + HOUR, 'one');
      expect(first?.events[0]?.session).toMatchObject({ ended: { reason: 'revoked' } });
      await store.purge(START + 40 * DAY, 100, null);
      const second = await store.takeBatch(START + HOUR, START + 2 * HOUR, 'two');
      expect(second).toMatchObject({ id: 'one', events: [{ session: null }] });
    });

    it('does not wait for a time that a wrong clock gave it', async () => {
      const session = await add();
      await store.touch(system(START + 365 * DAY), [[session.id, START + 1]]);
      expect(await store.takeBatch(START, START + 5 * SECOND, 'one')).toMatchObject({
        recipient: ANA,
      });
      expect(await store.takeBatch(START, START + 5 * SECOND, 'two')).toBeNull();
    });
  });

  describe('the outbox store', () => {
    it('knows how much waits to be told, and since when', async () => {
      expect(await store.waiting(9)).toEqual({ count: 0, oldestAt: null });
      await ban();
      const later = { ...staff(), at: START + HOUR };
      await store.ban(later, BEN, banBy(later), false);
      // Each to the staff and to who was banned.
      expect(await store.waiting(9)).toEqual({ count: 4, oldestAt: START });
      expect(await store.waiting(1)).toEqual({ count: 1, oldestAt: START });
      for (const id of ['one', 'two', 'three']) {
        await store.takeBatch(START + HOUR, START + 2 * HOUR, id);
        expect((await store.waiting(9)).oldestAt).toBe(START);
      }
      for (const id of ['one', 'two', 'three']) await store.dropBatch(id);
      expect(await store.waiting(9)).toEqual({ count: 0, oldestAt: null });
    });
  });
}
