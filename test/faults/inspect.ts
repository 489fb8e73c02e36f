import { fork } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Inspection } from './inspector.ts';

export interface Inspector extends AsyncDisposable {
  inspect(databaseFile: string): Promise<Inspection>;
}

/**
 * Looks into database files, in a process of its own. Into copies, since whoever opens a file that was left
 * behind mends it, and that is for the product to do.
 */
export async function startInspector(): Promise<Inspector> {
  const child = fork(new URL('./inspector.ts', import.meta.url), { execArgv: [] });
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-inspect-'));
  let copies = 0;
  return {
    async inspect(databaseFile) {
      copies += 1;
      const copy = join(folder, `${copies}.db`);
      await copyFile(databaseFile, copy);
      await copyFile(`${databaseFile}-wal`, `${copy}-wal`).catch(() => {});
      child.send(copy);
      const [inspection] = (await once(child, 'message')) as [Inspection];
      await rm(copy);
      return inspection;
    },
    async [Symbol.asyncDispose]() {
      child.kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
