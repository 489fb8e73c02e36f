import type { RESTPostAPIApplicationCommandsJSONBody } from 'discord.js';
import { describe, expect, it } from 'vitest';
import { registerCommands } from '../../../src/discord/gateway/register.ts';
import { memberCommands } from '../../../src/discord/interactions/commands/index.ts';

const commands = memberCommands(undefined);

const wanted = commands.map(({ data }) => data);
type Tree = Record<string, unknown>;

/** What Discord returns for a command: the same with ids and every default written out. */
function asDiscordHasIt(command: RESTPostAPIApplicationCommandsJSONBody, index: number): Tree {
  return {
    id: `${index}`,
    application_id: '1',
    version: '2',
    default_member_permissions: null,
    dm_permission: true,
    nsfw: false,
    name_localizations: null,
    description_localizations: null,
    // Walked as the JSON that it is.
    ...withDefaults(command as unknown as Tree),
  };
}

function withDefaults(node: Tree): Tree {
  const options = node['options'] as Tree[] | undefined;
  const choices = node['choices'] as Tree[] | undefined;
  const isOption = 'type' in node && !('contexts' in node);
  return {
    ...(isOption
      ? { required: false, autocomplete: false, name_localizations: null, options: [] }
      : {}),
    ...Object.fromEntries(Object.entries(node).toReversed()),
    ...(options ? { options: options.map(withDefaults) } : {}),
    ...(choices ? { choices: choices.map((each) => ({ name_localizations: null, ...each })) } : {}),
  };
}

function createDiscord(present: readonly unknown[]) {
  const writes: { route: string; body: unknown }[] = [];
  const routes: string[] = [];
  return {
    writes,
    routes,
    rest: {
      get: async (route: string) => {
        routes.push(route);
        return structuredClone(present);
      },
      put: async (route: string, options?: { body?: unknown }) => {
        writes.push({ route, body: options?.body });
        return options?.body;
      },
    },
  };
}

const copy = () => structuredClone(wanted.map(asDiscordHasIt));

/** Something inside the copy, by its path. */
function at(node: unknown, ...path: (string | number)[]): Tree {
  return path.reduce<unknown>((inner, key) => (inner as Tree)[key], node) as Tree;
}

describe('registering commands', () => {
  it('writes all of them where there are none', async () => {
    const { rest, writes, routes } = createDiscord([]);
    expect((await registerCommands(rest, '42', wanted)).wrote).toBe(true);
    expect(routes).toEqual(['/applications/42/commands']);
    expect(writes).toEqual([{ route: '/applications/42/commands', body: wanted }]);
  });

  it('writes nothing where Discord has them with ids, versions and defaults, in other order', async () => {
    const { rest, writes } = createDiscord(copy().toReversed());
    expect((await registerCommands(rest, '42', wanted)).wrote).toBe(false);
    expect(writes).toEqual([]);
  });

  it.each<[string, (present: Tree[]) => unknown]>([
    ['a description', (all) => (at(all, 0)['description'] = 'other')],
    ['a command too many', (all) => all.push({ ...at(all, 0), name: 'old' })],
    ['a command too few', (all) => all.pop()],
    ['a command of another kind', (all) => (at(all, 0)['type'] = 2)],
    ['where it may be used', (all) => (at(all, 0)['contexts'] = [0])],
    ['how it may be installed', (all) => (at(all, 0)['integration_types'] = [0, 1])],
    ['who may use it', (all) => (at(all, 0)['default_member_permissions'] = '32')],
    ["a subcommand's name", (all) => (at(all, 0, 'options', 0)['name'] = 'other')],
    [
      'the order of subcommands',
      (all) => {
        const command = at(all, 0);
        command['options'] = (command['options'] as unknown[]).toReversed();
      },
    ],
    [
      'whether an option is required',
      (all) => (at(all, 1, 'options', 0, 'options', 0)['required'] = false),
    ],
    [
      'whether an option is completed',
      (all) => (at(all, 1, 'options', 0, 'options', 1)['autocomplete'] = false),
    ],
    [
      'how long an option may be',
      (all) => (at(all, 1, 'options', 0, 'options', 0)['max_length'] = 81),
    ],
    ['a choice', (all) => (at(all, 0, 'options', 1, 'options', 0, 'choices', 0)['value'] = 'x')],
    [
      'an option too many',
      (all) =>
        // Here the tree has a list.
        (at(all, 1, 'options', 0, 'options') as unknown as Tree[]).push({
          type: 3,
          name: 'x',
          description: 'x',
        }),
    ],
  ])('writes where %s differs', async (_, change) => {
    const present = copy();
    change(present);
    const { rest, writes } = createDiscord(present);
    expect((await registerCommands(rest, '42', wanted)).wrote).toBe(true);
    expect(writes).toHaveLength(1);
  });

  it('tells of a failure', async () => {
    const { rest } = createDiscord([]);
    const refused = { ...rest, put: () => Promise.reject(new Error('no')) };
    await expect(registerCommands(refused, '/applications/42/commands', wanted)).rejects.toThrow(
      'no',
    );
  });
});
