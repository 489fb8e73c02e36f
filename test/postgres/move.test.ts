import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { describe, test as base, vi } from 'vitest';
import { openConnection } from '../../src/store/postgres/server/pools.ts';
import { setUp } from '../support/end-to-end.ts';
import { createFullFile } from '../support/full-file.ts';
import { connectAsOwner, createDatabase, runOn } from '../support/postgres-server.ts';
import { startProgram } from '../support/program.ts';
import { check, newToken } from '../support/tokens.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const MEMBERS = 2_500;

/** A file that is to be moved, where to, and how. */
interface Move {
  readonly file: string;
  readonly url: string;
  /** `npm run move`, without npm. */
  start(
    env?: Readonly<Record<string, string>>,
    args?: readonly string[],
  ): ReturnType<typeof startProgram>;
  /** The same, until it has ended. */
  run(...given: Parameters<Move['start']>): ReturnType<typeof startProgram>['ended'];
}

const test = base.extend<{ move: Move }>({
  // eslint-disable-next-line no-empty-pattern
  move: async ({}, use) => {
    const folder = mkdtempSync(join(tmpdir(), 'latchkey-move-'));
    const file = join(folder, 'latchkey.db');
    const url = await createDatabase(process.env['TEST_POSTGRES_URL'] ?? '');
    const start: Move['start'] = (env = {}, args = []) => {
      const environment = { DATABASE_URL: url, MOVE_FROM: `file:${file}`, ...env };
      return startProgram('move', args, { databaseFile: file, environment });
    };
    await use({ file, url, start, run: (...given) => start(...given).ended });
    rmSync(folder, { recursive: true, force: true });
  },
});

/** Waits until a move has written some sessions, and not all of them. */
async function underWay({ url }: Move): Promise<void> {
  await using owner = await connectAsOwner(url);
  await vi.waitUntil(
    async () => {
      const [found] = await owner.run("select to_regclass('latchkey_move') is not null as begun");
      if (found?.['begun'] !== true) return false;
      const [mark] = await owner.run('select "at" from latchkey_move');
      return mark?.['at'] === 'sessions';
    },
    { timeout: 30_000, interval: 5 },
  );
}

const digestOf = (file: string) => createHash('sha256').update(readFileSync(file)).digest('hex');

async function countOf({ url }: Move, table: string): Promise<number> {
  const [row] = await runOn(url, `select count(*)::int as rows from ${table}`);
  return Number(row?.['rows']);
}

