import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from '../support/free-port.ts';
import { ask } from './ask.ts';

const DOCUMENT = new URL('../../docs/proxies.md', import.meta.url);
const WITHIN_MS = 15_000;

/** Where a proxy finds what it stands between. */
interface Ports {
  readonly api: number;
  readonly latchkey: number;
}

/** Whether it also asks for scopes, by the changes that the document shows. */
interface Place extends Ports {
  readonly asksScopes: boolean;
  readonly folder: string;
  readonly front: number;
}

/** How to run the lines of the document. Only addresses, and what has to stand around them, are ours. */
interface Kind {
  readonly command: (place: Place) => readonly [string, ...string[]];
  /** By name, in the folder. */
  readonly files: (place: Place) => Promise<Readonly<Record<string, string>>>;
}

const KINDS = {
  nginx: {
    command: ({ folder }) => ['nginx', '-p', folder, '-c', 'nginx.conf'],
    async files(place) {
      const { folder, front } = place;
      const lines = await shown('nginx', place, { 'listen 80;': `listen 127.0.0.1:${front};` });
      const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
        .map((name) => `${name}_temp_path ${folder}/${name};`)
        .join('\n');
      return {
        'nginx.conf': `daemon off;
          user ${userInfo().username};
          pid ${folder}/nginx.pid;
          error_log ${folder}/error.log;
          events {}
          http { access_log off; ${temporary} ${lines} }`,
      };
    },
  },
  Caddy: {
    command: ({ folder }) => [
      'caddy',
      'run',
      '--adapter',
      'caddyfile',
      '--config',
      `${folder}/Caddyfile`,
    ],
    async files(place) {
      const address = `http://api.example.com:${place.front} {`;
      const lines = await shown('caddy', place, { 'api.example.com {': address });
      return { Caddyfile: `{\n  admin off\n  default_bind 127.0.0.1\n}\n${lines}` };
    },
  },
  HAProxy: {
    command: ({ folder }) => ['haproxy', '-db', '-f', `${folder}/haproxy.cfg`],
    async files(place) {
      const { folder, front } = place;
      const lines = await shown('haproxy', place, {
        '/etc/haproxy/latchkey.lua': `${folder}/latchkey.lua`,
        'bind :80': `bind 127.0.0.1:${front}`,
      });
      return { 'haproxy.cfg': lines, 'latchkey.lua': await shown('lua', place) };
    },
  },
} as const satisfies Readonly<Record<string, Kind>>;

export type ProxyName = keyof typeof KINDS;

export const PROXY_NAMES = Object.keys(KINDS) as readonly ProxyName[];

/** The lines of the document in this language, with these addresses. */
async function shown(
  language: string,
  { api, latchkey, asksScopes }: Place,
  more: Readonly<Record<string, string>> = {},
): Promise<string> {
  const document = await readFile(DOCUMENT, 'utf8');
  const [block, ...others] = Array.from(
    document.matchAll(new RegExp(`^\`\`\`${language}\n([\\s\\S]*?)^\`\`\``, 'gm')),
    ([, lines = '']) => lines,
  );
  if (block === undefined || others.length > 0) throw new Error(`not one block of ${language}`);
  const changes = asksScopes ? changesIn(document, language) : [];
  let lines = changes
    .reduce(change, block)
    .replaceAll('127.0.0.1:3000', `127.0.0.1:${api}`)
    .replaceAll('127.0.0.1:8080', `127.0.0.1:${latchkey}`);
  for (const [from, to] of Object.entries(more)) {
    if (!lines.includes(`\n${from}`) && !lines.includes(` ${from}`)) {
      throw new Error(`the lines of ${language} have no ${from}`);
    }
    lines = lines.replaceAll(from, to);
  }
  return lines;
}

interface Change {
  readonly from: string;
  readonly to: string;
}

/** What the document changes in the lines of this language, where the proxy is to ask for scopes. */
function changesIn(document: string, language: string): readonly Change[] {
  const pattern = new RegExp(`^\`\`\`diff ${language}\n([\\s\\S]*?)^\`\`\``, 'm');
  const lines = pattern.exec(document)?.[1];
  if (lines === undefined) throw new Error(`no change of the lines of ${language}`);
  return lines.split('\n\n').map((hunk) => ({ from: side(hunk, '+'), to: side(hunk, '-') }));
}

/** The lines of a change but for those with this mark. */
function side(hunk: string, without: '+' | '-'): string {
  const lines = hunk.split('\n').filter((line) => line !== '' && !line.startsWith(without));
  return lines.map((line) => line.slice(1)).join('\n');
}

function change(lines: string, { from, to }: Change): string {
  if (lines.split(from).length !== 2) throw new Error(`not once there, to be changed: ${from}`);
  return lines.replace(from, () => to);
}

/** None outlives the tests, however those end. */
const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** The real program, with the lines of the document. */
export async function startProxy(name: ProxyName, ports: Ports, { asksScopes = false } = {}) {
  const kind: Kind = KINDS[name];
  const folder = await mkdtemp(join(tmpdir(), `latchkey-${name.toLowerCase()}-`));
  const place = { ...ports, asksScopes, folder, front: await freePort() };
  for (const [file, content] of Object.entries(await kind.files(place))) {
    await writeFile(join(folder, file), content);
  }
  const [command, ...args] = kind.command(place);
  const output: string[] = [];
  const child = spawn(command, args, {
    env: {
      PATH: process.env['PATH'],
      HOME: folder,
      XDG_DATA_HOME: folder,
      XDG_CONFIG_HOME: folder,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => output.push(chunk.toString()));
  }
  let hasEnded = false;
  const ended = once(child, 'exit')
    .catch((error: unknown) => output.push(String(error)))
    .finally(() => {
      hasEnded = true;
      running.delete(child);
    });

  const until = performance.now() + WITHIN_MS;
  while (!(await answers(place.front))) {
    if (hasEnded || performance.now() > until) {
      throw new Error(`${name} did not start:\n${output.join('')}`);
    }
    await delay(50);
  }
  return {
    port: place.front,
    async stop() {
      child.kill('SIGTERM');
      await ended;
      await rm(folder, { recursive: true });
    },
  };
}

export type Proxy = Awaited<ReturnType<typeof startProxy>>;

async function answers(port: number): Promise<boolean> {
  return ask(port).then(
    () => true,
    () => false,
  );
}
