import { describe, expect, it, onTestFinished } from 'vitest';
import { nextReminder, remind, reminderAt } from '../../../src/core/sessions/reminders.ts';
import type { Session } from '../../../src/core/sessions/session.ts';
import { openStore } from '../../../src/store/sqlite/file/open.ts';
import {
  ANA,
  atMost,
  createClock,
  DAY,
  HOUR,
  interfering,
  member,
  newSession,
  START,
} from '../../support/fixtures.ts';

const lasting = (days: number, overrides: Partial<Session> = {}): Session =>
  newSession({ expiresAt: START + days * DAY, ...overrides }).session;

/** In days before the end: when a token is looked at, if it is looked at in time. */
function stagesOf(session: Session): number[] {
  const stages: number[] = [];
  for (let at = nextReminder(session, START); at !== null; at = nextReminder(session, at)) {
    stages.push((session.expiresAt - at) / DAY);
  }
  return stages;
}

describe('when an owner is reminded', () => {
  it.each([
    [365, [14, 7, 1, 0]],
    [29, [14, 7, 1, 0]],
    [28, [7, 1, 0]],
    [15, [7, 1, 0]],
    [14, [1, 0]],
    [3, [1, 0]],
    [2, []],
    [1, []],
  ])('depends on the length: a token of %i days at %j', (days, stages) => {
    expect(stagesOf(lasting(days))).toEqual(stages);
  });

  it('is never for a login, nor for what was rotated', () => {
    expect(stagesOf(lasting(90, { type: 'app_login' }))).toEqual([]);
    expect(stagesOf(lasting(90, { type: 'login' }))).toEqual([]);
    expect(stagesOf(lasting(90, { rotatedAt: START }))).toEqual([]);
    expect(reminderAt(lasting(90, { rotatedAt: START }), START + 80 * DAY)).toBeNull();
  });

  it('is after the instant, also if that is one', () => {
    const session = lasting(90);
    const first = session.expiresAt - 14 * DAY;
    expect(nextReminder(session, first - 1)).toBe(first);
    expect(nextReminder(session, first)).toBe(session.expiresAt - 7 * DAY);
    expect(nextReminder(session, session.expiresAt)).toBeNull();
  });
});

describe('what an owner is told', () => {
  const { expiresAt } = lasting(90);

  it('is that it expires, from the first stage to the last millisecond', () => {
    expect(reminderAt(lasting(90), expiresAt - 14 * DAY - 1)).toBeNull();
    expect(reminderAt(lasting(90), expiresAt - 14 * DAY)).toBe('token.expiring');
    expect(reminderAt(lasting(90), expiresAt - 1)).toBe('token.expiring');
  });

  it.each([
    ['never used', null, null],
    ['used in its last week', expiresAt - 7 * DAY + 1, 'token.expired'],
    ['used a week before its end', expiresAt - 7 * DAY, null],
  ] as const)('is the end of one that was %s: %s', (_, lastUsedAt, told) => {
    expect(reminderAt(lasting(90, { lastUsedAt }), expiresAt)).toBe(told);
  });

  it('is nothing of an end that is a week ago', () => {
    const used = lasting(90, { lastUsedAt: expiresAt - 1 });
    expect(reminderAt(used, expiresAt + 7 * DAY - 1)).toBe('token.expired');
    expect(reminderAt(used, expiresAt + 7 * DAY)).toBeNull();
  });

  it('is nothing of one that was too short for a reminder', () => {
    const short = lasting(2, { lastUsedAt: START + DAY });
    expect(reminderAt(short, START + DAY + HOUR)).toBeNull();
    expect(reminderAt(short, short.expiresAt)).toBeNull();
  });
});

it('reminders are made a slice at a time, and others get their turn in between', async () => {
  const store = openStore(':memory:');
  onTestFinished(() => store.close());
  const clock = createClock();
  for (let index = 0; index < 120; index += 1) {
    const userId = `${ANA}${index}`;
    const fresh = newSession({ userId, expiresAt: START + 90 * DAY });
    await store.add({ actor: member(userId), at: START }, fresh, atMost(1_000));
  }
  clock.advance(76 * DAY);
  const slices: number[] = [];
  const gaps: number[] = [];
  let others = 0;
  const watched = interfering(store, {
    async remind(act, limit) {
      gaps.push(others);
      const count = await store.remind(act, limit);
      slices.push(count);
      return count;
    },
  });
  let done = false;
  setImmediate(function other() {
    others += 1;
    if (!done) setImmediate(other);
  });
  await remind(watched, clock);
  done = true;
  expect(slices).toEqual([50, 50, 20, 0]);
  expect(new Set(gaps).size).toBe(gaps.length);
  const told = await store.audit({ actions: ['token.expiring'], limit: 1_000 });
  expect(new Set(told.map(({ userId }) => userId)).size).toBe(120);
});
