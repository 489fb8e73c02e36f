/**
 * `npm run pictures` draws each picture in docs/pictures whose message has changed, `-- --all` every one,
 * and `-- --check` none: it fails where one is stale, and needs no browser.
 */
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { contentHash } from './content.ts';
import { drawScenes } from './draw.ts';
import { playScenes } from './scenes.ts';

const FOLDER = new URL('../../docs/pictures/', import.meta.url);
/** Of which content each picture is. */
const LIST = new URL('content.json', FOLDER);

const how = process.argv[2];
if (how !== undefined && how !== '--all' && how !== '--check') {
  console.error('Usage: npm run pictures [-- --all | --check]');
  process.exit(2);
}

const scenes = await playScenes();
const content = Object.fromEntries([...scenes].map(([name, scene]) => [name, contentHash(scene)]));
const drawn = JSON.parse(await readFile(LIST, 'utf8').catch(() => '{}')) as Record<string, string>;
const files = new Set(await readdir(FOLDER).catch(() => []));
const extra = [...files].filter((file) => file.endsWith('.png') && !scenes.has(file.slice(0, -4)));
const stale = [...scenes.keys()].filter(
  (name) => how === '--all' || drawn[name] !== content[name] || !files.has(`${name}.png`),
);

if (how === '--check') {
  for (const each of [...stale, ...extra]) console.error(`stale: docs/pictures/${each}`);
  if (stale.length + extra.length > 0) {
    console.error('Run: npm run pictures');
    process.exitCode = 1;
  }
} else {
  const wanted = new Map([...scenes].filter(([name]) => stale.includes(name)));
  const pictures = wanted.size > 0 ? await drawScenes(wanted) : new Map<string, Buffer>();
  for (const [name, picture] of pictures) {
    await writeFile(new URL(`${name}.png`, FOLDER), picture);
    console.log(`${fileURLToPath(FOLDER)}${name}.png, ${picture.length} bytes`);
  }
  for (const file of extra) await rm(new URL(file, FOLDER));
  await writeFile(LIST, `${JSON.stringify(content, null, 2)}\n`);
}
console.log(`${scenes.size} messages, ${stale.length} of them changed`);
