import Database from 'better-sqlite3';
import { type LocalDiscord, startLocalDiscord } from 'local-discord';
import { copyFileSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hashToken } from '../../src/core/sessions/token.ts';
import { temporaryFolder } from '../support/fixtures.ts';
import { startProduct } from '../support/product.ts';
import { check, idOf, newToken } from '../support/tokens.ts';
import { createChance } from './chance.ts';

const TOKENS = 150;
/** SQLite's own choice. */
const PAGE = 4_096;
const folder = temporaryFolder();
const chance = createChance();
let discord: LocalDiscord;

/** What members hold: tokens that were promised to work, and others that were promised not to. */
let live: string[] = [];
let revoked: string[] = [];

const whole = join(folder.path, 'whole.db');
/** As kill -9 leaves a file: with acts that are in its -wal alone. */
const killed = join(folder.path, 'killed.db');

beforeAll(async () => {
  discord = await startLocalDiscord();
  await using product = await startProduct(discord, {
    MAX_API_TOKENS: '1000',
    CREATIONS_PER_HOUR: '1000',
  });
  await discord.waitForBot();
  const ada = discord.addMember({ username: 'ada', server: discord.addServer() });
  const first = await newToken(ada);
  for (let index = 0; index < TOKENS; index += 1) {
    const response = await fetch(`${product.url}/sessions`, {
      method: 'POST',
      headers: { Authorization: first, 'Content-Type': 'application/json' },
      body: JSON.stringify({ name: `token ${index} `.repeat(5), type: 'api', expiry: 86_400 }),
    });
    live.push(((await response.json()) as { token: string }).token);
  }
  revoked = live.splice(0, 20);
  live = live.slice(0, 20);
  for (const token of revoked) {
    const id = await idOf(product, token);
    const headers = { Authorization: first };
    const ended = await fetch(`${product.url}/sessions/${id}`, { method: 'DELETE', headers });
    if (ended.status !== 204) throw new Error(`not revoked: ${ended.status}`);
  }
  await product.stop('SIGKILL');
  for (const end of ['', '-wal']) copyFileSync(product.databaseFile + end, killed + end);
  await product.start();
  await product.stop();
  copyFileSync(product.databaseFile, whole);
});

afterAll(async () => {
  await discord.stop();
  folder.remove();
});

/**
 * What becomes of the file when the product is started on it: `refused`, with one sentence that names it
 * and the way out; `as promised`; or else what is wrong.
 */
async function startOn(file: string): Promise<string> {
  const product = await startProduct(discord, { DATABASE_URL: `file:${file}` }).catch(
    (error: Error) => error.message,
  );
  if (typeof product === 'string') {
    const [sentence = '', ...more] = product.split('\n').slice(1);
    const isClear = sentence.includes(file) && /\. .*(?:\.|npm run restore -- \S+)$/.test(sentence);
    return isClear && more.every((line) => line === '') ? 'refused' : product;
  }
  await using running = product;
  const statuses = async (tokens: readonly string[]) =>
    Promise.all(tokens.map(async (token) => (await check(running, token)).status));
  const wrong = [
    ...(await statuses(live)).filter((status) => status !== 200),
    ...(await statuses(revoked)).filter((status) => status !== 401),
  ];
  return wrong.length === 0 ? 'as promised' : `${wrong.length} tokens answer ${wrong[0]}`;
}

let copies = 0;

function copyOf(file: string, ends: readonly string[] = ['']): string {
  copies += 1;
  const copy = join(folder.path, `${copies}.db`);
  for (const end of ends) copyFileSync(file + end, copy + end);
  return copy;
}

/** The pages of a table or an index, by where they begin. */
function pagesOf(file: string, name: string, type: 'internal' | 'leaf'): number[] {
  const database = new Database(file, { readonly: true });
  const pages = database
    .prepare<[string, string], number>(
      'select pgoffset from dbstat where name = ? and pagetype = ?',
    )
    .pluck()
    .all(name, type);
  database.close();
  return pages;
}

/** The same, with other bytes there. */
function spoil(file: string, start: number, length: number): void {
  const bytes = readFileSync(file);
  for (let at = start; at < start + length; at += 1) bytes[at] = (bytes[at] ?? 0) ^ 0xa5;
  writeFileSync(file, bytes);
}

describe('a damaged file', () => {
  test('is as promised while it is not damaged', async () => {
    expect(await startOn(copyOf(whole))).toBe('as promised');
    expect(await startOn(copyOf(killed, ['', '-wal']))).toBe('as promised');
  });

  test.each([
    { what: 'the name of the format', start: 0, length: 16 },
    { what: 'the size of a page', start: 16, length: 2 },
    { what: 'the versions of the format', start: 18, length: 2 },
    { what: 'the list of free pages', start: 32, length: 8 },
    { what: 'the schema format', start: 44, length: 4 },
    { what: 'the application id', start: 68, length: 4 },
    { what: 'the first page of the schema', start: 100, length: 12 },
  ])('is refused or as promised: $what', async ({ start, length }) => {
    const file = copyOf(whole);
    spoil(file, start, length);
    expect(await startOn(file)).toMatch(/^(?:refused|as promised)$/);
  });

  test.each([
    { name: 'sessions', type: 'internal' },
    { name: 'sessions', type: 'leaf' },
    { name: 'sessions_token_hash', type: 'internal' },
    { name: 'sessions_token_hash', type: 'leaf' },
  ] as const)('is refused: a page of $name, $type', async ({ name, type }) => {
    const file = copyOf(whole);
    spoil(file, chance.pick(pagesOf(file, name, type)), 64);
    expect(await startOn(file)).toBe('refused');
  });

  test('is refused where it was cut off', async () => {
    const { length } = readFileSync(whole);
    for (const left of [length - PAGE, length / 2, PAGE, 1_000, 50]) {
      const file = copyOf(whole);
      truncateSync(file, Math.floor(left));
      expect(await startOn(file)).toBe('refused');
    }
  });

  test('whose -wal is damaged or cut off is sound', async () => {
    for (const spoilIt of [
      (wal: string) => spoil(wal, 0, 32),
      (wal: string) => spoil(wal, Math.floor(readFileSync(wal).length / 2), 64),
      (wal: string) => truncateSync(wal, Math.floor(readFileSync(wal).length / 2)),
    ]) {
      const file = copyOf(killed, ['', '-wal']);
      spoilIt(`${file}-wal`);
      await using product = await startProduct(discord, { DATABASE_URL: `file:${file}` });
      await product.stop();
      expect(verdictOn(file)).toBe('ok');
    }
  });

  test('whose -wal is gone is sound', async () => {
    const file = copyOf(killed, ['', '-wal']);
    rmSync(`${file}-wal`);
    await using product = await startProduct(discord, { DATABASE_URL: `file:${file}` });
    await product.stop();
    expect(verdictOn(file)).toBe('ok');
  });

  test('is refused with another key in an index', async () => {
    const file = copyOf(whole);
    const hash = hashToken(live[0]!);
    for (const type of ['internal', 'leaf'] as const) {
      for (const page of pagesOf(file, 'sessions_token_hash', type)) {
        const at = readFileSync(file).indexOf(hash, page);
        if (at !== -1 && at < page + PAGE) spoil(file, at + hash.length - 1, 1);
      }
    }
    expect(await startOn(file)).toBe('refused');
  });
});

function verdictOn(file: string): unknown {
  const database = new Database(file, { readonly: true });
  const verdict = database.pragma('integrity_check', { simple: true });
  database.close();
  return verdict;
}
