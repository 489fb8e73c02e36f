/**
 * `npm run words -- --pseudo` shows each word of the program in Discord that stands in no catalogue: it
 * walks through the program with every sentence of the catalogue in marked letters.
 */
import process from 'node:process';
import { en } from '../../src/discord/words/en.ts';
import { pseudo, untranslated } from './pseudo.ts';

if (!process.argv.includes('--pseudo')) {
  console.error('Usage: npm run words -- --pseudo');
  process.exit(2);
}

const messages = en as Record<string, string>;
for (const [key, message] of Object.entries(messages)) messages[key] = pseudo(message);

// What is imported from here on reads the marked catalogue: descriptions of commands, too.
process.on('unhandledRejection', (e)=>{console.error((e as Error).message);process.exit(3)}); // TMP
const { walk, VALUES } = await import('../scenes/walk.ts');

/** All that is read in what goes out to Discord. */
function* textsIn(node: unknown): Generator<string> {
  if (Array.isArray(node)) for (const each of node) yield* textsIn(each);
  if (typeof node !== 'object' || node === null || Array.isArray(node)) return;
  const { name, value, type } = node as Record<string, unknown>;
  // Of a choice, or of a command in a menu: other names are typed, in every language the same.
  const isRead = value !== undefined || ((type === 2 || type === 3) && !('description' in node));
  if (isRead && typeof name === 'string') yield name;
  for (const [key, inner] of Object.entries(node)) {
    if (typeof inner !== 'string') yield* textsIn(inner);
    else if (READ.has(key)) yield inner;
  }
}
const READ = new Set([
  'content',
  'label',
  'placeholder',
  'description',
  'title',
  'custom_message',
]);

const found = new Set<string>();
let count = 0;
for (const text of textsIn(await walk())) {
  count += 1;
  const words = untranslated(text, VALUES);
  if (words.length > 0) found.add(`${words.join(' ')}\n    in: ${text.replaceAll('\n', '\n        ')}`);
}
for (const each of found) console.error(each);
console.log(`${count} texts were sent, ${found.size} with words that are in no catalogue`);
process.exitCode = found.size === 0 ? 0 : 1;
