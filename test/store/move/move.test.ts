import { is } from 'drizzle-orm';
import { PgTable } from 'drizzle-orm/pg-core';
import { SQLiteTable, getTableConfig } from 'drizzle-orm/sqlite-core';
import Database from 'better-sqlite3';
import { createHash } from 'node:crypto';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type MoveDeps, moveInto } from '../../../src/store/move/move.ts';
import { TABLES } from '../../../src/store/move/tables.ts';
import { migrate } from '../../../src/store/postgres/server/migrate.ts';
import { requireMoved } from '../../../src/store/postgres/server/move-mark.ts';
import type { DriverConnection } from '../../../src/store/postgres/server/driver.ts';
import * as server from '../../../src/store/postgres/schema.ts';
import { openStopped } from '../../../src/store/sqlite/file/stopped.ts';
import * as inFile from '../../../src/store/sqlite/schema.ts';
import { createFullFile } from '../../support/full-file.ts';
import { type LocalPostgres, startPglite } from '../../support/pglite.ts';

let postgres: LocalPostgres;
let connection: DriverConnection;
let folder: string;
let file: string;
let said: string[];

beforeAll(async () => {
  postgres = await startPglite();
  await migrate(postgres.driver());
  connection = await postgres.driver().connect();
}, 120_000);

afterAll(() => postgres.stop());

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'latchkey-move-'));
  file = join(folder, 'latchkey.db');
  said = [];
});

afterEach(async () => {
  await connection.query({ text: 'rollback' });
  await connection.query({ text: 'drop table if exists latchkey_move' });
  await postgres.empty();
  rmSync(folder, { recursive: true, force: true });
});

async function move({ stopAfter = Infinity }: { readonly stopAfter?: number } = {}) {
  const stopping = new AbortController();
  let slices = 0;
  const deps: MoveDeps = {
    clock: Date.now,
    monotonicNow: () => {
      if (slices++ >= stopAfter) stopping.abort();
      return slices * 10_000;
    },
    random: Math.random,
    screen: { isTerminal: false, width: 80, write: (text) => void said.push(text) },
    signal: stopping.signal,
  };
  using stopped = await openStopped(file, Date.now());
  await moveInto(connection, stopped, 'the database', deps);
}

const rowsOf = async (text: string) =>
  (await connection.query({ text, values: [] })).rows as Record<string, unknown>[];

/** All that is in the file, as the server would say it. */
function inTheFile(text: string) {
  const database = new Database(file, { readonly: true });
  try {
    return database.prepare<[], Record<string, unknown>>(text).all();
  } finally {
    database.close();
  }
}

const digest = () =>
  `${createHash('sha256').update(readFileSync(file)).digest('hex')} ${statSync(file).mtimeMs}`;

const refusal = async (work: Promise<unknown>) =>
  work.then(
    () => 'nothing was refused',
    (error: unknown) => (error as Error).message,
  );

const tables = (all: object, kind: typeof SQLiteTable | typeof PgTable) =>
  Object.values(all).filter((each) => is(each, kind));

