import Database from 'better-sqlite3';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { backUp, backUpNow, verify } from '../../../../src/store/sqlite/file/backup.ts';
import { openDatabase, openStore } from '../../../../src/store/sqlite/file/open.ts';
import {
  ANA,
  atMost,
  member,
  newSession,
  START,
  temporaryFolder,
} from '../../../support/fixtures.ts';
import { fill, refusalIn, runProgram, startProgram } from '../../../support/program.ts';

const folder = temporaryFolder();
afterAll(() => folder.remove());

let folders = 0;
/** A folder in which nothing is yet. */
function newFolder(): string {
  const path = join(folder.path, String((folders += 1)));
  mkdirSync(path);
  return path;
}

/** Never changed by a test. */
const live = join(folder.path, 'live.db');
const large = join(folder.path, 'large.db');
beforeAll(async () => {
  await fill(live);
  await fill(large, { megabytes: 20 });
});

const idsIn = (path: string) => {
  const database = new Database(path, { readonly: true });
  const ids = database.prepare<[], string>('select id from sessions').pluck().all();
  database.close();
  return ids;
};

describe('a backup', () => {
  it('holds what the database holds, opens as one, and is its owner’s alone', async () => {
    const to = join(newFolder(), 'copy.db');
    await backUp(live, to);
    expect(statSync(to).mode & 0o777).toBe(0o600);
    expect(verify(to)).toEqual({ newestAt: START });
    expect(idsIn(to)).toEqual(idsIn(live));
    const store = openStore(to);
    await store.add({ actor: member(ANA), at: START }, newSession(), atMost(10));
    await store.close();
    expect(idsIn(to)).toHaveLength(4);
  });

  it('has in it what is only written ahead so far', async () => {
    const path = join(newFolder(), 'latchkey.db');
    const store = openStore(path);
    await store.add({ actor: member(ANA), at: START }, newSession(), atMost(10));
    const to = join(newFolder(), 'copy.db');
    await backUp(path, to);
    await store.close();
    expect(idsIn(to)).toHaveLength(1);
  });

  it('is nobody else’s also while it is being written', async () => {
    const into = newFolder();
    const modes = new Set<number>();
    const timer = setInterval(() => {
      for (const name of readdirSync(into)) {
        const found = statSync(join(into, name), { throwIfNoEntry: false });
        if (found) modes.add(found.mode & 0o777);
      }
    }, 1);
    await backUp(large, join(into, 'copy.db'));
    clearInterval(timer);
    expect([...modes]).toEqual([0o600]);
  });

  it('lets everything else go on while it is taken', async () => {
    let turns = 0;
    const timer = setInterval(() => (turns += 1), 1);
    await backUp(large, join(newFolder(), 'copy.db'));
    clearInterval(timer);
    expect(turns).toBeGreaterThan(20);
  });

  it('takes the place of an older one', async () => {
    const to = join(newFolder(), 'copy.db');
    const other = join(newFolder(), 'latchkey.db');
    openDatabase(other).close();
    backUpNow(other, to);
    expect(idsIn(to)).toEqual([]);
    backUpNow(live, to);
    expect(idsIn(to)).toEqual(idsIn(live));
  });

  it('takes the place of an empty file, which it closes to others', () => {
    const to = join(newFolder(), 'copy.db');
    writeFileSync(to, '');
    chmodSync(to, 0o644);
    backUpNow(live, to);
    expect(statSync(to).mode & 0o777).toBe(0o600);
  });

  it('ends under load by two writers, with all that was acknowledged before it began', async () => {
    const path = join(newFolder(), 'latchkey.db');
    await fill(path, { megabytes: 2 });
    const writers = [startWriter(path), startWriter(path)];
    await expect
      .poll(() => writers.every(({ ids }) => ids.length > 10), { timeout: 35_000 })
      .toBe(true);
    const before = writers.flatMap(({ ids }) => [...ids]);
    const to = join(newFolder(), 'copy.db');
    await backUp(path, to);
    const after = writers.flatMap(({ ids }) => [...ids]);
    await Promise.all(writers.map((writer) => writer.stop()));
    expect(after.length).toBeGreaterThan(before.length);
    const copied = new Set(idsIn(to));
    expect(before.filter((id) => !copied.has(id))).toEqual([]);
    expect(verify(to).newestAt).toBe(START);
  });
});

