/**
 * Real nginx, with the very lines that the README shows, before an API that knows nothing of Latchkey.
 * Needs `nginx` with auth_request on the PATH: `npm run test:nginx`.
 */
import { banBy } from '../support/fixtures.ts';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { openStore } from '../../src/store/open.ts';
import { setUp } from '../support/stage.ts';
import { newToken } from '../support/use.ts';

const FAILURES_PER_MINUTE = 20;

const { product, member, ...stage } = await setUp({
  TRUSTED_PROXIES: '127.0.0.1',
  FAILURES_PER_MINUTE: String(FAILURES_PER_MINUTE),
});

let api: Server;
let seen: IncomingHttpHeaders | undefined;
let nginx: ChildProcess;
let folder: string;
let front: string;

beforeAll(async () => {
  api = createServer((request, response) => {
    seen = request.headers;
    response.writeHead(request.url === '/broken' ? 500 : 200);
    response.end('lamp on');
  });
  api.listen(0, '127.0.0.1');
  await once(api, 'listening');

  folder = await mkdtemp(join(tmpdir(), 'latchkey-nginx-'));
  const port = await freePort();
  front = `http://127.0.0.1:${port}`;
  await writeFile(join(folder, 'nginx.conf'), await configuration(port));
  nginx = spawn('nginx', ['-p', folder, '-c', 'nginx.conf'], { stdio: 'ignore' });
  await vi.waitFor(() => get(), { timeout: 10_000 });
});

afterAll(async () => {
  nginx.kill('SIGTERM');
  await once(nginx, 'exit');
  api.close();
  await rm(folder, { recursive: true });
  await stage[Symbol.asyncDispose]();
});

describe('an API behind nginx', () => {
  test('is reached with a good token, and told whose it is', async () => {
    const ada = member('ada');
    const token = await newToken(ada);
    for (const header of [token, `Bearer ${token}`]) {
      const answer = await get(header);
      expect([answer.status, await answer.text()]).toEqual([200, 'lamp on']);
      expect(seen?.['x-latchkey-user']).toBe(ada.id);
      expect(seen?.['x-latchkey-type']).toBe('api');
      expect(seen?.['x-latchkey-session']).toMatch(/^[0-9a-f-]{36}$/);
    }
  });

  test('never sees who a client pretends to be', async () => {
    const ada = member('ada');
    await get(await newToken(ada), { 'X-Latchkey-User': '1', 'X-Latchkey-Session': 'mine' });
    expect(seen?.['x-latchkey-user']).toBe(ada.id);
    expect(seen?.['x-latchkey-session']).not.toBe('mine');
  });

  test('is not reached without a token or with a wrong one', async () => {
    seen = undefined;
    expect((await get()).status).toBe(401);
    const refused = await get('lk_api_wrong');
    expect(refused.status).toBe(401);
    expect(refused.headers.get('WWW-Authenticate')).toContain('invalid_token');
    expect(seen).toBeUndefined();
  });

  test('is closed to a token from the request after its end', async () => {
    const ada = member('ada');
    const token = await newToken(ada);
    expect((await get(token)).status).toBe(200);
    const asked = await ada.slash('session revoke-all');
    await ada.press(asked.reply!, 'Revoke everything');
    expect((await get(token)).status).toBe(401);
  });

  test('is closed to a banned account, with 403', async () => {
    const mallory = member('mallory');
    const token = await newToken(mallory);
    const store = openStore(product.databaseFile);
    const act = { actor: { kind: 'system' as const }, at: Date.now() };
    await store.ban(act, mallory.id, banBy(act), false);
    await store.close();
    expect((await get(token)).status).toBe(403);
  });

  test('keeps its own errors', async () => {
    const token = await newToken(member('ada'));
    expect((await get(token, {}, '/broken')).status).toBe(500);
  });

  test('answers 429 to a flood of wrong tokens, and goes on answering the good one beside it', async () => {
    const token = await newToken(member('ada'));
    const statuses: number[] = [];
    for (let index = 0; index < FAILURES_PER_MINUTE + 10; index += 1) {
      statuses.push((await get('lk_api_wrong')).status);
    }
    expect(statuses.at(-1)).toBe(429);
    const limited = await get('lk_api_wrong');
    expect(Number(limited.headers.get('Retry-After'))).toBeGreaterThan(0);
    expect(await limited.json()).toMatchObject({ code: 'RateLimited' });
    expect((await get(token)).status).toBe(200);
  });

  test('answers 503 while Latchkey is away, and comes back with it', async () => {
    const token = await newToken(member('ada'));
    const { port } = new URL(product.url);
    await product.stop();
    const away = await get(token);
    expect([away.status, await away.json()]).toEqual([
      503,
      { message: 'Tokens cannot be checked just now.', code: 'Upstream' },
    ]);
    await product.start({ HTTP_PORT: port });
    expect((await get(token)).status).toBe(200);
  });
});

function get(token?: string, headers: Record<string, string> = {}, path = '/lamps?on=1') {
  return fetch(front + path, {
    headers: { ...headers, ...(token === undefined ? {} : { Authorization: token }) },
  });
}

async function configuration(port: number): Promise<string> {
  const readme = await readFile(new URL('../../README.md', import.meta.url), 'utf8');
  const shown = /```nginx\n([\s\S]*?)```/.exec(readme)?.[1] ?? '';
  const { port: apiPort } = api.address() as AddressInfo;
  const server = shown
    .replace('listen 80;', `listen 127.0.0.1:${port};`)
    .replace('http://127.0.0.1:3000', `http://127.0.0.1:${apiPort}`)
    .replace('http://127.0.0.1:8080', product.url);
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `${name}_temp_path ${folder}/${name};`)
    .join('\n');
  return `daemon off;
    pid ${folder}/nginx.pid;
    error_log ${folder}/error.log;
    events {}
    http { access_log off; ${temporary} ${server} }`;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
