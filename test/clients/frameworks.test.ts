/** Web frameworks with the very lines that docs/api-authors.md shows. */
import type { LocalServer } from 'local-discord';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { setUp } from '../support/end-to-end.ts';
import { temporaryFolder } from '../support/fixtures.ts';
import { deliveriesTo, tokenIn } from '../support/tokens.ts';
import { installClients, readExamples } from './examples.ts';

installClients();
const folder = temporaryFolder();
const file = join(folder.path, 'policy.json');
const policy = {
  scopes: {
    'lamps:read': { says: 'See your lamps', given: true },
    'lamps:write': { says: 'Switch your lamps' },
  },
};
writeFileSync(file, JSON.stringify(policy));
let server!: LocalServer;
const { product, discord, ...stage } = await setUp((local) => {
  server = local.addServer();
  return { POLICY_FILE: file };
});
const examples = await readExamples('api-authors.md', { 'http://127.0.0.1:8080': product.url });
await examples.load('ask-latchkey');

afterAll(async () => {
  await stage[Symbol.asyncDispose]();
  folder.remove();
});

const ada = discord.addMember({ username: 'ada', server });

async function newToken(name: string, scopes: string): Promise<string> {
  await ada.slash('token create', { name, scopes });
  return tokenIn(deliveriesTo(ada).at(-1));
}

type Ask = (headers: Readonly<Record<string, string>>) => Promise<Response>;

/** Asks an app behind a socket of its own. */
async function serve(listener: RequestListener): Promise<Ask> {
  const http = createServer(listener).listen(0, '127.0.0.1');
  await once(http, 'listening');
  afterAll(() => void http.close());
  const { port } = http.address() as AddressInfo;
  return (headers) => fetch(`http://127.0.0.1:${port}/lamps`, { headers });
}

const frameworks: Readonly<Record<string, () => Promise<Ask>>> = {
  async express() {
    const { app } = await examples.load<{ app: RequestListener }>('express');
    return serve(app);
  },
  async fastify() {
    const { app } = await examples.load<{
      app: { ready(): Promise<void>; routing: RequestListener };
    }>('fastify');
    await app.ready();
    return serve(app.routing);
  },
  async hono() {
    const { app } = await examples.load<{
      app: { request(path: string, init: RequestInit): Promise<Response> };
    }>('hono');
    return async (headers) => app.request('/lamps', { headers });
  },
};

test('each framework of the document is tried', () => {
  expect(examples.names).toEqual(['ask-latchkey', ...Object.keys(frameworks)]);
});

test.each(Object.keys(frameworks))(
  '%s lets a token through that has the scope, and refuses the rest as Latchkey does',
  async (name) => {
    const ask = (await frameworks[name]?.())!;
    const answer = async (headers: Readonly<Record<string, string>>): Promise<unknown> => {
      const response = await ask(headers);
      return { status: response.status, body: await response.json() };
    };
    const reading = await newToken(`${name} reads`, 'lamps:read');
    expect(await answer({ authorization: `Bearer ${reading}` })).toEqual({
      status: 200,
      body: { lampsOf: ada.id },
    });
    const writing = await newToken(`${name} writes`, 'lamps:write');
    expect(await answer({ authorization: `Bearer ${writing}` })).toMatchObject({
      status: 403,
      body: { code: 'InsufficientScope', missing: ['lamps:read'] },
    });
    expect(await answer({ authorization: 'Bearer nonsense' })).toMatchObject({
      status: 401,
      body: { code: 'InvalidToken' },
    });
    expect(await answer({})).toMatchObject({ status: 401, body: { code: 'NoAuthToken' } });
  },
);
