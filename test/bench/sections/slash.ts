import { setTimeout as delay } from 'node:timers/promises';
import { type Bot, startBareClient, startLatchkey } from '../bots.ts';
import { databaseOf } from '../data.ts';
import type { Section } from '../result.ts';
import { median } from '../rounds.ts';
import { userId } from '../rows.ts';

// discord.js sends 50 requests a second at most. The edits of a lap are fewer, and it starts after a
// second of rest: else they would wait, and what goes on meanwhile would count for the commands.
const WARM_UP = 100;
const PER_ROUND = 40;
const REST_MS = 1_100;

interface Lap {
  readonly p50: number;
  readonly cpu: number;
}

export const slash: Section = {
  name: 'slash command',
  async run({ usual, quick }) {
    const database = await databaseOf(usual);
    await using latchkey = await startLatchkey(database);
    await using bare = await startBareClient();
    await using reading = await startBareClient(database);
    for (const bot of [latchkey, bare, reading]) {
      await bot.ready;
      await lap(bot, WARM_UP);
    }
    const ours: Lap[] = [];
    const others: Lap[] = [];
    const readers: Lap[] = [];
    for (let round = 0; round < (quick ? 6 : 15); round += 1) {
      await delay(REST_MS);
      const turn: [Bot, Lap[]][] = [
        [latchkey, ours],
        [bare, others],
        [reading, readers],
      ];
      for (const [bot, laps] of round % 2 === 0 ? turn : turn.toReversed()) {
        laps.push(await lap(bot, PER_ROUND));
      }
    }
    const compared = <Result>(laps: Lap[], compare: (one: Lap, other: Lap) => Result) =>
      laps.flatMap((one, round) => {
        const other = others[round];
        return other === undefined ? [] : [compare(one, other)];
      });
    return [
      { goal: 'G15', value: median(compared(ours, (one, other) => one.p50 / other.p50)) },
      {
        goal: 'G15b',
        value: median(compared(ours, (one, other) => one.cpu - other.cpu)),
        unit: 'us',
        remark: `with the same look-ups and answer ${Math.round(median(compared(readers, (one, other) => one.cpu - other.cpu)))} us`,
      },
      { what: 'p50: Latchkey', value: median(ours.map(({ p50 }) => p50 * 1_000)), unit: 'us' },
      {
        what: 'p50: empty handler',
        value: median(others.map(({ p50 }) => p50 * 1_000)),
        unit: 'us',
      },
      { what: 'CPU: Latchkey', value: median(ours.map(({ cpu }) => cpu)), unit: 'us' },
      { what: 'CPU: empty handler', value: median(others.map(({ cpu }) => cpu)), unit: 'us' },
    ];
  },
};

/** So many commands, one at a time: the median until the first answer, and the CPU time of each. */
async function lap({ child, discord }: Bot, commands: number): Promise<Lap> {
  const before = await child.usage();
  const waits: number[] = [];
  for (let sent = 0; sent < commands; sent += 1) {
    waits.push((await discord.command(userId(sent % 10))).ms);
  }
  const after = await child.usage();
  return { p50: median(waits), cpu: (after.cpu - before.cpu) / commands };
}
