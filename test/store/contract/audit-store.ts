import { beforeEach, describe, expect, it } from 'vitest';
import type { AuditQuery } from '../../../src/core/audit/store.ts';
import { ANA, BEN, HOUR, member, STAFF, START } from '../../support/fixtures.ts';
import { CY, KEEPER, owed, store } from './stage.ts';

/** When it happened, in hours after the start. */
const hours = async (query: Partial<AuditQuery> = {}) =>
  (await store.audit({ limit: 1_000, ...query })).map(({ at }) => (at - START) / HOUR);

/** What was done, by whom and when. */
export function describeAuditStore(): void {
  describe('the audit', () => {
    beforeEach(async () => {
      for (const [index, userId] of [ANA, BEN, ANA, BEN, ANA].entries()) {
        const at = START + index * HOUR;
        const actor = index < 3 ? member(userId) : STAFF;
        await store.record({
          actor,
          at,
          userId,
          action: index === 4 ? 'account.exported' : 'sessions.exported',
        });
      }
    });

    it('comes newest first, as it was written', async () => {
      expect(await hours()).toEqual([4, 3, 2, 1, 0]);
      const [last] = await store.audit({ limit: 1 });
      expect(last).toMatchObject({
        at: START + 4 * HOUR,
        actorKind: 'staff',
        actorId: KEEPER,
        requestId: 'staff-1',
        action: 'account.exported',
        userId: ANA,
        sessionId: null,
        detail: {},
      });
    });

    it('can be of one member, one action and from some time on, and of all of them', async () => {
      expect(await hours({ userId: ANA })).toEqual([4, 2, 0]);
      expect(await hours({ userId: CY })).toEqual([]);
      expect(await hours({ actions: ['sessions.exported'] })).toEqual([3, 2, 1, 0]);
      const both = ['sessions.exported', 'account.exported'] as const;
      expect(await hours({ actions: both })).toEqual([4, 3, 2, 1, 0]);
      expect(await hours({ actions: both, userId: BEN })).toEqual([3, 1]);
      expect(await hours({ actions: ['guard.changed'] })).toEqual([]);
      expect(await hours({ actions: [] })).toEqual([]);
      expect(await hours({ since: START + 3 * HOUR })).toEqual([4, 3]);
      expect(await hours({ since: START + 3 * HOUR + 1 })).toEqual([4]);
      const all = { userId: ANA, actions: ['sessions.exported'], since: START + 1 } as const;
      expect(await hours(all)).toEqual([2]);
    });

    it.each([
      ['all members', undefined],
      ['one', ANA],
    ])('comes in pages, of %s', async (_, userId) => {
      const all = await hours({ userId });
      const seen: number[] = [];
      let page = await store.audit({ userId, limit: 2 });
      while (page.length > 0) {
        seen.push(...page.map(({ at }) => (at - START) / HOUR));
        page = await store.audit({ userId, limit: 2, before: page.at(-1)!.id });
      }
      expect(seen).toEqual(all);
    });

    it('is purged of the oldest, a slice at a time, with the messages about them', async () => {
      expect(await store.purgeAudit(START, 10)).toBe(0);
      expect(await store.purgeAudit(START + 3 * HOUR, 2)).toBe(2);
      expect(await hours()).toEqual([4, 3, 2]);
      expect(await store.purgeAudit(START + 3 * HOUR, 2)).toBe(1);
      expect(await hours()).toEqual([4, 3]);
      expect(await owed()).toEqual([[null, ['sessions.exported']]]);
    });
  });
}
