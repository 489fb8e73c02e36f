import Database from 'better-sqlite3';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { backupName, takenAt } from '../../../../src/store/sqlite/file/backup-name.ts';
import { backUpNow } from '../../../../src/store/sqlite/file/backup.ts';
import { isCheckedLater, openDatabase, openStore } from '../../../../src/store/sqlite/file/open.ts';
import { StoreError, UnusableDatabase } from '../../../../src/store/store-error.ts';
import { restore } from '../../../../src/store/sqlite/file/restore.ts';
import {
  ANA,
  atMost,
  DAY,
  member,
  newSession,
  START,
  temporaryFolder,
} from '../../../support/fixtures.ts';

const folder = temporaryFolder();
afterAll(() => folder.remove());

let files = 0;
const newPath = () => join(folder.path, `${(files += 1)}.db`);

const act = { actor: member(ANA), at: START };

function refusalOf(path: string, backupFolder?: string, now?: number): string {
  try {
    openDatabase(path, { backupFolder, now }).close();
  } catch (error) {
    if (error instanceof StoreError) return error.message;
    throw error;
  }
  throw new Error(`${path} was opened`);
}

const isForGood = (path: string) => {
  try {
    openDatabase(path);
  } catch (error) {
    return error instanceof UnusableDatabase;
  }
  throw new Error(`${path} was opened`);
};

const pragma = (path: string, name: string) => {
  const database = openDatabase(path);
  const value = database.pragma(name, { simple: true });
  database.close();
  return value;
};

const spoil = (path: string) => writeFileSync(path, readFileSync(path).fill(0xa5, 4096));

/** A database of ours with enough rows to fill some pages. */
async function filled(path: string): Promise<void> {
  const store = openStore(path);
  for (let index = 0; index < 200; index += 1) {
    await store.add(act, newSession({ name: 'x'.repeat(80) }), atMost(1_000));
  }
  await store.close();
}

describe('a database file', () => {
  it('is made with its folders, for its owner only', () => {
    const path = join(folder.path, 'deep', 'er', 'latchkey.db');
    openDatabase(path).close();
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(join(folder.path, 'deep')).mode & 0o077).toBe(0);
  });

  it('is closed to others also where it was open to them before, and so are its companions', () => {
    const path = newPath();
    openDatabase(path).close();
    chmodSync(path, 0o644);
    const database = openDatabase(path);
    database.exec('create table written(a)');
    const modes = [path, `${path}-wal`, `${path}-shm`].map((name) => statSync(name).mode & 0o777);
    expect(modes).toEqual([0o600, 0o600, 0o600]);
    database.close();
  });

  it('keeps what was stored when it is opened again', async () => {
    const path = newPath();
    const fresh = newSession();
    const first = openStore(path);
    await first.add(act, fresh, atMost(1));
    await first.close();
    const again = openStore(path);
    expect(await again.findLive(ANA, fresh.session.id, START)).toEqual(fresh.session);
    await again.close();
  });

  it('checks foreign keys, writes ahead and waits for the disk', () => {
    const path = newPath();
    expect(pragma(path, 'foreign_keys')).toBe(1);
    expect(pragma(path, 'journal_mode')).toBe('wal');
    expect(pragma(path, 'synchronous')).toBe(2);
    expect(pragma(path, 'trusted_schema')).toBe(0);
    expect(pragma(path, 'busy_timeout')).toBe(0);
  });

  it('refuses a row that points nowhere', () => {
    const database = openDatabase(':memory:');
    const insert = database.prepare(
      "insert into sessions (id, token_hash, user_id, type, hint, created_at, expires_at) values ('a', zeroblob(32), 'nobody', 'api', 'abcd', 1, 2)",
    );
    expect(() => insert.run()).toThrow(/FOREIGN KEY/);
    database.close();
  });

  it('gives back what a long reader made its -wal grow to', () => {
    const path = newPath();
    const database = openDatabase(path);
    const reader = new Database(path, { readonly: true });
    const sizeOfWal = () => statSync(`${path}-wal`).size;
    const limit = 64 * 2 ** 20;
    reader.exec('begin');
    reader.prepare('select * from settings').all();
    const write = database.prepare('insert into settings (name, value) values (?, zeroblob(?))');
    for (let name = 0; name < 9; name += 1) write.run(String(name), 8 * 2 ** 20);
    expect(sizeOfWal()).toBeGreaterThan(limit);
    reader.close();
    for (const name of ['small', 'too']) write.run(name, 1);
    expect(sizeOfWal()).toBeLessThanOrEqual(limit);
    database.close();
  });

  it('is migrated once', () => {
    const path = newPath();
    openDatabase(path).close();
    const database = openDatabase(path);
    const applied = database.prepare('select hash from __drizzle_migrations').pluck().all();
    database.close();
    expect(applied.length).toBeGreaterThan(0);
    expect(new Set(applied).size).toBe(applied.length);
  });

  it('may be named by a link', () => {
    const path = newPath();
    openDatabase(path).close();
    const link = newPath();
    symlinkSync(path, link);
    expect(pragma(link, 'user_version')).toBe(0);
  });
});

