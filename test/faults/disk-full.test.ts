import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { openDatabase } from '../../src/store/sqlite/file/open.ts';
import { refusalIn } from '../support/program.ts';
import { health, setUp, type Stage } from '../support/end-to-end.ts';
import { check, deliveriesTo, idOf, newToken, tokenIn } from '../support/tokens.ts';
import { mountDisk } from './disk.ts';
import { startPulse } from './pulse.ts';

const disk = await mountDisk('6m');
afterAll(() => disk?.[Symbol.asyncDispose]());

function write({ product }: Stage, token: string, path: string, method = 'POST', body?: unknown) {
  return fetch(product.url + path, {
    method,
    headers: { Authorization: token, 'Content-Type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

const NEW = { name: 'x', type: 'api', expiry: 3600 };

/** Fills the disk until a write fails: what SQLite has reserved already serves it for a while. */
async function fillUp(stage: Stage, token: string): Promise<Response> {
  disk!.fill();
  for (let attempt = 0; attempt < 5_000; attempt += 1) {
    const name = 'x'.repeat(80);
    const answer = await write(stage, token, '/sessions', 'POST', { ...NEW, name });
    if (answer.status !== 200) return answer;
  }
  throw new Error('the disk never filled up');
}

// Only who may mount a small disk has one to fill.
test.skipIf(disk === null)(
  'a full disk (needs leave to mount one) is told, costs nothing but writes, and passes by itself',
  async () => {
    await using stage = await setUp({
      DATABASE_URL: `file:${disk!.path}/latchkey.db`,
      MAX_API_TOKENS: '100000',
      CREATIONS_PER_HOUR: '100000',
    });
    const { product, member } = stage;
    const ada = member('ada');
    const token = await newToken(ada);
    const other = await newToken(ada, 'other');
    const id = await idOf(product, other);
    const pulse = startPulse(product, token);

    const full = await fillUp(stage, token);
    expect(full.status).toBe(503);
    expect(await full.json()).toMatchObject({
      code: 'InternalError',
      message: expect.stringContaining('Nothing was changed'),
    });
    const before = await count(product.url, token);
    const revoked = await write(stage, token, `/sessions/${id}`, 'DELETE');
    // What is small may still find room; what is said is so in any case.
    expect([204, 503]).toContain(revoked.status);
    expect((await check(product, other)).status).toBe(revoked.status === 204 ? 401 : 200);
    const ended = revoked.status === 204 ? 1 : 0;

    const created = await ada.slash('token create', { name: 'y', expires: '1h' });
    expect(created.text).toContain('Nothing was changed');
    // Nothing was sent, or it was taken back at once.
    expect(deliveriesTo(ada).map(tokenIn)).toEqual([token, other]);
    expect((await ada.slash('session list')).text).toContain('active');
    expect(await count(product.url, token)).toBe(before - ended);
    await expect.poll(() => health(product.url)).toEqual([503, 'the database cannot be written']);
    expect((await fetch(`${product.url}/health/live`)).status).toBe(200);

    disk!.free();
    await expect.poll(() => health(product.url)).toEqual([200, undefined]);
    await newToken(ada, 'after');
    expect((await write(stage, token, '/sessions', 'POST', NEW)).status).toBe(200);
    expect((await pulse.stop()).others).toEqual([]);
    expect(product.output.filter((line) => /"level":[56]0/.test(line))).toEqual([]);
  },
  120_000,
);

// The same.
test.skipIf(disk === null)('a start on a full disk says that there is no room', () => {
  const [old, fresh] = ['old.db', 'new.db'].map((name) => join(disk!.path, name));
  openDatabase(old!).close();
  disk!.fill();
  for (const path of [old!, fresh!]) {
    expect(refusalIn(() => openDatabase(path))).toMatch(/^There is no room left where .*\.db is/);
  }
  disk!.free();
  for (const path of [old!, fresh!]) openDatabase(path).close();
});

async function count(url: string, token: string): Promise<number> {
  const response = await fetch(`${url}/sessions`, { headers: { Authorization: token } });
  return ((await response.json()) as { sessions: unknown[] }).sessions.length;
}
