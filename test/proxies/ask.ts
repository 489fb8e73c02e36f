import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';

/** Where the document has the API. */
export const HOST = 'api.example.com';

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
  const sent = [['Host', HOST], ...headers, ...(isClosing ? [] : [['Connection', 'close']])];
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
  const response = await answerTo(asking);
  const { statusCode = 0, rawHeaders } = response;
  const names = rawHeaders.filter((_, index) => index % 2 === 0).map((name) => name.toLowerCase());
  return {
    status: statusCode,
    headers: response.headers,
    times: (name) => names.filter((each) => each === name).length,
    text: statusCode === 101 ? '' : await text(response),
  };
}

/** Also one that changes the protocol, of which nothing more is of interest. */
function answerTo(asking: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    asking.once('response', resolve);
    asking.once('error', reject);
    asking.once('upgrade', (response, socket) => {
      socket.destroy();
      resolve(response);
    });
  });
}
