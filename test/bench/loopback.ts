import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';

/**
 * As little of Discord as a bot needs to come up and answer `/session me`, so that what is measured is
 * the bot: the one in `test/support` checks what it is sent, which takes longer than the bot does.
 */
export interface Loopback extends AsyncDisposable {
  readonly apiUrl: string;
  readonly token: string;
  /** Resolves when the next bot is told that it is ready. */
  ready(): Promise<void>;
  /** Sends a command; resolves once its answer is edited, with when the first callback arrived. */
  command(userId: string): Promise<{ readonly ms: number }>;
}

const APPLICATION = '600000000000000006';
const TOKEN = `${Buffer.from(APPLICATION).toString('base64url')}.bench.mark`;
const USER = { username: 'ada', discriminator: '0', global_name: 'Ada', avatar: null };
const DIRECT = { id: '700000000000000007', type: 1 };

interface Answer {
  acknowledged?: number;
  readonly finish: () => void;
}

export async function startLoopback(): Promise<Loopback> {
  const answers = new Map<string, Answer>();
  const waiting: (() => void)[] = [];
  let bot: WebSocket | undefined;
  let sequence = 0;
  let nextId = 800_000_000_000_000_000n;

  const server = createServer((request, response) => void serve(request, response));
  const sockets = new WebSocketServer({ server });
  sockets.on('connection', (socket) => {
    bot = socket;
    socket.send(JSON.stringify({ op: 10, d: { heartbeat_interval: 41_250 } }));
    socket.on('message', (data: Buffer) => {
      const { op } = JSON.parse(data.toString()) as { op: number };
      if (op === 1) socket.send(JSON.stringify({ op: 11 }));
      if (op !== 2) return;
      dispatch('READY', {
        v: 10,
        user: { id: APPLICATION, bot: true, ...USER },
        guilds: [],
        session_id: 'session',
        resume_gateway_url: address('ws'),
        application: { id: APPLICATION, flags: 0 },
      });
      for (const resolve of waiting.splice(0)) resolve();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  function address(scheme: string): string {
    return `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  function dispatch(t: string, d: unknown): void {
    sequence += 1;
    bot?.send(JSON.stringify({ op: 0, t, s: sequence, d }));
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const arrivedAt = performance.now();
    const { method = '', url = '' } = request;
    const body = await read(request);
    const token = /\/(?:interactions\/\d+|webhooks\/\d+)\/([\w-]+)/.exec(url)?.[1] ?? '';
    const answer = answers.get(token);
    if (url.includes('/callback')) {
      if (answer !== undefined) answer.acknowledged = arrivedAt;
      response.writeHead(204).end();
      return;
    }
    response.setHeader('Content-Type', 'application/json');
    response.end(JSON.stringify(answerTo(method, url, body)));
    if (method === 'PATCH') answer?.finish();
  }

  function answerTo(method: string, url: string, body: string): unknown {
    if (url.includes('/gateway/bot')) {
      const limit = { total: 1_000, remaining: 1_000, reset_after: 0, max_concurrency: 1 };
      return { url: address('ws'), shards: 1, session_start_limit: limit };
    }
    if (url.includes('/commands')) return method === 'PUT' ? JSON.parse(body) : [];
    if (url.includes('/applications/')) return { id: APPLICATION, name: 'bench', description: '' };
    return {
      id: '900000000000000009',
      channel_id: DIRECT.id,
      author: { id: APPLICATION, bot: true, ...USER },
      content: '',
      timestamp: '2026-01-01T00:00:00.000000+00:00',
      edited_timestamp: null,
      type: 20,
      flags: 64,
      attachments: [],
      embeds: [],
      mentions: [],
      mention_roles: [],
      components: [],
    };
  }

  return {
    apiUrl: address('http'),
    token: TOKEN,

    async ready() {
      await new Promise<void>((resolve) => waiting.push(resolve));
    },

    async command(userId) {
      nextId += 1n;
      const token = `token${nextId}`;
      const { promise, resolve } = Promise.withResolvers<void>();
      const answer: Answer = { finish: resolve };
      answers.set(token, answer);
      const sentAt = performance.now();
      dispatch('INTERACTION_CREATE', {
        id: String(nextId),
        application_id: APPLICATION,
        type: 2,
        token,
        version: 1,
        data: { id: '1', name: 'session', type: 1, options: [{ name: 'me', type: 1 }] },
        user: { id: userId, ...USER },
        channel: DIRECT,
        channel_id: DIRECT.id,
        app_permissions: '0',
        locale: 'en-GB',
        entitlements: [],
        context: 1,
        authorizing_integration_owners: {},
        attachment_size_limit: 10_485_760,
      });
      await promise;
      answers.delete(token);
      return { ms: (answer.acknowledged ?? Number.NaN) - sentAt };
    },

    async [Symbol.asyncDispose]() {
      for (const socket of sockets.clients) socket.terminate();
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

async function read(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
