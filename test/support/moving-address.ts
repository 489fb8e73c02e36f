import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** An address of this machine that leads to one server and, once it is told, to another. */
export interface MovingAddress extends AsyncDisposable {
  readonly port: number;
  /** Leads to that port from now on; who is connected is cut off. */
  lead(to: number): void;
  /** Nothing passes any more, in either direction, until it leads elsewhere; connections stay. */
  stall(): void;
}

export async function startMovingAddress(to: number): Promise<MovingAddress> {
  const sockets = new Set<Socket>();
  let target = to;
  let isStalled = false;

  const server = createServer((near) => {
    const far = connect(target, '127.0.0.1');
    for (const [from, into] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.setNoDelay(true);
      from.on('data', (data) => void (isStalled || into.write(data)));
      from.on('error', () => {});
      from.on('close', () => {
        sockets.delete(from);
        if (!isStalled) into.destroy();
      });
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  function cut(): void {
    for (const socket of sockets) socket.destroy();
  }
  return {
    port: (server.address() as AddressInfo).port,
    lead(port) {
      target = port;
      isStalled = false;
      cut();
    },
    stall() {
      isStalled = true;
    },
    async [Symbol.asyncDispose]() {
      cut();
      server.close();
      await once(server, 'close');
    },
  };
}
