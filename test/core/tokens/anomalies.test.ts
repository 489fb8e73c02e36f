import { describe, expect, it } from 'vitest';
import { anomaliesOf } from '../../../src/core/tokens/anomalies.ts';
import { ANA, DAY, START } from '../../support/fixtures.ts';

const DISCORD_EPOCH = 1_420_070_400_000;

/** The id of an account that Discord made then. */
const idMadeAt = (at: number) => String(BigInt(at - DISCORD_EPOCH) << 22n);

const token = (userId: string, lifetime = DAY) => ({
  userId,
  createdAt: START,
  expiresAt: START + lifetime,
});

const OLD = ANA;
const NEW = idMadeAt(START - DAY);

describe('a new token', () => {
  it('of an old account is nothing odd, however long it lives', () => {
    expect(anomaliesOf(token(OLD), 0)).toEqual([]);
    expect(anomaliesOf(token(OLD, 9_000 * DAY), 3)).toEqual([]);
  });

  it('is one of many as the tenth within the hour, and not before or after', () => {
    const odd = Array.from({ length: 30 }, (_, before) => anomaliesOf(token(OLD), before));
    expect(odd.flatMap((each, before) => (each.length > 0 ? [[before, each]] : []))).toEqual([
      [9, ['many']],
    ]);
  });

  it('of an account younger than a week is, the first time in an hour', () => {
    expect(anomaliesOf(token(NEW), 0)).toEqual(['fresh']);
    expect(anomaliesOf(token(NEW), 1)).toEqual([]);
    expect(anomaliesOf(token(idMadeAt(START - 7 * DAY + 1)), 0)).toEqual(['fresh']);
    expect(anomaliesOf(token(idMadeAt(START - 7 * DAY)), 0)).toEqual([]);
  });

  it('of such an account for more than a leap year is, each time', () => {
    expect(anomaliesOf(token(NEW, 366 * DAY), 1)).toEqual([]);
    expect(anomaliesOf(token(NEW, 366 * DAY + 1), 1)).toEqual(['long']);
    expect(anomaliesOf(token(NEW, 366 * DAY + 1), 0)).toEqual(['fresh', 'long']);
    expect(anomaliesOf(token(NEW, 366 * DAY + 1), 9)).toEqual(['many', 'long']);
  });

  it.each(['', '1', 'ana', '-100000000000000001', '1'.repeat(21), '1e17'])(
    'of an id that is not of Discord, %j, is not taken for a fresh one',
    (userId) => {
      expect(anomaliesOf(token(userId), 0)).toEqual([]);
    },
  );
});
