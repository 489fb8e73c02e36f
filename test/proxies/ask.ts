import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';

export type Header = readonly [name: string, value: string];

export interface Question {
  readonly method?: string;
  readonly path?: string;
  /** As they are, in this order and as often. */
  readonly headers?: readonly Header[];
  readonly body?: Buffer;
  /** Another address of this machine's. */
  readonly from?: string;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  /** How often a header was sent. */
  readonly times: (name: string) => number;
  readonly text: string;
}

/** Sends what no well-behaved client would. */
export async function ask(port: number, question: Question = {}): Promise<Answer> {
  const { method = 'GET', path = '/lamps?on=1', headers = [], body, from = '127.0.0.1' } = question;
  const isClosing = headers.some(([name]) => name.toLowerCase() === 'connection');
  const sent = [
    ['Host', 'api.example.com'],
    ...headers,
    ...(isClosing ? [] : [['Connection', 'close']]),
  ];
  const asking = request({
    host: '127.0.0.1',
    port,
    method,
    path,
    headers: sent.flat(),
    localAddress: from,
    agent: false,
  });
  asking.end(body);
  const [response] = (await once(asking, 'response')) as [IncomingMessage];
  const { statusCode = 0, rawHeaders } = response;
  const names = rawHeaders.filter((_, index) => index % 2 === 0).map((name) => name.toLowerCase());
  return {
    status: statusCode,
    headers: response.headers,
    times: (name) => names.filter((each) => each === name).length,
    text: await text(response),
  };
}
