import { Hono } from 'hono';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { type ConnectionLimits, LIMITS } from '../../../src/http/server/connections.ts';
import { close, createHttpServer, listen } from '../../../src/http/server/server.ts';

const LARGE = Buffer.alloc(8 * 1024 * 1024, 'a');
/** Waits for nothing that a test does not wait for as well. */
const LONG = { headMs: 60_000, requestMs: 60_000, answerMs: 60_000, lingerMs: 60_000 };
const SOON = { interval: 5 };
const GET = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';
const LAST = 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';

/** A server with an answer that is quick, one that is large, and one that comes when it is released. */
async function setUp(limits: Partial<ConnectionLimits> = {}) {
  const releases: (() => void)[] = [];
  const log: string[] = [];
  const api = new Hono();
  api.onError((_, context) => context.text('failed', 500));
  api.get('/', (context) => context.text('quick'));
  api.get('/large', (context) => context.body(LARGE));
  api.all('/held/:name', async (context) => {
    const { name } = context.req.param();
    log.push(`begins ${name}`);
    await new Promise<void>((resolve) => releases.push(resolve));
    log.push(`ends ${name}`);
    return context.text(name);
  });
  api.post('/read', async (context) => context.text(await context.req.text()));
  const server = createHttpServer(api, undefined, {
    ...LIMITS,
    ...LONG,
    checkEveryMs: 10,
    ...limits,
  });
  const port = await listen(server, '127.0.0.1', 0, 'HTTP_PORT');
  onTestFinished(async () => {
    server.closeAllConnections();
    await close(server);
  });

  /** A client that sends this, and reads unless told not to. Its errors are its own affair. */
  async function client(bytes = '', { reads = true, allowHalfOpen = false } = {}) {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen });
    const seen = { text: '' };
    socket.setEncoding('latin1');
    socket.on('error', () => {});
    onTestFinished(() => void socket.destroy());
    const closed = new Promise<string>((resolve) => socket.once('close', () => resolve(seen.text)));
    await once(socket, 'connect');
    if (reads) socket.on('data', (text: string) => (seen.text += text));
    else socket.pause();
    socket.write(bytes);
    return { socket, seen, closed };
  }

  const open = () =>
    new Promise<number>((resolve, reject) => {
      server.getConnections((error, count) => (error ? reject(error) : resolve(count)));
    });
  async function begun(count: number): Promise<void> {
    await expect.poll(() => releases.length, SOON).toBe(count);
  }
  return { server, port, client, open, releases, log, begun };
}

/** The bodies of answers that came one after the other. */
const bodies = (text: string): string[] =>
  text
    .split(/(?=HTTP\/1\.1 \d)/)
    .filter((each) => each !== '')
    .map((each) => each.slice(each.indexOf('\r\n\r\n') + 4));

const statuses = (text: string): number[] =>
  Array.from(text.matchAll(/HTTP\/1\.1 (\d{3})/g), ([, status]) => Number(status));

function reset({ socket }: { socket: Socket }): void {
  socket.resetAndDestroy();
}

it('a CONNECT is refused, and its end is ours to bring about', async () => {
  const { client, open } = await setUp({ lingerMs: 20 });
  const { seen } = await client('CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n', { allowHalfOpen: true });
  await expect.poll(open, SOON).toBe(0);
  expect(seen.text).toMatch(/^HTTP\/1\.1 405 .*"code":"BadRequest"\}$/s);
});

it('a CONNECT whose sender is gone before the answer ends nothing but itself', async () => {
  const { client, open } = await setUp();
  for (let round = 0; round < 50; round += 1) {
    const each = await client('CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n');
    if (round % 2 === 0) await turn();
    reset(each);
  }
  await expect.poll(open, SOON).toBe(0);
  expect(statuses(await (await client(LAST)).closed)).toEqual([200]);
});

it('a CONNECT is over when its sender hangs up', async () => {
  const { client, open } = await setUp();
  const connecting = 'CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n';
  const { socket, seen } = await client(connecting, { allowHalfOpen: true });
  await expect.poll(() => statuses(seen.text), SOON).toEqual([405]);
  socket.end('what it wanted to send on');
  await expect.poll(open, SOON).toBe(0);
});

