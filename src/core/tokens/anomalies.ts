import type { UserId } from '../actor.ts';
import type { Anomaly } from '../audit/audit.ts';
import type { Session } from '../sessions/session.ts';
import { madeAt } from '../snowflake.ts';
import type { Instant } from '../time.ts';

const DAY_MS = 86_400_000;
const MANY_AN_HOUR = 10;
const LONG_MS = 366 * DAY_MS;
const FRESH_MS = 7 * DAY_MS;

/** What is unusual about a new API token, given how many the account made within the hour before. */
export function anomaliesOf(
  { userId, createdAt, expiresAt }: Pick<Session, 'userId' | 'createdAt' | 'expiresAt'>,
  madeWithinHour: number,
): readonly Anomaly[] {
  const anomalies: Anomaly[] = [];
  // Once: the staff are told of a burst, not of each shot.
  if (madeWithinHour + 1 === MANY_AN_HOUR) anomalies.push('many');
  const fresh = isFresh(userId, createdAt);
  if (fresh && madeWithinHour === 0) anomalies.push('fresh');
  if (fresh && expiresAt - createdAt > LONG_MS) anomalies.push('long');
  return anomalies;
}

function isFresh(userId: UserId, now: Instant): boolean {
  const at = madeAt(userId);
  return at !== null && now - at < FRESH_MS;
}
