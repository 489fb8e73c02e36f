import type { Holdings } from '../../../core/policy/effect.ts';
import type { Instant } from '../../../core/time.ts';
import { HELD_MEMBERS, HELD_SESSIONS } from '../../holdings.ts';
import { StoreError } from '../../store-error.ts';
import type { DriverConnection } from './driver.ts';
import { DatabaseFailure } from './failures.ts';
import { alone } from './open.ts';

/** `undefined_table`, `undefined_column`. */
const UNKNOWN = ['42P01', '42703'];

/**
 * What is live in the database at the address. Nothing is written.
 * @throws StoreError unless it is of this version, and can be read
 */
export function readHoldings(url: string, now: Instant): Promise<Holdings> {
  return alone(url, (connection) => readHoldingsOn(connection, now));
}

export async function readHoldingsOn(
  connection: DriverConnection,
  now: Instant,
): Promise<Holdings> {
  await connection.query({ text: 'begin isolation level repeatable read read only' });
  try {
    const [sessions, members] = await Promise.all(
      [HELD_SESSIONS('$1'), HELD_MEMBERS('$1')].map((text) =>
        connection.query({ text, values: [now] }),
      ),
    );
    // Each statement names its columns as Holdings does.
    return { sessions: sessions?.rows, members: members?.rows } as unknown as Holdings;
  } catch (error) {
    if (!UNKNOWN.includes(new DatabaseFailure(error).state)) throw error;
    throw new StoreError(
      'The database is of another version of Latchkey: start this one, and check again.',
      { cause: error },
    );
  } finally {
    await connection.query({ text: 'rollback' });
  }
}
