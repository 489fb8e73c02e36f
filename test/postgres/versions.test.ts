import { expect, test } from 'vitest';
import { knownMigrations } from '../../src/store/postgres/server/migrate.ts';
import { setUp } from '../support/end-to-end.ts';
import { check, newToken } from '../support/tokens.ts';

/** What a version to come does to the schema while this one runs. */
function later(readableFrom: number | null) {
  const [first, newest] = [knownMigrations()[0]!, knownMigrations().at(-1)!];
  const since = readableFrom === null ? 'null' : first.folderMillis + readableFrom;
  return `alter table sessions add column scopes text;
    alter table accounts add column nick text not null default '';
    insert into latchkey_migrations values (${newest.folderMillis + 1}, 'later', ${since})`;
}

test('a version goes on beside a newer one, and starts again beside it', async () => {
  await using stage = await setUp();
  const { product, member } = stage;
  const ada = member('ada');
  const before = await newToken(ada);
  expect((await check(product, before)).status).toBe(200);
  await product.database.query(later(0));
  // What its connections have prepared goes on as well.
  expect((await check(product, before)).status).toBe(200);
  expect((await check(product, await newToken(ada, 'second'))).status).toBe(200);
  expect(await product.stop()).toBe(0);
  await product.start();
  await stage.discord.waitForBot(30_000);
  expect((await check(product, before)).status).toBe(200);
  expect((await check(product, await newToken(member('ben')))).status).toBe(200);
});

test('a version does not start on a schema that it cannot read', async () => {
  await using stage = await setUp();
  const { product } = stage;
  await product.stop();
  await product.database.query(later(null));
  await expect(product.start()).rejects.toThrow('which this one cannot read');
});
