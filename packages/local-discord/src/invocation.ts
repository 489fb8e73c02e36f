import type {
  APIApplicationCommand,
  APIApplicationCommandInteractionDataOption,
  APIApplicationCommandOption,
} from 'discord-api-types/v10';
import { type Commands, isNesting } from './commands.ts';
import { Command, Context, Option, Permission } from './numbers.ts';
import { snowflake } from './snowflake.ts';

export type OptionValue = string | number | boolean;

export interface Place {
  /** Undefined in the DM with the bot. */
  readonly serverId: string | undefined;
  readonly permissions: bigint;
}

export interface InvocationInit {
  readonly line: string;
  readonly values: Readonly<Record<string, OptionValue>>;
  readonly place: Place;
  /** The option that is being typed. */
  readonly focused?: string;
  /** Skips every check, and the need to be registered. */
  readonly raw?: boolean;
}

export interface Invocation {
  readonly command: Pick<APIApplicationCommand, 'id' | 'name' | 'guild_id'>;
  readonly options: APIApplicationCommandInteractionDataOption[];
  /** The ids among the values, by what they are of. */
  readonly userIds: readonly string[];
  readonly roleIds: readonly string[];
  readonly channelIds: readonly string[];
}

interface Found {
  readonly command: Invocation['command'];
  readonly path: readonly string[];
  readonly declared: readonly APIApplicationCommandOption[];
}

/** What Discord's client would send, or an error that says why it would not. */
export function invoke(commands: Commands, init: InvocationInit): Invocation {
  const { values, focused } = init;
  const { command, path, declared } =
    init.raw === true ? findOrInvent(commands, init) : findAndCheck(commands, init);
  const userIds: string[] = [];
  const roleIds: string[] = [];
  const channelIds: string[] = [];
  const leaves = Object.entries(values).map(([name, value]) => {
    const type = declared.find((option) => option.name === name)?.type ?? guessType(value);
    if (type === Option.User || type === Option.Mentionable) userIds.push(String(value));
    if (type === Option.Role || type === Option.Mentionable) roleIds.push(String(value));
    if (type === Option.Channel) channelIds.push(String(value));
    return { name, type, value, ...(name === focused ? { focused: true } : {}) };
  });
  const options = path.toReversed().reduce<unknown[]>((inner, name, index) => {
    const type = index === 0 ? Option.Subcommand : Option.SubcommandGroup;
    return [{ name, type, options: inner }];
  }, leaves) as APIApplicationCommandInteractionDataOption[];
  return { command, options, userIds, roleIds, channelIds };
}

/** Whether Discord's client lists the command in that place. */
export function isOffered(command: APIApplicationCommand, place: Place): boolean {
  try {
    checkPlace(command, place);
    return true;
  } catch {
    return false;
  }
}

/** Refuses what Discord's client would not offer in that place. */
export function checkPlace(command: APIApplicationCommand, place: Place): void {
  const context = place.serverId === undefined ? Context.BotDm : Context.Guild;
  const offered =
    command.guild_id === undefined
      ? (command.contexts?.includes(context) ??
        (context === Context.Guild || command.dm_permission !== false))
      : command.guild_id === place.serverId;
  if (!offered) {
    const where = place.serverId === undefined ? 'the DM with the bot' : 'a server';
    throw new Error(`/${command.name} is not offered in ${where}`);
  }
  const needed = command.default_member_permissions;
  if (place.serverId === undefined || needed === null) return;
  if ((place.permissions & Permission.Administrator) !== 0n) return;
  if (needed === '0' || (place.permissions & BigInt(needed)) !== BigInt(needed)) {
    throw new Error(`/${command.name} is hidden from a member without permissions ${needed}`);
  }
}

