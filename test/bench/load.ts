import { execFile, execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { FOLDER } from './data.ts';

const run = promisify(execFile);
const path = (name: string) => fileURLToPath(new URL(name, import.meta.url));

/** What a second or so of requests came to. */
export interface Load {
  readonly perSecond: number;
  readonly requests: number;
  /** Whatever was not answered with 200. */
  readonly failed: number;
}

export type Header = readonly [name: string, value: string];

/** Sends requests with these headers, in turn, over 32 connections unless told. */
export type SendLoad = (
  url: string,
  headersFile: string,
  seconds: number,
  connections?: number,
) => Promise<Load>;

/** One header a line, for the programs that send them. */
export function writeHeaders(name: string, headers: readonly Header[]): string {
  const file = join(FOLDER, `${name}.headers`);
  writeFileSync(file, headers.map((header) => `${header.join('\t')}\n`).join(''));
  return file;
}

/** wrk where it is installed, since it leaves more of the machine to the server; else autocannon. */
export function findLoad(): { readonly name: string; readonly send: SendLoad } {
  try {
    execFileSync('wrk', ['--version'], { stdio: 'ignore' });
  } catch (error) {
    // It ends with 1 for its own version.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT')
      return { name: 'autocannon', send: send(autocannon) };
  }
  return { name: 'wrk', send: send(wrk) };
}

type Command = (...load: Required<Parameters<SendLoad>>) => readonly [string, string[]];

const wrk: Command = (url, headersFile, seconds, connections) => [
  'wrk',
  ['-t1', `-c${connections}`, `-d${seconds}s`, '-s', path('load.lua'), url, '--', headersFile],
];

const autocannon: Command = (url, headersFile, seconds, connections) => [
  process.execPath,
  [path('peers/autocannon.js'), url, headersFile, String(connections), String(seconds)],
];

/** Both print what they counted as JSON, in the last line. */
function send(command: Command): SendLoad {
  return async (url, headersFile, seconds, connections = 32) => {
    const { stdout } = await run(...command(url, headersFile, seconds, connections));
    const { requests, us, failed } = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as {
      requests: number;
      us: number;
      failed: number;
    };
    return { requests, failed, perSecond: (requests * 1e6) / us };
  };
}
