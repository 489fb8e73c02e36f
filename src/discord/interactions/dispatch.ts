import {
  type AutocompleteInteraction,
  type BaseInteraction,
  type ChatInputCommandInteraction,
  DiscordAPIError,
  type Interaction,
  type InteractionEditReplyOptions,
  type InteractionReplyOptions,
  type MessageComponentInteraction,
  type MessageContextMenuCommandInteraction,
  MessageFlags,
  PermissionFlagsBits,
  RESTJSONErrorCodes,
} from 'discord.js';
import { BY_DISCORD, type Member, type Staff, type UserId } from '../../core/actor.ts';
import { AppError, ENVIRONMENTAL } from '../../core/errors.ts';
import type { Log } from '../../log.ts';
import type { CommandOutcome, Meter } from '../../metrics.ts';
import {
  NOT_YOURS,
  OUTDATED,
  refusalReply,
  sentenceCard,
  unknownFailure,
} from '../render/replies.ts';
import { type Attachment, Declined, type Reply } from '../render/reply.ts';
import {
  type Command,
  type Component,
  type MessageCommand,
  REMOVE,
  type Services,
} from './command.ts';
import { readCustomId } from './custom-id.ts';
import { oncePerMinute } from './once-per-minute.ts';

export interface DispatchDeps extends Services {
  readonly commands: readonly Command[];
  readonly messageCommands: readonly MessageCommand[];
  readonly components: readonly Component[];
  readonly log: Log;
  readonly meter: Meter;
}

export type Dispatch = (interaction: Interaction) => Promise<void>;

/** What a handler returned, or what is said in its place. */
type Answered<Result> =
  | { readonly refused: false; readonly outcome: 'ok'; readonly value: Result }
  | { readonly refused: true; readonly outcome: 'refused' | 'failed'; readonly value: Reply };

/**
 * The one way in from Discord: acknowledge, find, admit, run, answer. Nothing that a handler does or
 * throws gets past it, and nothing is done for an interaction that could not be acknowledged.
 */
