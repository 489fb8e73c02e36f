import { type LocalMember, startLocalDiscord } from 'local-discord';
import { afterAll, expect, test } from 'vitest';
import { startProduct } from '../support/product.ts';
import { setUp } from '../support/end-to-end.ts';

const WEB = 'https://lamps.example/callback';
const ROUNDS = 8;

const { discord, product, member, ...stage } = await setUp((local) => {
  local.redirectUris.push(WEB);
  return {
    HTTP_WORKERS: '2',
    DISCORD_CLIENT_SECRET: local.clientSecret,
    LOGIN_REDIRECT_URIS: WEB,
    FAILURES_PER_MINUTE: '1000',
  };
});

afterAll(() => stage[Symbol.asyncDispose]());

const codeOf = (who: LocalMember) => who.authorize({ redirectUri: WEB }).code;

/** Over a connection of its own, so that each process gets some. */
async function post(code: string, url = product.url) {
  const response = await fetch(`${url}/oauth2`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Connection: 'close' },
    body: JSON.stringify({ code, redirect_uri: WEB }),
  });
  const { status, headers } = response;
  return { status, headers, body: (await response.json()) as Record<string, unknown> };
}

test('a login that Discord left half-done is finished by whichever process gets the retry', async () => {
  const ada = member('ada');
  for (let round = 0; round < ROUNDS; round += 1) {
    const code = codeOf(ada);
    discord.fail({ path: /oauth2\/@me/, status: 503 });
    const failed = await post(code);
    expect([failed.status, failed.body['error']]).toEqual([503, 'temporarily_unavailable']);
    expect(Number(failed.headers.get('Retry-After'))).toBeGreaterThan(0);
    const retried = await post(code);
    expect([round, retried.status]).toEqual([round, 200]);
    expect(retried.body).toMatchObject({ user_id: ada.id, type: 'login' });
  }
});

test('a code that is posted to both at once makes one session', async () => {
  const ada = member('ada');
  for (let round = 0; round < ROUNDS; round += 1) {
    const code = codeOf(ada);
    const answers = await Promise.all(Array.from({ length: 10 }, () => post(code)));
    const statuses = answers.map(({ status }) => status).toSorted((one, other) => one - other);
    expect(statuses).toEqual([200, ...Array.from({ length: 9 }, () => 400)]);
  }
  expect((await ada.slash('session list')).text).toContain(`${ROUNDS} active`);
});

test('a refusal says the same from each', async () => {
  const made = 'x'.repeat(30);
  for (let round = 0; round < 4; round += 1) {
    const { status, body } = await post(`${made}${round}`);
    expect([status, body['error']]).toEqual([400, 'invalid_grant']);
    expect(body['message']).toContain('Discord does not accept this code');
  }
  const mallory = member('mallory');
  discord.forgeNextToken({ scopes: [] });
  const { status, body } = await post(codeOf(mallory));
  expect([status, body['code']]).toEqual([403, 'Restricted']);
});

test('what is wrong with the secret is told to the operator, and nothing secret with it', async () => {
  await using local = await startLocalDiscord();
  local.redirectUris.push(WEB);
  await using other = await startProduct(local, {
    HTTP_WORKERS: '2',
    DISCORD_CLIENT_SECRET: 'not-the-secret-not-the-secret',
    LOGIN_REDIRECT_URIS: WEB,
  });
  await local.waitForBot(30_000);
  const code = codeOf(local.addMember({ username: 'ada', server: local.addServer() }));
  expect((await post(code, other.url)).status).toBe(503);
  const log = other.output.join('\n');
  expect(log).toContain('DISCORD_CLIENT_SECRET');
  expect(log).toContain('invalid_client');
  for (const secret of ['not-the-secret-not-the-secret', code]) expect(log).not.toContain(secret);
});
