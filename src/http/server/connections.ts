import {
  IncomingMessage,
  type OutgoingHttpHeaders,
  type RequestListener,
  Server,
  ServerResponse,
} from 'node:http';
import type { Socket } from 'node:net';
import { createFairStart } from './fair-start.ts';
import { parserFailure, rawFailure } from './raw-answer.ts';

/** What a stranger may take of us by connecting. Times are in milliseconds. */
export interface ConnectionLimits {
  /** Until the head of a request is there. */
  readonly headMs: number;
  /** Until all of a request is there. */
  readonly requestMs: number;
  /** Until an answer is taken, once there is one. */
  readonly answerMs: number;
  /** Until a peer hangs up whom we have told that we do. */
  readonly lingerMs: number;
  /** From one look at the first three to the next. */
  readonly checkEveryMs: number;
  /** Until a server that is told to stop has stopped. */
  readonly stopMs: number;
  /** Connections at once. */
  readonly connections: number;
  /** Requests on one connection. */
  readonly requests: number;
  /** Requests that one connection sends before the answer to an earlier one is taken. */
  readonly waiting: number;
}

export const LIMITS: ConnectionLimits = {
  headMs: 10_000,
  requestMs: 30_000,
  answerMs: 30_000,
  lingerMs: 2_000,
  checkEveryMs: 5_000,
  stopMs: 3_000,
  // The worst of them hold a request that is not whole yet: up to 100 KB each, with all that Node keeps for it.
  connections: 250,
  // Now and then a proxy has to connect anew, so that each of several processes gets its share.
  requests: 10_000,
  // Proxies and browsers send none. One read of 64 KB may hold 2,000, and all are parsed before others are heard.
  waiting: 8,
};

/** Requests that are begun in one turn of the event loop. */
const BEGUN_AT_ONCE = 4;
/** A body up to this is read to its end though nobody wants it, so that its connection can be used again. */
const SHORT_BODY_BYTES = 16 * 1024;

interface Connection {
  requests: number;
  /** The answer whose turn it is, or was last. */
  current: ServerResponse | undefined;
  /** Whose turn comes when the one before is taken. */
  readonly waiting: Turn[];
  /** What was not taken yet when we last looked, and since when. */
  untaken: { readonly answer: ServerResponse; readonly since: number } | undefined;
  /** Nothing that it sends is of interest any more. */
  isRefused: boolean;
}

interface Turn {
  readonly response?: ServerResponse;
  readonly begin: () => void;
}

/** Connections with as many requests waiting as they may have. */
const full = new WeakSet<Socket>();

/**
 * Node parses all that it has read of a connection before it hears another one, 2,000 requests in 64 KB,
 * unless one of them changes the protocol. So a request that is one too many says that it does, and Node,
 * which knows no other, closes the connection.
 */
class Request extends IncomingMessage {
  constructor(socket: Socket) {
    super(socket);
    // The parser sets it after this.
    if (full.has(socket)) Object.defineProperty(this, 'upgrade', { get: () => true, set() {} });
  }
}

/** An answer that comes before all of a long body is the last of its connection (RFC 9112, section 9.6). */
class Answer<Asked extends IncomingMessage> extends ServerResponse<Asked> {
  override writeHead(status: number, ...rest: unknown[]): this {
    if (isLongBodyUnderWay(this.req)) this.shouldKeepAlive = false;
    return super.writeHead(status, ...(rest as [OutgoingHttpHeaders?]));
  }
}

/**
 * Node's server, with a bound and an end for each connection. Node itself begins as many requests of a
 * connection as it has read, waits for ever until an answer is taken or a peer has hung up as well, and
 * hands over the socket of a CONNECT with nobody who listens for its errors.
 */
export class HttpServer extends Server {
  readonly limits: ConnectionLimits;
  readonly #connections = new Map<Socket, Connection>();
  readonly #begin = createFairStart(BEGUN_AT_ONCE);

