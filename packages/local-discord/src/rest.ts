import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { requestProblems, responseProblems } from './description.ts';
import { ApiError, invalidForm, notFound, unauthorized } from './errors.ts';
import type { Fault, Faults } from './faults.ts';
import type { UploadedFile } from './messages.ts';
import type { Answer, Match, Router } from './route.ts';

const PREFIX = '/api/v10';
// Without a version, as Discord documents these URLs; the consent page is on the site itself, too.
const UNVERSIONED = /^(?:\/api(?=\/oauth2\/)|(?=\/oauth2\/authorize$))/;
const RATE_LIMIT = 50;

export interface RecordedRequest {
  readonly method: string;
  /** Without `/api/v10` and the query. */
  readonly path: string;
  readonly query: string;
  /** Parsed, a form as an object; of a multipart body its `payload_json`. */
  readonly body: unknown;
  readonly files: readonly UploadedFile[];
  /** All of them; the authorization's value is left out. */
  readonly headers: Readonly<Record<string, string>>;
  /** When it arrived. */
  readonly at: number;
  /** Undefined until answered, and for good where the connection was closed instead. */
  status: number | undefined;
  /** The route that took it, as Discord's description writes it; undefined where none did. */
  route: string | undefined;
  /** Whether a fault answered, and not Discord. */
  failed: boolean;
  /** What was answered. */
  answer: unknown;
}

export interface RestInit {
  readonly botToken: string;
  readonly router: Router;
  readonly faults: Faults;
  /** Holds our own answers against the published description, too. */
  readonly checkAnswers: boolean;
  readonly report: (violation: string) => void;
  readonly changed: () => void;
}

interface Received {
  /** Whether the URL is one of Discord's API at all. */
  readonly isServed: boolean;
  readonly form: URLSearchParams | undefined;
  readonly query: URLSearchParams;
  readonly request: IncomingMessage;
}

/** REST v10: reads, records, checks, hands over to a route and answers. */
export class Rest {
  readonly requests: RecordedRequest[] = [];
  readonly #init: RestInit;
  readonly #buckets = new Map<string, { resetAt: number; used: number }>();

  constructor(init: RestInit) {
    this.#init = init;
  }

  /** Never rejects: what fails unexpectedly is a violation of our own and a 500. */
  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      await this.#serve(request, response);
    } catch (error) {
      if (request.destroyed && !request.complete) return;
      this.#init.report(`the local Discord failed: ${String(error)}`);
      response.writeHead(500, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ message: '500: Internal Server Error', code: 0 }));
    }
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const at = Date.now();
    const url = new URL(request.url ?? '/', 'http://localhost');
    const method = request.method ?? 'GET';
    // Clients write `@original` either way.
    const pathname = url.pathname.replaceAll('%40', '@');
    const isServed = pathname.startsWith(`${PREFIX}/`) || UNVERSIONED.test(pathname);
    const path = pathname.startsWith(`${PREFIX}/`)
      ? pathname.slice(PREFIX.length)
      : pathname.replace(UNVERSIONED, '');
    const { body, form, files, malformed } = await readBody(request);
    const record: RecordedRequest = {
      method,
      path,
      query: url.search.slice(1),
      body,
      files,
      headers: visibleHeaders(request),
      at,
      status: undefined,
      route: undefined,
      failed: false,
      answer: undefined,
    };
    this.requests.push(record);

    const fault = this.#init.faults.take(method, path);
    if (fault?.delayMs !== undefined && fault.afterEffect !== true) await sleep(fault.delayMs);
    const hangUp = fault?.hangUp ?? false;
    const isReplaced = fault?.status !== undefined || hangUp !== false;
    let answer: Answer | undefined;
    if (!isReplaced || fault?.afterEffect === true) {
      answer = malformed
        ? {
            status: 400,
            body: new ApiError(400, 50109, 'The request body contains invalid JSON.').body,
          }
        : await this.#answer(record, { isServed, form, query: url.searchParams, request });
    }
    if (fault?.delayMs !== undefined && fault.afterEffect === true) await sleep(fault.delayMs);

    if (hangUp !== false) {
      if (hangUp === 'reset') request.socket.resetAndDestroy();
      else request.socket.destroy();
      return;
    }
    const headers: Record<string, string> = this.#rateLimitHeaders(method, path);
    if (fault?.status !== undefined) {
      record.failed = true;
      answer = faultAnswer(fault);
      if (fault.status === 429) Object.assign(headers, limitedHeaders(fault));
    }
    answer ??= { status: 500 };
    record.status = answer.status;
    record.answer = answer.page ?? answer.body;
    this.#init.changed();
    if (response.destroyed) return;
    if (answer.page !== undefined) {
      headers['content-type'] = 'text/html; charset=utf-8';
      response.writeHead(answer.status, headers).end(answer.page);
      return;
    }
    if (answer.body === undefined) {
      response.writeHead(answer.status, headers).end();
      return;
    }
    response
      .writeHead(answer.status, { ...headers, 'content-type': 'application/json' })
      .end(JSON.stringify(answer.body));
  }

  async #answer(
    record: RecordedRequest,
    { isServed, form, query, request }: Received,
  ): Promise<Answer> {
    // Before the checks: what they cost the first time is not the client's delay.
    const at = Date.now();
    const { authorization } = request.headers;
    const reason = request.headers['x-audit-log-reason'];
    let match: Match | undefined;
    try {
      if (!isServed) throw notFound();
      match = this.#init.router.match(record.method, record.path);
      record.route = match.route.template;
      if (!match.route.open && authorization !== `Bot ${this.#init.botToken}`) {
        throw unauthorized();
      }
      await this.#checkRequest(record, match);
      const answer = match.route.handle({
        params: match.params,
        query,
        body: record.body,
        form,
        files: record.files,
        authorization,
        reason: typeof reason === 'string' ? decodeURIComponent(reason) : undefined,
        at,
      });
      await this.#checkAnswer(record, match, answer);
      return answer;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.code === 50035 || error.code === 50006) {
        const detail = error.problems.map((problem) => `; ${problem}`).join('');
        const where = match?.route.template ?? record.path;
        this.#init.report(`${record.method} ${where}: ${error.message}${detail}`);
      }
      return { status: error.status, body: error.body };
    }
  }

  async #checkRequest(record: RecordedRequest, { route }: Match): Promise<void> {
    if (record.method === 'GET' || record.method === 'DELETE') return;
    const problems = await requestProblems(record.method, route.template, record.body);
    if (problems.length > 0) throw invalidForm(...problems);
  }

  async #checkAnswer(record: RecordedRequest, { route }: Match, answer: Answer): Promise<void> {
    if (!this.#init.checkAnswers || answer.body === undefined) return;
    // As the client will read it.
    const body: unknown = JSON.parse(JSON.stringify(answer.body));
    const problems = await responseProblems(record.method, route.template, answer.status, body);
    for (const { at, message } of problems) {
      this.#init.report(
        `the local Discord's answer to ${record.method} ${route.template}: ${at.join('.')} ${message}`,
      );
    }
  }

  // Counted as Discord counts, but never enforced: a fault does that where a test wants it.
  #rateLimitHeaders(method: string, path: string): Record<string, string> {
    const shape = path.replaceAll(/\d{15,}/g, ':id').replaceAll(/\/[\w-]{60,}/g, '/:token');
    const now = Date.now();
    const key = `${method} ${path}`;
    let bucket = this.#buckets.get(key);
    if (bucket === undefined || bucket.resetAt <= now) {
      bucket = { resetAt: now + 1000, used: 0 };
      this.#buckets.set(key, bucket);
    }
    bucket.used += 1;
    return {
      'x-ratelimit-bucket': createHash('md5').update(`${method} ${shape}`).digest('hex'),
      'x-ratelimit-limit': String(RATE_LIMIT),
      'x-ratelimit-remaining': String(Math.max(1, RATE_LIMIT - bucket.used)),
      'x-ratelimit-reset': (bucket.resetAt / 1000).toFixed(3),
      'x-ratelimit-reset-after': ((bucket.resetAt - now) / 1000).toFixed(3),
    };
  }
}

