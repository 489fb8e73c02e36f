import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import packageFile from '../../package.json' with { type: 'json' };
import { temporaryFolder } from '../support/fixtures.ts';
import { freePort } from '../support/free-port.ts';
import { isOnServer } from '../support/product-database.ts';
import { setUp } from '../support/end-to-end.ts';
import { newToken } from '../support/tokens.ts';

const METRICS_PORT = await freePort();
const ID = '018f4e2c7b1a7c3d9e8f0123456789ab';
const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';

const backups = temporaryFolder();
const { product, member, ...stage } = await setUp({
  HTTP_WORKERS: '2',
  METRICS_PORT: String(METRICS_PORT),
  // A server is backed up by its own tools.
  ...(isOnServer ? {} : { BACKUP_DIR: join(backups.path, 'backups') }),
  TRUSTED_PROXIES: '127.0.0.1',
  LOG_LEVEL: 'debug',
});

afterAll(async () => {
  await stage[Symbol.asyncDispose]();
  backups.remove();
});

const scrape = async () => (await fetch(`http://127.0.0.1:${METRICS_PORT}/metrics`)).text();

async function value(series: string): Promise<number | undefined> {
  const line = (await scrape()).split('\n').find((each) => each.startsWith(`${series} `));
  return line === undefined ? undefined : Number(line.slice(series.length));
}

const LIVE = 'latchkey_sessions_live{type="api"}';
const CREATED = 'latchkey_sessions_created_total{type="api"}';

test('what is one for all processes is told once, and what each counted is added up', async () => {
  expect(await value(`latchkey_build_info{version="${packageFile.version}"}`)).toBe(1);
  expect(await value('latchkey_database_writable')).toBe(1);
  expect(await value('latchkey_backup_interval_seconds')).toBe(isOnServer ? undefined : 86_400);
  const ada = member('ada');
  const token = await newToken(ada);
  const made = await fetch(`${product.url}/sessions`, {
    method: 'POST',
    body: JSON.stringify({ name: 'more', type: 'api', expiry: 3_600 }),
    headers: { Authorization: token, 'Content-Type': 'application/json' },
  });
  expect(made.status).toBe(200);
  expect(await value(CREATED)).toBe(2);
  await expect.poll(() => value(LIVE), { timeout: 25_000, interval: 500 }).toBe(2);
  expect(await value('latchkey_commands_total{name="token create",outcome="ok"}')).toBe(1);
  expect(await value('latchkey_http_requests_total{route="POST /sessions",status="200"}')).toBe(1);
});

test('a direct message that Discord refuses is counted', async () => {
  const bob = member('bob');
  bob.closeDms();
  await bob.slash('token create', { name: 'x', expires: '7d' });
  expect(await value('latchkey_direct_messages_refused_total')).toBe(1);
});

test('the id that a trusted proxy gave a request is in the answer and in the log', async () => {
  const token = await newToken(member('cy'));
  const traceparent = `00-${TRACE}-00f067aa0ba902b7-01`;
  const answer = await fetch(`${product.url}/sessions/@me`, {
    headers: { Authorization: token, 'X-Request-Id': ID, traceparent },
  });
  expect(answer.status).toBe(200);
  expect(answer.headers.get('x-request-id')).toBe(ID);
  expect(answer.headers.get('x-trace-id')).toBe(TRACE);
  const line = () => product.output.find((each) => each.includes(ID));
  await expect.poll(line).toMatch(`"request":"${ID}","trace":"${TRACE}"`);
});