export function createDispatch(deps: DispatchDeps): Dispatch {
  const { commands, messageCommands, components, log, meter, ...services } = deps;
  const { staffChannel } = services;
  const commandsByName = new Map(commands.map((command) => [command.data.name, command]));
  const messageCommandsByName = new Map(messageCommands.map((each) => [each.data.name, each]));
  const componentsByName = new Map(components.map((component) => [component.name, component]));
  const isFirst = oncePerMinute(deps.clock);

  /** Staff, or a refusal that the staff hear of. */
  async function admit(interaction: BaseInteraction, what: string): Promise<Staff> {
    const why = await staffChannel.refusalFor(interaction);
    const { id: requestId, user } = interaction;
    if (why === null) return { kind: 'staff', userId: user.id, requestId };
    if (isFirst(user.id)) await services.staff.noteRefusal(memberOf(interaction), what, why);
    throw new Declined(why);
  }

  async function runCommand(interaction: ChatInputCommandInteraction): Promise<CommandOutcome> {
    const acknowledged = await acknowledge(interaction, () =>
      interaction.deferReply({ flags: MessageFlags.Ephemeral }),
    );
    if (!acknowledged) return 'unanswered';
    const { commandName, options } = interaction;
    const { username } = interaction.user;
    const subcommand = options.getSubcommand(false) ?? '';
    const command = commandsByName.get(commandName);
    const context = { ...services, options, username };
    const reply = await answer(interaction, async () => {
      if (command?.audience === 'staff') {
        const actor = await admit(interaction, `/${commandName} ${subcommand}`);
        return own(command.subcommands, subcommand)?.({ ...context, actor }) ?? OUTDATED;
      }
      const actor = memberOf(interaction);
      return own(command?.subcommands, subcommand)?.({ ...context, actor }) ?? OUTDATED;
    });
    return send(interaction, reply.outcome, () => interaction.editReply(toMessage(reply.value)));
  }

  async function runMessageCommand(
    interaction: MessageContextMenuCommandInteraction,
  ): Promise<CommandOutcome> {
    const acknowledged = await acknowledge(interaction, () =>
      interaction.deferReply({ flags: MessageFlags.Ephemeral }),
    );
    if (!acknowledged) return 'unanswered';
    const command = messageCommandsByName.get(interaction.commandName);
    const { targetMessage: message, channelId, appPermissions } = interaction;
    const mayDelete =
      interaction.guildId !== null && appPermissions.has(PermissionFlagsBits.ManageMessages);
    const reply = await answer(interaction, async () => {
      const actor = memberOf(interaction);
      return (
        (await command?.run({ ...services, actor, message, channelId, mayDelete })) ?? OUTDATED
      );
    });
    return send(interaction, reply.outcome, () => interaction.editReply(toMessage(reply.value)));
  }

  /** A component changes the message that it is on, unless it declares otherwise; what is refused is said beside it. */
  async function runComponent(interaction: MessageComponentInteraction): Promise<CommandOutcome> {
    const { component: name, owner, args } = readCustomId(interaction.customId);
    const component = componentsByName.get(name);
    const isNew = component?.reply === 'new';
    const acknowledged = await acknowledge(interaction, () =>
      isNew ? interaction.deferReply({ flags: MessageFlags.Ephemeral }) : interaction.deferUpdate(),
    );
    if (!acknowledged) return 'unanswered';
    const values = interaction.isStringSelectMenu() ? interaction.values : [];
    const reply = await answer(interaction, async () => {
      if (!component) throw new Declined(OUTDATED);
      if (owner !== interaction.user.id) throw new Declined(NOT_YOURS);
      if (component.audience === 'staff') {
        const actor = await admit(interaction, name);
        return component.run({ ...services, actor, args, values });
      }
      return component.run({ ...services, actor: memberOf(interaction), args, values });
    });
    const { refused, outcome, value } = reply;
    return send(interaction, outcome, () => {
      if (value === REMOVE) return interaction.deleteReply();
      if (isNew) return interaction.editReply(toMessage(value));
      if (refused) return interaction.followUp(toEphemeral(value));
      return interaction.editReply(toCard(value));
    });
  }

  async function suggest(interaction: AutocompleteInteraction): Promise<CommandOutcome> {
    const { options, commandName } = interaction;
    const { name, value: typed } = options.getFocused(true);
    const key = `${options.getSubcommand(false) ?? ''} ${name}`;
    const command = commandsByName.get(commandName);
    const reply = await answer(interaction, async () => {
      if (command?.audience === 'staff') {
        const why = await staffChannel.refusalFor(interaction);
        if (why !== null) return [];
        const { id: requestId, user } = interaction;
        const actor: Staff = { kind: 'staff', userId: user.id, requestId };
        return own(command.autocomplete, key)?.({ ...services, actor, typed, options });
      }
      const actor = memberOf(interaction);
      return own(command?.autocomplete, key)?.({ ...services, actor, typed, options });
    });
    await interaction.respond(reply.refused ? [] : (reply.value ?? []));
    return reply.outcome;
  }

  /** If Discord refuses what we send, the member is told so, rather than left to wait. */
  async function send(
    interaction:
      | ChatInputCommandInteraction
      | MessageContextMenuCommandInteraction
      | MessageComponentInteraction,
    outcome: CommandOutcome,
    message: () => Promise<unknown>,
  ): Promise<CommandOutcome> {
    try {
      await message();
      return outcome;
    } catch (error) {
      if (!(error instanceof DiscordAPIError) || isStale(error)) throw error;
      const { id } = interaction;
      log.error({ err: error, interaction: id }, 'Discord refused an answer');
      await interaction.followUp(toEphemeral(unknownFailure(id)));
      return 'failed';
    }
  }

  /** Runs a handler and turns whatever it throws into something to read. */
  async function answer<Result>(
    { id, user }: Pick<Interaction, 'id' | 'user'>,
    handle: () => Promise<Result>,
  ): Promise<Answered<Result>> {
    try {
      return { refused: false, outcome: 'ok', value: await handle() };
    } catch (error) {
      const reply = replyTo(error, user.id);
      if (reply !== undefined) {
        const isEnvironmental = error instanceof AppError && ENVIRONMENTAL.has(error.code);
        const level = isEnvironmental ? 'warn' : 'debug';
        log[level]({ err: error, interaction: id, user: user.id }, 'an interaction was refused');
        const outcome = isEnvironmental ? 'failed' : 'refused';
        return { refused: true, outcome, value: reply };
      }
      log.error({ err: error, interaction: id, user: user.id }, 'an interaction failed');
      return { refused: true, outcome: 'failed', value: unknownFailure(id) };
    }
  }

  /** What a refusal says; undefined for what is none. */
  function replyTo(error: unknown, userId: UserId): Reply | undefined {
    if (error instanceof Declined) return error.message;
    return error instanceof AppError ? refusalReply(error, userId, deps.clock()) : undefined;
  }

  /** False where another process, or an earlier delivery, has it already, or where it came too late. */
  async function acknowledge(
    { id }: Pick<Interaction, 'id'>,
    acknowledgement: () => Promise<unknown>,
  ): Promise<boolean> {
    try {
      await acknowledgement();
      return true;
    } catch (error) {
      const level = isStale(error) ? 'debug' : 'warn';
      log[level]({ err: error, interaction: id }, 'an interaction could not be acknowledged');
      return false;
    }
  }

  /** As few names as there are commands and components, whatever arrives. */
  function nameOf(interaction: Interaction): string {
    if (interaction.isMessageComponent()) {
      const { component } = readCustomId(interaction.customId);
      return componentsByName.has(component) ? component : 'other';
    }
    if (interaction.isMessageContextMenuCommand()) {
      return messageCommandsByName.has(interaction.commandName) ? interaction.commandName : 'other';
    }
    if (!interaction.isChatInputCommand() && !interaction.isAutocomplete()) return 'other';
    const { commandName, options } = interaction;
    const subcommand = options.getSubcommand(false) ?? '';
    const { subcommands } = commandsByName.get(commandName) ?? {};
    const known = subcommands !== undefined && Object.hasOwn(subcommands, subcommand);
    return known ? `${commandName} ${subcommand}` : 'other';
  }

  return async (interaction) => {
    const arrivedAt = performance.now();
    let outcome: CommandOutcome = 'unanswered';
    try {
      if (interaction.isChatInputCommand()) outcome = await runCommand(interaction);
      else if (interaction.isMessageComponent()) outcome = await runComponent(interaction);
      else if (interaction.isAutocomplete()) outcome = await suggest(interaction);
      else if (interaction.isMessageContextMenuCommand()) {
        outcome = await runMessageCommand(interaction);
      } else
        log.debug({ interaction: interaction.id }, 'an interaction of a kind that we do not use');
    } catch (error) {
      const level = isStale(error) ? 'debug' : 'warn';
      log[level]({ err: error, interaction: interaction.id }, 'an answer did not reach Discord');
    } finally {
      meter.command(nameOf(interaction), (performance.now() - arrivedAt) / 1000, outcome);
    }
  };
}