  /** `onRequest` is called for the requests of a connection one after the other (RFC 9112, section 9.3.2). */
  constructor(onRequest: RequestListener, limits: ConnectionLimits) {
    super({
      IncomingMessage: Request,
      ServerResponse: Answer,
      headersTimeout: limits.headMs,
      requestTimeout: limits.requestMs,
      connectionsCheckingInterval: limits.checkEveryMs,
      // What Node answers if there is none has no body.
      requireHostHeader: false,
      // Most have no body: a stream that ends before anybody reads it costs a sixth of a check.
      optimizeEmptyRequests: true,
    });
    this.limits = limits;

    const take: RequestListener = (request, response) => this.#take(request, response, onRequest);
    this.on('request', take);
    // What is expected is not looked at (RFC 9110, section 10.1.1, lets us).
    this.on('checkExpectation', take);
    this.on('connection', (socket: Socket) => this.#keep(socket));
    this.on('connect', (_request, socket: Socket) => {
      // A proxy we are not.
      this.#refuse(socket, rawFailure(405, 'CONNECT is not allowed here.'));
      // Node has stopped reading, and would not notice that the peer hangs up.
      socket.resume();
    });
    this.on('clientError', ({ code }: NodeJS.ErrnoException, socket: Socket) => {
      this.#refuse(socket, parserFailure(code));
    });

    let looking: NodeJS.Timeout | undefined;
    this.on('listening', () => {
      looking = setInterval(() => this.#giveUp(), limits.checkEveryMs).unref();
    });
    this.on('close', () => clearInterval(looking));
  }

  /** Takes no more connections or requests; each connection is closed once its answer is taken. */
  override close(callback?: (error?: Error) => void): this {
    super.close(callback);
    for (const [socket, { current }] of this.#connections) {
      if (current === undefined) continue;
      current.shouldKeepAlive = false;
      current.once('close', () => socket.destroy());
    }
    return this;
  }

  override closeIdleConnections(): void {
    for (const [socket, connection] of this.#connections) {
      if (!isBusy(connection)) socket.destroy();
    }
  }

  override closeAllConnections(): void {
    for (const socket of this.#connections.keys()) socket.destroy();
  }

  #keep(socket: Socket): void {
    // Whoever resets a connection must not end the process.
    socket.on('error', () => {});
    if (this.#connections.size >= this.limits.connections && !this.#makeRoom()) {
      socket.destroy();
      return;
    }
    const connection: Connection = {
      requests: 0,
      current: undefined,
      waiting: [],
      untaken: undefined,
      isRefused: false,
    };
    this.#connections.set(socket, connection);
    socket.once('close', () => this.#connections.delete(socket));
    // With each request that is whole, Node reads on.
    socket.on('resume', () => {
      if (connection.waiting.length > 0) socket.pause();
    });
    // Node calls it behind the last answer of a connection.
    const destroySoon = socket.destroySoon.bind(socket);
    socket.destroySoon = () => {
      const request = connection.current?.req;
      connection.isRefused = true;
      if (request?.complete !== false) destroySoon();
      else {
        // Closed at once, the answer might be lost on who still sends.
        this.#hangUp(socket, '');
        request.once('end', destroySoon);
      }
    };
  }

  /**
   * Closes the oldest connection that is idle or whose request is not whole yet: who only connects, or
   * only begins, keeps nobody out. What a proxy keeps open for its checks is closed last.
   */
  #makeRoom(): boolean {
    let oldest: Socket | undefined;
    for (const [socket, connection] of this.#connections) {
      if (isBusy(connection) && connection.current?.req.complete !== false) continue;
      oldest ??= socket;
      if (wasServed(connection)) continue;
      oldest = socket;
      break;
    }
    if (oldest === undefined) return false;
    this.#connections.delete(oldest);
    oldest.destroy();
    return true;
  }

  #take(request: IncomingMessage, response: ServerResponse, onRequest: RequestListener): void {
    const { socket } = request;
    const connection = this.#connections.get(socket);
    if (connection === undefined || connection.isRefused) return;
    connection.requests += 1;
    // Node closes it with this answer. (Its own count tells the client to, and waits.)
    if (connection.requests >= this.limits.requests) response.shouldKeepAlive = false;
    if (request.headers['transfer-encoding'] !== undefined) {
      // How long its body is, nobody knows: what has not come by now is not waited for.
      response.once('finish', () =>
        setImmediate(() => {
          if (!request.complete) this.#hangUp(socket, '');
        }),
      );
    }
    // Node gives the socket to one answer at a time.
    if (response.socket === null) {
      const begin = (): void => {
        connection.current = response;
        onRequest(request, response);
      };
      this.#wait(socket, connection, { response, begin });
      return;
    }
    connection.current = response;
    this.#begin(() => {
      if (!socket.destroyed) onRequest(request, response);
    });
  }

  #wait(socket: Socket, connection: Connection, turn: Turn): void {
    const { waiting } = connection;
    if (waiting.length >= this.limits.waiting) {
      socket.destroy();
      return;
    }
    waiting.push(turn);
    if (waiting.length === this.limits.waiting) full.add(socket);
    // What has not been read takes none of our memory.
    socket.pause();
    if (waiting.length === 1) this.#awaitTurn(socket, connection);
  }

  #awaitTurn(socket: Socket, connection: Connection): void {
    connection.current?.once('close', () => {
      this.#begin(() => {
        // What follows the last answer of a connection is not looked at (RFC 9112, section 9.6).
        if (!socket.writable || !this.listening) return;
        connection.waiting.shift()?.begin();
        full.delete(socket);
        if (connection.waiting.length > 0) this.#awaitTurn(socket, connection);
        else socket.resume();
      });
    });
  }

  /** Answers what can be no request, in its turn, and hangs up. */
  #refuse(socket: Socket, answer: string): void {
    const connection = this.#connections.get(socket);
    if (connection?.isRefused === true) return;
    if (connection === undefined || !socket.writable) {
      socket.destroy();
      return;
    }
    const { current, waiting } = connection;
    const turn: Turn = { begin: () => this.#hangUp(socket, answer) };
    const last = waiting.at(-1)?.response ?? current;
    if (last?.req.complete === false) {
      // It is about the body of the last request, and is the answer to that.
      if (waiting.length > 0) waiting[waiting.length - 1] = turn;
      else this.#hangUp(socket, last.headersSent ? '' : answer);
    } else if (isBusy(connection)) this.#wait(socket, connection, turn);
    else turn.begin();
    connection.isRefused = true;
  }

  /** In stages (RFC 9112, section 9.6): closed at once, a socket takes with it what was not read yet. */
  #hangUp(socket: Socket, answer: string): void {
    socket.end(answer);
    const timer = setTimeout(() => socket.destroy(), this.limits.lingerMs);
    socket.once('close', () => clearTimeout(timer));
  }

  #giveUp(): void {
    const now = performance.now();
    for (const [socket, connection] of this.#connections) {
      const { current, untaken } = connection;
      if (current === undefined || !current.headersSent || current.writableFinished) {
        connection.untaken = undefined;
      } else if (untaken?.answer !== current) {
        connection.untaken = { answer: current, since: now };
      } else if (now - untaken.since >= this.limits.answerMs) {
        // Else the system would go on trying.
        socket.resetAndDestroy();
      }
    }
  }
}

function isBusy({ current, waiting, isRefused }: Connection): boolean {
  if (waiting.length > 0) return true;
  return !isRefused && current !== undefined && !current.writableFinished;
}

/** Its last request was answered, and not with a refusal. */
function wasServed({ current }: Connection): boolean {
  return current !== undefined && current.writableFinished && current.statusCode < 400;
}

function isLongBodyUnderWay({ complete, readableEnded, headers }: IncomingMessage): boolean {
  if (complete || readableEnded) return false;
  return Number(headers['content-length'] ?? 0) > SHORT_BODY_BYTES;
}
