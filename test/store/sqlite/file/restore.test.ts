import Database from 'better-sqlite3';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { backUpNow, verify } from '../../../../src/store/sqlite/file/backup.ts';
import { openDatabase, openStore } from '../../../../src/store/sqlite/file/open.ts';
import { restore } from '../../../../src/store/sqlite/file/restore.ts';
import { DAY, START, temporaryFolder } from '../../../support/fixtures.ts';
import { fill, refusalIn, runProgram } from '../../../support/program.ts';

const folder = temporaryFolder();
afterAll(() => folder.remove());

const NOBODY = 65_534;
const NOW = START + DAY;
const KEPT = 'latchkey.db.replaced-20260103T030405Z';

/** Of a database with three sessions. */
const backup = join(folder.path, 'backup.db');
beforeAll(async () => {
  const database = join(folder.path, 'before.db');
  await fill(database);
  backUpNow(database, backup);
});

let folders = 0;

/** A database with five sessions, and what is beside it. */
async function setUp() {
  const path = join(folder.path, String((folders += 1)), 'latchkey.db');
  await fill(path, { sessions: 5 });
  return { path, beside: () => readdirSync(dirname(path)).toSorted() };
}

function sessionsIn(path: string): number {
  const database = new Database(path, { readonly: true });
  const count = database.prepare<[], number>('select count(*) from sessions').pluck().get();
  database.close();
  return count ?? 0;
}

/** Overwrites pages so that SQLite notices, from this page on. */
function damage(path: string, firstPage = 1): void {
  const bytes = readFileSync(path);
  writeFileSync(path, bytes.fill(0xa5, firstPage * 4096, bytes.length - 4096));
}

