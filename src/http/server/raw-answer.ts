import { STATUS_CODES } from 'node:http';
import type { Failure } from '../openapi/schemas.ts';

/** A failure in our form, where the API is not there to make it. */
export function failureParts(status: number, message: string) {
  const body = JSON.stringify({ message, code: 'BadRequest' } satisfies Failure);
  const length = String(Buffer.byteLength(body));
  const headers = { 'Content-Type': 'application/json', 'Content-Length': length };
  return [body, { status, headers }] as const;
}

/** The same as a whole answer, where there is no response object to write to. */
export function rawFailure(status: number, message: string): string {
  const [body, { headers }] = failureParts(status, message);
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  const head = [`HTTP/1.1 ${status} ${STATUS_CODES[status]}`, ...lines, 'Connection: close'];
  return [...head, '', body].join('\r\n');
}

/** What Node's parser, or its timer, refuses a request with. */
export function parserFailure(code: string | undefined): string {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return rawFailure(431, 'The headers are too large.');
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return rawFailure(408, 'The request took too long to arrive.');
    default:
      return rawFailure(400, 'This is not an HTTP request that can be read.');
  }
}
