import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

// During an upgrade over PostgreSQL the version before goes on beside the new one, on the new schema. So a migration
// may add what that version need not know, and nothing else: what it reads or writes stays as it is.

const FOLDER = fileURLToPath(new URL('../../drizzle/postgres', import.meta.url));

const files = readdirSync(FOLDER).filter((name) => name.endsWith('.sql'));
const read = (name: string) => readFileSync(`${FOLDER}/${name}`, 'utf8');

/**
 * Statements that the rule would not allow, and why no version that `-- readable from` admits is harmed: say
 * which version stopped to read what is dropped, or that it has never been released.
 */
const REVIEWED: readonly { readonly statement: string; readonly why: string }[] = [];

const HARMLESS = [
  /^create table /i,
  // What is new is empty, and nobody writes into it who does not know it.
  /^create index /i,
  /^drop index /i,
  /^alter table \S+ set \(/i,
  /^alter table \S+ add column \S+ (?!.*\b(?:not null|unique|references|check|generated|primary)\b)/i,
  /^alter table \S+ add column \S+ (?=.*\bdefault\b)(?!.*\b(?:unique|references|check|generated|primary)\b)/i,
];

/** Each statement of a migration, in one line and without its comments. */
function statementsOf(sql: string): string[] {
  return sql
    .replaceAll(/--> statement-breakpoint/g, ';')
    .replaceAll(/--.*$/gm, '')
    .split(';')
    .map((statement) => statement.replaceAll(/\s+/g, ' ').replaceAll('"public".', '').trim())
    .filter((statement) => statement !== '');
}

/** What a version that does not know this migration might stumble over. */
function harmfulIn(sql: string): string[] {
  const statements = statementsOf(sql);
  const made = statements.flatMap((each) => /^create table (\S+)/i.exec(each)?.[1] ?? []);
  const isOfNew = (statement: string) =>
    made.some(
      (table) =>
        /^(alter table|create unique index)/i.test(statement) &&
        new RegExp(`^(alter table|create unique index \\S+ on) ${table} `, 'i').test(statement),
    );
  return statements.filter(
    (each) => !HARMLESS.some((pattern) => pattern.test(each)) && !isOfNew(each),
  );
}

describe('a migration of PostgreSQL', () => {
  const reviewed = REVIEWED.map(({ statement }) => statement);

  it.each(files.slice(1))('leaves what the version before reads as it is: %s', (name) => {
    expect(harmfulIn(read(name)).filter((each) => !reviewed.includes(each))).toEqual([]);
  });

  it.each(files.slice(1))('says which versions go on beside it: %s', (name) => {
    const sql = read(name);
    const since = /^-- readable from (\d{4})$/m.exec(sql)?.[1];
    const numbers = files.map((file) => file.slice(0, 4));
    const earlier = numbers.slice(0, files.indexOf(name));
    // Where it goes beyond the rule, not all may go on, or none may.
    const allowed = harmfulIn(sql).length === 0 ? earlier : [...earlier.slice(1), undefined];
    expect(allowed).toContain(since);
  });

  it('was reviewed for a reason, and is there', () => {
    const all = files.flatMap((name) => harmfulIn(read(name)));
    for (const { statement, why } of REVIEWED) {
      expect(all).toContain(statement);
      expect(why.length).toBeGreaterThan(20);
    }
  });

  it('comes after those before it', () => {
    const { entries } = JSON.parse(readFileSync(`${FOLDER}/meta/_journal.json`, 'utf8')) as {
      entries: readonly { idx: number; when: number; tag: string }[];
    };
    expect(entries.map(({ tag }) => `${tag}.sql`)).toEqual(files);
    expect(entries.map(({ idx }) => idx)).toEqual(files.map((_, index) => index));
    const times = entries.map(({ when }) => when);
    expect(times).toEqual(times.toSorted((one, other) => one - other));
    expect(new Set(times).size).toBe(times.length);
  });

  it.each([
    'ALTER TABLE "sessions" DROP COLUMN "name";',
    'DROP TABLE "notices";',
    'ALTER TABLE "sessions" RENAME COLUMN "name" TO "label";',
    'ALTER TABLE "sessions" RENAME TO "tokens";',
    'ALTER TABLE "sessions" ALTER COLUMN "name" SET NOT NULL;',
    'ALTER TABLE "sessions" ALTER COLUMN "created_at" SET DATA TYPE integer;',
    'ALTER TABLE "notices" ALTER COLUMN "expiry" DROP DEFAULT;',
    'ALTER TABLE "sessions" ADD COLUMN "kind" text NOT NULL;',
    'ALTER TABLE "sessions" ADD COLUMN "kind" text UNIQUE;',
    'CREATE UNIQUE INDEX "one" ON "sessions" USING btree ("name");',
    'ALTER TABLE "sessions" ADD CONSTRAINT "named" CHECK ("name" is not null);',
    'ALTER TABLE "sessions" ADD CONSTRAINT "f" FOREIGN KEY ("ended_by") REFERENCES "accounts";',
    'UPDATE "sessions" SET "type" = 1;',
    'CREATE TABLE "a" ("b" int);--> statement-breakpoint\nDROP TABLE "b";',
  ])('is not to be: %s', (sql) => {
    expect(harmfulIn(sql)).toHaveLength(1);
  });

  it.each([
    'ALTER TABLE "sessions" ADD COLUMN "scopes" text;',
    'ALTER TABLE "sessions" ADD COLUMN "told" boolean DEFAULT false NOT NULL;',
    'CREATE INDEX "a" ON "sessions" USING btree ("name") WHERE name is not null;',
    'DROP INDEX "a";',
    `CREATE TABLE "days" ("id" bigint NOT NULL);--> statement-breakpoint
     CREATE UNIQUE INDEX "one" ON "days" USING btree ("id");
     ALTER TABLE "days" ADD CONSTRAINT "f" FOREIGN KEY ("id") REFERENCES "public"."outbox"("id");`,
    'ALTER TABLE "sessions" SET (fillfactor = 85);',
  ])('may be: %s', (sql) => {
    expect(harmfulIn(sql)).toEqual([]);
  });
});