it.each([
  ['nothing at all', '', 408],
  ['the half of a head', 'GET / HTTP/1.1\r\nHo', 408],
  ['the half of a body', 'POST /read HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf', 408],
  ['what is not HTTP', 'HELO mail\r\n\r\n', 400],
])('who sends %s and stays is answered and shut out', async (_, bytes, status) => {
  const { client, open } = await setUp({ headMs: 20, requestMs: 20, lingerMs: 20 });
  const { seen } = await client(bytes, { allowHalfOpen: true });
  await expect.poll(open, SOON).toBe(0);
  expect(statuses(seen.text)).toEqual([status]);
});

it('who goes on sending after a refusal hears of it, and is shut out all the same', async () => {
  const { client, open } = await setUp({ lingerMs: 50 });
  const { socket, seen } = await client('HELO mail\r\n\r\n', { allowHalfOpen: true });
  const sending = setInterval(() => socket.write('more of it\r\n'), 1);
  await expect.poll(open, SOON).toBe(0);
  clearInterval(sending);
  expect(statuses(seen.text)).toEqual([400]);
});

it('who reads only when all is sent finds the refusal still there', async () => {
  const { client } = await setUp();
  const { socket, seen } = await client('HELO mail\r\n\r\n', { reads: false });
  await new Promise((resolve) => socket.write(LARGE, resolve));
  socket.on('data', (text: string) => (seen.text += text)).resume();
  await expect.poll(() => statuses(seen.text), SOON).toEqual([400]);
});

it('an answer that is never taken is given up', async () => {
  const { client, open } = await setUp({ answerMs: 30 });
  await client(GET.replace('/', '/large'), { reads: false });
  await expect.poll(open, SOON).toBe(0);
});

it('an answer that is taken by the byte is given up as well', async () => {
  const { client, open } = await setUp({ answerMs: 60 });
  const { socket } = await client(GET.replace('/', '/large'), { reads: false });
  const reading = setInterval(() => socket.read(1_000), 5);
  onTestFinished(() => clearInterval(reading));
  await expect.poll(open, SOON).toBe(0);
});

it('who hangs up without taking an answer is not waited for', async () => {
  const { client, open } = await setUp({ answerMs: 30 });
  const { socket } = await client(GET.replace('/', '/large'), { reads: false });
  socket.end();
  await expect.poll(open, SOON).toBe(0);
});

it('an answer that takes its time is not given up', async () => {
  const { client, open, releases, begun } = await setUp({ answerMs: 20 });
  const { seen } = await client(GET.replace('/', '/held/late'));
  await begun(1);
  await client(GET.replace('/', '/large'), { reads: false });
  // Given up, though it is younger.
  await expect.poll(open, SOON).toBe(1);
  releases.shift()?.();
  await expect.poll(() => bodies(seen.text), SOON).toEqual(['late']);
});

it.each([
  ['', ''],
  ['with an expectation ', 'Expect: 100-continue\r\n'],
  ['with another one ', 'Expect: gold\r\n'],
])('requests in a row %sare begun one after the other', async (_, header) => {
  const { client, releases, log, begun } = await setUp();
  const names = ['one', 'two', 'three'];
  const row = names.map((name) => `GET /held/${name} HTTP/1.1\r\nHost: x\r\n${header}\r\n`);
  const { seen } = await client(row.join(''));
  for (const name of names) {
    await begun(1);
    expect(log.at(-1)).toBe(`begins ${name}`);
    releases.shift()?.();
  }
  await expect.poll(() => seen.text, SOON).toContain('three');
  expect(log).toEqual(names.flatMap((name) => [`begins ${name}`, `ends ${name}`]));
});

it('no more requests wait in a row than it takes', async () => {
  const { client, open, releases, log, begun } = await setUp({ waiting: 4 });
  const fits = await client(GET.replace('/', '/held/first') + GET.repeat(4));
  await begun(1);
  expect(await open()).toBe(1);
  const { closed } = await client(GET.replace('/', '/held/second') + GET.repeat(2_000));
  expect(await closed).toBe('');
  expect(log).toEqual(['begins first', 'begins second']);
  for (const release of releases) release();
  await expect.poll(() => statuses(fits.seen.text), SOON).toHaveLength(5);
});

it('of a row that is too long, no more is parsed than can wait', async () => {
  const { client, server } = await setUp({ waiting: 4 });
  let parsed = 0;
  server.on('request', () => (parsed += 1));
  const { closed } = await client(GET.replace('/', '/held/one') + GET.repeat(2_000));
  await closed;
  expect(parsed).toBe(5);
});

