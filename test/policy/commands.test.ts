import {
  type APIApplicationCommandBasicOption,
  type APIApplicationCommandOption,
  ApplicationCommandOptionType,
  PermissionFlagsBits,
} from 'discord.js';
import { describe, expect, it } from 'vitest';
import {
  components,
  memberCommands,
  staffCommands,
} from '../../src/discord/interactions/commands/index.ts';

const commands = memberCommands(undefined);

const NAME = /^[\p{Ll}\p{N}_-]{1,32}$/u;

const isCompleted = (option: APIApplicationCommandBasicOption) =>
  'autocomplete' in option && (option.autocomplete ?? false);

interface Subcommand {
  readonly name: string;
  readonly options: readonly APIApplicationCommandBasicOption[];
}

function subcommandsOf(options: readonly APIApplicationCommandOption[]): Subcommand[] {
  return options.flatMap((option) =>
    option.type === ApplicationCommandOptionType.Subcommand
      ? [{ name: option.name, options: option.options ?? [] }]
      : [],
  );
}

/** Everything that has a name and a description, from the command down. */
function everythingIn(node: {
  readonly name: string;
  readonly description: string;
  readonly choices?: readonly unknown[];
  readonly options?: readonly APIApplicationCommandOption[] | undefined;
}): { name: string; description: string; choices?: readonly unknown[] }[] {
  const inner = (node.options ?? []).flatMap((option) =>
    everythingIn(option as Parameters<typeof everythingIn>[0]),
  );
  return [node, ...inner];
}

describe.each(
  [...commands, ...staffCommands([])].map((command) => [command.data.name, command] as const),
)('/%s', (_, { audience, data, subcommands, autocomplete = {} }) => {
  const offered = subcommandsOf(data.options ?? []);
  const completed = offered.flatMap(({ name, options }) =>
    options.filter((option) => isCompleted(option)).map((option) => `${name} ${option.name}`),
  );

  it('has names and descriptions that Discord takes', () => {
    const all = everythingIn(data);
    expect(all.length).toBeGreaterThan(1);
    const wrong = all.filter(
      ({ name, description }) =>
        !NAME.test(name) || description.length < 1 || description.length > 100,
    );
    expect(wrong).toEqual([]);
  });

  it('stays within what Discord allows for one command', () => {
    expect(offered.length).toBeLessThanOrEqual(25);
    expect(new Set(offered.map(({ name }) => name)).size).toBe(offered.length);
    for (const { options } of offered) {
      expect(options.length).toBeLessThanOrEqual(25);
      const required = options.map((option) => option.required ?? false);
      // Those that are required come first.
      expect(required).toEqual([...required.filter(Boolean), ...required.filter((each) => !each)]);
      for (const option of options) {
        const { choices = [] } = option as { choices?: readonly unknown[] };
        expect(isCompleted(option) && choices.length > 0).toBe(false);
      }
    }
    const size = everythingIn(data)
      .map(({ name, description }) => name.length + description.length)
      .reduce((sum, length) => sum + length, 0);
    expect(size).toBeLessThanOrEqual(8_000);
  });

  it('has 25 choices at most for any option', () => {
    const tooMany = everythingIn(data).filter(({ choices = [] }) => choices.length > 25);
    expect(tooMany.map(({ name }) => name)).toEqual([]);
  });

  it('has a handler for each subcommand that it offers, and no other', () => {
    expect(Object.keys(subcommands).toSorted()).toEqual(offered.map(({ name }) => name).toSorted());
  });

  it('has a handler for each option that is completed, and no other', () => {
    expect(Object.keys(autocomplete).toSorted()).toEqual(completed.toSorted());
  });

  it('is for everyone in servers and direct messages, or for staff in their server', () => {
    expect(data.contexts).toEqual(audience === 'member' ? [0, 1] : [0]);
    expect(data.integration_types).toEqual([0]);
    const needed = audience === 'member' ? null : String(PermissionFlagsBits.ManageGuild);
    expect(data.default_member_permissions ?? null).toBe(needed);
  });

  it('takes each text with a limit', () => {
    const unbounded = offered
      .flatMap(({ options }) => options)
      .filter(({ type }) => type === ApplicationCommandOptionType.String)
      .filter((option) => !('max_length' in option || 'choices' in option));
    expect(unbounded).toEqual([]);
  });
});

describe('the registries', () => {
  it('have each command and each component once', () => {
    for (const names of [
      commands.map(({ data }) => data.name),
      components.map(({ name }) => name),
    ]) {
      expect(names.length).toBeGreaterThan(0);
      expect(new Set(names).size).toBe(names.length);
    }
  });

  it('have component names that a custom id can carry', () => {
    for (const { name } of components) expect(name).toMatch(/^[a-z-]{1,20}$/);
  });
});
