import { ApiError, notFound } from './errors.ts';
import type { UploadedFile } from './messages.ts';

export interface Call {
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly body: unknown;
  /** The body of an `application/x-www-form-urlencoded` request, of no other one. */
  readonly form: URLSearchParams | undefined;
  readonly files: readonly UploadedFile[];
  /** The header, as it came. */
  readonly authorization: string | undefined;
  /** For the audit log. */
  readonly reason: string | undefined;
  /** When Discord took the call up. */
  readonly at: number;
}

export interface Answer {
  readonly status: number;
  /** As JSON. */
  readonly body?: unknown;
  /** HTML, instead of a body. */
  readonly page?: string;
}

export interface Route {
  readonly method: string;
  /** As in the published description. */
  readonly template: string;
  /** Not only for the bot: what else lets one in is the route's own business. */
  readonly open: boolean;
  readonly handle: (call: Call) => Answer;
}

export type Define = (method: string, template: string, handle: Route['handle']) => Route;

export const bot: Define = (method, template, handle) => ({
  method,
  template,
  open: false,
  handle,
});
export const open: Define = (method, template, handle) => ({
  method,
  template,
  open: true,
  handle,
});

export const NO_CONTENT: Answer = { status: 204 };
export const ok = (body: unknown): Answer => ({ status: 200, body });

export interface Match {
  readonly route: Route;
  readonly params: Record<string, string>;
}

export class Router {
  readonly #routes: { route: Route; pattern: RegExp }[];

  /** The more specific routes come before the more general ones. */
  constructor(all: readonly Route[]) {
    this.#routes = all.map((route) => ({ route, pattern: toPattern(route.template) }));
  }

  match(method: string, path: string): Match {
    for (const { route, pattern } of this.#routes) {
      if (route.method !== method) continue;
      const found = pattern.exec(path);
      if (found === null) continue;
      const params = Object.entries(found.groups ?? {}).map(([name, value]) => [
        name,
        decodeURIComponent(value),
      ]);
      return { route, params: Object.fromEntries(params) };
    }
    const isKnownPath = this.#routes.some(({ pattern }) => pattern.test(path));
    throw isKnownPath ? new ApiError(405, 0, '405: Method Not Allowed') : notFound();
  }
}

function toPattern(template: string): RegExp {
  return new RegExp(`^${template.replaceAll(/\{(\w+)\}/g, '(?<$1>[^/]+)')}$`);
}
