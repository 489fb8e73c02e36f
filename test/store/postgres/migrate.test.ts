import type { MigrationMeta } from 'drizzle-orm/migrator';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { knownMigrations, migrate } from '../../../src/store/postgres/server/migrate.ts';
import { UnusableDatabase } from '../../../src/store/store-error.ts';
import { type LocalPostgres, startPglite } from '../../support/pglite.ts';

const known = knownMigrations();
const newest = known.at(-1)!;

/** A migration of a version to come. */
const later = (...lines: readonly string[]): MigrationMeta => ({
  sql: [[...lines, 'alter table accounts add column nick text'].join('\n')],
  folderMillis: newest.folderMillis + 1,
  hash: 'later',
  bps: true,
});

let postgres: LocalPostgres;

beforeAll(async () => {
  postgres = await startPglite();
}, 120_000);

beforeEach(async () => {
  const connection = await postgres.driver().connect();
  await connection.query({ text: 'drop schema public cascade; create schema public' });
  connection.release(false);
});

afterAll(() => postgres.stop());

const migrateBy = (migrations: readonly MigrationMeta[]) => migrate(postgres.driver(), migrations);

describe('a version that starts on a schema', () => {
  it('brings an older one up to date, once', async () => {
    expect(await migrateBy(known.slice(0, 1))).toBe(1);
    expect(await migrateBy(known)).toBe(known.length - 1);
    expect(await migrateBy(known)).toBe(0);
  });

  it('refuses a newer one that does not say that it may go on', async () => {
    await migrateBy([...known, later()]);
    await expect(migrateBy(known)).rejects.toThrow(UnusableDatabase);
    await expect(migrateBy(known)).rejects.toThrow('which this one cannot read');
    expect(await migrateBy([...known, later()])).toBe(0);
  });

  it('goes on with a newer one that says so, and changes nothing of it', async () => {
    await migrateBy([...known, later('-- readable from 0000')]);
    expect(await migrateBy(known)).toBe(0);
    expect(await migrateBy(known.slice(0, 1))).toBe(0);
  });

  it('refuses one that says so to newer versions only', async () => {
    const since = String(known.length - 1).padStart(4, '0');
    await migrateBy([...known, later(`-- readable from ${since}`)]);
    expect(await migrateBy(known)).toBe(0);
    await expect(migrateBy(known.slice(0, -1))).rejects.toThrow(UnusableDatabase);
  });

  it('refuses one of several newer ones, though the newest says that it may go on', async () => {
    const open = { ...later('-- readable from 0000'), folderMillis: newest.folderMillis + 2 };
    open.sql = ['-- readable from 0000\nalter table accounts add column other text'];
    await migrateBy([...known, later(), open]);
    await expect(migrateBy(known)).rejects.toThrow(UnusableDatabase);
  });
});
