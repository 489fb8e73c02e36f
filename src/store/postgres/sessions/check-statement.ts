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

export const checkStatement = statement<CheckedRow>(
  db
    .select({
      place: sql`asked.place`,
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
    })
    .from(sql`unnest(${param('tokenHashes')}::bytea[]) with ordinality as asked(hash, place)`)
    .innerJoin(sessions, eq(sessions.tokenHash, sql`asked.hash`))
    .leftJoin(accounts, and(eq(accounts.userId, sessions.userId), isNotNull(accounts.bannedAt))),
);

export function toCheckedSession(row: CheckedRow): CheckedSession {
  const [, id, userId, type, expiresAt, rotatedAt, isUntried, endReason, bannedUntil, ...rest] =
    row;
  const [name, createdAt, scope, roles] = rest;
  return {
    id,
    userId,
    type,
    expiresAt,
    rotatedAt,
    isUntried,
    endReason,
    bannedUntil,
    name,
    createdAt,
    scope,
    roles,
  };
}
