import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server, STATUS_CODES } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { OpenAPIHono, type z } from '@hono/zod-openapi';
import { bodyLimit } from 'hono/body-limit';
import { HTTPException } from 'hono/http-exception';
import { AppError } from '../core/errors.ts';
import type { Clock } from '../core/ports.ts';
import type { Sessions } from '../core/sessions.ts';
import type { Log } from '../log.ts';
import type { Authenticated } from './bearer.ts';
import { type Failure, failure, fromFramework, NOT_FOUND, refuse } from './errors.ts';
import { healthRoutes, type Vitals } from './routes/health.ts';
import { sessionRoutes } from './routes/sessions.ts';

export type Api = OpenAPIHono<Authenticated>;

export interface HttpDeps {
  readonly sessions: Sessions;
  readonly clock: Clock;
  readonly vitals: Vitals;
  readonly log: Log;
}

const BODY_BYTES = 16 * 1024;
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'];

/** Every route, over the core's verbs. Whatever fails is answered as {@link Failure}. */
export function createApi({ sessions, clock, vitals, log }: HttpDeps): Api {
  const api: Api = new OpenAPIHono<Authenticated>({
    defaultHook: (result) => {
      if (!result.success) throw new AppError('invalid', explain(result.error.issues));
    },
  });

  api.use(async (context, next) => {
    const type = context.req.header('Content-Type');
    const hasBody =
      context.req.header('Content-Length') !== undefined ||
      context.req.header('Transfer-Encoding') !== undefined;
    if (
      context.req.method === 'POST' &&
      hasBody &&
      !/^application\/json(?:;|$)/i.test(type ?? '')
    ) {
      throw new HTTPException(415, { message: 'The body must be application/json.' });
    }
    await next();
  });
  api.use(
    bodyLimit({
      maxSize: BODY_BYTES,
      onError: () => {
        throw new HTTPException(413, { message: `The body may have ${BODY_BYTES} bytes at most.` });
      },
    }),
  );

  sessionRoutes(api, { sessions, clock });
  healthRoutes(api, vitals);

  api.notFound((context) => {
    const allowed = METHODS.filter((method) => isRouted(api, method, context.req.path));
    if (allowed.length === 0) return refuse(context, NOT_FOUND);
    context.header('Allow', allowed.join(', '));
    const message = `${context.req.method} is not allowed here: use ${allowed.join(' or ')}.`;
    return refuse(context, { status: 405, code: 'BadRequest', message });
  });

  api.onError((error, context) => {
    if (error instanceof AppError) return refuse(context, failure(error));
    if (error instanceof HTTPException) return refuse(context, fromFramework(error));
    const reference = randomUUID();
    log.error({ err: error, reference }, 'a request failed');
    return refuse(context, {
      status: 500,
      code: 'InternalError',
      message: `Something went wrong on our side. Reference ${reference}.`,
    });
  });

  return api;
}

/** The API on a socket, with answers of our own also where Node refuses a request by itself. */
export function createHttpServer(api: Api): Server {
  const listener = getRequestListener(api.fetch, {
    errorHandler: () => new Response(...plain(400, 'The request cannot be read.')),
  });
  const server = createServer(
    { headersTimeout: 10_000, requestTimeout: 30_000, requireHostHeader: false },
    (request, response) => void listener(request, response),
  );
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    if (!socket.writable || error.code === 'ECONNRESET') return socket.destroy();
    const { status, message } = parserFailure(error.code);
    const [body, { headers }] = plain(status, message);
    const head = Object.entries({ ...headers, Connection: 'close' })
      .map(([name, value]) => `${name}: ${value}\r\n`)
      .join('');
    return socket.end(
      `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${head}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    );
  });
  return server;
}

/** Nothing can listen there. The message is one sentence for the operator. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
}

/**
 * Resolves with the port, once connections are taken.
 * @throws ListenError
 */
export async function listen(server: Server, host: string, port: number): Promise<number> {
  server.listen(port, host);
  try {
    await once(server, 'listening');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ListenError(
      `HTTP cannot listen on ${host}, port ${port} (${reason}). Set HTTP_HOST and HTTP_PORT to an address of this machine and a free port.`,
      { cause: error },
    );
  }
  return (server.address() as AddressInfo).port;
}

/** Takes no more connections and resolves when those that are open have been answered. */
export function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
  });
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

function plain(status: number, message: string) {
  const body = JSON.stringify({ message, code: 'BadRequest' } satisfies Failure);
  return [body, { status, headers: { 'Content-Type': 'application/json' } }] as const;
}

function isRouted(api: Api, method: string, path: string): boolean {
  const asked = method === 'HEAD' ? 'GET' : method;
  const [handlers] = api.router.match(asked, path);
  return handlers.some(([[, route]]) => route.method === asked);
}

/** `expiry: Invalid input: expected number, received string`, for each that is wrong. */
function explain(issues: readonly z.core.$ZodIssue[]): string {
  return issues
    .map(({ path, message }) => (path.length > 0 ? `${path.join('.')}: ${message}` : message))
    .join('; ');
}