it('who asks for another protocol is answered in this one', async () => {
  const { client } = await setUp();
  const upgrade = 'Connection: Upgrade, close\r\nUpgrade: h2c\r\n\r\n';
  const { closed } = await client(`GET / HTTP/1.1\r\nHost: x\r\n${upgrade}`);
  expect(statuses(await closed)).toEqual([200]);
});

it('what waits in a row is forgotten with its connection', async () => {
  const { client, open, releases, log, begun } = await setUp();
  const each = await client(GET.replace('/', '/held/one') + GET.replace('/', '/held/two'));
  await begun(1);
  reset(each);
  releases.shift()?.();
  await expect.poll(open, SOON).toBe(0);
  await turn();
  expect(log).toEqual(['begins one', 'ends one']);
});

it.each([
  ['what is not HTTP', 'HELO mail\r\n\r\n', 400],
  ['a CONNECT', 'CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n', 405],
  [
    'a body that is none',
    'POST /read HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n',
    400,
  ],
])('%s is refused in its turn, after what came before it', async (_, bytes, status) => {
  const { client, releases, begun } = await setUp();
  const { closed } = await client(GET.replace('/', '/held/good') + GET + bytes);
  await begun(1);
  await turn();
  releases.shift()?.();
  const answers = await closed;
  expect(statuses(answers)).toEqual([200, 200, status]);
  expect(bodies(answers).slice(0, 2)).toEqual(['good', 'quick']);
});

it('a body that goes wrong is answered once', async () => {
  const { client } = await setUp();
  const { closed } = await client(
    'POST /read HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nx\r\n',
  );
  expect(statuses(await closed)).toEqual([400]);
});

it('a body that goes wrong after its request was answered is not answered again', async () => {
  const { client, releases, begun } = await setUp();
  const { socket, seen, closed } = await client(
    'POST /held/early HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n',
  );
  await begun(1);
  releases.shift()?.();
  await expect.poll(() => bodies(seen.text), SOON).toEqual(['early']);
  socket.write('x\r\n');
  expect(statuses(await closed)).toEqual([200]);
});

it('a connection is closed after so many requests', async () => {
  const { client } = await setUp({ requests: 3 });
  const { seen, closed, socket } = await client(GET);
  for (const count of [1, 2]) {
    await expect.poll(() => statuses(seen.text), SOON).toHaveLength(count);
    socket.write(GET);
  }
  const answers = await closed;
  expect(statuses(answers)).toEqual([200, 200, 200]);
  expect(answers.match(/^connection: close/gim)).toHaveLength(1);
});

it.each([
  ['after as many requests as it takes', { requests: 2 }, GET.replace('/', '/held/last')],
  [
    'as its client wishes',
    {},
    GET.replace('/ ', '/held/last ').replace('x\r\n', 'x\r\nConnection: close\r\n'),
  ],
])(
  'nothing is begun behind the last answer of a connection, closed %s',
  async (_, limits, last) => {
    const { client, releases, log, begun } = await setUp(limits);
    const { closed } = await client(GET + last + GET.replace('/', '/held/more').repeat(3));
    await begun(1);
    releases.shift()?.();
    expect(bodies(await closed)).toEqual(['quick', 'last']);
    expect(log).toEqual(['begins last', 'ends last']);
  },
);

it('a connection beyond the limit takes the place of the one that has been idle for longest', async () => {
  const { client } = await setUp({ connections: 2 });
  const silent = await client('');
  const idle = await client(GET);
  await expect.poll(() => statuses(idle.seen.text), SOON).toEqual([200]);
  const third = await client(GET);
  expect(await silent.closed).toBe('');
  await expect.poll(() => statuses(third.seen.text), SOON).toEqual([200]);
  idle.socket.write(GET);
  await expect.poll(() => statuses(idle.seen.text), SOON).toEqual([200, 200]);
});

it('a connection beyond the limit takes the place of one that was refused before one that was served', async () => {
  const { client } = await setUp({ connections: 2 });
  const proxy = await client(GET);
  await expect.poll(() => statuses(proxy.seen.text), SOON).toEqual([200]);
  const stranger = await client(GET.replace('/', '/nowhere'));
  await expect.poll(() => statuses(stranger.seen.text), SOON).toEqual([404]);
  await client();
  await stranger.closed;
  proxy.socket.write(GET);
  await expect.poll(() => statuses(proxy.seen.text), SOON).toEqual([200, 200]);
});

