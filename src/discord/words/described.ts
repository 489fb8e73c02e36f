import { english, type Key } from './words.ts';

/** How Discord's list of commands describes a command or an option. */
export const described = (key: Extract<Key, `command.${string}`>) => ({
  description: english(key),
});

/** One of an option's choices. */
export const choice = <Value extends string>(
  key: Extract<Key, `command.${string}` | `grace.${string}` | `kinds.${string}`>,
  value: Value,
) => ({ name: english(key), value });
