import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { type StaffedServer, setUpStaffChannel } from '../support/end-to-end.ts';
import { check, deliveriesTo, newToken, sentTo, tokenIn } from '../support/tokens.ts';
import { age, alter, leak, owed, paid, posts, requestsFor, told } from './owed.ts';
import { until } from './until.ts';

/** So long a call hangs, that the product can be killed in it. */
const HANGING = { status: 500, delayMs: 3_000 };

const GAPS = [
  { afterEffect: false, where: 'before Discord heard of it' },
  { afterEffect: true, where: 'after Discord did it' },
];

interface Call {
  readonly method: string;
  readonly path: RegExp;
  readonly since: number;
}

/** Kills the product as soon as it has sent that. */
async function kill(
  { discord, product }: StaffedServer,
  { method, path, since }: Call,
): Promise<void> {
  const isSent = () => requestsFor(discord, method, path).length > since;
  await until(`${method} ${path.source}`, isSent, { everyMs: 10 });
  // The request is recorded before what it does is done.
  await delay(100);
  await product.stop('SIGKILL');
  discord.heal();
}

/** And starts it again. */
async function killAt(room: StaffedServer, call: Call): Promise<void> {
  const { product } = room;
  await kill(room, call);
  expect(await owed(product)).toBeGreaterThan(0);
  await product.start();
  await paid(product);
}

describe.concurrent.each(GAPS)(
  'kill -9 between the act and the call, $where',
  ({ afterEffect }) => {
    /** A member with a token, and nothing that is owed. */
    async function begin() {
      const room = await setUpStaffChannel();
      const { discord, product, server, member } = room;
      const ada = member('ada');
      const token = await newToken(ada, 'bot', '30d');
      await paid(product);
      const feed = new RegExp(`channels/${server.channelId}/messages$`);
      const dm = new RegExp(`channels/${ada.dmChannelId}/messages`);
      /** The next such call hangs. */
      const hang = (method: string, path: RegExp) => {
        discord.fail({ ...HANGING, method, path, afterEffect });
        return { method, path, since: requestsFor(discord, method, path).length };
      };
      return { room, discord, product, server, member, ada, token, feed, dm, hang };
    }

    test('leaves a reminder, and it is sent once', async () => {
      const { room, product, ada, dm, hang } = await begin();
      await using _ = room;
      await product.stop();
      await age(product, 25);
      const call = hang('POST', dm);
      await product.start();
      await killAt(room, call);
      expect(told(ada, 'expires <t:')).toHaveLength(1);
    });

    test('leaves a notice, and it is sent once', async () => {
      const { room, discord, ada, token, dm, hang } = await begin();
      await using _ = room;
      const call = hang('POST', dm);
      await leak(discord, ada, token);
      await killAt(room, call);
      expect(told(ada, 'A token of yours leaked')).toHaveLength(1);
    });

    test('leaves a post to the staff, and it is there once', async () => {
      const { room, discord, server, member, feed, hang } = await begin();
      await using _ = room;
      const call = hang('POST', feed);
      const bob = member('bob');
      await newToken(bob);
      await killAt(room, call);
      const all = await posts(discord, server.channelId);
      expect(all.filter((post) => post.includes(bob.id))).toHaveLength(1);
    });

    test('leaves a token that does not work, and its message says so if there is one', async () => {
      const { room, discord, product, ada, token, dm, hang } = await begin();
      await using _ = room;
      const call = hang('POST', dm);
      const asked = await ada.slash(
        'token create',
        { name: 'lost', expires: '30d' },
        { until: 'sent' },
      );
      asked.settled.catch(() => {});
      await kill(room, call);
      await alter(product, "update deletions set due_at = 0 where place like 'pending/%'");
      await product.start();
      const looks = () => requestsFor(discord, 'GET', dm).length;
      await until('the message was looked for', () => looks() > 0);
      await until('it says so', () => told(ada, "doesn't work").length > 0 || !afterEffect);
      expect((await check(product, sentTo(discord, ada))).status).toBe(401);
      expect(deliveriesTo(ada).map(tokenIn)).toEqual([token]);
      expect(told(ada, "doesn't work")).toHaveLength(afterEffect ? 1 : 0);
    });

    test('leaves a deletion, and the message goes', async () => {
      const { room, product, ada, token, dm, hang } = await begin();
      await using _ = room;
      const call = hang('DELETE', dm);
      await alter(product, 'update deletions set due_at = 0');
      await killAt(room, call);
      expect(ada.dms).toEqual([]);
      expect((await check(product, token)).status).toBe(200);
    });
  },
);
