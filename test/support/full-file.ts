import type Database from 'better-sqlite3';
import { openDatabase } from '../../src/store/sqlite/file/open.ts';

/** Rows of every table that refer to each other, with whatever a row can hold; the file is closed. */
export function createFullFile(path: string, { members = 3 } = {}): void {
  const database = openDatabase(path);
  fillTables(database, members);
  database.close();
}

const START = 1_760_000_000_000;
const id = (n: number) => `0199c000-0000-7000-8000-${n.toString(16).padStart(12, '0')}`;

function fillTables(database: Database.Database, members: number): void {
  const prepared = new Map<string, Database.Statement>();
  const insert = (table: string, row: Readonly<Record<string, unknown>>) => {
    const names = Object.keys(row);
    const text = `insert into ${table} (${names.map((name) => `"${name}"`).join(', ')})
      values (${names.map(() => '?').join(', ')})`;
    const statement = prepared.get(text) ?? database.prepare(text);
    prepared.set(text, statement);
    statement.run(...Object.values(row));
  };
  database.transaction(() => {
    for (let n = 0; n < members; n += 1) {
      const userId = `1000000000000${String(n).padStart(5, '0')}`;
      const isBanned = n % 3 === 1;
      insert('accounts', {
        user_id: userId,
        created_at: START + n,
        banned_at: isBanned ? START + 5 : null,
        banned_until: isBanned ? START + 1e9 : null,
        ban_source: isBanned ? 'staff' : null,
        banned_by: isBanned ? '9' : null,
        ban_reason: isBanned ? 'half \0 of it, ü "quoted" \\ and 😀' : null,
        ban_reason_told: isBanned ? 1 : 0,
        banned_in_server: n % 2,
        server_ban_waived: 0,
        roles: n % 3 === 0 ? null : '112233445566778899',
        roles_at: n % 3 === 0 ? null : START + 7,
        held_roles: n % 3 === 1 ? '' : null,
        held_at: n % 3 === 1 ? START + 8 : null,
        roles_lost_at: n % 3 === 1 ? START + 8 : null,
        suspension_told_at: n % 3 === 2 ? START + 8 : null,
      });
      for (let each = 0; each < 3; each += 1) {
        insert('sessions', {
          id: id(n * 3 + each),
          token_hash: Buffer.alloc(32, `${n}:${each};`),
          user_id: userId,
          type: each === 0 ? 'login' : 'api',
          name: each === 0 ? null : `token ${each}`,
          hint: 'abcd',
          parent_id: each === 2 ? id(n * 3) : null,
          replaces: each === 1 ? id(n * 3 + 2) : null,
          created_at: START + n,
          expires_at: 253_402_300_799_000,
          scope: each === 0 ? null : 'lamps:read lamps:write',
          roles: n % 3 === 0 ? null : '112233445566778899',
          rotated_at: each === 2 ? START + 6 : null,
          reused_at: each === 2 ? START + 9 : null,
          rotation_told_at: each === 2 ? START + 7 : null,
          contested_at: each === 2 ? START + 9 : null,
          remind_at: each === 1 ? START + 1e9 : null,
          last_used_at: each === 1 ? START + 9 : null,
          ended_at: each === 2 ? START + 8 : null,
          ended_by: each === 2 ? userId : null,
          end_reason: each === 2 ? 'revoked' : null,
        });
      }
      insert('authorizations', {
        user_id: userId,
        user: JSON.stringify({ id: userId, username: 'half \ud83d', avatar: null }),
        scopes: '["identify"]',
        expires_at: START,
        checked_at: START,
      });
      insert('notices', { user_id: userId, expiry: 0, refused_at: n === 0 ? START : null });
      insert('deletions', { place: `${n}:1`, user_id: userId, attempts: n, due_at: START });
      insert('spent_allowances', { user_id: userId, created: 1, rotated: 2, until: START });
      insert('audit_events', {
        id: n + 1,
        at: START + n,
        actor_kind: 'member',
        actor_id: userId,
        actor_session_id: id(n * 3),
        request_id: 'r',
        action: 'session.created',
        user_id: userId,
        session_id: id(n * 3 + 1),
        detail: JSON.stringify({ name: 'token 1', by: null, '10': 1, a: [1, { b: true }] }),
      });
      insert('outbox', {
        event_id: n + 1,
        recipient: n === 0 ? null : userId,
        batch: n === 1 ? 'batch' : null,
        tried_at: n === 1 ? START : null,
        due_at: START,
      });
      insert('requests', {
        id: id(n * 3 + 2),
        user_id: userId,
        name: 'lamp \ud83d',
        scope: 'lamps:all',
        why: 'for the club',
        created_at: START,
        expires_at: START + 9,
        lapses_at: START + 7,
        approved_at: n === 1 ? START + 1 : null,
        approved_by: n === 1 ? userId : null,
      });
      insert('questions', {
        id: `q${n}`,
        user_id: userId,
        act: JSON.stringify({ act: 'forget' }),
        expires_at: START,
      });
    }
    insert('settings', { name: 'staff-server', value: '"1"' });
    insert('settings', { name: 'nothing', value: 'null' });
    insert('leases', { name: 'clockwork', holder: 'h', until: START });
    if (members === 0) return;
    // The newest message was sent and is gone.
    insert('outbox', { event_id: 1, due_at: START });
    database.exec('delete from outbox where id = (select max(id) from outbox)');
  })();
}
