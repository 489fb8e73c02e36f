import { and, eq, isNotNull, sql } from 'drizzle-orm';
import { type CheckedSession, FOREVER } from '../../../core/sessions/store.ts';
import { param } from '../../statement.ts';
import { accounts, sessions } from '../schema.ts';
import { db, statement } from '../statement.ts';

/** What the checks of one batch look up, without the names of the columns. */
export type CheckedRow = [
  /** Whose it is among the hashes that are asked for, from 1. */
  place: number,
  id: string,
  userId: string,
  type: CheckedSession['type'],
  expiresAt: number,
  rotatedAt: number | null,
  isUntried: boolean,
  endReason: CheckedSession['endReason'],
  bannedUntil: number | null,
  name: string | null,
  createdAt: number,
  scope: string | null,
  roles: string | null,
];

const columns = {
  id: sessions.id,
  userId: sessions.userId,
  type: sessions.type,
  expiresAt: sessions.expiresAt,
  rotatedAt: sessions.rotatedAt,
  isUntried: sql`${sessions.replaces} is not null and ${sessions.lastUsedAt} is null`,
  endReason: sessions.endReason,
  bannedUntil: sql`case
    when ${accounts.bannedAt} is null then null
    when ${accounts.bannedInServer} or ${accounts.bannedUntil} is null
      then ${sql.raw(String(FOREVER))}
    else ${accounts.bannedUntil} end`,
  name: sessions.name,
  createdAt: sessions.createdAt,
  scope: sessions.scope,
  roles: sessions.roles,
};

const ofBanned = and(eq(accounts.userId, sessions.userId), isNotNull(accounts.bannedAt));

const batch = statement<CheckedRow>(
  db
    .select({ place: sql`asked.place`, ...columns })
    .from(sql`unnest(${param('tokenHashes')}::bytea[]) with ordinality as asked(hash, place)`)
    .innerJoin(sessions, eq(sessions.tokenHash, sql`asked.hash`))
    .leftJoin(accounts, ofBanned),
);

/** Quicker than a batch of one, since nothing is to be joined to what is asked for. */
const alone = statement<CheckedRow>(
  db
    .select({ place: sql`1`, ...columns })
    .from(sessions)
    .leftJoin(accounts, ofBanned)
    .where(eq(sessions.tokenHash, param('tokenHash'))),
);

/** The query for the checks of these hashes, of which there is at least one. */
export function checkQuery(tokenHashes: readonly Uint8Array[]) {
  const [first] = tokenHashes;
  const { name, text, fill } = tokenHashes.length === 1 ? alone : batch;
  const values = fill(tokenHashes.length === 1 ? { tokenHash: first } : { tokenHashes });
  return { name, text, values, rowMode: 'array' } as const;
}

export function toCheckedSession(row: CheckedRow): CheckedSession {
  return {
    id: row[1],
    userId: row[2],
    type: row[3],
    expiresAt: row[4],
    rotatedAt: row[5],
    isUntried: row[6],
    endReason: row[7],
    bannedUntil: row[8],
    name: row[9],
    createdAt: row[10],
    scope: row[11],
    roles: row[12],
  };
}
