import type { MiddlewareHandler } from 'hono';
import { cors } from 'hono/cors';
import { ANY_CHECK_PATH } from '../check/check-path.ts';

/** Lets pages of these origins read the answers. What no page has sent need not wait for that. */
export function crossOrigin(origins: readonly string[]): MiddlewareHandler {
  const forPages = cors({
    origin: [...origins],
    allowMethods: ['GET', 'POST', 'DELETE'],
    allowHeaders: ['Authorization', 'Content-Type'],
    exposeHeaders: ['Retry-After', 'WWW-Authenticate', 'X-Request-Id'],
    maxAge: 600,
  });
  return (context, next) => {
    const { method, path } = context.req;
    // A preflight needs no token: one that a proxy asks about would pass without.
    const isCheck = method === 'OPTIONS' && path === ANY_CHECK_PATH;
    if (context.req.header('Origin') !== undefined && !isCheck) return forPages(context, next);
    context.header('Vary', 'Origin');
    return next();
  };
}
