import { describe, expect, it, onTestFinished } from 'vitest';
import type { Staff } from '../../../src/core/actor.ts';
import {
  CONFIRMATION_LIFETIME_MS,
  createConfirmations,
  type PendingAction,
} from '../../../src/core/staff/confirmations.ts';
import { createCoreHarness } from '../../support/core-harness.ts';
import { ANA, BEN, idAt, member, SECOND, seededRandom, START } from '../../support/fixtures.ts';

const sue: Staff = { kind: 'staff', userId: '900000000000000009', requestId: 'sue-1' };
const tom: Staff = { kind: 'staff', userId: '900000000000000008', requestId: 'tom-1' };

function setUp() {
  const { store, clock, close } = createCoreHarness();
  onTestFinished(close);
  return { clock, confirmations: createConfirmations({ store, clock, random: seededRandom('q') }) };
}

const acts: readonly PendingAction[] = [
  { do: 'ban', userId: ANA, reason: 'spam "🗝"', until: START + 1, endSessions: true },
  { do: 'ban', userId: ANA, reason: null, until: null, endSessions: false },
  { do: 'revoke', userId: ANA, id: idAt(START), includeDescendants: true },
  { do: 'revoke-all', userId: BEN },
];

const tooLate = {
  code: 'restricted',
  refusal: { reason: 'confirmed_before' },
};

describe('a question', () => {
  it.each(acts)('gives back what was asked: %j', async (act) => {
    const { confirmations } = setUp();
    const id = await confirmations.request(sue, act);
    expect(await confirmations.consume(sue, id)).toEqual(act);
  });

  it('has an id of its own, which a button has room for', async () => {
    const { confirmations } = setUp();
    const ids = await Promise.all(acts.map((act) => confirmations.request(sue, act)));
    expect(new Set(ids).size).toBe(acts.length);
    for (const id of ids) expect(id).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('is answered once, whoever else presses at the same time', async () => {
    const { confirmations } = setUp();
    const id = await confirmations.request(sue, acts[0]!);
    const presses = await Promise.allSettled([
      confirmations.consume(sue, id),
      confirmations.consume(sue, id),
    ]);
    expect(presses.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    await expect(confirmations.consume(sue, id)).rejects.toMatchObject(tooLate);
  });

  it('is answered by who was asked only, and stays open for them', async () => {
    const { confirmations } = setUp();
    const id = await confirmations.request(sue, acts[0]!);
    await expect(confirmations.consume(tom, id)).rejects.toMatchObject(tooLate);
    expect(await confirmations.consume(sue, id)).toEqual(acts[0]);
  });

  it('is open for five minutes', async () => {
    const { confirmations, clock } = setUp();
    const ids = [
      await confirmations.request(sue, acts[0]!),
      await confirmations.request(sue, acts[0]!),
    ];
    expect(CONFIRMATION_LIFETIME_MS).toBe(5 * 60 * SECOND);
    clock.advance(CONFIRMATION_LIFETIME_MS - 1);
    expect(await confirmations.consume(sue, ids[0]!)).toEqual(acts[0]);
    clock.advance(1);
    await expect(confirmations.consume(sue, ids[1]!)).rejects.toMatchObject(tooLate);
  });

  it.each(['', 'nonsense', idAt(START)])('that was never asked is not answered: %j', async (id) => {
    const { confirmations } = setUp();
    await expect(confirmations.consume(sue, id)).rejects.toMatchObject(tooLate);
  });

  it('is neither asked of nor answered by a member', async () => {
    const { confirmations } = setUp();
    const id = await confirmations.request(sue, acts[0]!);
    // The types would not let a member come here.
    const posing = member(sue.userId) as unknown as Staff;
    const refused = { code: 'restricted', refusal: { reason: 'staff_only' } };
    await expect(confirmations.request(posing, acts[0]!)).rejects.toMatchObject(refused);
    await expect(confirmations.consume(posing, id)).rejects.toMatchObject(refused);
    expect(await confirmations.consume(sue, id)).toEqual(acts[0]);
  });
});
