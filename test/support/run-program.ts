import { execFile } from 'node:child_process';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Runs a program of this repository to its end. */
export async function runProgram(
  ...program: readonly string[]
): Promise<{ readonly code: number | null; readonly said: string }> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, program, { cwd: ROOT }, (_, out, error) => {
      resolve({ code: child.exitCode, said: out + error });
    });
  });
}
