/**
 * `npm run words -- --pseudo` shows each word of the program in Discord that stands in no catalogue: it
 * walks through the program with every sentence of the catalogue in marked letters.
 */
import process from 'node:process';
import { en } from '../../src/discord/words/en.ts';
import { pseudo, textsIn, untranslated } from './pseudo.ts';

if (process.argv[2] !== '--pseudo') {
  console.error('Usage: npm run words -- --pseudo');
  process.exit(2);
}

const said = new Set<string>();
for (const [key, message] of Object.entries(en)) {
  const marked = pseudo(message);
  const get = (): string => {
    said.add(key);
    return marked;
  };
  Object.defineProperty(en, key, { get });
}

// What is imported from here on reads the marked catalogue: descriptions of commands, too.
const { walk, VALUES } = await import('../scenes/walk.ts');

const found = new Set<string>();
let count = 0;
for (const text of textsIn(await walk())) {
  count += 1;
  const words = untranslated(text, VALUES);
  if (words.length > 0) found.add(`${words.join(' ')}\n    in: ${text}`);
}
for (const each of found) console.error(each);
const unsaid = Object.keys(en).filter((key) => !said.has(key));
if (unsaid.length > 0) console.log(`Never said here: ${unsaid.join(', ')}`);
console.log(`${count} texts were sent, ${found.size} of them with words that are in no catalogue`);
process.exitCode = found.size === 0 ? 0 : 1;
