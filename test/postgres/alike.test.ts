import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { play } from './play.ts';

test('whoever uses every command and every route is answered alike over both engines', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-alike-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const [inFile, onServer] = await Promise.all([
    play(`file:${join(folder, 'latchkey.db')}`),
    play(),
  ]);
  expect(inFile.length).toBeGreaterThan(700);
  expect(onServer).toEqual(inFile);
});