function memberOf({ id: requestId, user }: Pick<BaseInteraction, 'id' | 'user'>): Member {
  return { kind: 'member', userId: user.id, requestId, credential: BY_DISCORD };
}

/** What the record itself has under that name, and nothing that every object has. */
function own<Value>(
  record: Readonly<Record<string, Value>> | undefined,
  name: string,
): Value | undefined {
  return record !== undefined && Object.hasOwn(record, name) ? record[name] : undefined;
}

function toMessage(reply: Reply | Attachment): InteractionEditReplyOptions {
  if (typeof reply === 'string') return { content: reply };
  return 'files' in reply ? toFiles(reply) : toCard(reply);
}

function toFiles({ content, files }: Attachment): InteractionEditReplyOptions {
  return { content, files: files.map(({ name, data }) => ({ name, attachment: data })) };
}

/** A message that has been a card stays one: Discord lets no content back in. */
function toCard(reply: Reply): InteractionEditReplyOptions {
  const { components } = typeof reply === 'string' ? sentenceCard(reply) : reply;
  return { components, flags: MessageFlags.IsComponentsV2 };
}

function toEphemeral(reply: Reply): InteractionReplyOptions {
  if (typeof reply === 'string') return { content: reply, flags: MessageFlags.Ephemeral };
  const { components } = reply;
  return { components, flags: MessageFlags.IsComponentsV2 | MessageFlags.Ephemeral };
}

/** Answered already, too late, or the member closed what would be changed. */
function isStale(error: unknown): boolean {
  return (
    error instanceof DiscordAPIError &&
    (error.code === RESTJSONErrorCodes.UnknownInteraction ||
      error.code === RESTJSONErrorCodes.InteractionHasAlreadyBeenAcknowledged ||
      error.code === RESTJSONErrorCodes.UnknownMessage)
  );
}
