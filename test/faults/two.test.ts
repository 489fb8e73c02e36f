import Database from 'better-sqlite3';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { startProduct } from '../support/product.ts';
import { setUpStaffChannel } from '../support/end-to-end.ts';
import { health } from '../support/end-to-end.ts';
import { newToken } from '../support/tokens.ts';
import { createChance } from './chance.ts';
import { Holder, Tally } from './holder.ts';
import { age, alter, paid, posts, requestsFor, told } from './owed.ts';
import { UNLIMITED } from './trial.ts';

/** `TWO_FOR=10` while one looks at something else. */
const SECONDS = Number(process.env['TWO_FOR'] ?? 60);
const MEMBERS = 8;

test(`two of it on one file for ${SECONDS} s act as one`, async () => {
  const chance = createChance();
  const tally = new Tally();
  await using room = await setUpStaffChannel(UNLIMITED);
  const { discord, product, server, member } = room;
  const bob = member('bob');
  await newToken(bob, 'bot', '30d');
  const [message] = bob.dms;
  await paid(product);
  await product.stop();
  age(product, 25);
  alter(product, 'update deletions set due_at = 0');

  const url = `file:${product.databaseFile}`;
  const environment = { ...UNLIMITED, STAFF_CHANNEL_ID: server.channelId, DATABASE_URL: url };
  const [, second] = await Promise.all([product.start(), startProduct(discord, environment)]);
  await using other = second;
  const both = [product, other];
  await expect
    .poll(() => Promise.all(both.map(({ url: address }) => health(address))))
    .toEqual([
      [200, undefined],
      [200, undefined],
    ]);

  const gone = new AbortController().signal;
  const access = { url: () => chance.pick(both).url, online: () => true, gone: () => gone };
  const holders = Array.from({ length: MEMBERS }, (_, index) => {
    return new Holder(member(`ada${index}`), access, { chance, tally, keepsOne: false });
  });
  const endsAt = Date.now() + SECONDS * 1_000;
  async function goOn(holder: Holder): Promise<void> {
    while (Date.now() < endsAt) {
      await holder.act();
      await delay(chance.between(0, 20));
    }
    await holder.verify(true);
  }
  await Promise.all(holders.map(goOn));
  await paid(product);

  const all = holders.flatMap(({ faults }) => faults);
  expect({ seed: chance.seed, all }).toEqual({ seed: chance.seed, all: [] });
  // Each interaction was answered, by one of the two.
  expect([tally.sum(/refused$/), tally.sum(/unknown$/)]).toEqual([0, 0]);
  const sent = holders.reduce((sum, { delivered }) => sum + delivered.length, 0);
  expect(sent).toBe(tally.sum(/^(create|rotate) in Discord: done$/));
  expect(tally.sum(/over HTTP: done$/)).toBeGreaterThan(SECONDS);

  expect(told(bob, 'expires <t:')).toHaveLength(1);
  expect(bob.dms).not.toContain(message);
  const gets = new RegExp(`messages/${message!.id}$`);
  expect(requestsFor(discord, 'DELETE', gets)).toHaveLength(1);
  const news = (await posts(discord, server.channelId)).flatMap((post) => {
    const bullets = post.split('\n').filter((line) => line.startsWith('• '));
    // One alone stands there without.
    return bullets.length === 0 ? [post] : bullets;
  });
  expect(news).toHaveLength(newsIn(product.databaseFile));

  const alarms = both.flatMap(({ output }) => output);
  expect(alarms.filter((line) => /"level":[456]0|SQLITE|locked/.test(line))).toEqual([]);
}, 240_000);

/** How many events the staff are to hear of. */
function newsIn(databaseFile: string): number {
  const database = new Database(databaseFile, { readonly: true, timeout: 5_000 });
  const count = database
    .prepare<[], number>(
      `select count(*) from audit_events
       where action = 'session.created' and detail ->> '$.oddities' is not null
          or action = 'sessions.ended' and detail ->> '$.count' >= 5`,
    )
    .pluck()
    .get();
  database.close();
  return count ?? 0;
}
