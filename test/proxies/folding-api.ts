import { createServer, type IncomingMessage } from 'node:http';
import { WebSocketServer } from 'ws';
import { close, listen } from './listen.ts';

/** What the API was sent. */
export interface Received {
  readonly method: string;
  readonly url: string;
  /** By names as an API sees them that takes `-`, `_` and all else that is no letter or digit for the same. */
  readonly headers: Readonly<Record<string, string>>;
  /** To which other protocol it is to change. */
  readonly upgrade: string | undefined;
  readonly bytes: number;
}

/**
 * An API as WSGI, CGI and PHP make it: it can't tell `X_Latchkey_User` from `X-Latchkey-User`. It leaves out
 * what `Connection` says it should, and changes to any protocol that it is asked to. A path such as
 * `/status/403` is answered with that status, `/hang-up` not at all.
 */
export async function startFoldingApi() {
  const received: Received[] = [];
  const sockets = new WebSocketServer({ noServer: true });
  const server = createServer((request, response) => {
    let bytes = 0;
    request.on('data', (chunk: Buffer) => (bytes += chunk.length));
    request.on('end', () => {
      received.push(describe(request, bytes));
      const { url = '' } = request;
      if (url === '/hang-up') return void request.socket.destroy();
      const status = Number(/^\/status\/(\d+)$/.exec(url)?.[1] ?? 200);
      response.writeHead(status, { 'WWW-Authenticate': 'Lamp', 'Retry-After': '77' });
      response.end('of the API');
    });
  });
  server.on('upgrade', (request, socket, head) => {
    const seen = describe(request, 0);
    received.push(seen);
    if (request.headers.upgrade !== 'websocket') {
      const to = `Upgrade: ${request.headers.upgrade}`;
      socket.end(`HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\n${to}\r\n\r\n`);
      return;
    }
    sockets.handleUpgrade(request, socket, head, (client) => {
      client.send(JSON.stringify(seen.headers));
      client.on('message', (message: Buffer) => client.send(`echo ${message.toString()}`));
    });
  });
  const port = await listen(server);
  return {
    port,
    received,
    async stop() {
      for (const client of sockets.clients) client.terminate();
      server.closeAllConnections();
      await close(server);
    },
  };
}

export type FoldingApi = Awaited<ReturnType<typeof startFoldingApi>>;

function describe(request: IncomingMessage, bytes: number): Received {
  const { method = '', url = '', rawHeaders, headers } = request;
  const ended = new Set((headers.connection ?? '').toLowerCase().split(/[\s,]+/));
  const folded: Record<string, string> = {};
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const [name = '', value = ''] = rawHeaders.slice(index, index + 2);
    if (ended.has(name.toLowerCase())) continue;
    const key = name.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_');
    folded[key] = folded[key] === undefined ? value : `${folded[key]},${value}`;
  }
  return { method, url, headers: folded, upgrade: headers.upgrade, bytes };
}