function faultAnswer(fault: Fault): Answer {
  const status = fault.status ?? 500;
  if (typeof fault.body === 'string') return { status, page: fault.body };
  if (fault.body !== undefined) return { status, body: fault.body };
  if (status === 429) {
    return {
      status,
      body: {
        message: fault.message ?? 'You are being rate limited.',
        retry_after: fault.retryAfter ?? 1,
        global: fault.global ?? false,
        ...(fault.code === undefined ? {} : { code: fault.code }),
      },
    };
  }
  const message = fault.message ?? `${status}: ${STATUS_TEXT[status] ?? 'Error'}`;
  return { status, body: { message, code: fault.code ?? 0 } };
}

const STATUS_TEXT: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  500: 'Internal Server Error',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
};

function limitedHeaders(fault: Fault): Record<string, string> {
  const after = String(fault.retryAfter ?? 1);
  const isGlobal = fault.global === true;
  return {
    'retry-after': after,
    'x-ratelimit-scope': isGlobal ? 'global' : 'user',
    ...(isGlobal
      ? { 'x-ratelimit-global': 'true' }
      : { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset-after': after }),
  };
}

function visibleHeaders(request: IncomingMessage): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.headers)) {
    if (typeof value === 'string') headers[name] = value;
  }
  const scheme = headers['authorization']?.split(' ')[0];
  if (scheme !== undefined) headers['authorization'] = `${scheme} [redacted]`;
  return headers;
}

interface ReadBody {
  readonly body: unknown;
  readonly form: URLSearchParams | undefined;
  readonly files: readonly UploadedFile[];
  readonly malformed: boolean;
}

async function readBody(request: IncomingMessage): Promise<ReadBody> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const bytes = Buffer.concat(chunks);
  const type = request.headers['content-type'] ?? '';
  const read = { form: undefined, files: [], malformed: false };
  if (type.startsWith('application/x-www-form-urlencoded')) {
    const form = new URLSearchParams(bytes.toString('utf8'));
    return { ...read, body: Object.fromEntries(form), form };
  }
  if (bytes.length === 0) return { ...read, body: undefined };
  try {
    if (!type.startsWith('multipart/form-data')) {
      return { ...read, body: JSON.parse(bytes.toString('utf8')) };
    }
    const form = await new Response(bytes, { headers: { 'content-type': type } }).formData();
    const files: UploadedFile[] = [];
    let body: unknown = {};
    for (const [field, value] of form) {
      if (typeof value === 'string') {
        if (field === 'payload_json') body = JSON.parse(value);
        continue;
      }
      const content = Buffer.from(await value.arrayBuffer());
      files.push({
        field,
        name: value.name,
        type: value.type,
        content,
        text: content.toString('utf8'),
      });
    }
    return { ...read, body, files };
  } catch {
    return { ...read, body: bytes.toString('utf8'), malformed: true };
  }
}
