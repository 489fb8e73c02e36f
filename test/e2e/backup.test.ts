import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { backupName } from '../../src/store/sqlite/file/backup-name.ts';
import { START, temporaryFolder } from '../support/fixtures.ts';
import { runProgram, spoilWhileOpen } from '../support/program.ts';
import { health, setUp } from '../support/end-to-end.ts';
import { check, newToken } from '../support/tokens.ts';

test('a database that was damaged is back as the last backup has it', async () => {
  const folder = temporaryFolder();
  onTestFinished(() => folder.remove());
  const BACKUP_DIR = join(folder.path, 'backups');
  await using stage = await setUp({ BACKUP_DIR });
  const { product, member } = stage;
  const { databaseFile } = product;
  await expect.poll(() => product.output.join()).toContain('the database is backed up');
  const [name = ''] = readdirSync(BACKUP_DIR);
  expect(name).toMatch(/^latchkey-\d{8}T\d{6}Z\.db$/);
  const backup = join(BACKUP_DIR, name);
  const token = await newToken(member('ada'));

  await product.stop();
  const bytes = readFileSync(databaseFile);
  writeFileSync(databaseFile, bytes.fill(0xa5, 4096));
  await expect(product.start()).rejects.toThrow(`npm run restore -- ${backup}`);
  // By which systemd knows that to start it again would change nothing.
  expect(await product.stop()).toBe(65);
  expect((await runProgram('restore', [backup], { databaseFile })).code).toBe(0);

  await product.start();
  expect((await check(product, token)).status).toBe(401);
  await expect.poll(() => health(product.url)).toEqual([200, undefined]);
  await newToken(member('ben'));
  expect(readdirSync(BACKUP_DIR)).toEqual([name]);
});

test.each(['1', '2'])(
  'damage that a check meets ends Latchkey, with the way back: HTTP_WORKERS=%s',
  async (HTTP_WORKERS) => {
    await using stage = await setUp({ HTTP_WORKERS });
    const { product, member } = stage;
    const { databaseFile } = product;
    const token = await newToken(member('ada'));
    const backup = join(dirname(databaseFile), backupName(databaseFile, START));
    expect((await runProgram('backup', [backup], { databaseFile })).code).toBe(0);
    spoilWhileOpen(databaseFile, ['sessions', 'sessions_token_hash']);
    expect((await check(product, token)).status).toBe(500);
    const said = () => product.output.find((line) => line.includes('is damaged'));
    await expect.poll(said).toContain(`npm run restore -- ${backup}`);
    await expect.poll(() => fetch(product.url).catch(() => 'gone')).toBe('gone');
    expect(await product.stop()).toBe(65);
  },
);

test('a restore is refused while the bot runs, idle or under load, and costs no request', async () => {
  await using stage = await setUp({ MAX_API_TOKENS: '100000', CREATIONS_PER_HOUR: '100000' });
  const { product, member } = stage;
  const { databaseFile } = product;
  const token = await newToken(member('ada'));
  const backup = join(dirname(databaseFile), 'backup.db');
  const backedUp = await runProgram('backup', [backup], { databaseFile });
  expect(backedUp.code).toBe(0);
  const inUse = { code: 1, said: expect.stringMatching(/is in use\. Stop Latchkey/) };
  expect(await runProgram('restore', [backup], { databaseFile })).toEqual(inUse);

  const done = new AbortController();
  const ended = runProgram('restore', [backup], { databaseFile }).finally(() => done.abort());
  const body = JSON.stringify({ name: 'x', type: 'api', expiry: 60 });
  const headers = { Authorization: token, 'Content-Type': 'application/json' };
  const statuses = new Set<number>();
  while (!done.signal.aborted) {
    const made = await fetch(`${product.url}/sessions`, { method: 'POST', headers, body });
    statuses.add(made.status);
    statuses.add((await check(product, token)).status);
  }
  expect(await ended).toEqual(inUse);
  expect([...statuses]).toEqual([200]);
});

test('a folder for backups that cannot be used is said, and Latchkey goes on', async () => {
  await using stage = await setUp();
  const { product, member } = stage;
  const inTheWay = join(dirname(product.databaseFile), 'file');
  writeFileSync(inTheWay, '');
  await product.stop();
  await product.start({ BACKUP_DIR: join(inTheWay, 'backups') });
  await expect.poll(() => health(product.url)).toEqual([200, undefined]);
  const said = () => product.output.filter((line) => line.includes('the backup failed'));
  await expect.poll(said).toHaveLength(1);
  expect(JSON.parse(said()[0]!)).toMatchObject({ reason: expect.stringMatching(/ENOTDIR.*file/) });
  expect((await check(product, await newToken(member('ada')))).status).toBe(200);
});
