import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { type Product, startProduct } from '../support/product.ts';
import { setUpStaffChannel } from '../support/end-to-end.ts';
import { health } from '../support/end-to-end.ts';
import { newToken } from '../support/tokens.ts';
import { createChance } from './chance.ts';
import { Holder, Tally } from './holder.ts';
import { age, alter, paid, posts, requestsFor, told } from './owed.ts';
import { UNLIMITED } from './trial.ts';

/** `TWO_FOR=10` while one looks at something else. */
const SECONDS = Number(process.env['TWO_FOR'] ?? 30);
const MEMBERS = 8;

test(`two of it on one database for ${SECONDS} s act as one`, async () => {
  const chance = createChance();
  const tally = new Tally();
  await using room = await setUpStaffChannel(UNLIMITED);
  const { discord, product, server, member } = room;
  const bob = member('bob');
  await newToken(bob, 'bot', '30d');
  const [message] = bob.dms;
  await paid(product);
  await product.stop();
  await age(product, 25);
  await alter(product, 'update deletions set due_at = 0');

  const { url: DATABASE_URL } = product.database;
  const environment = { ...UNLIMITED, STAFF_CHANNEL_ID: server.channelId, DATABASE_URL };
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
  expect(news).toHaveLength(await newsIn(product));

  // The server of the tests runs like that, and each process warns of it.
  const alarms = both.flatMap(({ output }) => output.filter((line) => !line.includes('fsync=off')));
  expect(alarms.filter((line) => /"level":[456]0|SQLITE|locked/.test(line))).toEqual([]);
}, 240_000);

/** How many events the staff are to hear of. */
async function newsIn({ database }: Product): Promise<number> {
  const [row] = await database.query(
    `select count(*) as news from audit_events
      where action = 'session.created' and detail ->> 'oddities' is not null
        or action = 'sessions.ended' and cast(detail ->> 'count' as integer) >= 5`,
  );
  return Number(row?.['news']);
}
