import type { Sessions } from '../../../src/core/sessions/sessions.ts';
import { hashToken } from '../../../src/core/sessions/token.ts';
import { each, eachAwaited } from '../candidates.ts';
import { databaseOf, policedDatabaseOf } from '../data.ts';
import { openOurs } from '../ours.ts';
import { openBare } from '../outline.ts';
import { loadPeer, peerData, type PeerName } from '../peers.ts';
import { POLICY } from '../policed.ts';
import type { Plan, Result, Section } from '../result.ts';
import { type Candidate, race, ratio, typical } from '../rounds.ts';
import { sampleRows, tokenOf } from '../rows.ts';

const SAMPLE = 20_000;
const PEERS = ['better-auth-key', 'better-auth-session', 'express-session'] as const;

export const core: Section = {
  name: 'core',
  async run(plan) {
    const { usual, quick } = plan;
    await using ours = await openBoth(usual);
    const { bare, sessions, store, tokens, hashes } = ours;
    const peers: Awaited<ReturnType<typeof openPeer>>[] = [];
    for (const name of PEERS) peers.push(await openPeer(name, usual));
    const unknown = tokens.map((_, index) => tokenOf(index, 'unknown'));
    // The dearest kind: all is right but the checksum.
    const malformed = tokens.map((token) => token.slice(0, -1) + (token.endsWith('0') ? '1' : '0'));
    const laps = await race(
      [
        checking('check', sessions, tokens),
        checking('unknown', sessions, unknown),
        checking('malformed', sessions, malformed),
        each('get', hashes, (hash) => bare.get(hash)),
        each('hash + get', tokens, (token) => bare.hashAndGet(token)),
        each('outline', tokens, (token) => bare.verify(token)),
        // What a port that may be a network away costs by itself.
        eachAwaited('awaited outline', tokens, async (token) => (async () => bare.verify(token))()),
        eachAwaited('joined', hashes, (hash) => store.findByToken(hash)),
        ...peers.map(({ candidate }) => candidate),
      ],
      { rounds: quick ? 9 : 15, ms: 80, clock: 'cpu' },
    );
    for (const { close } of peers) close();
    return [
      { goal: 'G1', value: ratio(laps, 'hash + get', 'check') },
      { goal: 'G1b', value: ratio(laps, 'get', 'check') },
      {
        goal: 'G2',
        value: ratio(laps, 'outline', 'check'),
        remark: `against one that is awaited, as ours is, ${ratio(laps, 'awaited outline', 'check').toFixed(2)}`,
      },
      { goal: 'G3', value: ratio(laps, 'get', 'joined') },
      ...(await growth(plan)),
      { goal: 'G5', value: ratio(laps, 'unknown', 'check') },
      { goal: 'G5b', value: ratio(laps, 'malformed', 'check') },
      ...(await scopes(plan)),
      { goal: 'G8', value: ratio(laps, 'better-auth-key', 'check') },
      { goal: 'G8b', value: ratio(laps, 'better-auth-session', 'check') },
      { goal: 'G10', value: ratio(laps, 'express-session', 'check') },
      ...[...laps.keys()].map((name): Result => ({
        what: `CPU: ${name}`,
        value: typical(laps, name),
        unit: 'us',
      })),
    ];
  },
};

async function growth({ fewest, most, quick }: Plan): Promise<Result[]> {
  await using few = await openBoth(fewest);
  await using many = await openBoth(most);
  const laps = await race(
    [few, many].flatMap(({ rows, bare, sessions, tokens, hashes }) => [
      checking(`check ${rows}`, sessions, tokens),
      each(`get ${rows}`, hashes, (hash) => bare.get(hash)),
    ]),
    { rounds: quick ? 9 : 15, ms: 80, clock: 'cpu' },
  );
  const ofCheck = ratio(laps, `check ${most}`, `check ${fewest}`);
  const ofGet = ratio(laps, `get ${most}`, `get ${fewest}`);
  return [
    { goal: 'G4', value: ofCheck, remark: `${fewest} to ${most} rows` },
    { goal: 'G4b', value: ofCheck / ofGet },
  ];
}

/** By themselves, since others would keep the pages of one of the two files in the processor's caches. */
async function scopes({ usual, quick }: Plan): Promise<Result[]> {
  await using plain = openOurs(await databaseOf(usual));
  await using policed = openOurs(await policedDatabaseOf(usual), POLICY);
  const tokens = sampleRows(usual, SAMPLE).map((index) => tokenOf(index));
  const laps = await race(
    [checking('plain', plain.sessions, tokens), checking('policed', policed.sessions, tokens)],
    { rounds: quick ? 15 : 25, ms: 80, clock: 'cpu' },
  );
  return [{ goal: 'G22', value: ratio(laps, 'policed', 'plain') }];
}

/** Latchkey and the bare driver, on the same rows. */
async function openBoth(rows: number) {
  const file = await databaseOf(rows);
  const ours = openOurs(file);
  const bare = openBare(file);
  const tokens = sampleRows(rows, SAMPLE).map((index) => tokenOf(index));
  return {
    ...ours,
    rows,
    bare,
    tokens,
    hashes: tokens.map(hashToken),
    async [Symbol.asyncDispose]() {
      bare.close();
      await ours[Symbol.asyncDispose]();
    },
  };
}

async function openPeer(name: PeerName, rows: number) {
  const peer = await loadPeer(name);
  const open = peer.open?.(await peerData(peer, rows));
  if (open === undefined || !(await open.check(0))) throw new Error(`${name} refuses what is good`);
  const candidate = eachAwaited(name, sampleRows(rows, SAMPLE), (index) => open.check(index));
  return { candidate, close: () => open.close() };
}

function checking(name: string, sessions: Sessions, tokens: readonly string[]): Candidate {
  return eachAwaited(name, tokens, (token) => sessions.verify(token));
}