describe('what cannot be opened is refused in a sentence that names the file and the way out', () => {
  it('a file that is not a database', () => {
    const path = newPath();
    writeFileSync(path, 'Dear diary, today I wrote more than one hundred bytes. '.repeat(20));
    const before = readFileSync(path);
    const message = refusalOf(path);
    expect(message).toContain(path);
    expect(message).toMatch(/not an SQLite database.*DATABASE_URL/);
    expect(readFileSync(path)).toEqual(before);
  });

  it('a database with a damaged page', async () => {
    const path = newPath();
    await filled(path);
    const database = new Database(path);
    const root = database
      .prepare<[], number>("select rootpage from sqlite_schema where name = 'sessions_token_hash'")
      .pluck()
      .get();
    database.close();
    const bytes = readFileSync(path);
    const pageSize = bytes.readUInt16BE(16);
    // An index that no start looks into: only a look at all pages finds it.
    bytes.fill(0xa5, ((root ?? 0) - 1) * pageSize, (root ?? 0) * pageSize);
    writeFileSync(path, bytes);
    const message = refusalOf(path);
    expect(message).toContain(path);
    expect(message).toMatch(/damaged.*backup/);
  });

  it('a database that was cut off', async () => {
    const path = newPath();
    await filled(path);
    const bytes = readFileSync(path);
    writeFileSync(path, bytes.subarray(0, bytes.length - 3 * bytes.readUInt16BE(16)));
    expect(refusalOf(path)).toMatch(/damaged.*backup/);
  });

  it('a database that a newer version made', () => {
    const path = newPath();
    const database = openDatabase(path);
    database
      .prepare("insert into __drizzle_migrations (hash, created_at) values ('later', ?)")
      .run(Date.UTC(2100, 0, 1));
    database.close();
    const message = refusalOf(path);
    expect(message).toContain(path);
    expect(message).toMatch(/newer version.*backup/);
  });

  it.each([
    ['without a mark', 'create table theirs(a)'],
    ['with a mark of its own', 'pragma application_id = 7'],
    [
      'whose migrations drizzle runs too',
      'create table __drizzle_migrations(id integer primary key, hash text, created_at numeric)',
    ],
  ])("another program's database %s, which is left as it was", (_, statement) => {
    const path = newPath();
    const theirs = new Database(path);
    theirs.exec(statement);
    theirs.close();
    const before = readFileSync(path);
    const message = refusalOf(path);
    expect(message).toContain(path);
    expect(message).toMatch(/another program.*DATABASE_URL/);
    expect(readFileSync(path)).toEqual(before);
  });

  it('a path below a file', () => {
    const file = newPath();
    writeFileSync(file, '');
    const path = join(file, 'latchkey.db');
    const message = refusalOf(path);
    expect(message).toContain(path);
    expect(message).toMatch(/cannot be opened for writing.*write access.*DATABASE_URL/);
  });

  it('a path that cannot even be looked at', () => {
    const path = newPath();
    symlinkSync(path, path);
    expect(refusalOf(path)).toMatch(/cannot be opened for writing \(ELOOP.*write access/);
    expect(() => isCheckedLater(path)).toThrow(StoreError);
  });

  it('a folder', () => {
    const path = join(folder.path, 'a-folder');
    mkdirSync(path);
    const message = refusalOf(path);
    expect(message).toContain(path);
    expect(message).toMatch(/cannot be opened.*DATABASE_URL/);
  });

  it.each([
    ['an empty file', 'is empty', (path: string) => writeFileSync(path, '')],
    ['no file', 'There is no database at', (path: string) => rmSync(path)],
  ])('%s where there are backups of one', (_, said, lose) => {
    const path = newPath();
    openDatabase(path).close();
    const backups = join(folder.path, `backups of ${basename(path)}`);
    mkdirSync(backups);
    const backup = join(backups, backupName(path, START));
    backUpNow(path, backup);
    lose(path);
    const message = refusalOf(path, backups);
    expect(message).toContain(path);
    expect(message).toMatch(new RegExp(`${said}.*backups of it.*start anew`));
    expect(message).toContain(`npm run restore -- ${backup}`);
    restore(backup, path, START);
    openDatabase(path, { backupFolder: backups }).close();
    lose(path);
    rmSync(backups, { recursive: true });
    openDatabase(path, { backupFolder: backups }).close();
  });

  it('no file where the newest changes of one are, which are left as they were', () => {
    const [path, copy] = [newPath(), newPath()];
    const database = openDatabase(path);
    copyFileSync(`${path}-wal`, `${copy}-wal`);
    database.close();
    const before = readFileSync(`${copy}-wal`);
    expect(before.length).toBeGreaterThan(0);
    const message = refusalOf(copy);
    expect(message).toContain(`${copy}-wal`);
    expect(message).toMatch(/no database at .*newest changes.*back beside it.*npm run restore/);
    expect(readFileSync(`${copy}-wal`)).toEqual(before);
    expect(existsSync(copy)).toBe(false);
  });

  it('for good, unless it is for want of leave or of room', async () => {
    const [damaged, theirs, diary, inTheWay] = [newPath(), newPath(), newPath(), newPath()];
    await filled(damaged);
    spoil(damaged);
    new Database(theirs).exec('create table theirs(a)').close();
    writeFileSync(diary, 'Dear diary. '.repeat(100));
    writeFileSync(inTheWay, '');
    expect([damaged, theirs, diary].map(isForGood)).toEqual([true, true, true]);
    expect(isForGood(join(inTheWay, 'latchkey.db'))).toBe(false);
  });

  it('leaves no connection behind', () => {
    const path = newPath();
    const theirs = new Database(path);
    theirs.exec('create table theirs(a)');
    theirs.close();
    refusalOf(path);
    expect(existsSync(`${path}-wal`)).toBe(false);
    const exclusive = new Database(path, { timeout: 0 });
    exclusive.exec('begin exclusive; commit');
    exclusive.close();
  });
});

describe('what is damaged is refused with the way back', () => {
  it('which is the newest good backup, in the folder for backups or beside it', async () => {
    const path = newPath();
    await filled(path);
    const backups = join(folder.path, 'backups');
    mkdirSync(backups);
    const day = (date: number) => backupName(path, Date.UTC(2026, 0, date));
    const purposeful = backupName(path, Date.UTC(2026, 0, 2), 'before-migration-0001');
    const good = [join(folder.path, purposeful), join(backups, day(1)), join(backups, day(3))];
    for (const file of good) backUpNow(path, file);
    spoil(join(backups, day(3)));
    writeFileSync(join(backups, day(4)), 'no database');
    backUpNow(path, join(backups, backupName('other.db', Date.UTC(2026, 0, 5))));
    spoil(path);
    const before = readFileSync(path);
    const message = refusalOf(path, backups);
    expect(message).toMatch(/damaged/);
    expect(message).toContain(`npm run restore -- ${good[0]}`);
    expect(readFileSync(path)).toEqual(before);
    writeFileSync(path, 'x'.repeat(9_000));
    expect(refusalOf(path, backups)).toContain(`npm run restore -- ${good[0]}`);
    spoil(good[0] ?? '');
    expect(refusalOf(path, backups)).toContain(`npm run restore -- ${good[1]}`);
  });

  it('which is none with the name of a time to come, unless there is no other', async () => {
    const path = newPath();
    await filled(path);
    const [past, future] = [START - DAY, START + DAY].map((at) =>
      join(folder.path, backupName(path, at)),
    );
    for (const file of [past, future]) backUpNow(path, file!);
    spoil(path);
    expect(refusalOf(path, undefined, START)).toContain(`npm run restore -- ${past}`);
    rmSync(past!);
    expect(refusalOf(path, undefined, START)).toContain(`npm run restore -- ${future}`);
  });

  it('and stays as it was, with what a killed process had written ahead', async () => {
    const [path, copy] = [newPath(), newPath()];
    await filled(path);
    const database = openDatabase(path);
    database.exec("insert into settings values ('written', '1')");
    for (const end of ['', '-wal']) copyFileSync(path + end, copy + end);
    database.close();
    const link = newPath();
    symlinkSync(copy, link);
    spoil(copy);
    const state = () => ['', '-wal'].map((end) => readFileSync(copy + end));
    const before = state();
    expect(before[1]?.length).toBeGreaterThan(0);
    for (const name of [copy, link]) {
      expect(refusalOf(name)).toMatch(/damaged.*Keep it/);
      expect(state()).toEqual(before);
    }
  });

  it('or that there is no good backup', async () => {
    const path = newPath();
    await filled(path);
    spoil(path);
    expect(refusalOf(path)).toMatch(/damaged.*No good backup.*npm run restore -- FILE/);
    expect(refusalOf(path, join(folder.path, 'nowhere'))).toMatch(/No good backup/);
    writeFileSync(path, readFileSync(path).fill(0xa5, 0, 60));
    expect(refusalOf(path)).toMatch(/No good backup/);
  });
});

/** As an older version left it, with something of its own in it. */
function old(path: string): void {
  openDatabase(path).close();
  const database = new Database(path);
  const tables = database
    .prepare<[], string>("select name from sqlite_schema where type = 'table' and sql is not null")
    .pluck()
    .all();
  const ours = tables.filter((name) => !/^(sqlite_|__drizzle)/.test(name));
  for (const name of ours) database.exec(`drop table "${name}"`);
  database.exec('update __drizzle_migrations set created_at = 1; create table before_us(a)');
  database.close();
}

const tablesOf = (path: string) => {
  const database = new Database(path, { readonly: true });
  const names = database.prepare<[], string>('select name from sqlite_schema').pluck().all();
  database.close();
  return names;
};

const copiesOf = (path: string, into = folder.path) =>
  readdirSync(into).filter((name) => name.includes('before-migration') && takenAt(path, name));

describe('before a migration', () => {
  it('a copy of what was there is put beside it, or into the folder for backups', () => {
    const [path, another] = [newPath(), newPath()];
    old(path);
    utimesSync(path, START / 1_000, START / 1_000);
    openDatabase(path).close();
    expect(tablesOf(path)).toContain('sessions');
    const name = backupName(path, START, 'before-migration-0000');
    expect(copiesOf(path)).toEqual([name]);
    expect(tablesOf(join(folder.path, name))).toContain('before_us');
    expect(tablesOf(join(folder.path, name))).not.toContain('sessions');
    expect(statSync(join(folder.path, name)).mode & 0o777).toBe(0o600);

    old(another);
    const backups = join(folder.path, 'made for it');
    openDatabase(another, { backupFolder: backups }).close();
    expect(copiesOf(another)).toEqual([]);
    expect(copiesOf(another, backups)).toHaveLength(1);
  });

  it('no copy is made of a new database, or if there is nothing to migrate', () => {
    const path = newPath();
    openDatabase(path).close();
    openDatabase(path).close();
    expect(copiesOf(path)).toEqual([]);
  });

  it('a copy that cannot be made refuses the start, and leaves all as it was', () => {
    const path = newPath();
    old(path);
    const file = newPath();
    writeFileSync(file, 'in the way');
    const before = tablesOf(path);
    expect(refusalOf(path, join(file, 'backups'))).toMatch(/brought up to date.*copy.*BACKUP_DIR/);
    expect(tablesOf(path)).toEqual(before);
  });

  it('one that fails again and again makes one copy', () => {
    const path = newPath();
    old(path);
    new Database(path).exec('create table sessions(theirs)').close();
    utimesSync(path, START / 1_000, START / 1_000);
    for (let index = 0; index < 3; index += 1) {
      expect(refusalOf(path)).toMatch(/brought up to date.*already exists.*Start the version/);
    }
    expect(copiesOf(path)).toEqual([backupName(path, START, 'before-migration-0000')]);
  });
});

it('a database that is replaced while it is opened is not used', async () => {
  const path = newPath();
  openDatabase(path).close();
  const replacement = newPath();
  openDatabase(replacement).close();
  const restoring = new Database(path);
  restoring.pragma('locking_mode = EXCLUSIVE');
  restoring.exec('begin exclusive');
  const { child, said, end } = startOpener();
  await once(child.stdout, 'data');
  child.stdin.end(`${path}\n`);
  await expect.poll(() => said.out).toContain('opening');
  // It has looked at the path, and waits for the lock.
  await delay(300);
  renameSync(replacement, path);
  restoring.close();
  await end;
  expect(said.error).toContain('was replaced while it was opened');
});

describe('two processes that start together', () => {
  const ROUNDS = 20;

  it.each([
    ['the same new file', () => {}],
    ['the same file that must be migrated', old],
  ])('both open %s', async (_, prepare) => {
    const processes = [startOpener(), startOpener()];
    await Promise.all(processes.map(({ child }) => once(child.stdout, 'data')));
    const paths = Array.from({ length: ROUNDS }, newPath);
    for (const path of paths) prepare(path);
    for (const [round, path] of paths.entries()) {
      for (const { child } of processes) child.stdin.write(`${path}\n`);
      const opened = 'opening[1]'.repeat(round + 1);
      const isDone = ({ child, said }: Opener) =>
        said.out.endsWith(opened) || child.exitCode !== null;
      await vi.waitUntil(() => processes.every(isDone), { timeout: 15_000, interval: 5 });
    }
    for (const { child } of processes) child.stdin.end();
    await Promise.all(processes.map(({ end }) => end));
    for (const { child, said } of processes) {
      expect(said.error).toBe('');
      expect(said.out).toBe(`ready${'opening[1]'.repeat(ROUNDS)}`);
      expect(child.exitCode).toBe(0);
    }
  });
});

type Opener = ReturnType<typeof startOpener>;

/** Another process, which opens each database that it is told. */
function startOpener() {
  const open = JSON.stringify(
    new URL('../../../../src/store/sqlite/file/open.ts', import.meta.url).href,
  );
  const script = `
    const { openDatabase } = await import(${open});
    process.stdout.write('ready');
    let rest = '';
    for await (const chunk of process.stdin) {
      const lines = (rest + chunk).split('\\n');
      rest = lines.pop();
      for (const path of lines) {
        process.stdout.write('opening');
        const database = openDatabase(path);
        process.stdout.write('[' + database.pragma('foreign_keys', { simple: true }) + ']');
      }
    }
    process.exit(0);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { timeout: 15_000 });
  const said = { out: '', error: '' };
  child.stdout.on('data', (chunk: Buffer) => (said.out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (said.error += chunk.toString()));
  return { child, said, end: once(child, 'close') };
}
