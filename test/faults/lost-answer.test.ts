import type { Fault, LocalMember } from 'local-discord';
import { describe, expect, test } from 'vitest';
import { setUpStaffChannel } from '../support/end-to-end.ts';
import { setUp } from '../support/end-to-end.ts';
import { check, deliveriesTo, idOf, newToken, sentTo, tokenIn } from '../support/tokens.ts';
import { age, alter, leak, paid, posts, requestsFor, told } from './owed.ts';
import { until } from './until.ts';

const messagesTo = (member: LocalMember) => new RegExp(`channels/${member.dmChannelId}/messages$`);
const VOID = "This token doesn't work";
/** All attempts that the library makes of one request. */
const EACH_TIME = 3;

const LOST: readonly [how: string, fault: Omit<Fault, 'path' | 'times'>][] = [
  ['to an error', { status: 500 }],
  ['where the connection ends', { hangUp: true }],
  ['where the connection is reset', { hangUp: 'reset' }],
];

describe.concurrent('Discord delivers, and its answer is lost', () => {
  test.each(LOST)('%s, each time: a rotation changes nothing', async (_, lost) => {
    await using stage = await setUp();
    const { discord, product, member } = stage;
    const ada = member('ada');
    const old = await newToken(ada, 'bot', '30d');
    const id = await idOf(product, old);
    const fault = { method: 'POST', path: messagesTo(ada), afterEffect: true };
    discord.fail({ ...fault, ...lost, times: EACH_TIME });
    const refused = await ada.slash('token rotate', { token: id });
    expect(refused.text).toContain("If one arrived, it doesn't work");
    expect((await check(product, sentTo(discord, ada))).status).toBe(401);
    expect((await check(product, old)).status).toBe(200);
    await until('the message says so', () => told(ada, VOID).length > 0);
    expect(deliveriesTo(ada).map(tokenIn)).toEqual([old]);
    await paid(product);
  });

  test.each(LOST)('%s, once: what is told of a rotation is so', async (_, lost) => {
    await using stage = await setUp();
    const { discord, product, member } = stage;
    const ada = member('ada');
    const old = await newToken(ada, 'bot', '30d');
    const id = await idOf(product, old);
    discord.fail({ method: 'POST', path: messagesTo(ada), afterEffect: true, ...lost });
    const rotated = await ada.slash('token rotate', { token: id });
    expect(deliveriesTo(ada)).toHaveLength(2);
    const fresh = (await check(product, tokenIn(deliveriesTo(ada)[1]))).status;
    const isTold = rotated.text.includes('is in your direct messages');
    const isVoid = rotated.text.includes("If one arrived, it doesn't work");
    expect([isTold, isVoid, fresh, (await check(product, old)).status]).toEqual(
      isTold ? [true, false, 200, 401] : [false, true, 401, 200],
    );
  });

  test('for longer than anybody waits: a creation is one message and works', async () => {
    await using stage = await setUp({}, { settleMs: 25_000 });
    const { discord, product, member } = stage;
    const ada = member('ada');
    discord.fail({ method: 'POST', path: messagesTo(ada), afterEffect: true, delayMs: 9_000 });
    const token = await newToken(ada);
    expect(deliveriesTo(ada)).toHaveLength(1);
    expect((await check(product, token)).status).toBe(200);
  });

  test('the acknowledgement too: nothing is made, and nothing is said to work', async () => {
    await using stage = await setUp({}, { settleMs: 5_000 });
    const { discord, product, member } = stage;
    const ada = member('ada');
    discord.fail({ path: /callback/, status: 500, afterEffect: true, times: EACH_TIME });
    const sent = await ada.slash('token create', { name: 'x', expires: '1h' }, { until: 'sent' });
    await sent.settled.catch(() => {});
    for (const message of deliveriesTo(ada)) {
      expect((await check(product, tokenIn(message))).status).toBe(401);
    }
    expect(sent.text).not.toContain('is in your direct messages');
  });

  test('to a post of the staff: it is there once in the end', async () => {
    await using room = await setUpStaffChannel();
    const { discord, product, server, member } = room;
    const path = new RegExp(`channels/${server.channelId}/messages$`);
    discord.fail({ method: 'POST', path, status: 500, afterEffect: true, times: 2 * EACH_TIME });
    const ada = member('ada');
    await newToken(ada);
    await paid(product);
    const about = (await posts(discord, server.channelId)).filter((post) => post.includes(ada.id));
    expect(about).toHaveLength(1);
  });

  test('to a reminder and a notice: each is there once in the end', async () => {
    await using stage = await setUp();
    const { discord, product, member } = stage;
    const ada = member('ada');
    const leaked = await newToken(ada, 'leaked');
    await newToken(ada, 'bot', '30d');
    await paid(product);
    const path = messagesTo(ada);
    discord.fail({ method: 'POST', path, status: 500, afterEffect: true, times: 2 * EACH_TIME });
    await leak(discord, ada, leaked);
    await paid(product);
    await product.stop();
    await age(product, 25);
    discord.fail({ method: 'POST', path, status: 500, afterEffect: true, times: 2 * EACH_TIME });
    await product.start();
    await until('there is a reminder', () => told(ada, 'expires <t:').length > 0);
    await paid(product);
    expect(told(ada, 'A token of yours leaked')).toHaveLength(1);
    expect(told(ada, 'expires <t:')).toHaveLength(1);
  });

  test('to a deletion: the message goes once, and nothing is asked for it again', async () => {
    await using stage = await setUp();
    const { discord, product, member } = stage;
    const ada = member('ada');
    const token = await newToken(ada);
    const path = new RegExp(`messages/${ada.dms[0]!.id}$`);
    discord.fail({ method: 'DELETE', path, status: 500, afterEffect: true, times: EACH_TIME });
    await alter(product, 'update deletions set due_at = 0');
    await until('the message is gone', () => ada.dms.length === 0);
    await paid(product);
    expect(requestsFor(discord, 'DELETE', path)).toHaveLength(EACH_TIME + 1);
    expect((await check(product, token)).status).toBe(200);
  });
});
