import type Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDatabase } from '../../src/store/open.ts';
import { createSqliteStore } from '../../src/store/sqlite.ts';
import { ANA, idAt, seededRandom, START } from '../support/fixtures.ts';

const ROWS = 20_000;
const ACCOUNTS = 2_000;
const random = seededRandom('plan');

/** A new database, and each statement that the store prepares over it. */
function openWatched(): { database: Database.Database; prepared: readonly string[] } {
  const database = openDatabase(':memory:');
  const prepare = database.prepare.bind(database);
  const prepared: string[] = [];
  database.prepare = (source: string) => {
    prepared.push(source);
    return prepare(source);
  };
  createSqliteStore(database);
  database.prepare = prepare;
  return { database, prepared };
}

const isCheck = (source: string) =>
  /^select/i.test(source) && /"token_hash" = /.test(source) && /join/i.test(source);

/** Every column that leads an index, and so is worth a comparison. */
function indexedColumns(database: Database.Database): Set<string> {
  const columns = database
    .prepare<[], string>(
      `select distinct column.name
       from sqlite_schema as entry, pragma_index_list(entry.name) as list, pragma_index_info(list.name) as column
       where entry.type = 'table'`,
    )
    .pluck()
    .all();
  return new Set(columns);
}

/** Comparisons of an indexed column with a parameter that SQLite's planner may look at. */
function exposed(source: string, columns: ReadonlySet<string>): string[] {
  const column = `"?(?:${[...columns].join('|')})"?`;
  const operator = String.raw`(?:<>|<=|>=|==?|!=|<|>|\bis(?:\s+not)?\b|\blike\b|\bglob\b|\bbetween\b|\b(?:not\s+)?in\b\s*\()`;
  const comparison = new RegExp(
    String.raw`${column}\s*${operator}\s*[?@:$]|(?<!\+)[?@:$]\w*\s*${operator}\s*(?:"?\w+"?\.)?${column}`,
    'gi',
  );
  return source.match(comparison) ?? [];
}

describe('the plan', () => {
  const { database, prepared } = openWatched();
  afterAll(() => void database.close());

  it('of a token check looks into the index of hashes and scans nothing', () => {
    const [check, ...others] = prepared.filter(isCheck);
    expect(others).toEqual([]);
    const plan = database
      .prepare<[Buffer], { detail: string }>(`explain query plan ${check}`)
      .all(Buffer.alloc(32))
      .map(({ detail }) => detail);
    expect(plan.join('\n')).toContain('USING INDEX sessions_token_hash (token_hash=?)');
    expect(plan.join('\n')).not.toMatch(/SCAN|TEMP B-TREE|AUTOMATIC/);
  });

  it('of no statement goes through all sessions', () => {
    expect(prepared.length).toBeGreaterThan(15);
    const scanning = prepared.filter((source) => {
      const parameters = Array.from(source.matchAll(/\?/g), () => null);
      return database
        .prepare<null[], { detail: string }>(`explain query plan ${source}`)
        .all(...parameters)
        .some(({ detail }) => /^SCAN (?!made\b|applications\b|CONSTANT|\(subquery)/.test(detail));
    });
    expect(scanning).toEqual([]);
  });

  it('cannot depend on a value: each comparison of an indexed column hides it behind a plus', () => {
    const columns = indexedColumns(database);
    expect([...columns]).toEqual(
      expect.arrayContaining(['id', 'user_id', 'token_hash', 'parent_id']),
    );
    const comparisons = prepared.join('\n').match(/[=<>]\s*\+\?/g) ?? [];
    expect(comparisons.length).toBeGreaterThan(15);
    expect(prepared.filter((source) => exposed(source, columns).length > 0)).toEqual([]);
  });

  it.each([
    'select 1 from "sessions" where "sessions"."token_hash" = ?',
    'select 1 from sessions where parent_id=?',
    'select 1 from sessions where ? < sessions.id',
    'select 1 from sessions where "id" in (?)',
  ])('would be noticed to depend on a value in %j', (source) => {
    expect(exposed(source, indexedColumns(database))).toHaveLength(1);
    expect(exposed(source.replace('?', '+?'), indexedColumns(database))).toEqual([]);
  });
});

describe('the cost', () => {
  const { database, prepared } = openWatched();
  afterAll(() => void database.close());

  const hashes: Buffer[] = [];

  beforeAll(() => {
    const account = database.prepare('insert into accounts (user_id, created_at) values (?, ?)');
    const session = database.prepare(
      `insert into sessions (id, token_hash, user_id, type, name, hint, created_at, expires_at)
       values (?, ?, ?, 'api', 'a token', 'abcd', ?, ?)`,
    );
    database.transaction(() => {
      for (let index = 0; index < ACCOUNTS; index += 1) account.run(`${ANA}${index}`, START);
      for (let index = 0; index < ROWS; index += 1) {
        const hash = Buffer.from(random(32));
        hashes.push(hash);
        const at = START + index;
        session.run(idAt(at, random), hash, `${ANA}${index % ACCOUNTS}`, at, at + 1);
      }
    })();
    database.exec('analyze');
  });

  it('of a joined token check stays near that of a look-up in one table, after ANALYZE', () => {
    const joined = database.prepare<[Buffer]>(prepared.find(isCheck) ?? '');
    const single = database.prepare<[Buffer]>(
      'select id, user_id, type, expires_at, end_reason from sessions where token_hash = +?',
    );
    const timed = (statement: typeof joined, from: number): number => {
      const began = process.hrtime.bigint();
      for (let index = 0; index < 250; index += 1) {
        statement.get(hashes[(from + index * 7) % ROWS]!);
      }
      return Number(process.hrtime.bigint() - began);
    };
    let fastestJoined = Infinity;
    let fastestSingle = Infinity;
    // Taken in turns, and the best of each: what else the machine does slows single rounds only.
    for (let round = 0; round < 60; round += 1) {
      fastestSingle = Math.min(fastestSingle, timed(single, round * 331));
      fastestJoined = Math.min(fastestJoined, timed(joined, round * 331));
    }
    expect(fastestJoined / fastestSingle).toBeLessThan(2.5);
  });
});
