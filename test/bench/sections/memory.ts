import { setTimeout as delay } from 'node:timers/promises';
import { type Bot, startBareClient, startLatchkey } from '../bots.ts';
import { databaseOf } from '../data.ts';
import { findLoad, writeHeaders } from '../load.ts';
import type { Section } from '../result.ts';
import { median } from '../rounds.ts';
import { sampleRows, tokenOf } from '../rows.ts';

const SETTLED_MS = 1_000;
const MEGABYTE = 2 ** 20;

interface Start {
  readonly liveMs: number;
  readonly healthyMs: number;
  readonly idle: number;
  readonly loaded: number;
}

export const memory: Section = {
  name: 'memory and start',
  async run({ fewest, most, quick }) {
    const bare: { readyMs: number; idle: number }[] = [];
    const small: Start[] = [];
    const large: Start[] = [];
    for (let round = 0; round < (quick ? 2 : 3); round += 1) {
      bare.push(await measureBare());
      small.push(await measureLatchkey(fewest));
      large.push(await measureLatchkey(most));
    }
    const pick = (starts: readonly Start[], key: keyof Start) =>
      median(starts.map((start) => start[key]));
    const idle = median(bare.map((each) => each.idle));
    const readyMs = median(bare.map((each) => each.readyMs));
    return [
      { goal: 'G16', value: pick(small, 'idle') / idle },
      { what: 'memory: bare client', value: idle, unit: 'MB' },
      { what: 'memory: Latchkey, idle', value: pick(small, 'idle'), unit: 'MB' },
      { what: `memory: Latchkey, idle, ${most} rows`, value: pick(large, 'idle'), unit: 'MB' },
      { what: `memory: Latchkey, loaded, ${most} rows`, value: pick(large, 'loaded'), unit: 'MB' },
      { what: 'start: bare client, until ready', value: readyMs, unit: 'ms' },
      ...(['liveMs', 'healthyMs'] as const).flatMap((key) => {
        const path = key === 'liveMs' ? '/health/live' : '/health';
        return [
          { what: `start: until ${path}`, value: pick(small, key), unit: 'ms' as const },
          {
            what: `start: until ${path}, ${most} rows`,
            value: pick(large, key),
            unit: 'ms' as const,
          },
        ];
      }),
      {
        what: 'start: until /health against bare client',
        value: pick(small, 'healthyMs') / readyMs,
      },
    ];
  },
};

async function measureBare(): Promise<{ readyMs: number; idle: number }> {
  await using bot = await startBareClient();
  const readyMs = await bot.ready;
  await delay(SETTLED_MS);
  return { readyMs, idle: await memoryOf(bot) };
}

async function measureLatchkey(rows: number): Promise<Start> {
  await using bot = await startLatchkey(await databaseOf(rows));
  const { child } = bot;
  const url = `http://127.0.0.1:${await child.port}`;
  const liveMs = await answered(`${url}/health/live`, child.startedAt);
  const healthyMs = await answered(`${url}/health`, child.startedAt);
  await delay(SETTLED_MS);
  const idle = await memoryOf(bot);
  const headers = sampleRows(rows, 5_000).map(
    (index) => ['Authorization', tokenOf(index)] as const,
  );
  await findLoad().send(`${url}/sessions/@me`, writeHeaders('memory', headers), 1);
  return { liveMs, healthyMs, idle, loaded: await memoryOf(bot) };
}

/** How long after its start it answered with 200. */
async function answered(url: string, startedAt: number): Promise<number> {
  for (;;) {
    const { status } = await fetch(url);
    if (status === 200) return performance.now() - startedAt;
    await delay(2);
  }
}

async function memoryOf({ child }: Bot): Promise<number> {
  return (await child.usage()).rss / MEGABYTE;
}
