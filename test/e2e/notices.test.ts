import Database from 'better-sqlite3';
import { afterAll, expect, test } from 'vitest';
import type { LocalMember } from '../support/local-discord/index.ts';
import { setUp } from '../support/stage.ts';
import { check, newToken, tokenIn } from '../support/use.ts';

const DAY = 86_400_000;
const WITHIN = { timeout: 10_000 };

const { discord, product, member, ...stage } = await setUp();

afterAll(() => stage[Symbol.asyncDispose]());

/** Stops the product, and starts it again after what the database is told. */
async function restart(older = ''): Promise<void> {
  await product.stop();
  const database = new Database(product.databaseFile);
  database.exec(older);
  database.close();
  await product.start();
  await discord.waitForBot();
}

const noticeTo = ({ dms }: LocalMember, words: string) =>
  dms.findLast(({ text }) => text.includes(words));

test('a first use is told after a stop too, and its button ends the token', async () => {
  const ada = member('ada');
  const token = await newToken(ada, 'deploy', '30d');
  expect((await check(product, token)).status).toBe(200);
  await restart();
  await expect.poll(() => noticeTo(ada, 'first time')?.text, WITHIN).toBeDefined();
  const pressed = await ada.press(noticeTo(ada, 'first time')!, "This wasn't me");
  expect(pressed.ephemeral).toBe(true);
  expect(pressed.callback?.type).toBe(5);
  expect(pressed.text).toContain('Revoked 1 session');
  expect((await check(product, token)).status).toBe(401);
});

test('a reminder comes once, across a restart, and its button rotates the token', async () => {
  const ada = member('ada');
  const old = await newToken(ada, 'deploy', '90d');
  const half = 80 * DAY;
  await restart(
    `update sessions set created_at = created_at - ${half}, expires_at = expires_at - ${half}, remind_at = remind_at - ${half}`,
  );
  await expect.poll(() => noticeTo(ada, 'expires soon')?.text, WITHIN).toBeDefined();
  const { length: before } = ada.dmHistory;
  await restart();
  const rotated = await ada.press(noticeTo(ada, 'expires soon')!, 'Rotate');
  expect(rotated.ephemeral).toBe(true);
  expect(rotated.text).toContain('The old one, **deploy**');
  const fresh = tokenIn(ada.dms.at(-1));
  expect([(await check(product, old)).status, (await check(product, fresh)).status]).toEqual([
    200, 200,
  ]);
  expect(ada.dmHistory).toHaveLength(before + 1);
});

test('a message with a token is deleted when it said so, across a restart', async () => {
  const ada = member('ada');
  const token = await newToken(ada, 'deploy', '7d');
  const at = Number(/will be deleted <t:(\d+):R>/.exec(ada.dms[0]?.content ?? '')?.[1]);
  expect(at - Date.now() / 1_000).toBeGreaterThan(3_540);
  expect(at - Date.now() / 1_000).toBeLessThanOrEqual(3_600);
  await restart('update deletions set due_at = due_at - 3600000');
  await expect.poll(() => ada.dms.length, WITHIN).toBe(0);
  expect((await check(product, token)).status).toBe(200);
});
