import { describe, expect, it, onTestFinished } from 'vitest';
import type { Member } from '../../src/core/actor.ts';
import {
  permit,
  permitStaff,
  requireCommunity,
  requireStored,
  type Verb,
} from '../../src/core/permission.ts';
import type { StoreOutcome } from '../../src/core/tokens/store.ts';
import { createCoreHarness } from '../support/core-harness.ts';
import {
  ANA,
  BEN,
  communityMember,
  HOUR,
  idAt,
  member,
  newBan,
  STAFF,
  START,
} from '../support/fixtures.ts';

describe('a verb that is refused to the banned', () => {
  it('is refused while the ban lasts, and not after', async () => {
    const { store, accounts, clock, close } = createCoreHarness();
    onTestFinished(close);
    await accounts.ban(STAFF, { ...newBan(ANA), until: START + HOUR });
    const list = (userId: string) => permit({ store, clock }, 'sessions.list', member(userId));
    clock.advance(HOUR - 1);
    await expect(list(ANA)).rejects.toMatchObject({ code: 'banned' });
    await expect(list(BEN)).resolves.toBeUndefined();
    clock.advance(1);
    await expect(list(ANA)).resolves.toBeUndefined();
  });

  it('reads no account where a token was verified with it', async () => {
    const store = { findAccount: () => Promise.reject(new Error('it was read')) };
    const actor = member(ANA, idAt(START));
    await expect(permit({ store, clock: () => START }, 'sessions.list', actor)).resolves.toBe(
      undefined,
    );
  });
});

describe('a token that was rotated', () => {
  const id = idAt(START);
  const store = { findAccount: async () => null };
  const actor: Member = {
    ...member(ANA),
    credential: { kind: 'token', sessionId: id, isSuperseded: true },
  };
  const does = (verb: Verb, target?: string) =>
    permit({ store, clock: () => START }, verb, actor, target);
  const refused = { refusal: { code: 'restricted', reason: 'superseded' } };

  it('may look, and end or rotate itself', async () => {
    await expect(does('sessions.list')).resolves.toBeUndefined();
    await expect(does('sessions.revoke', id)).resolves.toBeUndefined();
    await expect(does('tokens.rotate', id)).resolves.toBeUndefined();
  });

  it('may touch and make nothing else', async () => {
    await expect(does('sessions.revoke', idAt(START + 1))).rejects.toMatchObject(refused);
    await expect(does('sessions.revokeAll', id)).rejects.toMatchObject(refused);
    await expect(does('tokens.create')).rejects.toMatchObject(refused);
  });
});

const isAna = async (userId: string) => (userId === ANA ? communityMember() : null);
const silent = () => Promise.reject(new Error('oops'));

describe('what needs a member of the community', () => {
  it('is refused to others, where that is asked for', async () => {
    await expect(requireCommunity(undefined, ANA)).resolves.toBeNull();
    await expect(requireCommunity(isAna, ANA)).resolves.toEqual({ roles: [] });
    await expect(requireCommunity(isAna, BEN)).rejects.toMatchObject({ code: 'restricted' });
  });

  it('is refused where Discord does not say', async () => {
    await expect(requireCommunity(silent, ANA)).rejects.toThrow('oops');
  });
});

describe('what was to be stored', () => {
  const limits = { maxApiTokens: 7, creationsPerHour: 3 };
  it.each<[StoreOutcome, object]>([
    [{ is: 'banned' }, { code: 'banned' }],
    [{ is: 'not_found' }, { code: 'not_found' }],
    [{ is: 'parent_ended' }, { code: 'invalid_token' }],
    [{ is: 'limit_reached' }, { refusal: { code: 'limit_reached', max: 7 } }],
    [
      { is: 'rate_limited', what: 'created', most: 3, until: START + HOUR },
      { refusal: { code: 'rate_limited', reason: 'created', max: 3 }, retryAfterMs: HOUR },
    ],
  ])('%j is refused with %j', (outcome, expected) => {
    const thrown = (): unknown => {
      try {
        return requireStored(outcome, limits, START);
      } catch (error) {
        return error;
      }
    };
    expect(thrown()).toMatchObject(expected);
  });
});

it('what was stored is not refused', () => {
  expect(() =>
    requireStored({ is: 'stored' }, { maxApiTokens: 1, creationsPerHour: 1 }, START),
  ).not.toThrow();
});

describe('what is for staff', () => {
  it('is refused to members, and to nobody else', () => {
    expect(() => permitStaff('staff.list', member(ANA))).toThrow('staff_only');
    expect(() => permitStaff('staff.list', STAFF)).not.toThrow();
    expect(() => permitStaff('staff.list', { kind: 'system' })).not.toThrow();
  });
});
