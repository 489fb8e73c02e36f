import { randomUUID } from 'node:crypto';
import type { BlockList } from 'node:net';
import { OpenAPIHono, type z } from '@hono/zod-openapi';
import { bodyLimit } from 'hono/body-limit';
import { HTTPException } from 'hono/http-exception';
import { AppError, ENVIRONMENTAL, invalid } from '../core/errors.ts';
import type { Logins } from '../core/logins.ts';
import type { Clock } from '../core/ports.ts';
import type { Sessions } from '../core/sessions.ts';
import type { Log } from '../log.ts';
import type { Meter } from '../metrics.ts';
import type { Api, Env } from './env.ts';
import { bearer } from './bearer.ts';
import { ANY_CHECK_PATH, CHECK_PATH, routedPath } from './check-path.ts';
import { clientAddress } from './client-address.ts';
import { crossOrigin } from './cross-origin.ts';
import { fromFramework, NOT_FOUND, refuse, toRefusal } from './errors.ts';
import { createFailureLimit } from './failure-limit.ts';
import { refuseTokenInQuery, requireBodyType } from './request-rules.ts';
import { addRoutes } from './routes/index.ts';
import type { Vitals } from './routes/health.ts';

export interface ApiDeps {
  readonly sessions: Sessions;
  /** Absent where no client secret is configured. */
  readonly logins: Logins | undefined;
  readonly clock: Clock;
  readonly vitals: Vitals;
  readonly log: Log;
  readonly meter: Meter;
  readonly publicUrl: string;
  readonly introspectionSecret: string | undefined;
  /** Refused tokens from one address. */
  readonly failuresPerMinute: number;
  readonly trustedProxies: BlockList;
  readonly corsOrigins: readonly string[];
}

const BODY_BYTES = 16 * 1024;
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'];
const CHECKS = new Set([CHECK_PATH, ANY_CHECK_PATH]);
const QUIET = new Set([...CHECKS, '/health', '/health/live']);

/** The HTTP API over the core's verbs. Whatever fails is answered with a message and a code. */
export function createApi(deps: ApiDeps): Api {
  const { sessions, logins, clock, vitals, log, meter } = deps;
  const { publicUrl, introspectionSecret } = deps;
  const failureLimit = createFailureLimit(deps.failuresPerMinute, clock);
  const codeLimit = createFailureLimit(deps.failuresPerMinute, clock);
  const addressOf = clientAddress(deps.trustedProxies);

  const api: Api = new OpenAPIHono<Env>({
    getPath: routedPath,
    defaultHook: (result) => {
      if (!result.success) throw invalid(explain(result.error.issues));
    },
  });

  api.use(async (context, next) => {
    const requestId = randomUUID();
    const startedAt = performance.now();
    context.set('requestId', requestId);
    context.header('X-Request-Id', requestId);
    await next();
    const { method, path } = context.req;
    const { status } = context.res;
    // Checks are as many as the requests of the API behind us: good ones are for those who look closely.
    const level = status < 400 && QUIET.has(path) ? 'debug' : 'info';
    const ms = Math.round((performance.now() - startedAt) * 100) / 100;
    log[level]({ request: requestId, method, path, status, ms }, 'request');
  });
  if (deps.corsOrigins.length > 0) api.use(crossOrigin(deps.corsOrigins));
  api.use(async (context, next) => {
    const { url } = context.req;
    // The query and the body of a check may be another API's: nobody reads them here.
    if (CHECKS.has(context.req.path)) return next();
    const start = url.indexOf('?');
    if (start !== -1) refuseTokenInQuery(url.slice(start));
    requireBodyType(context.req.method, context.req.path, context.req.raw.headers);
    return next();
  });
  const limitBody = bodyLimit({
    maxSize: BODY_BYTES,
    onError: () => {
      throw new HTTPException(413, { message: `The body may have ${BODY_BYTES} bytes at most.` });
    },
  });
  // No other body is ever read.
  api.use((context, next) => {
    const { method, path } = context.req;
    return method === 'POST' && !CHECKS.has(path) ? limitBody(context, next) : next();
  });

  addRoutes(api, {
    sessions,
    logins,
    clock,
    vitals,
    authenticate: bearer({ sessions, failures: failureLimit, addressOf, meter }),
    failureLimit,
    codeLimit,
    addressOf,
    introspectionSecret,
    issuer: publicUrl,
    publicUrl,
  });

  api.notFound((context) => {
    const allowed = METHODS.filter((method) => isRouted(api, method, context.req.path));
    if (allowed.length === 0) return refuse(context, NOT_FOUND);
    context.header('Allow', allowed.join(', '));
    const message = `${context.req.method} is not allowed here: use ${allowed.join(', ')}.`;
    return refuse(context, { status: 405, code: 'BadRequest', message });
  });

  api.onError((error, context) => {
    if (error instanceof AppError) {
      if (ENVIRONMENTAL.has(error.code)) log.warn({ err: error }, 'a request could not be served');
      return refuse(context, toRefusal(error));
    }
    if (error instanceof HTTPException) return refuse(context, fromFramework(error));
    const reference = context.get('requestId');
    // Who hangs up in the middle of a body gets no answer, and is no fault of ours.
    if (context.req.raw.signal.aborted) return refuse(context, toRefusal(invalid('aborted')));
    log.error({ err: error, request: reference }, 'a request failed');
    return refuse(context, {
      status: 500,
      code: 'InternalError',
      message: `Something went wrong on our side. Reference ${reference}.`,
    });
  });

  return api;
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
