import { execFileSync } from 'node:child_process';
import { closeSync, fsyncSync, openSync, rmSync, writeSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A small disk of its own. */
export interface Disk extends AsyncDisposable {
  readonly path: string;
  /** Leaves no byte. */
  fill(): void;
  /** Makes room again. */
  free(): void;
}

/** Null where nothing may be mounted. */
export async function mountDisk(size: string): Promise<Disk | null> {
  const path = await mkdtemp(join(tmpdir(), 'latchkey-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'none', path], { stdio: 'ignore' });
  } catch {
    await rm(path, { recursive: true });
    return null;
  }
  const filler = join(path, 'filler');
  return {
    path,
    fill() {
      const descriptor = openSync(filler, 'a');
      for (const block of [Buffer.alloc(65_536), Buffer.alloc(1)]) writeAll(descriptor, block);
      fsyncSync(descriptor);
      closeSync(descriptor);
    },
    free: () => rmSync(filler, { force: true }),
    async [Symbol.asyncDispose]() {
      execFileSync('umount', ['-l', path]);
      await rm(path, { recursive: true });
    },
  };
}

/** Until there is no room for it any more. */
function writeAll(descriptor: number, block: Buffer): void {
  try {
    while (writeSync(descriptor, block) > 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  }
}
