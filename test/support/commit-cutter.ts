import { once } from 'node:events';
import { createServer, connect, type AddressInfo, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/**
 * Where the connection is cut at a commit: before it reaches the server; when the server has answered it;
 * or so that it reaches the server only a while after the client has lost the connection.
 */
export type Cut = 'before' | 'after' | 'late';

/** Stands between a client and a PostgreSQL server, and cuts connections at their commits. */
export interface CommitCutter extends AsyncDisposable {
  /** The same database, by way of this. */
  readonly url: string;
  /** The next commits are cut, so many. */
  cut(where: Cut, times?: number): void;
  /** How many are still to be cut. */
  readonly left: number;
  /** Every message of its clients, by which they greet the server, and what they ask it. */
  readonly messages: readonly Buffer[];
  /** Resolves once the server has answered each commit that reached it. */
  settled(): Promise<unknown>;
  /** Whether anybody is let in; who is there when that ends is cut off. */
  isOpen: boolean;
}

const LATE_MS = 200;
const COMMIT = /\bcommit\0$/;

export async function startCommitCutter(url: string): Promise<CommitCutter> {
  const target = new URL(url);
  const sockets = new Set<Socket>();
  let left = 0;
  let where: Cut = 'before';
  let isOpen = true;
  const open = new Set<Promise<unknown>>();
  const messages: Buffer[] = [];

  const server = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => sockets.delete(socket));
    }
    if (!isOpen) {
      client.destroy();
      upstream.destroy();
      return;
    }
    let isCut = false;
    let isStarted = false;
    let pending = Buffer.alloc(0);

    function take(message: Buffer): void {
      messages.push(message);
      const isCommit = isStarted && message[0] === 0x51 && COMMIT.test(message.toString('latin1'));
      isStarted = true;
      if (isCut || !isCommit || left === 0) {
        if (!isCut) upstream.write(message);
        return;
      }
      left -= 1;
      isCut = true;
      if (where === 'after') {
        upstream.write(message);
        open.add(once(upstream, 'close').catch(() => {}));
        return;
      }
      client.resetAndDestroy();
      if (where === 'before') upstream.destroy();
      else open.add(commitLate(upstream, message));
    }

    client.on('data', (data) => {
      pending = Buffer.concat([pending, data]);
      for (;;) {
        // The first message has no type (PostgreSQL, "Message Formats").
        const head = isStarted ? 1 : 0;
        if (pending.length < head + 4) return;
        const end = head + pending.readUInt32BE(head);
        if (pending.length < end) return;
        take(pending.subarray(0, end));
        pending = pending.subarray(end);
      }
    });
    upstream.on('data', (data) => {
      if (!isCut) client.write(data);
      else if (data.includes('COMMIT\0')) {
        client.resetAndDestroy();
        upstream.destroy();
      }
    });
    client.on('close', () => {
      if (!isCut || where === 'before') upstream.destroy();
    });
    upstream.on('close', () => client.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = new URL(url);
  address.port = String((server.address() as AddressInfo).port);

  const cutAll = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: address.href,
    messages,
    cut(at, times = 1) {
      where = at;
      left = times;
    },
    get left() {
      return left;
    },
    async settled() {
      await Promise.all(open);
      open.clear();
    },
    get isOpen() {
      return isOpen;
    },
    set isOpen(value) {
      isOpen = value;
      if (!value) cutAll();
    },
    async [Symbol.asyncDispose]() {
      cutAll();
      server.close();
      await once(server, 'close');
    },
  };
}

async function commitLate(upstream: Socket, message: Buffer): Promise<void> {
  await delay(LATE_MS);
  upstream.write(message);
  await once(upstream, 'close');
}
