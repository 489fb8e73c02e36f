import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { hashToken } from '../../src/core/sessions/token.ts';
import { createChance } from './chance.ts';
import { Tally } from './holder.ts';
import { type Inspector, startInspector } from './inspect.ts';
import { startTrial, type Trial } from './trial.ts';

/** More, for a night. */
const KILLS = Number(process.env['KILLS'] ?? 40);
const LANES = 4;
const MEMBERS = 5;

const chance = createChance();
const tally = new Tally();

/** What is wrong with the file that a killed process left behind. */
async function findFaults({ product, holders }: Trial, inspector: Inspector): Promise<string[]> {
  const { integrity, foreignKeys, liveInDiscord } = await inspector.inspect(product.databaseFile);
  const delivered = new Set(
    holders.flatMap(({ delivered: tokens }) =>
      tokens.map((token) => Buffer.from(hashToken(token)).toString('hex')),
    ),
  );
  const undelivered = liveInDiscord.filter((hash) => !delivered.has(hash));
  return [
    ...integrity.filter((verdict) => verdict !== 'ok'),
    ...foreignKeys.map((row) => `foreign key: ${JSON.stringify(row)}`),
    ...undelivered.map((hash) => `live, and its owner never got it: ${hash}`),
  ];
}

async function runLane(kills: number): Promise<string[]> {
  await using inspector = await startInspector();
  await using trial = await startTrial({
    chance,
    tally,
    members: MEMBERS,
    keepsOne: true,
    restMs: 5,
  });
  const { product, holders } = trial;
  for (const holder of holders) await holder.act();
  await Promise.all(holders.map((holder) => holder.verify(true)));
  const left: string[] = [];
  let startedAt = performance.now();
  let startMs = 1_000;
  for (let kill = 0; kill < kills; kill += 1) {
    const waits = chance.next() < 0.7;
    const part = chance.next() * 0.4;
    await trial.round(async () => {
      if (waits) {
        await trial.online();
        startMs = performance.now() - startedAt;
      }
      // A slow machine acts as slowly as it starts.
      await delay(startMs * part);
    }, 'SIGKILL');
    left.push(...(await findFaults(trial, inspector)));
    startedAt = performance.now();
    await trial.start();
    await Promise.all(holders.map((holder) => holder.verify(false)));
    if (trial.faults().length + left.length > 0) break;
  }
  await Promise.all(holders.map((holder) => holder.verify(true)));
  const alarms = product.output.filter((line) => /"level":[56]0/.test(line));
  return [...left, ...trial.faults(), ...alarms];
}

test(`after ${KILLS} times kill -9 every acknowledged act stands, and nothing else does`, async () => {
  const lanes = Array.from({ length: LANES }, () => runLane(KILLS / LANES));
  const faults = (await Promise.all(lanes)).flat();
  expect({ seed: chance.seed, faults }).toEqual({ seed: chance.seed, faults: [] });
  // Else the kills met nothing. On a busy machine few acts are done before the next one.
  const kinds = ['create', 'rotate', 'revoke'].flatMap((act) => [
    `${act} in Discord: done`,
    `${act} over HTTP: done`,
  ]);
  const most = [...kinds, 'create in Discord: unknown', 'create over HTTP: unknown'];
  const seldom = most.filter((kind) => (tally.counts.get(kind) ?? 0) < 1);
  expect(seldom).toEqual([]);
}, 900_000);
