import Database from 'better-sqlite3';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { SYSTEM } from '../../src/core/actor.ts';
import { createClockStability } from '../../src/core/jobs/clock-stability.ts';
import { createLastUsed } from '../../src/core/sessions/last-used.ts';
import { createSessions } from '../../src/core/sessions/sessions.ts';
import { createTokens } from '../../src/core/tokens/tokens.ts';
import { backUpNow, verify } from '../../src/store/sqlite/file/backup.ts';
import { openDatabase, openStore } from '../../src/store/sqlite/file/open.ts';
import {
  ANA,
  atMost,
  BEN,
  DAY,
  everythingOf,
  HOUR,
  member,
  seededRandom,
  STAFF,
  temporaryFolder,
} from '../support/fixtures.ts';

const RELEASED = new URL('released/0.1.0.sql', import.meta.url);
const CY = '100000000000000003';

/** Where the clock of that database stood. */
const NOW = 1_767_323_053_000;

/** The tokens of that database. */
const TOKENS = {
  deploy: 'lk_api_MvsNUXBU4gFWEJvY5cksYzWcz5XWEjIdYpe8bJ8lz772vMlN7',
  short: 'lk_api_GOCi3Uo4Mcy3T2MsaTPo5g0lIvYMflZ024i5VMtyqY13KxHUe',
  revoked: 'lk_api_kxXgCsskkd0aDB4ico7U0hOPlrxHHEa5PZb1dC6Ojo52ZlYhB',
  rotated: 'lk_api_vd06qwknbA36Muxv5QSKAPFQwrS7KQ7tg7NSzvlQtnc4chHe9',
  successor: 'lk_api_O10nH7uwMQj3QpfYSLr0INrP0ANSEEyEekURFjuWs9D2qWR3N',
  forever: 'lk_api_sNhXAACDUGkWGd59DqjSHgRkSRPWxG7xgnI4gsZPcsT4510bM',
  child: 'lk_api_M16zw3LPcLuGMw70zEy0YZCTZV5XFLDjheT0jzE54gZ3YtUbA',
  banned: 'lk_api_HsspS7k7SYGmZQEZ5tlAxsFnBQEskkprkUYvGo3yzOO4JUGAT',
  login: 'lk_login_cOxnXi1onAIKbjWtlJ0q9JbEmmfntpUW24i0Smi3ZiN16FfW6',
};

/** A file as the first release left it. */
function released(): string {
  const folder = temporaryFolder();
  onTestFinished(() => folder.remove());
  const path = join(folder.path, 'latchkey.db');
  const database = new Database(path);
  database.pragma('journal_mode = WAL');
  database.exec(readFileSync(RELEASED, 'utf8'));
  database.close();
  return path;
}

const clock = () => NOW;

function open(path: string) {
  const store = openStore(path);
  onTestFinished(() => store.close());
  const lastUsed = createLastUsed(store, clock);
  const deps = {
    store,
    lastUsed,
    clock,
    random: seededRandom(),
    tokenPrefix: 'lk',
    limits: atMost(10),
  };
  return { store, sessions: createSessions(deps), tokens: createTokens(deps) };
}

/** All rows of all tables, but for the list of migrations and the mark of the clock. */
function rowsOf(path: string): Record<string, unknown[]> {
  const database = new Database(path, { readonly: true });
  try {
    const tables = database
      .prepare<[], string>(
        "select name from sqlite_schema where type = 'table' and name not like '%migrations' and name not like 'sqlite_%'",
      )
      .pluck()
      .all();
    return Object.fromEntries(
      tables.map((table) => [
        table,
        database
          .prepare<[], { name?: unknown }>(`select * from "${table}"`)
          .all()
          .filter(({ name }) => name !== 'clock'),
      ]),
    );
  } finally {
    database.close();
  }
}

