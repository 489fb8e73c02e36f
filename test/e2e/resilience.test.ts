import Database from 'better-sqlite3';
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, describe, expect, test } from 'vitest';
import { isOnServer } from '../support/product-database.ts';
import { health, setUp } from '../support/end-to-end.ts';
import { check, newToken } from '../support/tokens.ts';

const { discord, product, member, ...stage } = await setUp();

afterAll(() => stage[Symbol.asyncDispose]());

test('a 401 from Discord costs one token, not the bot its voice', async () => {
  const ada = member('ada');
  discord.fail({ method: 'POST', path: /users\/@me\/channels/, status: 401 });
  const refused = await ada.slash('token create', { name: 'x', expires: '1h' });
  expect(refused.text).toContain('no token was created');
  await newToken(ada);
});

test('an answer that Discord refuses is followed by one that it takes', async () => {
  discord.fail({ method: 'PATCH', path: /webhooks/, status: 400, code: 50035 });
  const ada = member('ada');
  const answer = await ada.slash('session me');
  const words = [answer.text, ...answer.followups.map(({ text }) => text)].join('\n');
  expect(words).toContain(answer.interactionId);
});

// A file is locked as a whole.
test.skipIf(isOnServer)(
  'while another process writes, checks are answered and writes wait for it',
  async () => {
    const token = await newToken(member('ada'));
    const other = new Database(product.databaseFile);
    other.exec('begin immediate');
    const create = fetch(`${product.url}/sessions`, {
      method: 'POST',
      headers: { Authorization: token, 'Content-Type': 'application/json' },
      body: JSON.stringify({ name: 'x', type: 'api', expiry: 60 }),
    });
    let written = false;
    void create.finally(() => {
      written = true;
    });
    for (let index = 0; index < 20; index += 1) {
      expect((await check(product, token)).status).toBe(200);
    }
    expect(written).toBe(false);
    other.exec('commit');
    other.close();
    expect((await create).status).toBe(200);
  },
);

describe('a client that hangs up or stalls', () => {
  test('in the middle of a body is no fault of ours', async () => {
    const socket = connect(Number(new URL(product.url).port), '127.0.0.1');
    await once(socket, 'connect');
    socket.write('POST /nope HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n');
    socket.write('Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n');
    await new Promise((resolve) => setTimeout(resolve, 50));
    socket.destroy();
    await expect.poll(() => product.output.join('\n')).toContain('"path":"/nope"');
    expect(product.output.filter((line) => line.includes('a request failed'))).toEqual([]);
  });

  test('does not keep the product from stopping', async () => {
    const token = await newToken(member('ada'));
    await check(product, token);
    const socket = connect(Number(new URL(product.url).port), '127.0.0.1');
    await once(socket, 'connect');
    socket.on('error', () => {});
    socket.write('POST /oauth2 HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n');
    socket.write('Content-Length: 100\r\n\r\n{');
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await product.stop()).toBe(0);
    const used = await product.database.query('select max(last_used_at) as at from sessions');
    expect(used).not.toEqual([{ at: null }]);
    await product.start();
    await expect.poll(() => health(product.url)).toEqual([200, undefined]);
  });
});