describe('a move', () => {
  it('knows every table and every column of both engines', () => {
    expect(tables(inFile, SQLiteTable)).toHaveLength(TABLES.length);
    expect(tables(server, PgTable)).toHaveLength(TABLES.length);
    for (const table of tables(inFile, SQLiteTable) as SQLiteTable[]) {
      const { name, columns } = getTableConfig(table);
      const moved = TABLES.find((each) => each.name === name);
      expect(moved?.columns.map((each) => each.name)).toEqual(columns.map((each) => each.name));
    }
  });

  it('copies every row of every table, and leaves the file as it is', async () => {
    createFullFile(file, { members: 400 });
    const before = digest();
    await move();
    expect(digest()).toBe(before);
    for (const { name } of TABLES) {
      const count = `select count(*) as rows from ${name}`;
      expect({ name, ...(await rowsOf(count))[0] }).toEqual({ name, ...inTheFile(count)[0] });
    }
    const sessions = 'select id, parent_id, replaces, hint, expires_at from sessions order by id';
    expect(await rowsOf(sessions)).toEqual(inTheFile(sessions));
    expect(said.at(-1)).toContain('Start Latchkey with this DATABASE_URL');
    expect(said.join('')).toContain('1,200 sessions');
  });

  it('keeps what each kind of column holds', async () => {
    createFullFile(file);
    await move();
    const [banned] = await rowsOf('select * from accounts where banned_at is not null');
    expect(banned).toMatchObject({
      ban_reason: 'half  of it, ü "quoted" \\ and 😀',
      ban_reason_told: true,
      banned_in_server: true,
      server_ban_waived: false,
    });
    const [session] = await rowsOf("select * from sessions where type = 'login' order by id");
    expect(Buffer.from(session?.['token_hash'] as Uint8Array)).toEqual(Buffer.alloc(32, '0:0;'));
    const [{ user, scopes } = {}] = await rowsOf('select * from authorizations order by user_id');
    expect([user, scopes]).toMatchObject([{ username: 'half ', avatar: null }, ['identify']]);
    const [{ detail } = {}] = await rowsOf('select detail from audit_events');
    expect(detail).toEqual({ name: 'token 1', by: null, '10': 1, a: [1, { b: true }] });
    const settings = await rowsOf('select name, value::text as value from settings order by name');
    expect(settings).toEqual([
      { name: 'nothing', value: 'null' },
      { name: 'staff-server', value: '"1"' },
    ]);
    expect(said.join('')).toContain('left out of 4 texts');
  });

  it('copies what each column holds in some row', async () => {
    createFullFile(file);
    await move();
    for (const { name, columns } of TABLES) {
      const held = columns.map((each) => `count("${each.name}") as "${each.name}"`);
      const count = `select ${held.join(', ')} from ${name}`;
      const [given = {}] = inTheFile(count);
      // What no row has shows nothing.
      expect(Object.keys(given).filter((column) => given[column] === 0)).toEqual([]);
      expect({ name, ...(await rowsOf(count))[0] }).toEqual({ name, ...given });
    }
    const scopes = 'select id, scope, roles from sessions order by id';
    expect(await rowsOf(scopes)).toEqual(inTheFile(scopes));
  });

  it('lets the next ids go on after the highest that there was', async () => {
    createFullFile(file);
    await move();
    const [event] = await rowsOf(`insert into audit_events (at, actor_kind, action, user_id, detail)
      values (1, 'system', 'a', '1', '{}') returning id`);
    expect(event).toEqual({ id: 4 });
    // One more had been there.
    const [message] = await rowsOf(
      'insert into outbox (event_id, due_at) values (4, 1) returning id',
    );
    expect(message).toEqual({ id: 5 });
  });

  it('copies a database that nobody has used', async () => {
    createFullFile(file, { members: 0 });
    await move();
    expect(said.at(-2)).toContain('with 0 accounts');
  });
});

describe('a move that was stopped', () => {
  it('goes on where it was', async () => {
    createFullFile(file, { members: 400 });
    expect(await refusal(move({ stopAfter: 4 }))).toMatch(/^Stopped: [\d,]+ rows are there/);
    const [{ rows } = {}] = await rowsOf('select count(*) as rows from sessions');
    expect(rows).toBeGreaterThan(0);
    expect(rows).toBeLessThan(1_200);
    expect(await refusal(requireMoved(connection))).toContain('has not ended');
    await connection.query({ text: 'rollback' });
    await move();
    expect(said.join('')).toContain('Going on moving');
    expect(await rowsOf('select count(*) as rows from sessions')).toEqual([{ rows: 1_200 }]);
  });

  it('begins anew where the file has changed since', async () => {
    createFullFile(file, { members: 400 });
    await refusal(move({ stopAfter: 4 }));
    const database = new Database(file);
    database.exec("update sessions set ended_at = 1, end_reason = 'revoked' where rowid = 1");
    database.close();
    await move();
    expect(said.join('')).toContain('from its beginning');
    const ended = 'select count(*) as rows from sessions where ended_at = 1';
    expect(await rowsOf(ended)).toEqual([{ rows: 1 }]);
  });

  it('is refused where something else has written since', async () => {
    createFullFile(file, { members: 400 });
    await refusal(move({ stopAfter: 4 }));
    await rowsOf("insert into settings values ('other', '1')");
    expect(await refusal(move())).toMatch(/has rows that no move has written, in .*settings/);
  });
});

