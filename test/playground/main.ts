/**
 * Latchkey in a Discord in your browser: `npm run playground`. PLAYGROUND_PORT fixes the port.
 */
import process from 'node:process';
import { openPlayground } from './playground.ts';

const { PLAYGROUND_PORT: port } = process.env;
const playground = await openPlayground(port ? Number(port) : undefined);
console.log(`Open ${playground.page.url}`);
console.log(`Latchkey itself answers on ${playground.apiUrl}. Ctrl+C ends both.`);

let stopping = false;
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    if (stopping) return;
    stopping = true;
    void Promise.resolve(playground[Symbol.asyncDispose]()).finally(() => process.exit());
  });
}