describe('a database of the first release', () => {
  it('opens with each token as good or bad as it was', async () => {
    const { sessions } = open(released());
    const verdicts = await Promise.all(
      Object.entries(TOKENS).map(async ([name, token]) => [
        name,
        (await sessions.verify(token)).is,
      ]),
    );
    expect(Object.fromEntries(verdicts)).toEqual({
      deploy: 'valid',
      short: 'valid',
      revoked: 'invalid',
      rotated: 'invalid',
      successor: 'valid',
      forever: 'valid',
      child: 'valid',
      banned: 'banned',
      login: 'valid',
    });
  });

  it('keeps every row and every value that it had', () => {
    const path = released();
    const before = rowsOf(path);
    open(path);
    const after = rowsOf(path);
    for (const [table, rows] of Object.entries(before)) {
      expect(after[table]).toHaveLength(rows.length);
      expect(after[table]).toMatchObject(rows);
    }
    const database = new Database(path, { readonly: true });
    expect(database.pragma('foreign_key_check')).toEqual([]);
    expect(database.pragma('integrity_check', { simple: true })).toBe('ok');
    database.close();
  });

  it('is known for ours as it was and as it is brought up to date, and so is a copy of either', () => {
    const path = released();
    const copies = ['before', 'after'].map((name) => join(dirname(path), name));
    backUpNow(path, copies[0]!);
    openDatabase(path).close();
    backUpNow(path, copies[1]!);
    for (const file of [path, ...copies]) expect(verify(file).newestAt).toBe(NOW);
  });

  it('goes on with what was made, asked and owed', async () => {
    const { store, sessions } = open(released());
    const { sessions: kept } = await sessions.list(member(BEN));
    expect(kept.map(({ name }) => name)).toEqual(['child', "Bén's 🗝 `token`"]);
    expect(await sessions.revoke(member(BEN), kept[1]!.id)).toMatchObject({ descendants: 1 });
    expect(
      await store.takeConfirmation('q1', STAFF.kind === 'staff' ? STAFF.userId : '', NOW),
    ).toEqual({
      do: 'revoke-all',
      userId: BEN,
    });
    expect(await store.takeBatch(NOW, NOW + HOUR, 'batch')).toMatchObject({
      recipient: null,
      events: [{ action: 'account.banned', userId: CY }],
    });
    expect(await store.liftExpiredBans({ actor: SYSTEM, at: NOW + 31 * DAY }, 10)).toBe(1);
  });

  it('reminds of tokens that it knew nothing of reminders for', async () => {
    const { store } = open(released());
    const reminded = async (at: number) => {
      await store.remind({ actor: SYSTEM, at }, 100);
      const events = await store.audit({ actions: ['token.expiring'], limit: 9, since: at });
      return events.map(({ userId }) => userId);
    };
    expect(await reminded(NOW)).toEqual([]);
    expect(await reminded(NOW + 30 * DAY - HOUR)).toEqual([ANA]);
  });

  it('destroys nothing by age before its clock has run for a while', async () => {
    const { store } = open(released());
    const clockStability = createClockStability({ store, clock, monotonicNow: () => 0 });
    expect(await clockStability.stableForMs()).toBe(0);
  });

  it('warns of a token that was rotated then', async () => {
    const { store, sessions } = open(released());
    await sessions.verify(TOKENS.rotated);
    const [rotated] = (await everythingOf(store, ANA)).sessions.filter(
      ({ ended }) => ended?.reason === 'rotated',
    );
    await store.warnOfReuse({ actor: SYSTEM, at: NOW }, [rotated!.id]);
    const warned = await store.audit({ actions: ['token.reused'], limit: 9 });
    expect(warned.map(({ sessionId }) => sessionId)).toEqual([rotated!.id]);
  });
});

describe('an upgrade', () => {
  /** Kills the process before it runs the nth statement of a migration. */
  const KILLED = `
    import { createRequire } from 'node:module';
    const Database = createRequire(process.env.FROM)('better-sqlite3');
    const { exec } = Database.prototype;
    let left = Number(process.env.LEFT);
    Database.prototype.exec = function (sql) {
      if (!sql.startsWith('create table if not exists __drizzle') && left-- === 0) {
        process.kill(process.pid, 'SIGKILL');
      }
      return exec.call(this, sql);
    };
    const { openStore } = await import(new URL('src/store/sqlite/file/open.ts', process.env.FROM).href);
    openStore(process.env.FILE);
  `;

  it.each([0, 3, 8])('that is killed before statement %i starts again', (left) => {
    const path = released();
    const before = rowsOf(path);
    const killed = spawnSync(process.execPath, ['--input-type=module', '--eval', KILLED], {
      env: {
        ...process.env,
        FROM: new URL('../../package.json', import.meta.url).href,
        FILE: path,
        LEFT: String(left),
      },
      cwd: fileURLToPath(new URL('../..', import.meta.url)),
      encoding: 'utf8',
    });
    expect([killed.signal, killed.stderr]).toEqual(['SIGKILL', '']);
    expect(rowsOf(path)).toEqual(before);
    open(path);
    expect(rowsOf(path)).toMatchObject(before);
    expect(Object.keys(rowsOf(path))).toContain('deletions');
  });
});
