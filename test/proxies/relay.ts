import { connect, createServer, type Socket } from 'node:net';
import { close, listen } from './listen.ts';

/** Stands between a proxy and Latchkey, to count what passes. `to` is looked up for each connection. */
export async function startRelay(to: () => number) {
  let connections = 0;
  let bytes = 0;
  const asked = new Set<string>();
  let answer: string | undefined;
  const open = new Set<Socket>();

  const server = createServer((near) => {
    connections += 1;
    keep(near);
    if (answer !== undefined) {
      near.on('data', () => near.write(answer ?? ''));
      return;
    }
    const far = connect(to(), '127.0.0.1');
    keep(far);
    let unread = '';
    near.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      // A long head comes in pieces.
      const heads = (unread + chunk.toString('latin1')).split('\r\n\r\n');
      unread = heads.pop() ?? '';
      for (const head of heads) asked.add(head.split('\r\n')[0] ?? '');
    });
    near.pipe(far).pipe(near);
    near.once('close', () => far.destroy());
    far.once('close', () => near.destroy());
  });

  function keep(socket: Socket): void {
    open.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => open.delete(socket));
  }

  function hangUp(): void {
    for (const socket of open) socket.destroy();
  }

  const port = await listen(server);
  return {
    port,
    /** How many were made to Latchkey. */
    connections: () => connections,
    /** How much was sent to Latchkey. */
    bytes: () => bytes,
    /** The first line of each request that was sent to it; of a body it would be what is before an empty line. */
    asked,
    /** Answers all that follows with this, or lets Latchkey answer again. */
    pretend(raw: string | undefined) {
      answer = raw;
      hangUp();
    },
    async stop() {
      hangUp();
      await close(server);
    },
    start: () => listen(server, port),
  };
}

export type Relay = Awaited<ReturnType<typeof startRelay>>;
