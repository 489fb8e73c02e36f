import { describe, expect, it, onTestFinished } from 'vitest';
import {
  requireCommunity,
  requireNormal,
  requireStaff,
  requireStored,
} from '../../src/core/permission.ts';
import type { StoreOutcome } from '../../src/core/tokens/store.ts';
import { createBench } from '../support/bench.ts';
import { ANA, BEN, HOUR, member, newBan, STAFF, START } from '../support/fixtures.ts';

describe('what needs a normal account', () => {
  it('is refused while a ban lasts, and not after', async () => {
    const { store, accounts, close } = createBench();
    onTestFinished(close);
    await accounts.ban(STAFF, { ...newBan(ANA), until: START + HOUR });
    await expect(requireNormal(store, ANA, START + HOUR - 1)).rejects.toMatchObject({
      code: 'banned',
    });
    await expect(requireNormal(store, ANA, START + HOUR)).resolves.toBeUndefined();
    await expect(requireNormal(store, BEN, START)).resolves.toBeUndefined();
  });
});

const isAna = async (userId: string) => userId === ANA;
const silent = () => Promise.reject(new Error('oops'));

describe('what needs a member of the community', () => {
  it('is refused to others, where that is asked for', async () => {
    await expect(requireCommunity(undefined, ANA)).resolves.toBeUndefined();
    await expect(requireCommunity(isAna, ANA)).resolves.toBeUndefined();
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
    expect(() => requireStaff(member(ANA))).toThrow('staff_only');
    expect(() => requireStaff(STAFF)).not.toThrow();
    expect(() => requireStaff({ kind: 'system' })).not.toThrow();
  });
});
