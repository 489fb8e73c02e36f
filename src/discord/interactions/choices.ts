import type { Words } from '../words/words.ts';
import type { Choice } from './command.ts';

/** How many Discord shows while somebody types. */
export const MOST_CHOICES = 25;

/** The first of the choices; if there are more than Discord has room for, the last line says so. */
export function offer(
  words: Words,
  choices: readonly Choice[],
  total = choices.length,
): readonly Choice[] {
  if (total <= MOST_CHOICES) return choices;
  const shown = choices.slice(0, MOST_CHOICES - 1);
  const more = words('choice.more', { count: total - shown.length });
  return [...shown, { name: more, value: more }];
}
