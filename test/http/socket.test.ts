import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { close, createHttpServer, listen, ListenError } from '../../src/http/server/server.ts';
import { createHttpHarness, type HttpHarness } from '../support/http-harness.ts';

let api: HttpHarness;
let port: number;
let token: string;
let server: ReturnType<typeof createHttpServer>;

beforeAll(async () => {
  api = createHttpHarness({ maxApiTokens: 50 });
  ({ token } = await api.token());
  server = createHttpServer(api.api);
  port = await listen(server, '127.0.0.1', 0, 'HTTP_PORT');
});

afterAll(async () => {
  await close(server);
  await api.close();
});

interface Raw {
  readonly status: number;
  readonly head: string;
  readonly body: string;
}

/** Sends these bytes, as they are, and reads until the server is done. */
async function send(...parts: (string | Buffer)[]): Promise<Raw> {
  const socket = connect(port, '127.0.0.1');
  let answer = '';
  socket.setEncoding('utf8');
  socket.on('data', (chunk: string) => (answer += chunk));
  // A server that has refused a request need not read the rest of it.
  socket.on('error', () => {});
  const closed = new Promise((resolve) => socket.once('close', resolve));
  await once(socket, 'connect');
  for (const part of parts) socket.write(part);
  await closed;
  const [head = '', ...rest] = answer.split('\r\n\r\n');
  return { status: Number(head.split(' ')[1]), head, body: rest.join('\r\n\r\n') };
}

const get = (...headers: string[]) =>
  send(
    Buffer.from(
      `GET /sessions/@me HTTP/1.1\r\n${['Host: x', 'Connection: close', ...headers].join('\r\n')}\r\n\r\n`,
      'latin1',
    ),
  );

/** The status of a failure, if it is one in our form. */
function failureOf({ status, head, body }: Raw): number | string {
  const members = Object.keys(JSON.parse(body) as object);
  const isOurs =
    /content-type: application\/json/i.test(head) && members.toSorted().join() === 'code,message';
  return isOurs ? status : `${head}\n${body}`;
}

