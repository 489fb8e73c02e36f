import { setTimeout as delay } from 'node:timers/promises';
import { type Bot, startBareClient, startLatchkey } from '../bots.ts';
import { databaseOf } from '../data.ts';
import type { Section } from '../result.ts';
import { median, percentile } from '../rounds.ts';
import { userId } from '../rows.ts';

// discord.js sends 50 requests a second at most. The edits of a lap are fewer, and it starts after a
// second of rest: else they would wait, and what goes on meanwhile would count for the commands.
const WARM_UP = 100;
const PER_ROUND = 40;
const REST_MS = 1_100;

/** How many members command at once, and for how long in each round. */
const AT_ONCE = 64;
const BUSY_MS = 2_000;
/** The rate at which the first answer has to stay quick. */
const A_SECOND = 200;

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
    const busy: { ours: number; others: number }[] = [];
    const first: number[] = [];
    for (let round = 0; round < (quick ? 2 : 5); round += 1) {
      await delay(REST_MS);
      busy.push({ ours: await throughput(latchkey), others: await throughput(bare) });
      first.push(...(await firstAnswers(latchkey)));
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
      { goal: 'G18', value: median(busy.map((round) => round.ours / round.others)) },
      {
        goal: 'G18b',
        value: percentile(first, 0.99),
        unit: 'ms',
        remark: `of ${first.length}; p50 ${percentile(first, 0.5).toFixed(1)} ms`,
      },
      {
        what: 'commands a second: Latchkey',
        value: median(busy.map(({ ours: each }) => each)),
        unit: '/s',
      },
      {
        what: "commands a second: the library's own limit",
        value: median(busy.map(({ others: each }) => each)),
        unit: '/s',
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

/** How many commands a second are answered in full, with {@link AT_ONCE} under way at each moment. */
async function throughput({ discord }: Bot): Promise<number> {
  const startedAt = performance.now();
  const endsAt = startedAt + BUSY_MS;
  let answered = 0;
  async function keepOn(user: number): Promise<void> {
    while (performance.now() < endsAt) {
      await discord.command(userId(user));
      answered += 1;
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, (_, user) => keepOn(user)));
  return (answered * 1_000) / (performance.now() - startedAt);
}

/** How long each first answer took, in milliseconds, of commands that come at that rate, answered or not. */
async function firstAnswers({ discord }: Bot): Promise<number[]> {
  const startedAt = performance.now();
  const commands: Promise<{ readonly ms: number }>[] = [];
  while (performance.now() - startedAt < BUSY_MS) {
    const due = ((performance.now() - startedAt) * A_SECOND) / 1_000;
    while (commands.length < due) commands.push(discord.command(userId(commands.length)));
    await delay(1);
  }
  return (await Promise.all(commands)).map(({ ms }) => ms);
}