/** Another process that has the database open, and does nothing with it or dies as it is. */
async function holdOpen(path: string) {
  const open = JSON.stringify(
    new URL('../../../../src/store/sqlite/file/open.ts', import.meta.url).href,
  );
  const script = `
    const { openDatabase } = await import(${open});
    const database = openDatabase(${JSON.stringify(path)});
    database.exec("insert into settings values ('written', '1')");
    process.stdout.write('open');
    setInterval(() => database.open, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script]);
  await once(child.stdout, 'data');
  return async () => {
    child.kill('SIGKILL');
    await once(child, 'close');
  };
}

describe('a restore', () => {
  it('puts the backup in the place of the database, which it keeps', async () => {
    const { path, beside } = await setUp();
    const { newestAt, keptAs } = restore(backup, path, NOW);
    expect(newestAt).toBe(START);
    expect(keptAs).toBe(join(dirname(path), KEPT));
    expect(beside()).toEqual(['latchkey.db', KEPT]);
    expect([sessionsIn(path), sessionsIn(keptAs!)]).toEqual([3, 5]);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    await openStore(path).close();
    expect(verify(backup)).toEqual({ newestAt: START });
  });

  it('makes a database where there is none', () => {
    const path = join(folder.path, 'new', 'latchkey.db');
    expect(restore(backup, path, NOW)).toEqual({ newestAt: START, keptAs: undefined });
    expect(sessionsIn(path)).toBe(3);
    expect(statSync(dirname(path)).mode & 0o777).toBe(0o700);
  });

  it('brings what a killed process had written ahead into what it keeps', async () => {
    const { path, beside } = await setUp();
    await (
      await holdOpen(path)
    )();
    expect(beside()).toContain('latchkey.db-wal');
    const { keptAs } = restore(backup, path, NOW);
    expect(beside()).toEqual(['latchkey.db', KEPT, `${KEPT}-shm`]);
    const kept = new Database(keptAs, { readonly: true });
    expect(kept.prepare("select 1 from settings where name = 'written'").get()).toBeDefined();
    kept.close();
  });

  it.each([
    ['with damaged pages', (path: string) => damage(path)],
    ['that is no database any more', (path: string) => writeFileSync(path, 'x'.repeat(9_000))],
    ['that is empty', (path: string) => writeFileSync(path, '')],
  ])('takes the place of a database %s, which it keeps as it is', async (_, spoil) => {
    const { path, beside } = await setUp();
    spoil(path);
    const spoilt = readFileSync(path);
    restore(backup, path, NOW);
    // How far SQLite got with it, which leaves a -wal or not, depends on the page.
    expect(beside().filter((name) => name !== `${KEPT}-wal`)).toEqual(['latchkey.db', KEPT]);
    const kept = readFileSync(join(dirname(path), KEPT));
    // The header says how the file is to be journalled.
    expect(kept.subarray(100, spoilt.length).equals(spoilt.subarray(100))).toBe(true);
    expect(sessionsIn(path)).toBe(3);
  });

  it('keeps what was written ahead of a database that cannot be read', async () => {
    const { path, beside } = await setUp();
    writeFileSync(path, 'x'.repeat(9_000));
    for (const end of ['-wal', '-shm', '-journal']) writeFileSync(path + end, 'y');
    restore(backup, path, NOW);
    expect(beside()).toEqual([
      'latchkey.db',
      ...['', '-journal', '-shm', '-wal'].map((end) => KEPT + end),
    ]);
    expect(verify(path)).toEqual({ newestAt: START });
  });

  // Only root can give a file away.
  it.skipIf(process.getuid?.() !== 0)('keeps the owner of the database', async () => {
    const { path } = await setUp();
    chownSync(path, NOBODY, NOBODY);
    restore(backup, path, NOW);
    expect(statSync(path).uid).toBe(NOBODY);
  });

  // Only root can give a folder away.
  it.skipIf(process.getuid?.() !== 0)('belongs to whom root gave the folder', () => {
    const given = join(folder.path, 'given');
    mkdirSync(given);
    chownSync(given, NOBODY, NOBODY);
    const path = join(given, 'latchkey.db');
    restore(backup, path, NOW);
    expect(statSync(path)).toMatchObject({ uid: NOBODY, gid: NOBODY });
  });

  it('follows a link to the database', async () => {
    const { path } = await setUp();
    const link = join(dirname(path), 'link.db');
    symlinkSync(path, link);
    restore(backup, link, NOW);
    expect(sessionsIn(path)).toBe(3);
    expect(statSync(link).ino).toBe(statSync(path).ino);
  });

  it('can be undone with what it kept', async () => {
    const { path } = await setUp();
    const { keptAs } = restore(backup, path, NOW);
    restore(keptAs!, path, NOW + DAY);
    expect(sessionsIn(path)).toBe(5);
  });
});

/** Root may read everything. */
function asSomebody<Result>(work: () => Result): Result {
  const isRoot = process.getuid?.() === 0;
  if (isRoot) process.seteuid?.(NOBODY);
  try {
    return work();
  } finally {
    if (isRoot) process.seteuid?.(0);
  }
}

/** What is said; nothing but that may come of it. */
async function refusal(from: string, given?: Awaited<ReturnType<typeof setUp>>) {
  const { path, beside } = given ?? (await setUp());
  const state = () => [beside(), statSync(path).ino, statSync(path).size];
  const before = state();
  const message = refusalIn(() => restore(from, path, NOW));
  expect(state()).toEqual(before);
  return message;
}

describe('a restore is refused, and nothing is changed,', () => {
  it('while a process has the database open, though it does nothing', async () => {
    const given = await setUp();
    const release = await holdOpen(given.path);
    expect(await refusal(backup, given)).toMatch(/is in use\. Stop Latchkey/);
    await release();
    restore(backup, given.path, NOW);
  });

  it('while a process has a damaged database open', async () => {
    const given = await setUp();
    const release = await holdOpen(given.path);
    const bytes = readFileSync(given.path);
    writeFileSync(given.path, bytes.fill(0xa5, 0, 100));
    expect(await refusal(backup, given)).toMatch(/is in use\. Stop Latchkey/);
    await release();
  });

  it('from what is not there, is no backup, or is the database itself', async () => {
    expect(await refusal(join(folder.path, 'none.db'))).toMatch(/There is no file .*none\.db/);
    expect(await refusal(folder.path)).toMatch(/There is no file/);
    const diary = join(folder.path, 'diary');
    writeFileSync(diary, 'Dear diary');
    expect(await refusal(diary)).toMatch(/diary is not a database of Latchkey/);
    const given = await setUp();
    expect(await refusal(given.path, given)).toMatch(/is the database itself/);
  });

  it('from what it may not read', () => {
    const hidden = join(folder.path, 'hidden.db');
    copyFileSync(backup, hidden);
    chmodSync(hidden, 0);
    chmodSync(folder.path, 0o711);
    const path = join(folder.path, 'none.db');
    const message = asSomebody(() => refusalIn(() => restore(hidden, path, NOW)));
    expect(message).toMatch(/hidden\.db cannot be read: EACCES.* leave to read it\.$/);
  });

  it('from or onto what cannot even be looked at', async () => {
    const loop = join(folder.path, 'loop.db');
    symlinkSync(loop, loop);
    expect(await refusal(loop)).toMatch(/not be restored: ELOOP.*loop\.db/);
    expect(refusalIn(() => restore(backup, loop, NOW))).toMatch(
      /loop\.db could not be restored: ELOOP/,
    );
  });

  it('from a damaged backup', async () => {
    const { path } = await setUp();
    damage(path);
    expect(await refusal(path)).toMatch(/latchkey\.db (is damaged|cannot be read)/);
    writeFileSync(path, readFileSync(backup).subarray(0, 5 * 4096));
    expect(await refusal(path)).toMatch(/latchkey\.db (is damaged|cannot be read)/);
  });

  it('from a backup with a damaged index, in which no row would be missed', async () => {
    const { path } = await setUp();
    const database = new Database(path);
    const root = database
      .prepare<[], number>("select rootpage from sqlite_schema where name = 'sessions_token_hash'")
      .pluck()
      .get();
    database.close();
    const bytes = readFileSync(path);
    writeFileSync(path, bytes.fill(0xa5, ((root ?? 0) - 1) * 4096, (root ?? 0) * 4096));
    expect(await refusal(path)).toMatch(/is damaged/);
  });

  it('from a backup with a row that points nowhere', async () => {
    const { path } = await setUp();
    const database = new Database(path);
    database.pragma('foreign_keys = OFF');
    database.exec('delete from accounts');
    database.close();
    expect(await refusal(path)).toMatch(/is damaged/);
  });

  it('from a backup of a newer version', async () => {
    const { path } = await setUp();
    const database = openDatabase(path);
    database
      .prepare("insert into __drizzle_migrations (hash, created_at) values ('later', ?)")
      .run(Date.UTC(2100, 0, 1));
    database.close();
    expect(await refusal(path)).toMatch(/newer version/);
  });

  it.each([
    ['a trigger', 'create trigger spy after insert on sessions begin select 1; end', 'trigger spy'],
    ['a view', 'create view spy as select token_hash from sessions', 'view spy'],
    ['a table', 'create table spy (token)', 'table spy'],
    ['an index', 'create index spy on sessions (name)', 'index spy'],
    ['a column more', 'alter table settings add column spy text', 'table settings'],
    ['a table less', 'drop table questions', 'table questions'],
    [
      'a trigger with a name of SQLite’s own',
      `pragma writable_schema = on;
       insert into sqlite_schema values ('trigger', 'sqlite_stat1', 'sessions', 0,
         'create trigger sqlite_stat1 after insert on sessions begin select 1; end')`,
      'trigger sqlite_stat1',
    ],
  ])('from a backup with %s that no version of Latchkey makes', async (_, sql, what) => {
    const { path } = await setUp();
    const database = new Database(path);
    database.unsafeMode();
    database.exec(sql);
    database.close();
    expect(await refusal(path)).toMatch(new RegExp(`${what} is not as Latchkey makes it`));
  });

  // Only root can give a file away.
  it.skipIf(process.getuid?.() !== 0)('by root, into a folder that others may have made', () => {
    const shared = join(folder.path, 'shared');
    mkdirSync(shared);
    chmodSync(shared, 0o1777);
    const theirs = join(shared, 'drill');
    mkdirSync(theirs);
    chownSync(theirs, NOBODY, NOBODY);
    const path = join(theirs, 'latchkey.db');
    const message = refusalIn(() => restore(backup, path, NOW));
    expect(message).toContain(`${theirs} belongs to user ${NOBODY}`);
    expect(message).toContain(`others may write to ${shared}`);
    writeFileSync(path, '');
    chownSync(path, NOBODY, NOBODY);
    expect(refusalIn(() => restore(backup, path, NOW))).toContain(`${path} belongs to user`);
    expect(readdirSync(theirs)).toEqual(['latchkey.db']);
    expect(statSync(path).size).toBe(0);
  });

  it("onto another program's database", async () => {
    const path = join(folder.path, 'theirs', 'theirs.db');
    mkdirSync(dirname(path));
    new Database(path).exec('create table theirs(a)').close();
    const given = { path, beside: () => readdirSync(dirname(path)).toSorted() };
    expect(await refusal(backup, given)).toMatch(/database of another program/);
  });

  it('where what it would keep has that name already', async () => {
    const given = await setUp();
    writeFileSync(join(dirname(given.path), KEPT), 'kept before');
    expect(await refusal(backup, given)).toMatch(/could not be restored: EEXIST/);
  });
});

describe('npm run restore', () => {
  it('says what it did, what it undid and where the database before is', async () => {
    const { path, beside } = await setUp();
    const { code, said } = await runProgram('restore', [backup], { databaseFile: path });
    expect(code).toBe(0);
    const kept = beside().find((name) => name.includes('replaced'));
    expect(said).toContain(`${path} is restored from ${backup}.`);
    expect(said).toContain(join(dirname(path), kept!));
    expect(said).toContain(new Date(START).toISOString());
    expect(said).toMatch(/works again: .*revoke leaked tokens/);
  });

  it('fails with what is wrong', async () => {
    const { path } = await setUp();
    const { code, said } = await runProgram('restore', ['none.db'], { databaseFile: path });
    expect({ code, said }).toEqual({
      code: 1,
      said: expect.stringMatching(/^There is no file .*\n$/),
    });
    const nothing = await runProgram('restore', [], { databaseFile: path });
    expect(nothing).toEqual({ code: 1, said: expect.stringContaining('npm run restore -- FILE') });
  });
});
