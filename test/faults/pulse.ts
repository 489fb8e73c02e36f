import { setTimeout as delay } from 'node:timers/promises';
import type { Product } from '../support/product.ts';
import { check } from '../support/tokens.ts';

/** Checks the token again and again until it is stopped; tells every answer but 200. */
export function startPulse(product: Pick<Product, 'url'>, token: string) {
  const others: unknown[] = [];
  let beats = 0;
  const stopping = new AbortController();

  async function beat(): Promise<void> {
    while (!stopping.signal.aborted) {
      const status = await check(product, token).then(
        (answer) => answer.status,
        (error: unknown) => String(error),
      );
      if (status !== 200) others.push(status);
      beats += 1;
      await delay(20);
    }
  }

  const beating = beat();
  return {
    /** How many checks there were, and what came but 200. */
    async stop(): Promise<{ beats: number; others: readonly unknown[] }> {
      stopping.abort();
      await beating;
      return { beats, others };
    },
  };
}
