import { describe, expect, it, onTestFinished } from 'vitest';
import { type HttpHarnessOptions, createHttpHarness } from '../support/http-harness.ts';
import { ANA, idAt, interfering, START } from '../support/fixtures.ts';

function setUp(options?: HttpHarnessOptions) {
  const api = createHttpHarness(options);
  onTestFinished(() => api.close());
  return api;
}

interface Failure {
  readonly message: string;
  readonly code: string;
}

/** Each failure has these two members, whoever answered. */
async function bodyOf(response: Response): Promise<Failure> {
  expect(response.headers.get('content-type')).toContain('application/json');
  const body = (await response.json()) as Failure;
  expect(Object.keys(body).toSorted()).toEqual(['code', 'message']);
  return body;
}

const id = idAt(START);

describe('an address that is not there', () => {
  it.each([
    '/',
    '/session',
    '/sessions/',
    `/sessions/${id}/x`,
    '/.env',
    '/%zz',
    '//',
    '/sessions/%2e%2e',
  ])('%s is answered with 404 or a refusal, never a failure of ours', async (path) => {
    const { api } = setUp();
    const response = await api.request(path);
    expect(response.status).toBeGreaterThanOrEqual(400);
    expect(response.status).toBeLessThan(500);
    await bodyOf(response);
  });

  it('is answered with 404 NotFound', async () => {
    const { api } = setUp();
    const response = await api.request('/nowhere', { method: 'POST' });
    expect(response.status).toBe(404);
    expect((await bodyOf(response)).code).toBe('NotFound');
  });
});

describe('a method that an address does not have', () => {
  it.each([
    ['PUT', '/sessions', ['GET', 'HEAD', 'POST']],
    ['PATCH', '/sessions', ['GET', 'HEAD', 'POST']],
    ['POST', '/sessions/@me', ['GET', 'HEAD']],
    ['PATCH', `/sessions/${id}`, ['DELETE']],
    ['GET', `/sessions/${id}`, ['DELETE']],
    ['POST', '/health', ['GET', 'HEAD']],
    ['PROPFIND', '/health/live', ['GET', 'HEAD']],
  ])('%s %s is answered with 405 and what is allowed', async (method, path, allowed) => {
    const { api } = setUp();
    const response = await api.request(path, { method });
    expect(response.status).toBe(405);
    const allow = (response.headers.get('allow') ?? '').split(', ');
    expect(allow).toEqual(expect.arrayContaining(allowed));
    expect(allow).not.toContain(method);
    await bodyOf(response);
  });
});

/** Sends a body with this type and its length, as a client would. */
const post = async (body: string | undefined, type?: string, authorization?: string) => {
  const { api, token } = setUp();
  const { token: good } = await token();
  return api.request('/sessions', {
    method: 'POST',
    headers: {
      Authorization: authorization ?? good,
      ...(type === undefined ? {} : { 'Content-Type': type }),
      'Content-Length': String(Buffer.byteLength(body ?? '')),
    },
    ...(body === undefined ? {} : { body }),
  });
};