/** What is said; nothing but that may come of it. */
function refusal(from: string, to: string): string {
  const before = readdirSync(dirname(to));
  const message = refusalIn(() => backUpNow(from, to));
  expect(readdirSync(dirname(to))).toEqual(before);
  return message;
}

describe('a backup is refused, and nothing is changed,', () => {
  it('onto the database itself, by whatever name', () => {
    const into = newFolder();
    const links = [join(into, 'soft.db'), join(into, 'hard.db')] as const;
    symlinkSync(live, links[0]);
    linkSync(live, links[1]);
    for (const to of [live, ...links]) expect(refusal(live, to)).toMatch(/is the database itself/);
    for (const end of ['-wal', '-shm', '-journal']) {
      expect(refusal(live, live + end)).toMatch(/a part of the database/);
    }
  });

  it('over what is no backup', () => {
    const into = newFolder();
    const diary = join(into, 'diary');
    writeFileSync(diary, 'Dear diary');
    expect(refusal(live, diary)).toMatch(/diary is there already and is no backup/);
    expect(readFileSync(diary, 'utf8')).toBe('Dear diary');
    const theirs = join(into, 'theirs.db');
    new Database(theirs).exec('create table theirs(a)').close();
    expect(refusal(live, theirs)).toMatch(/is no backup/);
    expect(refusal(live, into)).toMatch(/is no backup/);
  });

  it('over the database of a Latchkey that runs', () => {
    const other = join(newFolder(), 'latchkey.db');
    const running = openDatabase(other);
    expect(refusal(live, other)).toMatch(/is in use as a database/);
    running.close();
  });

  it('over a database that Latchkey has run on, though it is stopped', async () => {
    const other = join(newFolder(), 'latchkey.db');
    await fill(other, { sessions: 5 });
    expect(refusal(live, other)).toMatch(/that Latchkey has run on\. Name another file/);
    expect(idsIn(other)).toHaveLength(5);
  });

  it('where there is no folder, or no database', () => {
    expect(() => backUpNow(live, join(folder.path, 'nowhere', 'copy.db'))).toThrow(
      /could not be made: ENOENT/,
    );
    expect(refusal(join(folder.path, 'none.db'), join(newFolder(), 'copy.db'))).toMatch(
      /There is no database at .*none\.db/,
    );
    const theirs = join(newFolder(), 'theirs.db');
    new Database(theirs).exec('create table theirs(a)').close();
    expect(refusal(theirs, join(newFolder(), 'copy.db'))).toMatch(/not a database of Latchkey/);
  });

  it('of a database that is damaged', async () => {
    const path = join(newFolder(), 'latchkey.db');
    await fill(path, { sessions: 200 });
    const bytes = readFileSync(path);
    writeFileSync(path, bytes.fill(0xa5, 8192, bytes.length - 8192));
    expect(refusal(path, join(newFolder(), 'copy.db'))).toMatch(/malformed|damaged/);
  });

  it('of a database that only its copy shows to be damaged, which is named', async () => {
    const path = join(newFolder(), 'latchkey.db');
    await fill(path, { sessions: 50 });
    const database = new Database(path);
    const hash = database.prepare<[], Buffer>('select token_hash from sessions').pluck().get()!;
    const index = database
      .prepare<[], number>("select pgoffset from dbstat where name = 'sessions_token_hash'")
      .pluck()
      .all();
    database.close();
    const bytes = readFileSync(path);
    // Another key in the index than in the table.
    const at = Math.max(...index.map((page) => bytes.subarray(0, page + 4096).indexOf(hash, page)));
    bytes.fill(0, at + hash.length - 1, at + hash.length);
    writeFileSync(path, bytes);
    expect(refusal(path, join(newFolder(), 'copy.db'))).toBe(`${path} is damaged.`);
  });
});

