import { commands } from './en/commands.ts';
import { parts } from './en/parts.ts';
import { events } from './en/events.ts';
import { messages } from './en/messages.ts';
import { requests } from './en/requests.ts';
import { refusals } from './en/refusals.ts';
import { staff } from './en/staff.ts';

/**
 * Every word that members and staff read in Discord, in English, which is the source for all other languages.
 * ICU MessageFormat: see {@link ./message-format.ts}. A branch has whole clauses, never a single word, by
 * which its text is told from a value's name. `</token rotate>` becomes a command that can be pressed.
 * `{session}` is the name of a token or login with its last characters; times are Discord's own. Terms are in
 * docs/glossary.md.
 */
export const en = {
  ...parts,
  ...refusals,
  ...commands,
  ...messages,
  ...staff,
  ...events,
  ...requests,
} as const;
