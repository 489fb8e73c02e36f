import { describe, expect, it } from 'vitest';
import type { Instant } from '../../../../src/core/time.ts';
import { ANA, BEN, DAY, HOUR, newSession, START } from '../../../support/fixtures.ts';
import {
  add,
  addTogether,
  ban,
  endOne,
  live,
  MINUTE,
  owedToMembers,
  rotate,
  staff,
  store,
  summary,
  system,
  times,
  touch,
} from '../stage.ts';

const remind = (at: Instant, limit = 100) => store.remind(system(at), limit);

/** What owners hear before their tokens expire. */
export function describeReminderStore(): void {
  describe('reminders', () => {
    const of90Days = { expiresAt: START + 90 * DAY };
    const due = [76, 83, 89].map((day) => START + day * DAY);

    it('come 14, 7 and 1 day before the end, once each, and not a millisecond sooner', async () => {
      const session = await add(of90Days);
      for (const [index, at] of due.entries()) {
        expect(await remind(at - 1)).toBe(0);
        expect(await remind(at)).toBe(1);
        expect(await remind(at)).toBe(0);
        expect(await times('token.expiring')).toBe(index + 1);
      }
      expect((await owedToMembers()).flatMap(({ events }) => events)).toHaveLength(3);
      expect(await live(session, due[2]!)).toEqual(session);
    });

    it('that were missed are not made up for', async () => {
      await add(of90Days);
      expect(await remind(due[1]! + HOUR)).toBe(1);
      expect(await times('token.expiring')).toBe(1);
      expect(await remind(due[2]! - 1)).toBe(0);
      expect(await remind(due[2]!)).toBe(1);
      expect(await times('token.expiring')).toBe(2);
    });

    it('end with a last word if it was in use, and with none if it was not', async () => {
      const [used] = await addTogether(2, of90Days);
      await touch(used!, used!.expiresAt - DAY);
      await remind(due[2]!);
      expect(await remind(used!.expiresAt)).toBe(2);
      expect(await remind(used!.expiresAt + 400 * DAY)).toBe(0);
      expect(await times('token.expired')).toBe(1);
      expect(summary(await owedToMembers()).at(-1)).toEqual(['token.expired', [used!.id]]);
    });

    it('of several that are due together are one message', async () => {
      const all = await addTogether(12, of90Days);
      const theirs = await add({ ...of90Days, userId: BEN });
      expect(await remind(due[0]!)).toBe(13);
      const batches = await owedToMembers();
      // Those of one moment have no order among themselves.
      const mine = expect.toSatisfy((ids: readonly string[]) => ids.length === all.length);
      expect(summary(batches)).toEqual([
        ['token.expiring', mine],
        ['token.expiring', [theirs.id]],
      ]);
      expect(summary(batches)[0]?.[1]).toEqual(expect.arrayContaining(all.map(({ id }) => id)));
      expect(batches.map(({ recipient }) => recipient)).toEqual([ANA, BEN]);
    });

    it('of several that are due within half a day are one message too, each once', async () => {
      const all = [await add(of90Days)];
      for (const ms of [5 * MINUTE, HOUR, 12 * HOUR]) {
        all.push(await add({ createdAt: START + ms, expiresAt: START + ms + 90 * DAY }));
      }
      const later = START + 12 * HOUR + 1;
      const alone = await add({ createdAt: later, expiresAt: later + 90 * DAY });
      const theirs = await add({ ...of90Days, userId: BEN, expiresAt: START + 91 * DAY });
      const ids = all.map(({ id }) => id);
      for (const at of due) {
        expect(await remind(at)).toBe(1);
        expect(summary(await owedToMembers())).toEqual([['token.expiring', ids]]);
        expect(await remind(at + 12 * HOUR)).toBe(0);
        await remind(at + 12 * HOUR + 1);
        expect(summary(await owedToMembers())).toEqual([['token.expiring', [alone.id]]]);
        await remind(at + DAY);
        expect(summary(await owedToMembers())).toEqual([['token.expiring', [theirs.id]]]);
      }
    });

    it('tell of no end before it, whatever else is due', async () => {
      const ending = await add(of90Days);
      await touch(ending, ending.expiresAt - HOUR);
      await add({ expiresAt: ending.expiresAt + DAY - HOUR });
      await remind(due[2]!);
      await owedToMembers();
      await remind(ending.expiresAt - HOUR);
      expect(await times('token.expired')).toBe(0);
      await remind(ending.expiresAt);
      expect(await times('token.expired')).toBe(1);
      expect(summary(await owedToMembers()).at(-1)).toEqual(['token.expired', [ending.id]]);
    });

    it('of the next hours are not for what ended, was rotated, is let expire or is banned', async () => {
      await add(of90Days);
      const soon = { createdAt: START + HOUR, expiresAt: START + HOUR + 90 * DAY };
      const [ended, rotated, silent] = await addTogether(3, soon);
      await endOne(ended!, START + HOUR);
      await rotate(rotated!, { at: START + HOUR, graceMs: 100 * DAY });
      await store.stopReminders(ANA, silent!.id);
      await addTogether(2, { ...of90Days, userId: BEN });
      await add({ ...soon, userId: BEN });
      await ban(START + HOUR, BEN);
      await remind(due[0]!);
      expect([await times('token.expiring'), await times('token.expiring', BEN)]).toEqual([1, 0]);
    });

    it('of one that was looked at late stand for the next ones, if those are near', async () => {
      const { id } = await add(of90Days);
      const at = due[1]! - HOUR;
      await remind(at);
      expect(summary(await owedToMembers())).toEqual([['token.expiring', [id]]]);
      expect(await remind(due[1]!)).toBe(0);
      expect(await remind(due[2]!)).toBe(1);
    });

    it('tell each owner of all at once, however few are looked at', async () => {
      const minutes = Array.from({ length: 8 }, (_, index) => START + index * MINUTE);
      for (const createdAt of minutes) {
        for (const userId of [ANA, BEN]) {
          await add({ userId, createdAt, expiresAt: createdAt + 90 * DAY });
        }
      }
      const at = due[0]! + 4 * MINUTE;
      expect(await remind(at, 4)).toBe(5);
      expect([await times('token.expiring'), await times('token.expiring', BEN)]).toEqual([8, 0]);
      expect(await remind(at, 4)).toBe(5);
      expect(await remind(at, 4)).toBe(0);
      expect((await owedToMembers()).map(({ events }) => events.length)).toEqual([8, 8]);
    });

    it('are looked at in slices, until there are none', async () => {
      for (let index = 0; index < 7; index += 1) await add({ ...of90Days, userId: `9${index}` });
      const slices: number[] = [];
      for (let index = 0; index < 4; index += 1) slices.push(await remind(due[0]!, 3));
      expect(slices).toEqual([3, 3, 1, 0]);
    });

    it('of an owner with very many are looked at in slices too, and leave none out', async () => {
      const all = await addTogether(15, of90Days);
      const slices: number[] = [];
      for (let index = 0; index < 4; index += 1) slices.push(await remind(due[0]!, 3));
      expect(slices).toEqual([6, 6, 3, 0]);
      const [batch, ...others] = await owedToMembers();
      expect(others).toEqual([]);
      expect(batch?.events.map(({ sessionId }) => sessionId).toSorted()).toEqual(
        all.map(({ id }) => id).toSorted(),
      );
    });

    it('are for API tokens only, and not for short ones', async () => {
      await add({ type: 'login', name: null, expiresAt: START + 90 * DAY });
      await add({ expiresAt: START + 2 * DAY });
      expect(await remind(START + 400 * DAY)).toBe(0);
    });

    it('are not for what ended, was rotated or is of a banned account', async () => {
      const [ended, rotated] = await addTogether(2, of90Days);
      await add({ ...of90Days, userId: BEN });
      await endOne(ended!, START);
      await rotate(rotated!, { graceMs: 7 * DAY });
      await ban(START, BEN);
      await remind(due[0]!);
      expect([await times('token.expiring'), await times('token.expiring', BEN)]).toEqual([0, 0]);
      const told = (await owedToMembers()).flatMap(({ events }) =>
        events.map(({ action }) => action),
      );
      expect(told.filter((action) => action.startsWith('token.'))).toEqual([]);
    });

    it('do not even look at what was rotated, nor at a successor that was lost', async () => {
      const old = await add(of90Days);
      const longer = (at: Instant) =>
        newSession({ createdAt: at, expiresAt: at + 90 * DAY, replaces: old.id });
      const at = START + MINUTE;
      await rotate(old, { fresh: longer(at), graceMs: 7 * DAY });
      const again = { at: at + MINUTE, rotatedAt: at, graceMs: 7 * DAY };
      await rotate(old, { ...again, fresh: longer(again.at) });
      expect(await remind(due[0]!)).toBe(0);
      expect(await remind(due[0]! + HOUR)).toBe(1);
    });

    it('go on after a ban', async () => {
      await add(of90Days);
      await ban();
      await remind(due[0]!);
      await store.unban(staff(due[0]), ANA, null, null);
      expect(await remind(due[0]! + HOUR)).toBe(0);
      expect(await remind(due[1]!)).toBe(1);
      expect(await times('token.expiring')).toBe(1);
    });

    it('of a successor are reckoned from its own life', async () => {
      const old = await add(of90Days);
      const at = START + 80 * DAY;
      const fresh = newSession({ createdAt: at, expiresAt: at + 90 * DAY, replaces: old.id });
      await rotate(old, { at, fresh });
      await remind(due[1]!);
      expect(await times('token.expiring')).toBe(0);
      await remind(at + 76 * DAY);
      expect(summary(await owedToMembers())).toEqual([['token.expiring', [fresh.session.id]]]);
    });

    it('can be stopped by the owner, the last word too, and by nobody else', async () => {
      const session = await add(of90Days);
      await store.stopReminders(BEN, session.id);
      expect(await remind(due[0]!)).toBe(1);
      await store.stopReminders(ANA, session.id);
      await touch(session, session.expiresAt - 1);
      expect(await remind(session.expiresAt)).toBe(0);
      expect(await times('token.expiring')).toBe(1);
    });

    it('come once though the clock goes a year ahead and back', async () => {
      await add(of90Days);
      await remind(due[0]!);
      await remind(due[0]! + 365 * DAY);
      for (const at of [...due, START + 90 * DAY]) expect(await remind(at)).toBe(0);
      expect(await times('token.expiring')).toBe(1);
    });
  });
}
