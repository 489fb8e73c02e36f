import type Database from 'better-sqlite3';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { openDatabase } from '../../src/store/sqlite/file/open.ts';
import { createSqliteStore } from '../../src/store/sqlite/sqlite-store.ts';
import { ANA, atMost, member, newSession, START } from '../support/fixtures.ts';

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

/** Each statement that the jobs run when there is something to do, prepared or made at the time. */
async function watchChores(): Promise<{ database: Database.Database; run: readonly string[] }> {
  const database = openDatabase(':memory:');
  const prepare = database.prepare.bind(database);
  const run: string[] = [];
  database.prepare = (source: string) => {
    run.push(source);
    return prepare(source);
  };
  const store = createSqliteStore(database);
  const act = { actor: member(ANA), at: START };
  const limits = atMost(9);
  const old = newSession();
  await store.expectDelivery(old.session, START);
  await store.add(act, old, limits, { messageRef: '5/8', dueAt: START });
  const fresh = newSession({ replaces: old.session.id });
  await store.expectDelivery(fresh.session, START);
  const rotation = { rotatedAt: null, graceEndsAt: START + 1 };
  await store.replace(act, fresh, rotation, limits, { messageRef: '5/9', dueAt: START });
  await store.touch(act, [[fresh.session.id, START]]);
  await store.warnOfReuse(act, [old.session.id]);
  await store.remind(act, 10);
  await store.stopReminders(ANA, old.session.id);
  await store.takeBatch(START, START, 'one');
  await store.postponeBatch('one', START);
  await store.dropBatch('one');
  await store.takeDeletion(START, START);
  await store.postponeDeletion('5/8', START);
  await store.dropDeletion('5/8');
  await store.saveNotice(ANA, 'expiry', false);
  await store.saveDmStatus(ANA, START);
  const ban = {
    source: 'staff',
    at: START,
    until: START + 1,
    by: null,
    reason: null,
    isReasonTold: false,
  } as const;
  await store.ban(act, ANA, ban, false);
  await store.liftExpiredBans({ ...act, at: START + 1 }, 25);
  await store.purgeConfirmations(START, 100);
  await store.purgeAudit(START, 100);
  await store.purge(START, 100, null);
  await store.takeLease('x', 'y', START, 1);
  await store.dropLease('x', 'y');
  await store.saveSetting('clock', 1);
  database.prepare = prepare;
  return { database, run };
}

/** Where a plan goes through a whole table or index. */
function scansOf(database: Database.Database, source: string): string[] {
  const parameters = Array.from(source.matchAll(/\?/g), () => null);
  return database
    .prepare<null[], { detail: string }>(`explain query plan ${source}`)
    .all(...parameters)
    .map(({ detail }) => detail)
    .filter((detail) =>
      /^SCAN (?!made\b|live\b|members\b|waiting\b|json_each\b|applications\b|CONSTANT|\(subquery)/.test(
        detail,
      ),
    );
}

const isCheck = (source: string) =>
  /^select/i.test(source) && /"token_hash" = /.test(source) && /join/i.test(source);

/** Asks for live sessions of a member. */
const isList = (source: string) =>
  /from "sessions".*"user_id" = \+\?.*"ended_at" is null and "sessions"."expires_at" > /s.test(
    source,
  ) && !/"sessions"."(id|replaces)" (=|in) /.test(source);

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

/** Comparisons of an indexed column with a parameter that SQLite's planner may look at, and limits. */
function exposed(source: string, columns: ReadonlySet<string>): string[] {
  const column = `"?(?:${[...columns].join('|')})"?`;
  const operator = String.raw`(?:<>|<=|>=|==?|!=|<|>|\bis(?:\s+not)?\b|\blike\b|\bglob\b|\bbetween\b|\b(?:not\s+)?in\b\s*\()`;
  const comparison = new RegExp(
    String.raw`${column}\s*${operator}\s*[?@:$]|(?<!\+)[?@:$]\w*\s*${operator}\s*(?:"?\w+"?\.)?${column}|\blimit\s*[?@:$]`,
    'gi',
  );
  return source.match(comparison) ?? [];
}

describe('the plan', () => {
  const { database, prepared } = openWatched();
  afterAll(() => void database.close());

  it('of a token check looks for its hash, and for its owner among the banned alone', () => {
    const [check, ...others] = prepared.filter(isCheck);
    expect(others).toEqual([]);
    const plan = database
      .prepare<[Buffer], { detail: string }>(`explain query plan ${check}`)
      .all(Buffer.alloc(32))
      .map(({ detail }) => detail);
    expect(plan).toEqual([
      'SEARCH sessions USING INDEX sessions_token_hash (token_hash=?)',
      'SEARCH accounts USING INDEX accounts_banned (user_id=?) LEFT-JOIN',
    ]);
  });

  it('of what asks for live sessions of a member looks at no other', () => {
    const sources = prepared.filter(isList);
    expect(sources.length).toBeGreaterThan(6);
    for (const source of sources) {
      const parameters = Array.from(source.matchAll(/\?/g), () => null);
      const plan = database
        .prepare<null[], { detail: string }>(`explain query plan ${source}`)
        .all(...parameters)
        .map(({ detail }) => detail);
      const search =
        /^SEARCH sessions USING (COVERING )?INDEX sessions_live \(user_id=\? AND expires_at>\?\)$/;
      const searches = plan.filter((detail) => / sessions /.test(detail));
      expect({ source, searches }).toEqual({ source, searches: [expect.stringMatching(search)] });
    }
  });

  it('of no statement goes through all sessions', () => {
    expect(prepared.length).toBeGreaterThan(15);
    expect(prepared.filter((source) => scansOf(database, source).length > 0)).toEqual([]);
  });

  it('of nothing that the jobs do goes through all that waits', async () => {
    const { database: other, run } = await watchChores();
    onTestFinished(() => void other.close());
    const words = /^\s*(select|update|delete|insert)/i;
    const statements = run.filter((source) => words.test(source));
    expect(statements.length).toBeGreaterThan(prepared.length + 10);
    expect(statements.filter((source) => scansOf(other, source).length > 0)).toEqual([]);
  });

  it('of a check or a list cannot depend on a value: each that is compared with an index, and each limit, hides behind a plus', () => {
    const columns = indexedColumns(database);
    expect([...columns]).toEqual(
      expect.arrayContaining(['id', 'user_id', 'token_hash', 'parent_id']),
    );
    const hot = prepared.filter((source) => isCheck(source) || isList(source));
    expect(hot.filter((source) => exposed(source, columns).length > 0)).toEqual([]);
  });

  it.each([
    'select 1 from "sessions" where "sessions"."token_hash" = ?',
    'select 1 from sessions where parent_id=?',
    'select 1 from sessions where ? < sessions.id',
    'select 1 from sessions where "id" in (?)',
    'select 1 from sessions order by id limit ?',
  ])('would be noticed to depend on a value in %j', (source) => {
    expect(exposed(source, indexedColumns(database))).toHaveLength(1);
    expect(exposed(source.replace('?', '+?'), indexedColumns(database))).toEqual([]);
  });
});
