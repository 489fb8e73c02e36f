import { hash } from 'node:crypto';

/** One way to do the work, beside others. */
export interface Candidate {
  readonly name: string;
  /** Does it so many times, each time with another key. */
  run(times: number): Promise<void> | void;
}

export interface RaceOptions {
  readonly rounds: number;
  /** How long each candidate may take in each round. */
  readonly ms: number;
  /** CPU time for work in this process, wall time where somebody waits. */
  readonly clock: 'cpu' | 'wall';
}

/** What each candidate took in each round, in microseconds for one time. */
export type Laps = ReadonlyMap<string, readonly number[]>;

/**
 * Runs all candidates in each round, so that whatever else this machine does falls on all of them, each
 * time in another order: who always came after the same one would find what that leaves in the caches.
 */
export async function race(
  candidates: readonly Candidate[],
  { rounds, ms, clock }: RaceOptions,
): Promise<Laps> {
  const laps = new Map(candidates.map(({ name }): [string, number[]] => [name, []]));
  const times = new Map<Candidate, number>();
  for (const candidate of candidates) times.set(candidate, await timesIn(candidate, ms));
  for (let round = 0; round < rounds; round += 1) {
    for (const candidate of shuffled(candidates, round)) {
      const count = times.get(candidate) ?? 1;
      const elapsed = stopwatch(clock);
      await candidate.run(count);
      laps.get(candidate.name)?.push(elapsed() / count);
    }
  }
  return laps;
}

/** In an order that depends on the seed alone. */
export function shuffled<Item>(items: readonly Item[], seed: number): Item[] {
  const keyed = items.map((item, index) => ({ item, key: hash('md5', `${seed} ${index}`) }));
  return keyed.toSorted((one, other) => (one.key < other.key ? -1 : 1)).map(({ item }) => item);
}

/** The median, over the rounds that both ran in, of what the one took by what the other took. */
export function ratio(laps: Laps, one: string, other: string): number {
  const [ones, others] = [lapsOf(laps, one), lapsOf(laps, other)];
  const rounds = Math.min(ones.length, others.length);
  return median(ones.slice(0, rounds).map((lap, round) => lap / (others[round] ?? Number.NaN)));
}

export function typical(laps: Laps, name: string): number {
  return median(lapsOf(laps, name));
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/** The smallest value that at least `share` of them do not exceed. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}

function lapsOf(laps: Laps, name: string): readonly number[] {
  const found = laps.get(name);
  if (found === undefined) throw new Error(`nobody ran as ${name}`);
  return found;
}

/** How often the candidate can do it in `ms`; finding out warms it up. */
async function timesIn(candidate: Candidate, ms: number): Promise<number> {
  for (let count = 1; ; count *= 4) {
    const elapsed = stopwatch('wall');
    await candidate.run(count);
    const took = elapsed();
    if (took > ms * 250) return Math.max(1, Math.round((count * ms * 1_000) / took));
  }
}

function stopwatch(clock: 'cpu' | 'wall'): () => number {
  const read = clock === 'cpu' ? cpuTime : () => performance.now() * 1_000;
  const startedAt = read();
  return () => read() - startedAt;
}

function cpuTime(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}
