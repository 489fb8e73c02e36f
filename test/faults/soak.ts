/**
 * Members who use the product all the time while it is restarted and Discord fails in every way:
 * `npm run soak -- --minutes 10`. In the end all that they were told must be true.
 */
import process from 'node:process';
import { parseArgs } from 'node:util';
import { createChance } from './chance.ts';
import { Tally } from './holder.ts';
import { startTrial, type Trial } from './trial.ts';
import { calm, storm } from './weather.ts';

const MEMBERS = 20;
const ROUND_MS = 20_000;
const REST_MS = 500;
const MINUTE_MS = 60_000;

const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '10' }, seed: { type: 'string' } },
});
const minutes = Number(values.minutes);
const chance = createChance(values.seed === undefined ? undefined : Number(values.seed));
const tally = new Tally();

/** What differs between what the members were told and what is there. */
async function soak(trial: Trial): Promise<readonly string[]> {
  const { holders } = trial;
  const startedAt = Date.now();
  let reported = 0;
  for (let round = 0; Date.now() - startedAt < minutes * MINUTE_MS; round += 1) {
    const signal = round % 2 === 0 ? 'SIGKILL' : 'SIGTERM';
    const code = await trial.round(() => storm(trial, chance, ROUND_MS), signal);
    if (signal === 'SIGTERM' && code !== 0) return [`SIGTERM ended the product with ${code}`];
    calm(trial);
    await trial.start();
    await trial.online();
    await Promise.all(holders.map((holder) => holder.verify(false)));
    if (trial.faults().length > 0) break;
    const past = Math.floor((Date.now() - startedAt) / MINUTE_MS);
    if (past > reported) say(`${past} min, ${round + 1} restarts, ${summary()}`);
    reported = past;
  }
  await Promise.all(holders.map((holder) => holder.verify(true)));
  return [...trial.faults(), ...trial.product.output.filter((line) => /"level":[56]0/.test(line))];
}

function summary(): string {
  const told = tally.sum(/: done$/);
  return `${told} acts done, ${tally.sum(/: refused$/)} refused, ${tally.sum(/: unknown$/)} without an answer`;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

say(`${MEMBERS} members for ${minutes} min, seed ${chance.seed}`);
await using trial = await startTrial({
  chance,
  tally,
  members: MEMBERS,
  keepsOne: false,
  restMs: REST_MS,
});
const faults = await soak(trial);
for (const what of [...tally.counts.keys()].toSorted((a, b) => a.localeCompare(b))) {
  say(`${String(tally.counts.get(what)).padStart(6)} ${what}`);
}
if (faults.length === 0) {
  say(`what is there is what the members were told: ${summary()}`);
} else {
  say(`seed ${chance.seed}: ${faults.length} differences\n${faults.join('\n')}`);
  process.exitCode = 1;
}