describe('a move into PostgreSQL', () => {
  test('keeps every token working, and what was revoked revoked', async ({ move, expect }) => {
    const { file, url } = move;
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

    expect((await move.run()).said).toContain('is in use');
    expect(await product.stop()).toBe(0);
    const kept = digestOf(file);
    const { code, said } = await move.run();
    expect(said).toContain('Everything is there');
    expect(code).toBe(0);
    expect(digestOf(file)).toBe(kept);

    await product.start({ DATABASE_URL: url });
    const after = await Promise.all(tokens.map((token) => check(product, token)));
    expect(after.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(after.map(({ body }) => body)).toEqual(before.map(({ body }) => body));
    expect((await check(product, revoked)).status).toBe(401);
    const third = await newToken(ada, 'third');
    expect((await check(product, third)).status).toBe(200);
    expect((await ada.slash('session list')).text).toContain('third');

    // Now it is in use, and a second move is not to touch it.
    const again = await move.run();
    expect(again).toMatchObject({ code: 1 });
    expect(again.said).toContain('a Latchkey is connected to it');
    expect(await product.stop()).toBe(0);
    expect((await move.run()).said).toContain('has rows already');
  });

  test('goes on after kill -9, and keeps Latchkey from starting until it has ended', async ({
    move,
    expect,
  }) => {
    const { file, url } = move;
    createFullFile(file, { members: MEMBERS });
    const kept = digestOf(file);
    const first = move.start();
    await underWay(move);
    first.child.kill('SIGKILL');
    await first.ended;
    expect(await countOf(move, 'sessions')).toBeLessThan(3 * MEMBERS);

    const latchkey = spawn(process.execPath, ['src/bin/start.js'], {
      cwd: ROOT,
      env: { PATH: process.env['PATH'], DATABASE_URL: url, DISCORD_TOKEN: 'x', HTTP_PORT: '0' },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const [complaint, [code]] = await Promise.all([text(latchkey.stderr), once(latchkey, 'close')]);
    expect(complaint).toContain('was begun and has not ended');
    expect(code).toBe(65);

    const { said, code: ended } = await move.run();
    expect(said).toContain('Going on moving');
    expect(said).toContain('Everything is there');
    expect(ended).toBe(0);
    expect(digestOf(file)).toBe(kept);
    expect(await countOf(move, 'sessions')).toBe(3 * MEMBERS);
    expect(await countOf(move, 'audit_events')).toBe(MEMBERS);
    expect((await move.run()).said).toContain('was moved into');
  });

  test('ends after SIGTERM with what is there, and can be repeated', async ({ move, expect }) => {
    const { file } = move;
    createFullFile(file, { members: MEMBERS });
    const first = move.start();
    await underWay(move);
    first.child.kill('SIGTERM');
    const stopped = await first.ended;
    expect(stopped.said).toMatch(/Stopped: [\d,]+ rows are there. Run npm run move again/);
    expect(stopped.code).toBe(143);
    expect((await move.run()).said).toContain('Everything is there');
    expect(await countOf(move, 'sessions')).toBe(3 * MEMBERS);
  });

  test('is done by one at a time', async ({ move, expect }) => {
    const { file } = move;
    createFullFile(file, { members: MEMBERS });
    const other = join(dirname(file), 'other.db');
    createFullFile(other, { members: 1 });
    const first = move.start();
    await underWay(move);
    first.child.kill('SIGSTOP');
    const second = await move.run({ MOVE_FROM: `file:${other}` });
    expect(second.said).toContain('or another move');
    first.child.kill('SIGCONT');
    expect((await first.ended).code).toBe(0);
  });

  test('tells who it was when the server ends the connection', async ({ move, expect }) => {
    const { file, url } = move;
    createFullFile(file, { members: MEMBERS });
    const first = move.start();
    await underWay(move);
    await runOn(
      url,
      'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
    );
    const { said, code } = await first.ended;
    expect(said).toContain('Run npm run move again to go on');
    expect(code).toBe(1);
    expect((await move.run()).code).toBe(0);
  });

  test('is refused by a database that a Latchkey is connected to', async ({ move, expect }) => {
    const { file, url } = move;
    createFullFile(file);
    const connection = await openConnection(url);
    expect((await move.run()).said).toContain('a Latchkey is connected to it');
    connection.release(true);
    expect((await move.run()).code).toBe(0);
  });
});

// They wait, most of the time.
describe.concurrent('bad input to a move', () => {
  const secret = 'hunter2';
  const withPassword = (url: string) => url.replace('owner@', `owner:${secret}@`);

  test.for<readonly [what: string, env: (url: string) => Record<string, string>, sentence: string]>(
    [
      ['no address', () => ({ DATABASE_URL: '' }), 'DATABASE_URL must be the PostgreSQL database'],
      ['no file there', () => ({ MOVE_FROM: 'file:./none.db' }), 'There is no database at'],
      [
        'a database that is not there',
        (url: string) => ({ DATABASE_URL: withPassword(url).replace(/test_\w+$/, 'nowhere') }),
        'The server has no such database',
      ],
    ],
  )('that is %s gets a sentence', async ([, env, sentence], { move, expect }) => {
    const { file, url } = move;
    createFullFile(file);
    const { code, said } = await move.run(env(url));
    expect(said).toContain(sentence);
    expect(said).not.toContain(secret);
    expect(said).not.toContain('    at ');
    expect(code).toBe(1);
  });

  test('that cannot be reached is waited for, and named', async ({ move, expect }) => {
    const { file } = move;
    createFullFile(file);
    const { code, said } = await move.run({
      DATABASE_URL: `postgres://owner:${secret}@127.0.0.1:1/x`,
    });
    expect(said).toContain('cannot be reached');
    expect(said).not.toContain(secret);
    expect(code).toBe(1);
  });

  test('that is an argument is refused, and not shown', async ({ move, expect }) => {
    const { url } = move;
    const { code, said } = await move.run({}, [withPassword(url)]);
    expect(said).toContain('takes no arguments');
    expect(said).not.toContain(secret);
    expect(code).toBe(1);
  });

  test('in a URL with a password is moved to without a word of it', async ({ move, expect }) => {
    const { file, url } = move;
    createFullFile(file);
    const { code, said } = await move.run({ DATABASE_URL: withPassword(url) });
    expect(code).toBe(0);
    expect(said).not.toContain(secret);
  });
});
