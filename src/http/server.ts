import { once } from 'node:events';
import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
  STATUS_CODES,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import type { Failure } from './schemas.ts';

/** Nothing can listen there. The message is for the operator. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
}

export interface Servable {
  fetch(request: Request, env: object): Response | Promise<Response>;
}

/** Answers a request by itself and resolves with true, or leaves it as it is for the API. */
export type Shortcut = (request: IncomingMessage, response: ServerResponse) => Promise<boolean>;

/** The API on a socket, with answers of our own also where Node refuses a request by itself. */
export function createHttpServer(api: Servable, shortcut?: Shortcut): Server {
  const listener = getRequestListener((request, env) => api.fetch(request, env), {
    errorHandler: () => new Response(...failureParts(400, 'The request cannot be read.')),
  });
  const server = createServer(
    {
      headersTimeout: 10_000,
      requestTimeout: 30_000,
      connectionsCheckingInterval: 5_000,
      requireHostHeader: false,
      // Most have no body: a stream that ends before anybody reads it costs a sixth of a check.
      optimizeEmptyRequests: true,
    },
    (request, response) => void answer(request, response),
  );

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (shortcut !== undefined && (await shortcut(request, response))) return;
    await listener(request, response);
  }

  // What is expected is not looked at (RFC 9110, section 10.1.1, lets us); a proxy we are not.
  server.on('checkExpectation', (request, response) => void listener(request, response));
  server.on('connect', (_request, socket) => {
    socket.end(raw(405, 'CONNECT is not allowed here.'));
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    if (!socket.writable || error.code === 'ECONNRESET') return socket.destroy();
    const { status, message } = parserFailure(error.code);
    return socket.end(raw(status, message));
  });
  return server;
}

/**
 * Resolves with the port, once connections are taken. `variable` is what the operator set the port by.
 * @throws ListenError
 */
export async function listen(
  server: Server,
  host: string,
  port: number,
  variable: string,
): Promise<number> {
  server.listen(port, host);
  try {
    await once(server, 'listening');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ListenError(
      `Nothing can listen on ${host}, port ${port} (${reason}). Set HTTP_HOST to an address of this machine and ${variable} to a free port.`,
      { cause: error },
    );
  }
  return (server.address() as AddressInfo).port;
}

const CLOSE_WITHIN_MS = 3_000;

/** Takes no more connections, and resolves when those that are open are answered or took too long. */
export function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => server.closeAllConnections(), CLOSE_WITHIN_MS);
    server.close(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}

/** Something that listens. */
export interface Listening {
  readonly port: number;
  /** Takes no more requests, and lets those under way end. */
  stop(): Promise<void>;
}

/** Answers on a port. `variable` is what the operator set it by. @throws ListenError that names it */
export async function serve(
  app: Servable,
  host: string,
  port: number,
  variable: string,
  shortcut?: Shortcut,
): Promise<Listening> {
  const server = createHttpServer(app, shortcut);
  const bound = await listen(server, host, port, variable);
  return { port: bound, stop: () => close(server) };
}

function parserFailure(code: string | undefined): { status: number; message: string } {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return { status: 431, message: 'The headers are too large.' };
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return { status: 408, message: 'The request took too long to arrive.' };
    default:
      return { status: 400, message: 'This is not an HTTP request that can be read.' };
  }
}

/** A whole answer, where there is no response object to write to. */
function raw(status: number, message: string): string {
  const [body, { headers }] = failureParts(status, message);
  const length = { 'Content-Length': Buffer.byteLength(body), Connection: 'close' };
  const head = Object.entries({ ...headers, ...length }).map(
    ([name, value]) => `${name}: ${value}`,
  );
  return [`HTTP/1.1 ${status} ${STATUS_CODES[status]}`, ...head, '', body].join('\r\n');
}

function failureParts(status: number, message: string) {
  const body = JSON.stringify({ message, code: 'BadRequest' } satisfies Failure);
  return [body, { status, headers: { 'Content-Type': 'application/json' } }] as const;
}