describe('on a socket', () => {
  it('a good token is good', async () => {
    const { status, body } = await get(`Authorization: Bearer ${token}`);
    expect(status).toBe(200);
    expect(body).toContain('"state":"normal"');
  });

  it('HTTP/1.0 needs no host, as health checks of load balancers have none', async () => {
    const { status, body } = await send('GET /health/live HTTP/1.0\r\n\r\n');
    expect([status, body]).toEqual([200, '{"status":"ok"}']);
    expect(failureOf(await send('GET /health/live HTTP/1.1\r\nConnection: close\r\n\r\n'))).toBe(
      400,
    );
    const two = 'GET /health/live HTTP/1.0\r\nHost: x\r\nHost: y\r\n\r\n';
    expect(failureOf(await send(two))).toBe(400);
  });

  it.each([
    ['not HTTP', 'HELO mail\r\n\r\n'],
    ['a TLS greeting', Buffer.from('16030100a5010000a1', 'hex')],
    ['a header without a colon', 'GET / HTTP/1.1\r\nHost: x\r\nnonsense\r\n\r\n'],
    ['a bad length', 'POST /sessions HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n'],
    [
      'a length and chunks',
      'POST /sessions HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    ],
    ['a null byte in a header', 'GET / HTTP/1.1\r\nHost: x\r\nX: a\0b\r\n\r\n'],
  ])('%s is answered with 400 in our form', async (_, bytes) => {
    expect(failureOf(await send(bytes))).toBe(400);
  });

  it('a request without a Host header is answered in our form', async () => {
    const raw = await send('GET /nowhere HTTP/1.1\r\nConnection: close\r\n\r\n');
    expect([400, 404]).toContain(failureOf(raw));
  });

  it('a Host header that is no host is answered in our form', async () => {
    const raw = await send('GET /health HTTP/1.1\r\nHost: a b/..\r\nConnection: close\r\n\r\n');
    expect([200, 400]).toContain(raw.status === 200 ? 200 : failureOf(raw));
  });

  it('a header of a megabyte is answered with 431', async () => {
    expect(failureOf(await get(`Authorization: ${'a'.repeat(1_048_576)}`))).toBe(431);
  });

  it('a token that is not ASCII is refused like any other', async () => {
    expect(failureOf(await get('Authorization: lk_api_\u00e9\u00ff\u0080'))).toBe(401);
  });

  it('two different Authorization headers are no way around a refusal', async () => {
    const raw = await get('Authorization: nonsense', `Authorization: ${token}`);
    expect([400, 401]).toContain(failureOf(raw));
  });

  it('an empty Authorization header is none', async () => {
    const raw = await get('Authorization:');
    expect(failureOf(raw)).toBe(401);
    expect(raw.body).toContain('NoAuthToken');
  });

  it('spaces around the token do not matter', async () => {
    expect((await get(`Authorization:   Bearer ${token}  `)).status).toBe(200);
  });

  it('a chunked body of more than 16 KB is answered with 413', async () => {
    const chunk = `${(8_192).toString(16)}\r\n${' '.repeat(8_192)}\r\n`;
    const head = [
      'POST /sessions HTTP/1.1',
      'Host: x',
      `Authorization: ${token}`,
      'Content-Type: application/json',
      'Transfer-Encoding: chunked',
      'Connection: close',
    ].join('\r\n');
    const raw = await send(`${head}\r\n\r\n`, chunk, chunk, chunk, '0\r\n\r\n');
    expect(failureOf(raw)).toBe(413);
  });

  it('a body that is announced as a gigabyte is refused before it is sent', async () => {
    const head = [
      'POST /sessions HTTP/1.1',
      'Host: x',
      `Authorization: ${token}`,
      'Content-Type: application/json',
      'Content-Length: 1073741824',
      'Connection: close',
    ].join('\r\n');
    expect(failureOf(await send(`${head}\r\n\r\n{`))).toBe(413);
  });

  it('a request that never ends is answered with 408', async () => {
    const own = createHttpServer(api.api);
    // What Node does after the time-out, without the wait.
    const late = Object.assign(new Error('late'), { code: 'ERR_HTTP_REQUEST_TIMEOUT' });
    own.once('connection', (socket) => own.emit('clientError', late, socket));
    const ownPort = await listen(own, '127.0.0.1', 0, 'HTTP_PORT');
    const socket = connect(ownPort, '127.0.0.1');
    let answer = '';
    socket.on('data', (data: Buffer) => (answer += data.toString()));
    await once(socket, 'close');
    await close(own);
    expect(answer).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\n/);
    expect(answer).toMatch(/\{"message":".+","code":"BadRequest"\}$/);
  });

  it('many requests on one connection are answered in order', async () => {
    const one = `GET /sessions/@me HTTP/1.1\r\nHost: x\r\nAuthorization: ${token}\r\n`;
    const { head, body } = await send(`${one}\r\n`, `${one}Connection: close\r\n\r\n`);
    expect(`${head}${body}`.split('HTTP/1.1 200 OK')).toHaveLength(3);
  });
});

describe('listening', () => {
  it('is refused in a sentence that names the address and the variables', async () => {
    const second = createHttpServer(api.api);
    const attempt = listen(second, '127.0.0.1', port, 'HTTP_PORT');
    await expect(attempt).rejects.toBeInstanceOf(ListenError);
    await expect(attempt).rejects.toThrow(new RegExp(`127\\.0\\.0\\.1.*${port}.*HTTP_PORT`));
  });

  it('ends with the last answer, also while an idle connection is kept open', async () => {
    const own = createHttpServer(api.api);
    const ownPort = await listen(own, '127.0.0.1', 0, 'HTTP_PORT');
    const socket = connect(ownPort, '127.0.0.1');
    await once(socket, 'connect');
    socket.write(`GET /health HTTP/1.1\r\nHost: x\r\n\r\n`);
    const [data] = (await once(socket, 'data')) as [Buffer];
    expect(data.toString()).toContain('200 OK');
    await close(own);
    socket.destroy();
    expect(own.listening).toBe(false);
  });
});