describe('a body that cannot be taken', () => {
  const good = JSON.stringify({ name: 'deploy', type: 'api', expiry: 60 });

  it.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/jsonp',
    'application/jsonx',
    '',
  ])('of type %j is answered with 415', async (type) => {
    const response = await post(good, type);
    expect(response.status).toBe(415);
    await bodyOf(response);
  });

  it('without a type is answered with 415', async () => {
    const { api, token } = setUp();
    const response = await api.request('/sessions', {
      method: 'POST',
      headers: { Authorization: (await token()).token, 'Content-Length': `${good.length}` },
      body: new TextEncoder().encode(good),
    });
    expect(response.status).toBe(415);
  });

  it.each([
    'application/json',
    'application/json; charset=utf-8',
    'application/json;charset=UTF-8',
    'Application/JSON',
  ])('of type %j is taken', async (type) => {
    expect((await post(good, type)).status).toBe(200);
  });

  it.each(['', '{', '{"name":', 'nonsense', '{"name":"x",}', '\u0000'])(
    'that is %j is answered with 400',
    async (body) => {
      const response = await post(body, 'application/json');
      expect(response.status).toBe(400);
      expect((await bodyOf(response)).code).toBe('BadRequest');
    },
  );

  it.each(['null', '[]', '7', '"x"', 'true', '[{"name":"x","type":"api","expiry":60}]'])(
    'that is %s, not an object, is answered with 400',
    async (body) => {
      const response = await post(body, 'application/json');
      expect(response.status).toBe(400);
      expect((await bodyOf(response)).code).toBe('BadRequest');
    },
  );

  it.each([
    ['name', String.raw`{"name":"a\u0000b","type":"api","expiry":60}`],
    ['name', String.raw`{"name":"a\ud83db","type":"api","expiry":60}`],
    ['type', String.raw`{"name":"x","type":"\u0000","expiry":60}`],
  ])('with U+0000 or half a character for the %s is answered with 400', async (_, body) => {
    const response = await post(body, 'application/json');
    expect(response.status).toBe(400);
    expect(await bodyOf(response)).toEqual({
      message: 'A text has U+0000 or half of a character in it. Leave that out.',
      code: 'BadRequest',
    });
  });

  it('with U+0000 where nobody looks is taken', async () => {
    const body = String.raw`{"name":"x","type":"api","expiry":60,"note":"\u0000"}`;
    expect((await post(body, 'application/json')).status).toBe(200);
  });

  it('that says nothing is answered with all that is missing', async () => {
    const { message } = await bodyOf(await post('{}', 'application/json'));
    for (const name of ['name', 'type', 'expiry']) expect(message).toContain(name);
  });

  it('of more than 16 KB is answered with 413, whatever its length header says', async () => {
    const { api, token } = setUp();
    const { token: authorization } = await token();
    const body = JSON.stringify({ name: 'x'.repeat(17_000), type: 'api', expiry: 60 });
    for (const length of [{}, { 'Content-Length': `${body.length}` }]) {
      const response = await api.request('/sessions', {
        method: 'POST',
        headers: { Authorization: authorization, 'Content-Type': 'application/json', ...length },
        body,
      });
      expect(response.status).toBe(413);
      await bodyOf(response);
    }
  });

  it('nested thousands of times is answered with 400', async () => {
    const response = await post('['.repeat(8_000) + ']'.repeat(8_000), 'application/json');
    expect(response.status).toBe(400);
  });

  it('is not looked at where the address takes none', async () => {
    const { call, token } = setUp();
    const made = await token();
    const response = await call('DELETE', `/sessions/${made.session.id}`, made.token, 'x');
    expect(response.status).toBe(204);
  });
});

describe('a failure that nobody foresaw', () => {
  it('is answered with a reference that the log has too, and nothing else', async () => {
    const { call, token, lines } = setUp({
      through: (store) =>
        interfering(store, { page: () => Promise.reject(new TypeError('the secret plan')) }),
    });
    const made = await token();
    const response = await call('GET', '/sessions', made.token);
    expect(response.status).toBe(500);
    const { message, code } = await bodyOf(response);
    expect(code).toBe('InternalError');
    expect(message).not.toMatch(/secret|TypeError|at /);
    const [reference = ''] = /[0-9a-f]{8}-[0-9a-f-]{27}/.exec(message) ?? [];
    expect(reference).not.toBe('');
    const told = lines.filter((line) => line.includes('the secret plan'));
    expect(told).toHaveLength(1);
    expect(told[0]).toContain(reference);
    expect(lines.join('')).not.toContain(made.token);
  });

  it('does not stop the next request', async () => {
    let fails = true;
    const { call, token } = setUp({
      through: (store) =>
        interfering(store, {
          page: (query) => (fails ? Promise.reject(new Error('once')) : store.page(query)),
        }),
    });
    const made = await token();
    expect((await call('GET', '/sessions', made.token)).status).toBe(500);
    fails = false;
    expect((await call('GET', '/sessions', made.token)).status).toBe(200);
  });
});

describe('health', () => {
  it('is good while the database and the gateway are', async () => {
    const { api } = setUp();
    for (const path of ['/health', '/health/live']) {
      const response = await api.request(path);
      expect(response.status).toBe(200);
      expect(await response.json()).toMatchObject({ status: 'ok' });
    }
  });

  it('names the trouble with the gateway, while tokens are checked all the same', async () => {
    let trouble: string | null = 'not connected to Discord';
    const { api, call, token } = setUp({ gateway: () => trouble });
    const response = await api.request('/health');
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({ reason: 'not connected to Discord' });
    expect((await api.request('/health/live')).status).toBe(200);
    expect((await call('GET', '/sessions/@me', (await token()).token)).status).toBe(200);
    trouble = null;
    expect((await api.request('/health')).status).toBe(200);
  });

  it('names the database when that does not answer, and nothing of its error', async () => {
    const { api, store } = createHttpHarness();
    await store.close();
    for (const path of ['/health', '/health/live']) {
      const response = await api.request(path);
      expect(response.status).toBe(503);
      const text = await response.text();
      expect(text).toContain('database');
      expect(text).not.toContain('connection is not open');
    }
  });

  it('needs no token and tells nothing about members', async () => {
    const { api, token } = setUp();
    await token();
    expect(await (await api.request('/health')).text()).not.toContain(ANA);
  });
});
