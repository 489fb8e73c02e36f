import Database from 'better-sqlite3';
import { hash } from 'node:crypto';
import { PREFIX } from './rows.ts';

/** The least that a check could cost: the driver's own statements, and nothing around them. */

const LENGTH = `${PREFIX}_api_`.length + 49;
const scratch = Buffer.alloc(32);

export interface Bare {
  /** By the hash, from one table. */
  get(tokenHash: Uint8Array): unknown;
  hashAndGet(token: string): unknown;
  /** The whole check in outline: hash, one joined look-up, expiry, ban, and a note of the use. */
  verify(token: string): unknown;
  page(userId: string): unknown[];
  close(): void;
}

interface Row {
  readonly id: string;
  readonly userId: string;
  readonly type: string;
  readonly expiresAt: number;
  readonly endReason: string | null;
  readonly bannedAt: number | null;
}

export function openBare(file: string): Bare {
  const database = new Database(file);
  database.pragma('cache_size = -65536');
  const one = database.prepare(
    `select id, user_id as userId, type, expires_at as expiresAt, end_reason as endReason
     from sessions where token_hash = +?`,
  );
  const joined = database.prepare<[Uint8Array], Row>(
    `select s.id, s.user_id as userId, s.type, s.expires_at as expiresAt, s.end_reason as endReason,
       a.banned_at as bannedAt
     from sessions s join accounts a on a.user_id = s.user_id where s.token_hash = +?`,
  );
  const page = database.prepare(
    `select id, user_id, type, name, hint, parent_id, replaces, created_at, expires_at, rotated_at,
       last_used_at, ended_at, ended_by, end_reason
     from sessions where user_id = +? and ended_at is null and expires_at > +? order by id desc limit 25`,
  );
  const uses = new Map<string, number>();
  return {
    get: (tokenHash) => one.get(tokenHash),
    hashAndGet: (token) => one.get(hashed(token)),
    verify(token) {
      if (token.length !== LENGTH || !token.startsWith(PREFIX)) return null;
      const row = joined.get(hashed(token));
      const now = Date.now();
      if (row === undefined || now >= row.expiresAt || row.endReason !== null) return null;
      if (row.bannedAt !== null) return { is: 'banned' };
      uses.set(row.id, now);
      return { is: 'valid', id: row.id, userId: row.userId, type: row.type };
    },
    page: (userId) => page.all(userId, Date.now()),
    close: () => void database.close(),
  };
}

/** The fastest way that was found: no Buffer is made. */
function hashed(token: string): Uint8Array {
  scratch.write(hash('sha256', token, 'binary'), 'binary');
  return scratch;
}
