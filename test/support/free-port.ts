import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * A port that nobody listens on, for a program that must be told one. It is below those that systems give
 * to connections (RFC 6335, section 6: from 49152; Linux: from 32768), so that none takes it meanwhile.
 */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 50; attempt += 1) {
    const port = randomInt(10_000, 32_000);
    const server = createServer();
    try {
      await once(server.listen(port), 'listening');
    } catch {
      continue;
    }
    await once(server.close(), 'close');
    return port;
  }
  throw new Error('there is no free port');
}
