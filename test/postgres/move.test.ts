import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { openConnection } from '../../src/store/postgres/server/pools.ts';
import { setUp } from '../support/end-to-end.ts';
import { createFullFile } from '../support/full-file.ts';
import { createDatabase, runOn } from '../support/postgres-server.ts';
import { check, newToken } from '../support/tokens.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const MEMBERS = 5_000;

let folder: string;
let file: string;
let url: string;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'latchkey-move-'));
  file = join(folder, 'latchkey.db');
  url = await createDatabase(process.env['TEST_POSTGRES_URL'] ?? '');
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** `npm run move`, without npm. */
function start(env: Readonly<Record<string, string>> = {}, args: readonly string[] = []) {
  const child = spawn(process.execPath, ['src/bin/move.ts', ...args], {
    cwd: ROOT,
    env: { PATH: process.env['PATH'], DATABASE_URL: url, MOVE_FROM: `file:${file}`, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]).then(
    ([out, error, [code]]) => ({ code: code as number | null, said: out + error }),
  );
  return { child, ended };
}

const move = (...given: Parameters<typeof start>) => start(...given).ended;

/** Waits until a move has written some sessions, and not all of them. */
async function underWay(): Promise<void> {
  await vi.waitUntil(
    async () => {
      const [found] = await runOn(url, "select to_regclass('latchkey_move') is not null as begun");
      if (found?.['begun'] !== true) return false;
      const [mark] = await runOn(url, 'select "at" from latchkey_move');
      return mark?.['at'] === 'sessions';
    },
    { timeout: 30_000, interval: 5 },
  );
}

const digest = () => createHash('sha256').update(readFileSync(file)).digest('hex');

async function countOf(table: string): Promise<number> {
  const [row] = await runOn(url, `select count(*)::int as rows from ${table}`);
  return Number(row?.['rows']);
}

describe('a move into PostgreSQL', () => {
  test('keeps every token working, and what was revoked revoked', async () => {
    await using stage = await setUp({ DATABASE_URL: `file:${file}` });
    const { product, member } = stage;
    const [ada, ben] = [member('ada'), member('ben')];
    const tokens = [await newToken(ada), await newToken(ada, 'second'), await newToken(ben)];
    const made = await fetch(`${product.url}/sessions`, {
      method: 'POST',
      headers: { Authorization: tokens[0]!, 'Content-Type': 'application/json' },
      body: JSON.stringify({ name: 'child', type: 'api', expiry: 3_600 }),
    });
    const child = (await made.json()) as { token: string; session_id: string };
    const { token: revoked } = child;
    await fetch(`${product.url}/sessions/${child.session_id}`, {
      method: 'DELETE',
      headers: { Authorization: tokens[0]! },
    });
    const before = await Promise.all(tokens.map((token) => check(product, token)));

    expect((await move()).said).toContain('is in use');
    expect(await product.stop()).toBe(0);
    const kept = digest();
    const { code, said } = await move();
    expect(said).toContain('Everything is there');
    expect(code).toBe(0);
    expect(digest()).toBe(kept);

    await product.start({ DATABASE_URL: url });
    const after = await Promise.all(tokens.map((token) => check(product, token)));
    expect(after.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(after.map(({ body }) => body)).toEqual(before.map(({ body }) => body));
    expect((await check(product, revoked)).status).toBe(401);
    const third = await newToken(ada, 'third');
    expect((await check(product, third)).status).toBe(200);
    expect((await ada.slash('session list')).text).toContain('third');

    // Now it is in use, and a second move is not to touch it.
    const again = await move();
    expect(again).toMatchObject({ code: 1 });
    expect(again.said).toContain('a Latchkey is connected to it');
    expect(await product.stop()).toBe(0);
    expect((await move()).said).toContain('has rows already');
  });

  test('goes on after kill -9, and keeps Latchkey from starting until it has ended', async () => {
    createFullFile(file, { members: MEMBERS });
    const kept = digest();
    const first = start();
    await underWay();
    first.child.kill('SIGKILL');
    await first.ended;
    expect(await countOf('sessions')).toBeLessThan(3 * MEMBERS);

    const latchkey = spawn(process.execPath, ['src/bin/start.js'], {
      cwd: ROOT,
      env: { PATH: process.env['PATH'], DATABASE_URL: url, DISCORD_TOKEN: 'x', HTTP_PORT: '0' },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const [complaint, [code]] = await Promise.all([text(latchkey.stderr), once(latchkey, 'close')]);
    expect(complaint).toContain('was begun and has not ended');
    expect(code).toBe(65);

    const { said, code: ended } = await move();
    expect(said).toContain('Going on moving');
    expect(said).toContain('Everything is there');
    expect(ended).toBe(0);
    expect(digest()).toBe(kept);
    expect(await countOf('sessions')).toBe(3 * MEMBERS);
    expect(await countOf('audit_events')).toBe(MEMBERS);
    expect((await move()).said).toContain('was moved into');
  });

  test('ends after SIGTERM with what is there, and can be repeated', async () => {
    createFullFile(file, { members: MEMBERS });
    const first = start();
    await underWay();
    first.child.kill('SIGTERM');
    const stopped = await first.ended;
    expect(stopped.said).toMatch(/Stopped: [\d,]+ rows are there. Run npm run move again/);
    expect(stopped.code).toBe(143);
    expect((await move()).said).toContain('Everything is there');
    expect(await countOf('sessions')).toBe(3 * MEMBERS);
  });

  test('is done by one at a time', async () => {
    createFullFile(file, { members: MEMBERS });
    const other = join(folder, 'other.db');
    createFullFile(other, { members: 1 });
    const first = start();
    await underWay();
    first.child.kill('SIGSTOP');
    const second = await move({ MOVE_FROM: `file:${other}` });
    expect(second.said).toContain('or another move');
    first.child.kill('SIGCONT');
    expect((await first.ended).code).toBe(0);
  });

  test('tells who it was when the server ends the connection', async () => {
    createFullFile(file, { members: MEMBERS });
    const first = start();
    await underWay();
    await runOn(
      url,
      'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
    );
    const { said, code } = await first.ended;
    expect(said).toContain('Run npm run move again to go on');
    expect(code).toBe(1);
    expect((await move()).code).toBe(0);
  });

  test('is refused by a database that a Latchkey is connected to', async () => {
    createFullFile(file);
    const connection = await openConnection(url);
    expect((await move()).said).toContain('a Latchkey is connected to it');
    connection.release(true);
    expect((await move()).code).toBe(0);
  });
});

describe('bad input to a move', () => {
  const secret = 'hunter2';
  const withPassword = () => url.replace('owner@', `owner:${secret}@`);

  test.each([
    ['no address', () => ({ DATABASE_URL: '' }), 'DATABASE_URL must be the PostgreSQL database'],
    ['no file there', () => ({ MOVE_FROM: 'file:./none.db' }), 'There is no database at'],
    [
      'a database that is not there',
      () => ({ DATABASE_URL: withPassword().replace(/test_\w+$/, 'nowhere') }),
      'The server has no such database',
    ],
  ])('that is %s gets a sentence', async (_, env, sentence) => {
    createFullFile(file);
    const { code, said } = await move(env());
    expect(said).toContain(sentence);
    expect(said).not.toContain(secret);
    expect(said).not.toContain('    at ');
    expect(code).toBe(1);
  });

  test('that cannot be reached is waited for, and named', async () => {
    createFullFile(file);
    const { code, said } = await move({
      DATABASE_URL: `postgres://owner:${secret}@127.0.0.1:1/x`,
    });
    expect(said).toContain('cannot be reached');
    expect(said).not.toContain(secret);
    expect(code).toBe(1);
  });

  test('that is an argument is refused, and not shown', async () => {
    const { code, said } = await move({}, [withPassword()]);
    expect(said).toContain('takes no arguments');
    expect(said).not.toContain(secret);
    expect(code).toBe(1);
  });

  test('in a URL with a password is moved to without a word of it', async () => {
    createFullFile(file);
    const { code, said } = await move({ DATABASE_URL: withPassword() });
    expect(code).toBe(0);
    expect(said).not.toContain(secret);
  });
});
