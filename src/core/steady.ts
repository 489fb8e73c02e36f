import type { Clock, UpkeepStore } from './ports.ts';
import type { Instant } from './session.ts';

const MARK = 'clock';
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

interface Mark {
  /** Since when the clock has run without a gap, and when it was last looked at. */
  readonly since: Instant;
  readonly last: Instant;
}

/**
 * Whether the clock has run on for a day without a jump, by marks in the database. To be asked every
 * hour. What is destroyed by age is destroyed only then: a clock that is set a year ahead, and back, must
 * not cost anybody anything.
 */
export async function isSteady(
  store: Pick<UpkeepStore, 'findSetting' | 'saveSetting'>,
  clock: Clock,
): Promise<boolean> {
  const now = clock();
  const mark = (await store.findSetting(MARK)) as Mark | undefined;
  const gapless = mark !== undefined && now >= mark.last && now - mark.last <= 2 * HOUR_MS;
  const since = gapless ? mark.since : now;
  await store.saveSetting(MARK, { since, last: now } satisfies Mark);
  return now - since >= DAY_MS;
}
