import Database from 'better-sqlite3';
import { startLocalDiscord } from 'local-discord';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startApp } from '../../../../src/app/app.ts';
import { readConfig } from '../../../../src/config.ts';
import { backupName } from '../../../../src/store/sqlite/file/backup-name.ts';
import { backUpNow } from '../../../../src/store/sqlite/file/backup.ts';
import { checkLater } from '../../../../src/store/sqlite/file/check.ts';
import { createCheckup } from '../../../../src/store/sqlite/file/checkup.ts';
import { isCheckedLater, openStore } from '../../../../src/store/sqlite/file/open.ts';
import { UnusableDatabase } from '../../../../src/store/store-error.ts';
import {
  ANA,
  atMost,
  collectLog,
  HOUR,
  member,
  newSession,
  START,
  temporaryFolder,
} from '../../../support/fixtures.ts';
import { fill, spoilWhileOpen } from '../../../support/program.ts';

const PAGE = 4_096;

/** A database with a good backup beside it. */
async function setUp() {
  const folder = temporaryFolder();
  onTestFinished(() => folder.remove());
  const path = join(folder.path, 'latchkey.db');
  await fill(path, { sessions: 50 });
  const backup = join(folder.path, backupName(path, START));
  backUpNow(path, backup);
  return { path, backup };
}

/** Spoils what a start does not look at: the page of the newest rows. */
function damage(path: string): void {
  const bytes = readFileSync(path);
  writeFileSync(path, bytes.fill(0xa5, bytes.length - 3 * PAGE, bytes.length - PAGE));
}

/** The one among the processes that this one has started. */
function findCheck(): number | undefined {
  const threads = readdirSync('/proc/self/task');
  const children = threads.flatMap((thread) =>
    readFileSync(`/proc/self/task/${thread}/children`, 'utf8').split(' ').filter(Boolean),
  );
  const found = children.find((pid) =>
    readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('src/bin/check.ts'),
  );
  return found === undefined ? undefined : Number(found);
}

const never = new AbortController().signal;

const outcomeOf = (file: string) =>
  checkLater(file, undefined, never).then(
    () => 'sound',
    (error: unknown) => (error instanceof UnusableDatabase ? 'damaged' : String(error)),
  );

describe('a check while the database is in use', () => {
  it('says nothing of a sound one', async () => {
    const { path } = await setUp();
    const store = openStore(path);
    onTestFinished(() => store.close());
    await expect(checkLater(path, undefined, never)).resolves.toBeUndefined();
  });

  it('names what is damaged and the newest good backup', async () => {
    const { path, backup } = await setUp();
    damage(path);
    const error = await checkLater(path, undefined, never).catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(UnusableDatabase);
    expect(String(error)).toContain(`${path} is damaged`);
    expect(String(error)).toContain(`npm run restore -- ${backup}`);
  });

  it('is neither good nor bad news where it could not be done', async () => {
    const { path } = await setUp();
    expect(await outcomeOf(`${path}.gone`)).toMatch(/unable to open/);
    const holder = new Database(path);
    holder.pragma('locking_mode = EXCLUSIVE');
    holder.exec('begin exclusive');
    const held = outcomeOf(path);
    await expect.poll(findCheck).toBeDefined();
    process.kill(findCheck()!, 'SIGKILL');
    expect(await held).toMatch(/ended early \(SIGKILL\)/);
    holder.close();
  });

  it('ends when nobody waits for it any more', async () => {
    const { path } = await setUp();
    const stopping = new AbortController();
    const checking = checkLater(path, undefined, stopping.signal);
    stopping.abort();
    await expect(checking).rejects.toThrow('aborted');
  });
});

describe('what a statement meets while the database is in use', () => {
  it('is no reason for another check within the hour, if one found nothing', async () => {
    const { path } = await setUp();
    let [ran, sound] = [0, 0];
    const checkup = createCheckup({
      databaseFile: path,
      backupFolder: undefined,
      monotonicNow: () => ran,
      onSound: () => (sound += 1),
      onFailure: (error) => expect.unreachable(String(error)),
    });
    expect(checkup.begin()).toBe(true);
    ran += 2 * HOUR;
    expect(checkup.begin()).toBe(false);
    await expect.poll(() => sound).toBe(1);
    ran += HOUR - 1;
    expect(checkup.begin()).toBe(false);
    ran += 1;
    expect(checkup.begin()).toBe(true);
    await expect.poll(() => sound).toBe(2);
  });

  it('is told if it is damage, and only then', async () => {
    const { path } = await setUp();
    let met = 0;
    const store = openStore(path, { onDamage: () => (met += 1) });
    onTestFinished(() => store.close());
    const { session, tokenHash } = newSession();
    const act = { actor: member(ANA), at: START };
    await store.add(act, { session, tokenHash }, atMost(100));
    await expect(store.add(act, { session, tokenHash }, atMost(100))).rejects.toThrow('UNIQUE');
    expect(met).toBe(0);
    spoilWhileOpen(path, ['sessions', 'sessions_token_hash']);
    await expect(store.findByToken(tokenHash)).rejects.toThrow('malformed');
    expect(met).toBe(1);
    await expect(store.findLive(ANA, session.id, START)).rejects.toThrow('malformed');
    expect(met).toBe(2);
  });
});

describe('a database file', () => {
  it('is checked before it is used unless it is large', async () => {
    const { path } = await setUp();
    expect([isCheckedLater(path), isCheckedLater(path, PAGE)]).toEqual([false, true]);
    damage(path);
    expect(() => openStore(path)).toThrow(UnusableDatabase);
    await openStore(path, { checkedBelowBytes: PAGE }).close();
  });

  it('that is large and damaged is used until that is found, and no longer', async () => {
    const { path, backup } = await setUp();
    damage(path);
    await using discord = await startLocalDiscord();
    const config = readConfig({
      DISCORD_TOKEN: discord.botToken,
      DISCORD_API_URL: discord.apiUrl,
      DATABASE_URL: `file:${path}`,
      HTTP_PORT: '0',
    });
    const app = await startApp(config, collectLog().log, { checkedBelowBytes: PAGE });
    try {
      const alive = await fetch(`http://127.0.0.1:${app.port}/health/live`);
      expect(alive.status).toBe(200);
      expect((await app.failure).message).toContain(`npm run restore -- ${backup}`);
    } finally {
      await app.stop();
    }
  });
});
