import { getRequestListener } from '@hono/node-server';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { HttpServer, LIMITS } from './connections.ts';
import { failureParts } from './raw-answer.ts';

/**
 * Connections that the system keeps until we take them, one in each turn of the event loop. Whoever finds no
 * place tries again after a second. (What Linux allows by itself.)
 */
const BACKLOG = 4_096;

/** Nothing can listen there. The message is for the operator. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
}

export interface Servable {
  fetch(request: Request, env: object): Response | Promise<Response>;
}

/** Answers a request by itself and resolves with true, or leaves it as it is for the API. */
export type FastPath = (request: IncomingMessage, response: ServerResponse) => Promise<boolean>;

/** The API on a socket, with answers of our own also where Node refuses a request by itself. */
export function createHttpServer(api: Servable, shortcut?: FastPath, limits = LIMITS): HttpServer {
  const listener = getRequestListener((request, env) => api.fetch(request, env), {
    // Of who names none, as HTTP/1.0 lets them. Nothing here depends on it.
    hostname: 'localhost',
    errorHandler: () => new Response(...failureParts(400, 'The request cannot be read.')),
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (shortcut !== undefined && (await shortcut(request, response))) return;
    // Two programs that each believe another one of them might be deceived (RFC 9112, section 3.2).
    if (!hasOneHost(request)) {
      const [body, { status, headers }] = failureParts(400, 'A request must have one Host header.');
      response.writeHead(status, headers).end(body);
      return;
    }
    await listener(request, response);
  }

  return new HttpServer((request, response) => void answer(request, response), limits);
}

function hasOneHost({ headersDistinct, httpVersion }: IncomingMessage): boolean {
  const { host: hosts = [] } = headersDistinct;
  return hosts.length === 0 ? httpVersion === '1.0' : hosts.length === 1 && hosts[0] !== '';
}

/**
 * Resolves with the port, once connections are taken. `variable` is what the operator set the port by.
 * @throws ListenError
 */
export async function listen(
  server: HttpServer,
  host: string,
  port: number,
  variable: string,
): Promise<number> {
  server.listen({ port, host, backlog: BACKLOG });
  try {
    await once(server, 'listening');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ListenError(
      `Nothing can listen on ${host}, port ${port} (${reason}). Set HTTP_HOST to an address of this machine and ${variable} to a free port.`,
      { cause: error },
    );
  }
  // A connection that the system could not give us is one that was not made.
  server.on('error', () => {});
  return (server.address() as AddressInfo).port;
}

/** Takes no more connections, and resolves when those that are open are answered or took too long. */
export function close(server: HttpServer): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => server.closeAllConnections(), server.limits.stopMs);
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
  shortcut?: FastPath,
): Promise<Listening> {
  const server = createHttpServer(app, shortcut);
  const bound = await listen(server, host, port, variable);
  return { port: bound, stop: () => close(server) };
}