function findAndCheck(commands: Commands, init: InvocationInit): Found {
  const { line, place, values, focused } = init;
  const [name = '', ...path] = steps(line);
  const command = commands.find(name, Command.ChatInput, place.serverId);
  if (command === undefined) throw new Error(`no command /${name} is registered here`);
  checkPlace(command, place);
  let declared = command.options ?? [];
  for (const step of path) {
    const option = declared.find((candidate) => candidate.name === step);
    if (option?.type !== Option.Subcommand && option?.type !== Option.SubcommandGroup) {
      throw new Error(`/${name} has no subcommand ${path.join(' ')}`);
    }
    declared = option.options ?? [];
  }
  if (declared.some((option) => isNesting(option.type))) {
    throw new Error(`/${line} needs a subcommand`);
  }
  for (const given of Object.keys(values)) {
    if (!declared.some((option) => option.name === given)) {
      throw new Error(`/${line} has no option ${given}`);
    }
  }
  for (const option of declared) {
    const value = values[option.name];
    if (value !== undefined) {
      // What is being typed may be anything yet.
      if (option.name !== focused) checkValue(`/${line} ${option.name}:`, option, value);
    } else if ('required' in option && option.required && focused === undefined) {
      throw new Error(`/${line} needs the option ${option.name}`);
    }
  }
  const typed = declared.find((option) => option.name === focused);
  if (
    focused !== undefined &&
    !(typed !== undefined && 'autocomplete' in typed && typed.autocomplete)
  ) {
    throw new Error(`/${line} ${focused}: has no autocomplete`);
  }
  return { command, path, declared };
}

function findOrInvent(commands: Commands, init: InvocationInit): Found {
  const [name = '', ...path] = steps(init.line);
  const command = commands.find(name, Command.ChatInput, init.place.serverId);
  let declared = command?.options ?? [];
  for (const step of path) {
    const option = declared.find((candidate) => candidate.name === step);
    declared = (option !== undefined && 'options' in option ? option.options : undefined) ?? [];
  }
  return { command: command ?? { id: snowflake(), name }, path, declared };
}

function steps(line: string): string[] {
  return line.replace(/^\//, '').trim().split(/\s+/);
}

function checkValue(label: string, option: APIApplicationCommandOption, value: OptionValue): void {
  const refuse = (reason: string): never => {
    throw new Error(`${label} ${reason}, got ${JSON.stringify(value)}`);
  };
  switch (option.type) {
    case Option.String: {
      if (typeof value !== 'string') return refuse('takes a string');
      if (value === '') return refuse('cannot be empty');
      if (value.length > (option.max_length ?? 6000))
        refuse(`takes ${option.max_length ?? 6000} characters at most`);
      if (value.length < (option.min_length ?? 0))
        refuse(`takes ${option.min_length} characters at least`);
      break;
    }
    case Option.Integer:
    case Option.Number: {
      if (typeof value !== 'number') return refuse('takes a number');
      if (option.type === Option.Integer && !Number.isSafeInteger(value))
        refuse('takes an integer');
      if (value > (option.max_value ?? 2 ** 53)) refuse(`takes ${option.max_value} at most`);
      if (value < (option.min_value ?? -(2 ** 53))) refuse(`takes ${option.min_value} at least`);
      break;
    }
    case Option.Boolean:
      if (typeof value !== 'boolean') refuse('takes a boolean');
      break;
    case Option.User:
    case Option.Role:
    case Option.Channel:
    case Option.Mentionable:
      if (typeof value !== 'string' || !/^\d+$/.test(value)) refuse('takes an id');
      break;
    default:
      refuse('is of a kind that is not played here');
  }
  const choices: readonly { value: OptionValue }[] =
    'choices' in option ? (option.choices ?? []) : [];
  if (choices.length > 0 && !choices.some((choice) => choice.value === value)) {
    refuse(`takes one of ${choices.map((choice) => JSON.stringify(choice.value)).join(', ')}`);
  }
}

function guessType(value: OptionValue): APIApplicationCommandOption['type'] {
  switch (typeof value) {
    case 'boolean':
      return Option.Boolean;
    case 'number':
      return Number.isInteger(value) ? Option.Integer : Option.Number;
    default:
      return Option.String;
  }
}
