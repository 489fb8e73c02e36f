import { describe, expect, it } from 'vitest';
import { exhaustedUntil } from '../../../src/core/tokens/allowance.ts';
import { judgeCreation, judgeLogin } from '../../../src/core/tokens/creation.ts';
import { ANA, HOUR, member, newSession, START } from '../../support/fixtures.ts';

const LIMITS = { maxApiTokens: 5, creationsPerHour: 3 };
const act = { actor: member(ANA), at: START };
const made = (...at: number[]) => ({ at, spent: { count: 0, until: START } });
const facts = {
  isBanned: false,
  liveApiTokens: 0,
  createdWithinHour: made(),
  parentIsLive: true,
  look: null,
};

describe('a creation', () => {
  it('is planned with its event', () => {
    const { session } = newSession();
    expect(judgeCreation(facts, act, { session }, LIMITS)).toMatchObject({
      is: 'planned',
      insert: { session, rotationToldAt: null },
      events: [{ action: 'session.created', sessionId: session.id }],
    });
  });

  it.each([
    ['while banned', { isBanned: true }, { is: 'banned' }],
    ['beyond the most', { liveApiTokens: 5 }, { is: 'limit_reached' }],
    ['by what has ended', { parentIsLive: false }, { is: 'parent_ended' }],
    [
      'too often',
      { createdWithinHour: made(START - 3, START - 2, START - 1) },
      { is: 'rate_limited', what: 'created', most: 3, until: START - 3 + HOUR },
    ],
  ])('%s is refused', (_, changes, refusal) => {
    const plan = judgeCreation({ ...facts, ...changes }, act, newSession(), LIMITS);
    expect(plan).toEqual(refusal);
  });
});

describe('a login', () => {
  const logins = [3, 2, 1].map(
    (age) => newSession({ type: 'login', createdAt: START - age }).session,
  );

  it.each([
    [4, []],
    [3, [logins[2]!.id]],
    [1, logins.map(({ id }) => id)],
  ])('beyond %i ends the oldest', (most, ended) => {
    const { session } = newSession({ type: 'login' });
    const plan = judgeLogin({ isBanned: false, look: null, logins }, act, { session }, most);
    expect(plan).toMatchObject({
      insert: { session, remindAt: null },
      end: ended.map((id) => ({ id, reason: 'displaced' })),
    });
  });

  it('is refused while banned', () => {
    const { session } = newSession({ type: 'login' });
    expect(judgeLogin({ isBanned: true, look: null, logins }, act, { session }, 9)).toEqual({
      is: 'banned',
    });
  });
});

describe('an allowance', () => {
  const at = [START - 2, START - 1];

  it.each<[string, number, number | null]>([
    ['is left below the most', 3, null],
    ['is over until the oldest that counts is an hour old', 2, START - 2 + HOUR],
    ['counts no more than the newest', 1, START - 1 + HOUR],
  ])('%s', (_, most, until) => {
    expect(exhaustedUntil(made(...at), most)).toBe(until);
  });

  it('counts what was made before everything was erased, as long as that counts', () => {
    const spent = { count: 1, until: START + 9 };
    expect(exhaustedUntil({ at, spent }, 4)).toBeNull();
    expect(exhaustedUntil({ at, spent }, 3)).toBe(START + 9);
    expect(exhaustedUntil({ at, spent: { ...spent, until: START + HOUR } }, 3)).toBe(
      START - 2 + HOUR,
    );
    expect(exhaustedUntil({ at: [], spent: { count: 3, until: START + 9 } }, 3)).toBe(START + 9);
  });
});
