import type { HttpBindings } from '@hono/node-server';
import { OpenAPIHono } from '@hono/zod-openapi';
import type { Context, MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { HTTPException } from 'hono/http-exception';
import { matchedRoutes } from 'hono/route';
import type { BlockList } from 'node:net';
import type { DiscordUser } from '../core/accounts/authorization.ts';
import type { Member } from '../core/actor.ts';
import { AppError } from '../core/errors.ts';
import type { Policy } from '../core/policy/policy.ts';
import type { Leaks } from '../core/sessions/leaks.ts';
import type { Sessions } from '../core/sessions/sessions.ts';
import { isStorable } from '../core/storable.ts';
import type { Clock } from '../core/time.ts';
import type { Tokens } from '../core/tokens/tokens.ts';
import type { Log } from '../log.ts';
import type { Meter } from '../metrics.ts';
import { ANY_CHECK_PATH, CHECK_PATH, routedPath } from './check/check-path.ts';
import type { Api, Env } from './env.ts';
import {
  answerTo,
  badRequest,
  bearerChallenge,
  type FailedRequest,
  fromFramework,
  NOT_FOUND,
  refuse,
  RequestError,
} from './errors.ts';
import { callLimit } from './limits/call-limit.ts';
import { createFailureLimit } from './limits/failure-limit.ts';
import { createLoginGate, type GatedLogins } from './limits/login-gate.ts';
import { explain } from './openapi/schemas.ts';
import { bearer } from './request/bearer.ts';
import { clientAddress } from './request/client-address.ts';
import { crossOrigin } from './request/cross-origin.ts';
import { type RequestId, requestIds } from './request/request-id.ts';
import { requestLog } from './request/request-log.ts';
import { refuseTokenInQuery, requireBodyType } from './request/request-rules.ts';
import type { HealthChecks } from './routes/health.ts';
import { addRoutes } from './routes/index.ts';
import { LEAKS_BYTES, LEAKS_PATH } from './routes/leaks.ts';

export interface ApiDeps {
  readonly sessions: Sessions;
  readonly tokens: Pick<Tokens, 'create' | 'rotate'>;
  readonly leaks: Pick<Leaks, 'reportAll'>;
  /** Absent where no client secret is configured. */
  readonly logins: GatedLogins | undefined;
  readonly clock: Clock;
  readonly healthChecks: HealthChecks;
  readonly log: Log;
  readonly meter: Meter;
  /** Where Discord shows a user's picture. */
  readonly pictureOf: (user: DiscordUser) => string;
  readonly publicUrl: string;
  readonly introspectionSecret: string | undefined;
  /** Refused tokens from one address. */
  readonly failuresPerMinute: number;
  readonly trustedProxies: BlockList;
  readonly corsOrigins: readonly string[];
  /** Absent where every token may do everything. */
  readonly policy?: Policy | undefined;
}

const BODY_BYTES = 16 * 1024;
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'];
const CHECKS = new Set([CHECK_PATH, ANY_CHECK_PATH]);

/** The HTTP API over the core. Whatever fails is answered with a message and a code. */
export function createApi(deps: ApiDeps): Api {
  const { sessions, clock, healthChecks, log, meter } = deps;
  const { publicUrl, introspectionSecret, failuresPerMinute } = deps;
  const failureLimit = createFailureLimit(failuresPerMinute, clock);
  const logins = deps.logins && {
    ...deps.logins,
    logIn: createLoginGate({ ...deps.logins, failuresPerMinute, clock }),
  };
  const addressOf = clientAddress(deps.trustedProxies);
  const newRequestId = requestIds(deps.trustedProxies);

  function identify(context: Context<Env>): RequestId {
    const { incoming } = (context.env ?? {}) as Partial<HttpBindings>;
    return newRequestId((name) => context.req.header(name), incoming?.socket);
  }

  const api: Api = new OpenAPIHono<Env>({
    getPath: routedPath,
    defaultHook: (result) => {
      if (!result.success) throw badRequest(explain(result.error));
      // Forms carry credentials, which are compared and never kept: any that is wrong gets one answer.
      if (result.target !== 'form' && !isStorable(result.data)) {
        throw badRequest('A text has U+0000 or half of a character in it. Leave that out.');
      }
    },
  });

  api.use(requestLog({ log, clock, addressOf, identify }));
  api.use(async (context, next) => {
    await next();
    meter.request(routeOf(context), context.res.status);
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
  const [limitBody, limitReport] = [limitTo(BODY_BYTES), limitTo(LEAKS_BYTES)];
  api.use((context, next) => {
    const { method, path } = context.req;
    // No other body is ever read.
    if (method !== 'POST' || CHECKS.has(path)) return next();
    return path === LEAKS_PATH ? limitReport(context, next) : limitBody(context, next);
  });

  addRoutes(api, {
    sessions,
    tokens: deps.tokens,
    leaks: deps.leaks,
    logins,
    clock,
    healthChecks,
    authenticate: bearer({ sessions, failures: failureLimit, addressOf, meter }),
    limitCalls: callLimit(clock),
    failureLimit,
    addressOf,
    introspectionSecret,
    pictureOf: deps.pictureOf,
    issuer: publicUrl,
    publicUrl,
    policy: deps.policy,
  });

  api.notFound((context) => {
    const allowed = METHODS.filter((method) => isRouted(api, method, context.req.path));
    if (allowed.length === 0) return refuse(context, NOT_FOUND);
    context.header('Allow', allowed.join(', '));
    const message = `${context.req.method} is not allowed here: use ${allowed.join(', ')}.`;
    return refuse(context, { status: 405, code: 'BadRequest', message });
  });

  api.onError((error, context) => {
    if (error instanceof AppError) return refuse(context, challenged(context, answerTo(error)));
    if (error instanceof RequestError) return refuse(context, challenged(context, error.answer));
    if (error instanceof HTTPException) {
      return refuse(context, challenged(context, fromFramework(error)));
    }
    // Who hangs up in the middle of a body gets no answer, and is no fault of ours.
    if (context.req.raw.signal.aborted) return refuse(context, badRequest('aborted').answer);
    return refuse(context, {
      status: 500,
      code: 'InternalError',
      message: `Something went wrong on our side. Reference ${context.get('requestId')}.`,
    });
  });

  return api;
}

function limitTo(maxSize: number): MiddlewareHandler<Env> {
  function onError(): never {
    throw new HTTPException(413, { message: `The body may have ${maxSize} bytes at most.` });
  }
  const count = bodyLimit({ maxSize, onError });
  return (context, next) => {
    const length = context.req.header('Content-Length');
    // It makes a stream of the body before it looks at the length.
    if (length === undefined || context.req.header('Transfer-Encoding'))
      return count(context, next);
    return Number(length) > maxSize ? onError() : next();
  };
}

/** As it is written down, so that there are no more of them, whatever is asked. */
function routeOf(context: Context<Env>): string {
  const route = matchedRoutes(context).findLast(({ path }) => path !== '/*');
  return route === undefined ? 'other' : `${route.method} ${route.path}`;
}

/** A bad request that a good token was sent with says so as RFC 6750, section 3.1, has it. */
function challenged(context: Context<Env>, failed: FailedRequest): FailedRequest {
  const isAuthenticated = (context.get('actor') as Member | undefined) !== undefined;
  if (failed.status !== 400 || !isAuthenticated) return failed;
  return { ...failed, challenge: bearerChallenge('invalid_request') };
}

function isRouted(api: Api, method: string, path: string): boolean {
  const asked = method === 'HEAD' ? 'GET' : method;
  const [handlers] = api.router.match(asked, path);
  return handlers.some(([[, route]]) => route.method === asked);
}
