import type { HttpBindings } from '@hono/node-server';
import { getPath } from 'hono/utils/url';

/** Where a program asks about its token, and a proxy about its caller's. */
export const CHECK_PATH = '/sessions/@me';

/** The same for proxies that put the caller's method and path behind a prefix: neither is looked at. */
export const ANY_CHECK_PATH = '/check';

const SLASH = 47;
const QUESTION_MARK = 63;

/** Which of the two this request is for, by its address as it was sent, with any query. */
export function checkedAt(method: string, address: string): string | undefined {
  if (address.startsWith(CHECK_PATH)) {
    const next = address.charCodeAt(CHECK_PATH.length);
    const isChecked = Number.isNaN(next) || next === QUESTION_MARK;
    return isChecked && (method === 'GET' || method === 'HEAD') ? CHECK_PATH : undefined;
  }
  return isBelowAnyCheck(address) ? ANY_CHECK_PATH : undefined;
}

/**
 * The path to route by. A caller that may choose what stands after `/check` must not lead out of it with
 * `/check/../docs`, to an answer that the proxy would take for leave: so the address counts as it was sent.
 */
export function routedPath(request: Request, { env }: { env?: object } = {}): string {
  const { incoming } = (env ?? {}) as Partial<HttpBindings>;
  // An address may come with its host (RFC 9112, section 3.2.2).
  const sent = (incoming?.url ?? '').replace(/^https?:\/\/[^/]*/i, '');
  if (isBelowAnyCheck(sent)) return ANY_CHECK_PATH;
  const path = getPath(request);
  return isBelowAnyCheck(path) ? ANY_CHECK_PATH : path;
}

function isBelowAnyCheck(address: string): boolean {
  if (!address.startsWith(ANY_CHECK_PATH)) return false;
  const next = address.charCodeAt(ANY_CHECK_PATH.length);
  return Number.isNaN(next) || next === SLASH || next === QUESTION_MARK;
}
