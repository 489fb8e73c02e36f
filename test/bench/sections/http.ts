import { type Child, startChild } from '../child.ts';
import { databaseOf, policedDatabaseOf } from '../data.ts';
import { findLoad, type Header, writeHeaders } from '../load.ts';
import { loadPeer, peerData } from '../peers.ts';
import { ASKED } from '../policed.ts';
import type { Plan, Result, Section } from '../result.ts';
import { type Laps, ratio, shuffled, typical } from '../rounds.ts';
import { sampleRows, tokenOf } from '../rows.ts';

const SAMPLE = 20_000;
const ROUNDS = 5;
const QUICK_ROUNDS = 4;
/** Of what differs by a few hundredths, which a round or two cannot tell from the machine's other work. */
const MANY_ROUNDS = 15;
const CLOSE: ReadonlySet<string> = new Set([
  'Latchkey',
  'Latchkey, scopes',
  'Latchkey, a scope asked for',
]);
/** Of what takes many times as long: a little more or less does not matter there. */
const FEW_ROUNDS = 2;
const SLOW: ReadonlySet<string> = new Set([
  'better-auth-key',
  'better-auth-session',
  'express-session',
]);
const PEERS = ['better-auth-key', 'better-auth-session', 'express-session', 'fast-jwt'] as const;

function roundsOf(name: string): number {
  if (CLOSE.has(name)) return MANY_ROUNDS;
  return SLOW.has(name) ? FEW_ROUNDS : ROUNDS;
}

interface Server {
  readonly name: string;
  readonly child: Child;
  readonly url: string;
  readonly headersFile: string;
}

export const http: Section = {
  name: 'HTTP',
  async run(plan) {
    await using children = new AsyncDisposableStack();
    const servers = await startServers(plan, children);
    const { name, send } = findLoad();
    const seconds = plan.quick ? 1 : 3;
    const perSecond = new Map(servers.map((server): [string, number[]] => [server.name, []]));
    const cpu = new Map(servers.map((server): [string, number[]] => [server.name, []]));
    // All at once, to warm up: nobody counts these.
    await Promise.all(servers.map(({ url, headersFile }) => send(url, headersFile, 2)));
    const rounds = plan.quick ? QUICK_ROUNDS : MANY_ROUNDS;
    for (let round = 0; round < rounds; round += 1) {
      for (const server of shuffled(servers, round)) {
        if (round >= roundsOf(server.name)) continue;
        const before = await server.child.usage();
        const load = await send(server.url, server.headersFile, seconds);
        const after = await server.child.usage();
        if (load.failed > 0 || load.requests === 0) {
          throw new Error(`${server.name}: ${load.failed} of ${load.requests} requests failed`);
        }
        perSecond.get(server.name)?.push(load.perSecond);
        cpu.get(server.name)?.push((after.cpu - before.cpu) / load.requests);
      }
    }
    return [...goals(perSecond, cpu), ...details(perSecond, cpu, name)];
  },
};

function goals(perSecond: Laps, cpu: Laps): Result[] {
  // One thread serves at most what its CPU time allows; requests in a second tell of the machine's
  // other work as well.
  const compare = (one: string, other: string) => ({
    value: ratio(cpu, other, one),
    remark: `by requests in a second ${ratio(perSecond, one, other).toFixed(2)}`,
  });
  const against = (other: string) => compare('Latchkey', other);
  const besides = (one: string) => compare(one, 'Latchkey');
  return [
    { goal: 'G6', ...against('node:http') },
    { goal: 'G6b', ...besides('Latchkey, CORS_ORIGINS') },
    { goal: 'G6c', ...besides('Latchkey, a query') },
    { goal: 'G22b', value: ratio(cpu, 'Latchkey, scopes', 'Latchkey') },
    { goal: 'G22c', value: ratio(cpu, 'Latchkey, a scope asked for', 'Latchkey') },
    { goal: 'G7', ...against('Latchkey, fewest rows') },
    { goal: 'G9', ...against('better-auth-key') },
    { goal: 'G9b', ...against('better-auth-session') },
    { goal: 'G10b', ...against('express-session') },
    {
      goal: 'G11',
      value: ratio(cpu, 'fast-jwt', 'Latchkey'),
      remark: `node:http with nothing but the look-up ${ratio(cpu, 'fast-jwt', 'node:http').toFixed(2)}`,
    },
  ];
}

function details(perSecond: Laps, cpu: Laps, load: string): Result[] {
  return [...perSecond.keys()].map((name) => ({
    what: `CPU per request: ${name}`,
    value: typical(cpu, name),
    unit: 'us',
    remark: `${Math.round(typical(perSecond, name))} a second with ${load}`,
  }));
}

async function startServers(plan: Plan, children: AsyncDisposableStack): Promise<Server[]> {
  const { fewest, usual } = plan;
  const servers: Server[] = [];

  async function add(name: string, script: string, args: readonly string[], headers: Header[]) {
    const child = children.use(startChild({ script: `test/bench/servers/${script}.ts`, args }));
    const headersFile = writeHeaders(name.replaceAll(/\W+/g, '-'), headers);
    const url = `http://127.0.0.1:${await child.port}/sessions/@me`;
    const server = { name, child, url, headersFile };
    servers.push(server);
    return server;
  }

  const plain = await add('Latchkey', 'latchkey', [await databaseOf(usual)], tokens(usual));
  servers.push({ ...plain, name: 'Latchkey, a query', url: `${plain.url}?lamp=1` });
  const open = [await databaseOf(usual), 'https://lamps.example'];
  await add('Latchkey, CORS_ORIGINS', 'latchkey', open, tokens(usual));
  const policed = await add(
    'Latchkey, scopes',
    'latchkey',
    ['--policy', await policedDatabaseOf(usual)],
    tokens(usual),
  );
  servers.push({ ...policed, name: 'Latchkey, a scope asked for', url: policed.url + ASKED });
  await add('Latchkey, fewest rows', 'latchkey', [await databaseOf(fewest)], tokens(fewest));
  await add('node:http', 'raw', [await databaseOf(usual)], tokens(usual));
  for (const name of PEERS) {
    const peer = await loadPeer(name);
    const headers = sampleRows(usual, SAMPLE).map((index) => peer.header(index));
    await add(name, 'peer', [name, await peerData(peer, usual)], headers);
  }
  return servers;
}

const tokens = (rows: number): Header[] =>
  sampleRows(rows, SAMPLE).map((index) => ['Authorization', tokenOf(index)]);