const held = join(folder.path, 'held.db');

/** Keeps a backup of that database waiting once it has begun. */
async function holdUp(): Promise<() => void> {
  await fill(held);
  const database = new Database(held);
  database.pragma('locking_mode = EXCLUSIVE');
  database.exec('begin exclusive');
  return () => database.close();
}

describe('a backup that cannot be finished', () => {
  it('by kill -9 leaves nothing under the final name, and the next one removes the rest', async () => {
    const into = newFolder();
    const to = join(into, 'copy.db');
    const release = await holdUp();
    const { child, ended } = startProgram('backup', [to], { databaseFile: held });
    await expect.poll(() => readdirSync(into)).toHaveLength(1);
    child.kill('SIGKILL');
    await ended;
    release();
    const [left = ''] = readdirSync(into);
    expect(left).toMatch(/^\.copy\.db\.\d+\.latchkey-partial$/);
    writeFileSync(join(into, `${left}-journal`), '');
    const others = ['.copy.db.partial', `.x.${process.ppid}.latchkey-partial`, 'latchkey-partial'];
    for (const name of others) writeFileSync(join(into, name), '');
    backUpNow(live, to);
    expect(readdirSync(into).toSorted()).toEqual([...others, 'copy.db'].toSorted());
  });

  it('for want of room leaves nothing at all, and says so', async () => {
    const into = newFolder();
    const given = { databaseFile: large, limitKb: 1_000 };
    const { code, said } = await runProgram('backup', [join(into, 'copy.db')], given);
    expect(code).toBe(1);
    expect(said).toMatch(/^The backup .*copy\.db could not be made: .+\n$/);
    expect(readdirSync(into)).toEqual([]);
  });

  it('since it is not wanted any more leaves nothing under the final name', async () => {
    const into = newFolder();
    const stopping = new AbortController();
    const release = await holdUp();
    const backup = backUp(held, join(into, 'copy.db'), stopping.signal);
    const settled = Promise.allSettled([backup]);
    await expect.poll(() => readdirSync(into)).toHaveLength(1);
    stopping.abort();
    expect((await settled)[0].status).toBe('rejected');
    release();
    expect(readdirSync(into)).not.toContain('copy.db');
  });
});

describe('npm run backup', () => {
  it('answers in one sentence, without the configuration of a bot', async () => {
    const to = join(newFolder(), 'copy.db');
    const { code, said } = await runProgram('backup', [to], { databaseFile: live });
    expect({ code, said }).toEqual({ code: 0, said: `${live} is backed up to ${to}.\n` });
    expect(idsIn(to)).toEqual(idsIn(live));
  });

  it('fails with what is wrong', async () => {
    const itself = await runProgram('backup', [live], { databaseFile: live });
    expect(itself.code).toBe(1);
    expect(itself.said).toMatch(/^.*is the database itself\. .*\n$/);
    const nothing = await runProgram('backup', [], { databaseFile: live });
    expect(nothing).toEqual({ code: 1, said: expect.stringContaining('npm run backup -- FILE') });
  });
});

const from = (file: string) => JSON.stringify(new URL(file, import.meta.url).href);

/** Another process that adds sessions as fast as it can; `ids` are those that it has acknowledged. */
function startWriter(path: string) {
  const script = `
    import { openStore } from ${from('../../../../src/store/sqlite/file/open.ts')};
    import { ANA, atMost, idAt, member, newSession, START } from ${from('../../../support/fixtures.ts')};
    const store = openStore(${JSON.stringify(path)});
    for (let index = 0; ; index += 1) {
      const id = idAt(START, (size) => crypto.getRandomValues(Buffer.alloc(size)));
      await store.add({ actor: member(ANA), at: START }, newSession({ id }), atMost(100_000));
      process.stdout.write(id + '\\n');
      await new Promise(setImmediate);
    }`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const ids: string[] = [];
  createInterface({ input: child.stdout }).on('line', (id) => ids.push(id));
  const ended = once(child, 'close');
  return {
    ids,
    stop() {
      child.kill('SIGKILL');
      return ended;
    },
  };
}
