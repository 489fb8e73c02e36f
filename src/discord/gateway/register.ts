import { type RESTPostAPIApplicationCommandsJSONBody, Routes } from 'discord.js';
import { isDeepStrictEqual } from 'node:util';
import type { Rest } from '../rest.ts';
import type { RegisteredCommand } from './command-mentions.ts';

/** What we say of a command. Discord's copy has more: ids, versions and defaults. */
const FIELDS = [
  'type',
  'name',
  'description',
  'options',
  'required',
  'choices',
  'value',
  'autocomplete',
  'min_length',
  'max_length',
  'min_value',
  'max_value',
  'contexts',
  'integration_types',
  'default_member_permissions',
];

/**
 * Makes Discord's list of our commands, global ones or those in a server, the given one. Writes only if they differ: Discord
 * counts the writes of a day.
 * @returns whether it wrote, and what Discord has now
 */
export async function registerCommands(
  rest: Pick<Rest, 'get' | 'put'>,
  applicationId: string,
  wanted: readonly RESTPostAPIApplicationCommandsJSONBody[],
  serverId?: string,
): Promise<{ readonly wrote: boolean; readonly commands: readonly RegisteredCommand[] }> {
  const route =
    serverId === undefined
      ? Routes.applicationCommands(applicationId)
      : Routes.applicationGuildCommands(applicationId, serverId);
  const present = (await rest.get(route)) as Present[];
  if (isDeepStrictEqual(outline(byName(present)), outline(byName(wanted)))) {
    return { wrote: false, commands: present };
  }
  const written = (await rest.put(route, { body: wanted })) as Present[];
  return { wrote: true, commands: written };
}

type Present = RESTPostAPIApplicationCommandsJSONBody & RegisteredCommand;

function byName(commands: readonly RESTPostAPIApplicationCommandsJSONBody[]) {
  return commands.toSorted((one, other) => (one.name < other.name ? -1 : 1));
}

/** The fields that we set, without those that say the default. */
function outline(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(outline);
  if (typeof value !== 'object' || value === null) return value;
  const fields = value as Record<string, unknown>;
  return Object.fromEntries(
    FIELDS.filter((field) => !isDefault(fields[field])).map((field) => [
      field,
      outline(fields[field]),
    ]),
  );
}

function isDefault(value: unknown): boolean {
  return (
    value === undefined ||
    value === null ||
    value === '' ||
    value === false ||
    (Array.isArray(value) && value.length === 0)
  );
}
