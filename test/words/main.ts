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
