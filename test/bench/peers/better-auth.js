import { hash } from 'node:crypto';
import { apiKey } from '@better-auth/api-key';
import { betterAuth } from 'better-auth';
import { getMigrations } from 'better-auth/db/migration';
import { bearer } from 'better-auth/plugins';
import Database from 'better-sqlite3';

/** better-auth with API keys and bearer sessions, as its manual sets it up, without its rate limit. */
export function openAuth(file) {
  const database = new Database(file);
  database.pragma('journal_mode = WAL');
  // Kinder to it than what Latchkey does to itself.
  database.pragma('synchronous = NORMAL');
  const auth = betterAuth({
    database,
    secret: 'a secret of forty characters, or so, here',
    baseURL: 'http://127.0.0.1',
    telemetry: { enabled: false },
    logger: { disabled: true },
    session: { disableSessionRefresh: true },
    plugins: [bearer(), apiKey({ rateLimit: { enabled: false } })],
  });
  return { database, auth };
}

export const keyOf = (index) => hash('sha256', `key ${index}`);
export const sessionTokenOf = (index) => hash('sha256', `session ${index}`).slice(0, 32);

const ROWS_PER_USER = 10;

/** A database with so many keys and as many sessions. */
export async function fill(file, rows) {
  const { database, auth } = openAuth(file);
  const { runMigrations } = await getMigrations(auth.options);
  await runMigrations();
  database.pragma('synchronous = OFF');
  const now = new Date().toISOString();
  const later = '2999-01-01T00:00:00.000Z';
  const addUser = database.prepare(
    'insert into user (id, name, email, emailVerified, createdAt, updatedAt) values (?, ?, ?, 1, ?, ?)',
  );
  const addSession = database.prepare(
    `insert into session (id, expiresAt, token, createdAt, updatedAt, ipAddress, userAgent, userId)
     values (?, ?, ?, ?, ?, '', '', ?)`,
  );
  const addKey = database.prepare(
    `insert into apikey (id, configId, start, referenceId, key, enabled, rateLimitEnabled,
       rateLimitTimeWindow, rateLimitMax, requestCount, createdAt, updatedAt, metadata)
     values (?, 'default', ?, ?, ?, 1, 0, 86400000, 10, 0, ?, ?, 'null')`,
  );
  database.transaction(() => {
    for (let index = 0; index < rows; index += 1) {
      const user = `user${Math.floor(index / ROWS_PER_USER)}`;
      if (index % ROWS_PER_USER === 0) addUser.run(user, user, `${user}@example.com`, now, now);
      addSession.run(`session${index}`, later, sessionTokenOf(index), now, now, user);
      const key = keyOf(index);
      const stored = hash('sha256', key, 'base64url');
      addKey.run(`key${index}`, key.slice(0, 6), user, stored, now, now);
    }
  })();
  database.exec('analyze');
  database.pragma('wal_checkpoint(truncate)');
  database.close();
}
