import Database from 'better-sqlite3';
import process from 'node:process';

/** What a database file holds, when nobody has it open. */
export interface Inspection {
  /** Each is `ok` in a sound file. */
  readonly integrity: readonly string[];
  readonly foreignKeys: readonly unknown[];
  /** SHA-256, in hex, of the live tokens that were made in Discord. */
  readonly liveInDiscord: readonly string[];
}

process.on('message', (file: string) => {
  const database = new Database(file);
  process.send?.({
    integrity: database.prepare<[], string>('pragma integrity_check').pluck().all(),
    foreignKeys: database.prepare('pragma foreign_key_check').all(),
    liveInDiscord: database
      .prepare<[number], string>(
        `select lower(hex(token_hash)) from sessions
         where ended_at is null and expires_at > ? and parent_id is null`,
      )
      .pluck()
      .all(Date.now()),
  } satisfies Inspection);
  database.close();
});
