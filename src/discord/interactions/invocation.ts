import {
  type APIApplicationCommandInteractionDataOption,
  type APIInteraction,
  type APIMessage,
  type APIUser,
  ApplicationCommandOptionType,
  ApplicationCommandType,
  ComponentType,
  InteractionContextType,
  InteractionType,
} from 'discord.js';
import type { UserId } from '../../core/actor.ts';
import { type CustomId, readCustomId } from './custom-id.ts';

export interface Person {
  readonly id: UserId;
  /** Discord's name of the account. */
  readonly username: string;
  readonly isBot: boolean;
}

/** Who asks, where, and what they may do there: all of it from Discord, nothing from what was typed. */
export interface Origin {
  /** Of the interaction, and of what comes of it in the audit. */
  readonly id: string;
  readonly user: Person;
  /** The language of their Discord client. */
  readonly locale: string;
  readonly channelId: string | null;
  /** Null outside of servers. */
  readonly serverId: string | null;
  /** What they are in the server, by roles and by permissions in the channel. */
  readonly member: { readonly roles: readonly string[]; readonly permissions: bigint } | null;
  /** Whether it was asked in the conversation with the bot, where its direct messages are. */
  readonly isInBotDm: boolean;
  /** What the bot may do in the channel. */
  readonly appPermissions: bigint;
}

/** What was given with a subcommand, by the names of its options; null for what was not. */
export interface Options {
  text(name: string): string | null;
  user(name: string): Person | null;
  /** While a command is still being typed, Discord says of a user no more than this. */
  userId(name: string): UserId | null;
}

/** The message on which a component is. */
export interface PressedMessage {
  readonly id: string;
  readonly channelId: string;
  readonly content: string;
  /** As Discord tells them. */
  readonly components: readonly unknown[];
}

/** What somebody did in Discord, whichever way it reached us. */
export type Invocation = Origin &
  (
    | {
        readonly kind: 'command';
        readonly name: string;
        readonly subcommand: string;
        readonly options: Options;
      }
    | {
        readonly kind: 'autocomplete';
        readonly name: string;
        readonly subcommand: string;
        readonly options: Options;
        /** The option that is being typed, and what of it is there. */
        readonly focused: { readonly name: string; readonly typed: string };
      }
    | { readonly kind: 'message_command'; readonly name: string; readonly message: APIMessage }
    | { readonly kind: 'user_command'; readonly name: string; readonly target: Person }
    | ({ readonly kind: 'component' } & Press)
    | ({ readonly kind: 'modal' } & Press)
    | { readonly kind: 'unknown' }
  );

/** A component that was used, or the modal that it opened and that was sent. */
interface Press {
  readonly customId: CustomId;
  /** What was chosen in a select menu. */
  readonly values: readonly string[];
  /** What was typed or chosen in the modal, by the custom ids of its fields. */
  readonly fields: ReadonlyMap<string, string>;
  readonly message: PressedMessage;
}

export type Kind = Invocation['kind'];
export type InvocationOf<K extends Kind> = Extract<Invocation, { readonly kind: K }>;

/** Reads what Discord sends (its page "Receiving and Responding", Interaction Object). */
export function readInvocation(raw: APIInteraction): Invocation {
  const origin = readOrigin(raw);
  switch (raw.type) {
    case InteractionType.ApplicationCommand:
      return { ...origin, ...readCommand(raw) };
    case InteractionType.ApplicationCommandAutocomplete: {
      const { subcommand, given } = readGiven(raw.data.options);
      const focused = given.find((each) => 'focused' in each && each.focused);
      const typed = focused !== undefined && 'value' in focused ? String(focused.value) : '';
      return {
        ...origin,
        kind: 'autocomplete',
        name: raw.data.name,
        subcommand,
        options: readOptions(given, {}),
        focused: { name: focused?.name ?? '', typed },
      };
    }
    case InteractionType.MessageComponent: {
      const { data } = raw;
      return {
        ...origin,
        kind: 'component',
        customId: readCustomId(data.custom_id),
        values: data.component_type === ComponentType.Button ? [] : data.values,
        fields: new Map(),
        message: readMessage(raw.message),
      };
    }
    case InteractionType.ModalSubmit: {
      const { data, message } = raw;
      // No command of ours opens one.
      if (message === undefined) return { ...origin, ...UNKNOWN };
      return {
        ...origin,
        kind: 'modal',
        customId: readCustomId(data.custom_id),
        values: [],
        fields: new Map(fieldsIn(data.components)),
        message: readMessage(message),
      };
    }
    default:
      return { ...origin, kind: 'unknown' };
  }
}

