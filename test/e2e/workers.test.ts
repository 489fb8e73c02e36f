import { startLocalDiscord } from 'local-discord';
import { readFileSync } from 'node:fs';
import { afterAll, expect, test } from 'vitest';
import { freePort } from '../support/free-port.ts';
import { type Product, startProduct } from '../support/product.ts';
import { health, setUp } from '../support/end-to-end.ts';
import { deliveriesTo, idOf, newToken, tokenIn } from '../support/tokens.ts';

const METRICS_PORT = await freePort();

const { product, discord, member, ...stage } = await setUp({
  HTTP_WORKERS: '2',
  METRICS_PORT: String(METRICS_PORT),
});

afterAll(() => stage[Symbol.asyncDispose]());

/** Checks over connections of their own, so that each process gets some. */
async function checks(token: string, times: number): Promise<Set<number>> {
  const statuses = await Promise.all(
    Array.from({ length: times }, async () => {
      const response = await fetch(`${product.url}/sessions/@me`, {
        headers: { Authorization: token, Connection: 'close' },
        // A connection that a process had when it was killed may never be answered.
        signal: AbortSignal.timeout(2_000),
      });
      await response.text();
      return response.status;
    }),
  );
  return new Set(statuses);
}

/** Sets a clock back where nobody wants to wait. */
const alter = (sql: string) => product.database.query(sql);

async function checksCounted(): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${METRICS_PORT}/metrics`)).text();
  expect(text).toMatch(/^latchkey_gateway_connected 1$/m);
  return Number(/^latchkey_checks_total\{outcome="valid"\} (\d+)$/m.exec(text)?.[1] ?? 0);
}

/** The processes that answer HTTP, by their ids. */
function workers({ pid }: Pick<Product, 'pid'> = product): number[] {
  const list = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return list.trim().split(' ').map(Number);
}

test('a token that was made in Discord is good in each process, and bad in each once revoked', async () => {
  const ada = member('ada');
  const token = await newToken(ada);
  expect(workers()).toHaveLength(2);
  expect(await checks(token, 20)).toEqual(new Set([200]));
  await ada.slash('session revoke', { session: await idOf(product, token) });
  expect(await checks(token, 20)).toEqual(new Set([401]));
});

test('a new token that one process has seen in use is not replaced by another', async () => {
  const ada = member('ada');
  const old = await newToken(ada, 'bot', '30d');
  const id = await idOf(product, old);
  await ada.slash('token rotate', { token: id, grace: '1h' });
  const fresh = tokenIn(deliveriesTo(ada).at(-1));
  expect(await checks(fresh, 1)).toEqual(new Set([200]));
  // Written as soon as the check is answered.
  await expect.poll(async () => (await ada.slash('session list')).text).toContain('last used');
  await alter(`update sessions set rotated_at = rotated_at - 60000 where id = '${id}'`);
  const again = await ada.slash('token rotate', { token: id, grace: '1h' });
  expect(again.text).toContain('the new one is in use');
  expect(await checks(fresh, 4)).toEqual(new Set([200]));
});

test('each process says whether Discord is there', async () => {
  await expect.poll(() => health(product.url)).toEqual([200, undefined]);
});

test('the metrics are those of all processes together', async () => {
  const token = await newToken(member('ada'));
  const before = await checksCounted();
  await checks(token, 20);
  expect((await checksCounted()) - before).toBe(20);
});

test('a process that dies is replaced, and the others answer meanwhile', async () => {
  const token = await newToken(member('ada'));
  const [first] = workers();
  process.kill(first!, 'SIGKILL');
  await expect.poll(() => checks(token, 1)).toEqual(new Set([200]));
  await expect.poll(() => workers().filter((pid) => pid !== first).length).toBe(2);
  await expect.poll(() => checks(token, 10)).toEqual(new Set([200]));
  expect(product.output.join('\n')).toContain('another one takes its place');
});

test('last uses of each process are written at the end, and no process is left', async () => {
  const ada = member('ada');
  const tokens = [await newToken(ada, 'one'), await newToken(ada, 'two')];
  for (const token of tokens) await checks(token, 4);
  const before = workers();
  expect(await product.stop()).toBe(0);
  for (const pid of before) expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  await product.start();
  await discord.waitForBot(30_000);
  const listed = await ada.slash('session list');
  expect(listed.text).not.toContain('never used');
});

test('a port that is taken is told in one sentence, and nothing is left running', async () => {
  await using other = await startLocalDiscord();
  const port = new URL(product.url).port;
  const started = startProduct(other, { HTTP_WORKERS: '2', HTTP_PORT: port });
  await expect(started).rejects.toThrow(/Nothing can listen on 127\.0\.0\.1, port \d+/);
});

test('when the first process is killed the others end too, and write down what they know', async () => {
  const ada = member('ada');
  await checks(await newToken(ada, 'used at last'), 4);
  const before = workers();
  await product.stop('SIGKILL');
  const alive = () =>
    before.filter((pid) => {
      try {
        return process.kill(pid, 0);
      } catch {
        return false;
      }
    });
  await expect.poll(alive).toEqual([]);
  await product.start();
  await discord.waitForBot(30_000);
  expect((await ada.slash('session list')).text).not.toContain('never used');
});

test('processes that die in one place do not keep the other places waiting', async () => {
  await using other = await startProduct(discord, { HTTP_WORKERS: '2' });

  /** Kills one; resolves with how long its place stays empty, and who is there then. */
  async function replaced(pid: number) {
    const lines = other.output.length;
    const before = workers(other);
    process.kill(pid, 'SIGKILL');
    const told = () => other.output.slice(lines).find((line) => line.includes('takes its place'));
    await expect.poll(told).toBeDefined();
    const fresh = () => workers(other).find((each) => !before.includes(each));
    await expect.poll(fresh).toBeDefined();
    return { pauseMs: Number(/"pauseMs":(\d+)/.exec(told() ?? '')?.[1]), pid: fresh() ?? 0 };
  }
  const [first = 0, second = 0] = workers(other);
  const next = await replaced(first);
  expect(next.pauseMs).toBe(1_000);
  expect((await replaced(next.pid)).pauseMs).toBe(2_000);
  expect((await replaced(second)).pauseMs).toBe(1_000);
});