describe('a move that has ended', () => {
  it('compares again, and writes nothing', async () => {
    createFullFile(file);
    await move();
    await move();
    expect(said.join('')).toContain('was moved into the database before');
  });

  it('is refused once Latchkey has used the database', async () => {
    createFullFile(file);
    await move();
    await requireMoved(connection);
    expect(await refusal(move())).toContain('has rows already, in accounts');
  });

  it('is not believed where a row differs', async () => {
    createFullFile(file);
    await move();
    await rowsOf("update settings set value = '2' where name = 'nothing'");
    expect(await refusal(move())).toMatch(/settings has 2 rows .* 1 differ/);
    expect(await refusal(requireMoved(connection))).toBe('nothing was refused');
  });
});

describe('a database that is used', () => {
  it('is not moved into', async () => {
    createFullFile(file);
    await rowsOf("insert into leases values ('clockwork', 'another', 1)");
    expect(await refusal(move())).toContain('has rows already, in leases');
    expect(await rowsOf('select * from accounts')).toEqual([]);
  });
});

describe('a file', () => {
  it('that is not there is named', async () => {
    expect(await refusal(move())).toBe(
      `There is no database at ${file}. MOVE_FROM says where it is.`,
    );
  });

  it('that is in use is not read', async () => {
    createFullFile(file);
    const database = new Database(file);
    database.exec('select * from accounts');
    expect(await refusal(move())).toContain('is in use. Stop Latchkey');
    database.exec('delete from outbox');
    expect(await refusal(move())).toContain('is in use, or was when Latchkey was killed');
    database.close();
    await move();
  });

  it('cannot be used while it is moved', async () => {
    createFullFile(file);
    using stopped = await openStopped(file, Date.now());
    expect(stopped.file).toBe(file);
    const other = new Database(file, { timeout: 50 });
    expect(() => other.prepare('select 1 from accounts').get()).toThrow('locked');
    other.close();
  });

  it('of something else is not read', async () => {
    appendFileSync(file, 'not a database at all, but a text that somebody wrote down');
    expect(await refusal(move())).toContain("is not a database of Latchkey's");
  });

  it('that is damaged is not moved', async () => {
    createFullFile(file, { members: 500 });
    const bytes = readFileSync(file);
    bytes.fill(0xa5, 8_192, 20_000);
    rmSync(file);
    appendFileSync(file, bytes);
    expect(await refusal(move())).toContain('is damaged');
    expect(await rowsOf('select * from accounts')).toEqual([]);
  });

  it.each([
    ['an older', 'max(created_at)', 'delete from __drizzle_migrations where created_at ='],
    ['a newer', 'max(created_at) + 1', 'update __drizzle_migrations set created_at ='],
  ])('of %s version is named as one', async (age, which, change) => {
    createFullFile(file);
    const database = new Database(file);
    database.exec(`${change} (select ${which} from __drizzle_migrations)`);
    database.close();
    expect(await refusal(move())).toContain(
      `was made by an${age === 'newer' ? '' : 'y'}`.slice(0, 13),
    );
    expect(await refusal(move())).toContain(`${age} version of Latchkey`);
  });

  it('with parts of somebody else is not moved', async () => {
    createFullFile(file);
    const database = new Database(file);
    database.exec('create table notes (a text)');
    database.close();
    expect(await refusal(move())).toContain('table notes is not as Latchkey makes it');
  });
});