function readOrigin(raw: APIInteraction): Origin {
  const { id, member, channel_id: inChannel, guild_id: serverId } = raw;
  const user = member?.user ?? raw.user;
  if (user === undefined) throw new TypeError('an interaction of nobody');
  return {
    id,
    user: readPerson(user),
    locale: 'locale' in raw ? raw.locale : 'en-US',
    channelId: raw.channel?.id ?? inChannel ?? null,
    serverId: serverId ?? null,
    member:
      member === undefined
        ? null
        : { roles: member.roles, permissions: BigInt(member.permissions) },
    isInBotDm: raw.context === InteractionContextType.BotDM,
    appPermissions: BigInt(raw.app_permissions),
  };
}

function readMessage({ id, channel_id: channelId, content, components = [] }: APIMessage) {
  return { id, channelId, content, components } satisfies PressedMessage;
}

function readPerson({ id, username, bot = false }: APIUser): Person {
  return { id, username, isBot: bot };
}

type CommandInteraction = Extract<APIInteraction, { type: InteractionType.ApplicationCommand }>;

function readCommand({ data }: CommandInteraction) {
  const { name } = data;
  switch (data.type) {
    case ApplicationCommandType.ChatInput: {
      const { subcommand, given } = readGiven(data.options);
      const options = readOptions(given, data.resolved?.users ?? {});
      return { kind: 'command', name, subcommand, options } as const;
    }
    case ApplicationCommandType.Message: {
      const message = data.resolved.messages[data.target_id];
      return message === undefined
        ? UNKNOWN
        : ({ kind: 'message_command', name, message } as const);
    }
    case ApplicationCommandType.User: {
      const user = data.resolved.users[data.target_id];
      if (user === undefined) return UNKNOWN;
      return { kind: 'user_command', name, target: readPerson(user) } as const;
    }
    default:
      return UNKNOWN;
  }
}

const UNKNOWN = { kind: 'unknown' } as const;

type Given = readonly APIApplicationCommandInteractionDataOption[];

/** What stands under the one subcommand. */
function readGiven(options: Given = []): { readonly subcommand: string; readonly given: Given } {
  const [first] = options;
  if (first?.type !== ApplicationCommandOptionType.Subcommand) {
    return { subcommand: '', given: options };
  }
  return { subcommand: first.name, given: first.options ?? [] };
}

function readOptions(given: Given, users: Readonly<Record<string, APIUser>>): Options {
  const valueOf = (name: string, type: ApplicationCommandOptionType): string | null => {
    const found = given.find((each) => each.name === name && each.type === type);
    return found !== undefined && 'value' in found ? String(found.value) : null;
  };
  const userId = (name: string) => valueOf(name, ApplicationCommandOptionType.User);
  return {
    text: (name) => valueOf(name, ApplicationCommandOptionType.String),
    userId,
    user(name) {
      const user = users[userId(name) ?? ''];
      return user === undefined ? null : readPerson(user);
    },
  };
}

/** Fields stand in rows, or each under its label; what was chosen in a menu counts by its first value. */
function* fieldsIn(node: unknown): Generator<readonly [string, string]> {
  if (Array.isArray(node)) {
    for (const each of node) yield* fieldsIn(each);
    return;
  }
  if (typeof node !== 'object' || node === null) return;
  const { custom_id: id, value, values, component, components } = node as Record<string, unknown>;
  const chosen: unknown = Array.isArray(values) ? values[0] : value;
  if (typeof id === 'string' && typeof chosen === 'string') yield [id, chosen];
  yield* fieldsIn(component);
  yield* fieldsIn(components);
}
