import { and, eq, isNotNull, sql } from 'drizzle-orm';
import { type CheckedSession, FOREVER } from '../../../core/sessions/store.ts';
import type { Connection } from '../connection.ts';
import { accounts, sessions } from '../schema.ts';
import { opaque } from '../statement.ts';

type CheckedRow = [
  id: string,
  userId: string,
  type: CheckedSession['type'],
  expiresAt: number,
  rotatedAt: number | null,
  untried: 0 | 1,
  endReason: CheckedSession['endReason'],
  bannedUntil: number | null,
  name: string | null,
  createdAt: number,
  scope: string | null,
  roles: string | null,
];

/** Whether an account has a ban, which may be over. The few that do have an index of their own. */
export const hasBan = isNotNull(accounts.bannedAt);

/** {@link CheckedSession.bannedUntil}: one column for three, since every check reads it. */
export const bannedUntil = sql<number | null>`case
  when ${accounts.bannedAt} is null then null
  when ${accounts.bannedInServer} or ${accounts.bannedUntil} is null then ${sql.raw(String(FOREVER))}
  else ${accounts.bannedUntil} end`;

/**
 * What a token check looks up. The row is read by hand: every check waits for it, and drizzle needs a
 * fifth of the look-up for it.
 */
export function prepareCheck({ database, db, reportFailure }: Connection) {
  const { sql: text } = db
    .select({
      id: sessions.id,
      userId: sessions.userId,
      type: sessions.type,
      expiresAt: sessions.expiresAt,
      rotatedAt: sessions.rotatedAt,
      isUntried: sql`${sessions.replaces} is not null and ${sessions.lastUsedAt} is null`,
      endReason: sessions.endReason,
      bannedUntil,
      name: sessions.name,
      createdAt: sessions.createdAt,
      scope: sessions.scope,
      roles: sessions.roles,
    })
    .from(sessions)
    .leftJoin(accounts, and(eq(accounts.userId, sessions.userId), hasBan))
    .where(eq(sessions.tokenHash, opaque('tokenHash')))
    .toSQL();
  const check = database.prepare<[Uint8Array], CheckedRow>(text).raw();
  return (tokenHash: Uint8Array): CheckedSession | null => {
    let row: CheckedRow | undefined;
    try {
      row = check.get(tokenHash);
    } catch (error) {
      reportFailure(error);
      throw error;
    }
    if (row === undefined) return null;
    return {
      id: row[0],
      userId: row[1],
      type: row[2],
      expiresAt: row[3],
      rotatedAt: row[4],
      isUntried: row[5] === 1,
      endReason: row[6],
      bannedUntil: row[7],
      name: row[8],
      createdAt: row[9],
      scope: row[10],
      roles: row[11],
    };
  };
}
