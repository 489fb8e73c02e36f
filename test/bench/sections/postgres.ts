import { execFileSync, spawn } from 'node:child_process';
import { hash } from 'node:crypto';
import { once } from 'node:events';
import { chownSync, existsSync, globSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { eachAwaited } from '../candidates.ts';
import { databaseOf } from '../data.ts';
import { openOurs } from '../ours.ts';
import type { Section } from '../result.ts';
import { race, ratio, typical } from '../rounds.ts';
import { sampleRows, tokenOf } from '../rows.ts';

const SAMPLE = 20_000;
/** PostgreSQL does not run as root; on Linux this is the user that owns nothing. */
const NOBODY = 65_534;

interface Postgres {
  fill(rows: number): Promise<void>;
  check(token: string): Promise<unknown>;
  close(): Promise<void>;
}

export const postgres: Section = {
  name: 'PostgreSQL',
  async run({ usual, quick }) {
    const binaries = findBinaries();
    if (binaries === undefined) return 'skipped: no PostgreSQL (initdb, postgres) on this machine';
    await using server = await startServer(binaries);
    await using ours = openOurs(await databaseOf(usual));
    const peer = await server.connect();
    await peer.fill(usual);
    const rows = sampleRows(usual, SAMPLE);
    const keys = rows.map((index) => hash('sha256', String(index)));
    if ((await peer.check(keys[0] ?? '')) === null)
      throw new Error('PostgreSQL refuses what is good');
    const tokens = rows.map((index) => tokenOf(index));
    const laps = await race(
      [
        eachAwaited('check', tokens, (token) => ours.sessions.verify(token)),
        eachAwaited('statements', keys, (key) => peer.check(key)),
      ],
      { rounds: quick ? 7 : 15, ms: 150, clock: 'wall' },
    );
    await peer.close();
    return [
      { goal: 'G12', value: ratio(laps, 'statements', 'check'), remark: 'over a socket file' },
      { what: 'check', value: typical(laps, 'check'), unit: 'us' },
      { what: 'the three statements', value: typical(laps, 'statements'), unit: 'us' },
    ];
  },
};

/** The folder of initdb and postgres; Debian keeps it out of PATH. */
function findBinaries(): string | undefined {
  const folders = [
    ...globSync('/usr/lib/postgresql/*/bin'),
    ...(process.env['PATH'] ?? '').split(':'),
  ];
  return folders.find((folder) =>
    ['initdb', 'postgres'].every((name) => existsSync(join(folder, name))),
  );
}

/** A server of our own that listens on a socket file only. */
async function startServer(binaries: string) {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-bench-postgres-'));
  const data = join(folder, 'data');
  const isRoot = process.getuid?.() === 0;
  const user = isRoot ? { uid: NOBODY, gid: NOBODY } : {};
  if (isRoot) chownSync(folder, NOBODY, NOBODY);
  execFileSync(join(binaries, 'initdb'), ['-D', data, '-U', 'bench', '-A', 'trust', '-N'], {
    ...user,
    cwd: folder,
    stdio: 'ignore',
  });
  const server = spawn(join(binaries, 'postgres'), ['-D', data, '-k', folder, '-h', ''], {
    ...user,
    cwd: folder,
    stdio: 'ignore',
  });
  const kill = () => server.kill('SIGINT');
  process.on('exit', kill);
  const peer = (await import(new URL('../peers/postgres.js', import.meta.url).href)) as {
    connect(host: string): Promise<Postgres>;
  };
  return {
    async connect(): Promise<Postgres> {
      for (let attempt = 0; ; attempt += 1) {
        try {
          return await peer.connect(folder);
        } catch (error) {
          if (attempt === 100) throw error;
        }
        await delay(50);
      }
    },
    async [Symbol.asyncDispose]() {
      kill();
      if (server.exitCode === null) await once(server, 'exit');
      process.off('exit', kill);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
