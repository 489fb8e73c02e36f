import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { verify } from '../../src/store/backup.ts';
import { runProgram } from '../support/program.ts';
import { setUp } from '../support/stage.ts';
import { check, idOf, newToken } from '../support/use.ts';

test('a database that was damaged is back as the last backup has it', async () => {
  await using stage = await setUp();
  const { product, member } = stage;
  const { databaseFile } = product;
  const BACKUP_DIR = join(dirname(databaseFile), 'backups');
  const ada = member('ada');
  const kept = await newToken(ada);
  await product.stop();

  await product.start({ BACKUP_DIR });
  const taken = () => (existsSync(BACKUP_DIR) ? readdirSync(BACKUP_DIR) : []);
  await expect.poll(taken).toEqual([expect.stringMatching(/^latchkey-\d{8}T\d{6}Z\.db$/)]);
  const backup = join(BACKUP_DIR, taken()[0]!);
  await expect.poll(() => product.output.join()).toContain('the database is backed up');
  expect(verify(backup).newestAt).not.toBeNull();

  const lost = await newToken(ada);
  await fetch(`${product.url}/sessions/${await idOf(product, kept)}`, {
    method: 'DELETE',
    headers: { Authorization: kept },
  });
  expect((await check(product, kept)).status).toBe(401);

  const idle = await runProgram('restore', [backup], { databaseFile });
  expect(idle).toEqual({ code: 1, said: expect.stringMatching(/is in use\. Stop Latchkey/) });

  await product.stop();
  const bytes = readFileSync(databaseFile);
  writeFileSync(databaseFile, bytes.fill(0xa5, 4096));
  await expect(product.start({ BACKUP_DIR })).rejects.toThrow(`npm run restore -- ${backup}`);
  const restored = await runProgram('restore', [backup], { databaseFile });
  expect(restored.code).toBe(0);
  for (const token of [kept, lost]) expect(restored.said).not.toContain(token);

  await product.start({ BACKUP_DIR });
  expect((await check(product, kept)).status).toBe(200);
  expect((await check(product, lost)).status).toBe(401);
  expect(taken()).toHaveLength(1);
});

test('a restore is refused under load, and costs no request', async () => {
  await using stage = await setUp({ MAX_API_TOKENS: '100000', CREATIONS_PER_HOUR: '100000' });
  const { product, member } = stage;
  const { databaseFile } = product;
  const token = await newToken(member('ada'));
  const backup = join(dirname(databaseFile), 'backup.db');
  const backedUp = await runProgram('backup', [backup], { databaseFile });
  expect(backedUp.code).toBe(0);

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
  expect(await ended).toEqual({ code: 1, said: expect.stringMatching(/is in use/) });
  expect([...statuses]).toEqual([200]);
});

test('a folder for backups that cannot be used is said, and Latchkey goes on', async () => {
  await using stage = await setUp();
  const { product, member } = stage;
  const inTheWay = join(dirname(product.databaseFile), 'file');
  writeFileSync(inTheWay, '');
  await product.stop();
  await product.start({ BACKUP_DIR: join(inTheWay, 'backups') });
  const said = () => product.output.filter((line) => line.includes('the backup failed'));
  await expect.poll(said).toHaveLength(1);
  expect(JSON.parse(said()[0]!)).toMatchObject({ reason: expect.stringMatching(/ENOTDIR.*file/) });
  expect((await check(product, await newToken(member('ada')))).status).toBe(200);
});
