import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const USAGE = new URL('servers/usage.js', import.meta.url).href;

export interface Usage {
  /** Since it started, in microseconds. */
  readonly cpu: number;
  readonly rss: number;
}

/** A process beside this one. It ends with this one, however that ends. */
export interface Child extends AsyncDisposable {
  readonly startedAt: number;
  /** The port in its message, or in its log where it is Latchkey itself. */
  readonly port: Promise<number>;
  usage(): Promise<Usage>;
}

export interface ChildInit {
  /** Below the root of the project. */
  readonly script: string;
  /** Of Node's. */
  readonly flags?: readonly string[];
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

export function startChild({ script, flags = [], args = [], env = {} }: ChildInit): Child {
  const startedAt = performance.now();
  const child = spawn(process.execPath, [...flags, '--import', USAGE, script, ...args], {
    cwd: ROOT,
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const output: string[] = [];
  const port = portOf(child, output);
  // Whoever needs the port is told; for whoever does not, a failed start shows in what comes next.
  port.catch(() => {});
  return {
    startedAt,
    port,
    async usage() {
      child.send('usage');
      const [usage] = (await once(child, 'message')) as [Usage];
      return usage;
    },
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null) return;
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}

async function portOf(child: ChildProcess, output: string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('exit', () => reject(new Error(`a process ended:\n${output.join('\n')}`)));
    child.on('message', (message: { port?: number }) => {
      if (message.port !== undefined) resolve(message.port);
    });
    for (const stream of [child.stdout, child.stderr]) {
      if (stream === null) continue;
      createInterface({ input: stream }).on('line', (line) => {
        output.push(line);
        const found = /HTTP listens on 127\.0\.0\.1, port (\d+)/.exec(line)?.[1];
        if (found !== undefined) resolve(Number(found));
      });
    }
  });
}