it('a connection beyond the limit takes the place of one whose request is not whole yet', async () => {
  const { client, releases, begun } = await setUp({ connections: 2 });
  const busy = await client(GET.replace('/', '/held/one'));
  await begun(1);
  const slow = await client('POST /read HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc');
  const next = await client(GET);
  expect(await slow.closed).toBe('');
  await expect.poll(() => statuses(next.seen.text), SOON).toEqual([200]);
  releases.shift()?.();
  await expect.poll(() => statuses(busy.seen.text), SOON).toEqual([200]);
});

it('a connection beyond the limit is refused where all others wait for their answers', async () => {
  const { client, releases, begun } = await setUp({ connections: 2 });
  const held = GET.replace('/', '/held/one');
  const busy = [await client(held), await client(held)];
  await begun(2);
  expect(await (await client(GET)).closed).toBe('');
  for (const release of releases.splice(0)) release();
  for (const { seen } of busy) {
    await expect.poll(() => statuses(seen.text), SOON).toEqual([200]);
  }
});

it.each([
  ['two Host headers', 'Host: x\r\nHost: y'],
  ['the same Host twice', 'Host: x\r\nhost: x'],
  ['no Host header', 'X: y'],
  ['an empty Host header', 'Host:'],
])('a request with %s is answered with 400 in our form', async (_, headers) => {
  const { client } = await setUp();
  const { closed } = await client(`GET / HTTP/1.1\r\nConnection: close\r\n${headers}\r\n\r\n`);
  const answer = await closed;
  expect(statuses(answer)).toEqual([400]);
  expect(answer).toMatch(/^content-type: application\/json\r$/im);
  expect(Object.keys(JSON.parse(bodies(answer)[0] ?? '') as object)).toEqual(['message', 'code']);
});

it('two Host headers are refused whatever the client expects', async () => {
  const { client } = await setUp();
  const head = 'GET / HTTP/1.1\r\nConnection: close\r\nHost: x\r\nHost: y';
  for (const expectation of ['100-continue', 'gold']) {
    const { closed } = await client(`${head}\r\nExpect: ${expectation}\r\n\r\n`);
    expect(statuses(await closed).at(-1)).toBe(400);
  }
});

it('stopping closes at once whatever is not being answered', async () => {
  const { client, server, open } = await setUp();
  const idle = await client(GET);
  await expect.poll(() => statuses(idle.seen.text), SOON).toEqual([200]);
  await client('', { allowHalfOpen: true });
  await client('GET / HTTP/1.1\r\nHo', { allowHalfOpen: true });
  await client('CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n', { allowHalfOpen: true });
  await client('HELO mail\r\n\r\n', { allowHalfOpen: true });
  const chunked =
    'POST /read HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nx\r\n';
  const { seen } = await client(chunked, { allowHalfOpen: true });
  await expect.poll(() => statuses(seen.text), SOON).toEqual([400]);
  await expect.poll(open, SOON).toBe(6);
  await close(server);
  expect(await open()).toBe(0);
});

it('stopping lets what is under way be answered, and then closes', async () => {
  const { client, server, releases, log, begun } = await setUp({ stopMs: 60_000 });
  const { closed } = await client(GET.replace('/', '/held/one') + GET.replace('/', '/held/two'));
  await begun(1);
  const stopped = close(server);
  releases.shift()?.();
  await stopped;
  const answers = await closed;
  expect(bodies(answers)).toEqual(['one']);
  expect(answers).toMatch(/^connection: close/im);
  expect(log).toEqual(['begins one', 'ends one']);
});

it('stopping closes behind an answer that was on its way already', { timeout: 5_000 }, async () => {
  const { client, server, log } = await setUp({ stopMs: 60_000 });
  const row = GET.replace('/', '/large') + GET.replace('/', '/held/more');
  const { socket, closed } = await client(row, { reads: false });
  await once(socket, 'readable');
  const stopped = close(server);
  socket.resume();
  await closed;
  await stopped;
  expect(log).toEqual([]);
});

it('stopping waits for nobody longer than its limit', async () => {
  const { client, server, open, begun } = await setUp({ stopMs: 30 });
  await client(GET.replace('/', '/large'), { reads: false });
  await client(GET.replace('/', '/held/for-ever'));
  await begun(1);
  await close(server);
  expect(await open()).toBe(0);
});

it('a connection that could not be accepted is lost, not the process', async () => {
  const { client, server } = await setUp();
  server.emit('error', Object.assign(new Error('accept ENOBUFS'), { code: 'ENOBUFS' }));
  const { seen } = await client(GET);
  await expect.poll(() => statuses(seen.text), SOON).toEqual([200]);
});
