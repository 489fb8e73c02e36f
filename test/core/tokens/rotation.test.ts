import { describe, expect, it } from 'vitest';
import type { Session } from '../../../src/core/sessions/session.ts';
import { judgeRotation, type RotationFacts } from '../../../src/core/tokens/rotation.ts';
import { ANA, DAY, HOUR, idAt, member, newSession, SECOND, START } from '../../support/fixtures.ts';

const LIMITS = { maxApiTokens: 5, creationsPerHour: 10 };
const NOW = START + DAY;
const none = { at: [], spent: { count: 0, until: NOW } };

const old = newSession({ expiresAt: START + 90 * DAY }).session;
const asking = member(ANA, old.id);
const successor = (overrides: Partial<Session> = {}) =>
  newSession({ replaces: old.id, parentId: old.id, createdAt: NOW - HOUR, ...overrides }).session;

interface Case {
  readonly facts?: Partial<RotationFacts>;
  readonly graceMs?: number;
  readonly parentId?: string | null;
  readonly rotatedAt?: number | null;
}

function judge({ facts = {}, graceMs = HOUR, parentId = old.id, rotatedAt = null }: Case = {}) {
  const fresh = newSession({ replaces: old.id, parentId, createdAt: NOW }).session;
  const known: RotationFacts = {
    isBanned: false,
    old,
    lastToldAt: null,
    parentIsLive: true,
    rotatedWithinHour: none,
    successors: [],
    liveApiTokens: 1,
    look: null,
    ...facts,
  };
  const rotation = { rotatedAt, graceEndsAt: NOW + graceMs };
  const plan = judgeRotation(
    known,
    { actor: asking, at: NOW },
    { session: fresh },
    rotation,
    LIMITS,
  );
  return { fresh, plan };
}

/** What stands in the place of a lost answer: rotated before, with a successor. */
const again = (next: Session, more: Partial<RotationFacts> = {}): Case => ({
  rotatedAt: NOW - HOUR,
  facts: {
    old: { ...old, rotatedAt: NOW - HOUR },
    successors: [{ session: next, isReplaced: false }],
    ...more,
  },
});

describe('a rotation', () => {
  it('stores the new token, and ends the old one with its grace', () => {
    const { fresh, plan } = judge();
    expect(plan).toMatchObject({
      insert: { session: fresh, rotationToldAt: NOW },
      supersede: [{ id: old.id, expiresAt: NOW + HOUR }],
      end: [],
      events: [
        { action: 'session.rotated', replaced: old.id, graceEndsAt: NOW + HOUR, told: true },
      ],
    });
  });

  it('without a grace ends the old one at once, and says so', () => {
    expect(judge({ graceMs: 0 }).plan).toMatchObject({
      supersede: [{ id: old.id, expiresAt: NOW }],
      end: [{ id: old.id, reason: 'rotated' }],
      events: [{ action: 'session.rotated' }, { action: 'session.ended', sessionId: old.id }],
    });
  });

  it('never lets the old one live longer than it would have', () => {
    const short = { ...old, expiresAt: NOW + SECOND };
    expect(judge({ facts: { old: short } }).plan).toMatchObject({
      supersede: [{ expiresAt: NOW + SECOND }],
    });
  });

  it.each<[string, object, Case]>([
    ['of a banned account', { is: 'banned' }, { facts: { isBanned: true } }],
    ['of nothing', { is: 'not_found' }, { facts: { old: null } }],
    ['of a login', { is: 'not_found' }, { facts: { old: { ...old, type: 'login' } } }],
    ['of what expired', { is: 'not_found' }, { facts: { old: { ...old, expiresAt: NOW } } }],
    ['that another was faster with', { is: 'rotated' }, { rotatedAt: NOW - 1 }],
    ['whose parent has ended', { is: 'parent_ended' }, { facts: { parentIsLive: false } }],
    [
      'too often within an hour',
      { is: 'rate_limited', what: 'rotated', most: 20, until: NOW + 1 },
      { facts: { rotatedWithinHour: { at: Array(20).fill(NOW + 1 - HOUR), spent: none.spent } } },
    ],
    ['without room for two', { is: 'limit_reached' }, { facts: { liveApiTokens: 10 } }],
  ])('%s is refused', (_, refusal, input) => {
    expect(judge(input).plan).toEqual(refusal);
  });

  it('without a grace needs no room', () => {
    expect(judge({ graceMs: 0, facts: { liveApiTokens: 10 } }).plan.is).toBe('planned');
  });
});

describe('a repeated rotation', () => {
  it('ends the successor that nobody used', () => {
    const lost = successor();
    const { plan } = judge(again(lost));
    expect(plan).toMatchObject({
      supersede: [{ id: lost.id, expiresAt: NOW }, { id: old.id }],
      end: [{ id: lost.id, reason: 'rotated' }],
    });
  });

  it.each<[string, Session, boolean]>([
    ['was used', successor({ lastUsedAt: NOW - 1 }), false],
    ['was replaced in turn', successor(), true],
    ['another made', successor({ parentId: idAt(START) }), false],
    ['Discord made', successor({ parentId: null }), false],
  ])('is refused where the successor %s', (_, session, isReplaced) => {
    const successors = [{ session, isReplaced }];
    expect(judge(again(session, { successors })).plan).toEqual({ is: 'rotated' });
  });

  it('goes on where the successor of another has ended', () => {
    const ended = { at: NOW - 1, by: ANA, reason: 'revoked' } as const;
    expect(judge(again(successor({ parentId: null, ended }))).plan.is).toBe('planned');
  });

  it('has room in the place of what it ends', () => {
    expect(judge(again(successor(), { liveApiTokens: 10 })).plan.is).toBe('planned');
    expect(judge(again(successor(), { liveApiTokens: 11 })).plan.is).toBe('limit_reached');
  });
});
