import { availableParallelism } from 'node:os';
import { startLatchkey } from '../bots.ts';
import { databaseOf } from '../data.ts';
import { findLoad, writeHeaders } from '../load.ts';
import type { Section } from '../result.ts';
import { ratio, typical } from '../rounds.ts';
import { sampleRows, tokenOf } from '../rows.ts';

const SAMPLE = 20_000;

/** Checks by one process for HTTP and by two, over the same file. */
export const workers: Section = {
  name: 'workers',
  async run({ usual, quick }) {
    const database = await databaseOf(usual);
    await using bots = new AsyncDisposableStack();
    const { name, send } = findLoad();
    const headers = writeHeaders(
      'workers',
      sampleRows(usual, SAMPLE).map((index) => ['Authorization', tokenOf(index)] as const),
    );
    const urls = new Map<string, string>();
    for (const count of ['1', '2']) {
      const bot = bots.use(await startLatchkey(database, { HTTP_WORKERS: count }));
      urls.set(count, `http://127.0.0.1:${await bot.child.port}/sessions/@me`);
    }
    const perSecond = new Map([...urls.keys()].map((count): [string, number[]] => [count, []]));
    for (let round = 0; round < (quick ? 2 : 5); round += 1) {
      for (const [count, url] of urls) {
        const load = await send(url, headers, quick ? 1 : 3);
        if (load.failed > 0) throw new Error(`${load.failed} of ${load.requests} checks failed`);
        perSecond.get(count)?.push(load.perSecond);
      }
    }
    const second = (count: string) => Math.round(typical(perSecond, count));
    return [
      {
        what: 'HTTP checks in a second, two processes against one',
        value: ratio(perSecond, '2', '1'),
        remark: `${second('2')} and ${second('1')} with ${name}, which shares the ${availableParallelism()} cores`,
      },
    ];
  },
};
