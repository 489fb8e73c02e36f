import {
  type AutocompleteInteraction,
  type ChatInputCommandInteraction,
  DiscordAPIError,
  type Interaction,
  type InteractionEditReplyOptions,
  type InteractionReplyOptions,
  type MessageComponentInteraction,
  MessageFlags,
  RESTJSONErrorCodes,
} from 'discord.js';
import type { Member } from '../core/actor.ts';
import { AppError, type ErrorCode } from '../core/errors.ts';
import type { Log } from '../log.ts';
import type { Meter } from '../metrics.ts';
import {
  type Command,
  type Component,
  type Context,
  REMOVE,
  type Reply,
  type Services,
} from './command.ts';
import { readCustomId } from './custom-id.ts';
import { NOT_YOURS, OUTDATED, refusal, sentence, unknownFailure } from './replies.ts';

export interface DispatchDeps extends Services {
  readonly commands: readonly Command[];
  readonly components: readonly Component[];
  readonly log: Log;
  readonly meter: Meter;
}

/** Refusals in which the surroundings failed: the operator wants to know. */
const OPERATORS: Partial<Record<ErrorCode, true>> = {
  undelivered: true,
  upstream: true,
  unavailable: true,
};

export type Dispatch = (interaction: Interaction) => Promise<void>;

/**
 * The one way in from Discord: acknowledge, find, guard, run, answer. Nothing that a handler does or
 * throws gets past it, and nothing is done for an interaction that could not be acknowledged.
 */
export function createDispatch({
  commands,
  components,
  log,
  sessions,
  deliver,
  clock,
  meter,
}: DispatchDeps): Dispatch {
  const commandsByName = new Map(commands.map((command) => [command.data.name, command]));
  const componentsByName = new Map(components.map((component) => [component.name, component]));

  const contextOf = (actor: Member): Context => ({ actor, sessions, deliver, clock });

  async function runCommand(interaction: ChatInputCommandInteraction): Promise<void> {
    const acknowledged = await acknowledge(interaction, () =>
      interaction.deferReply({ flags: MessageFlags.Ephemeral }),
    );
    if (!acknowledged) return;
    const subcommand = interaction.options.getSubcommand(false) ?? '';
    const handler = own(commandsByName.get(interaction.commandName)?.subcommands, subcommand);
    const reply = await answer(interaction, async (actor) =>
      handler ? handler({ ...contextOf(actor), options: interaction.options }) : OUTDATED,
    );
    await send(interaction, () => interaction.editReply(toMessage(reply.value)));
  }

  /** A component changes the message that it is on; what is refused is said in a message beside it. */
  async function runComponent(interaction: MessageComponentInteraction): Promise<void> {
    if (!(await acknowledge(interaction, () => interaction.deferUpdate()))) return;
    const { component, owner, args } = readCustomId(interaction.customId);
    const handler = componentsByName.get(component);
    const values = interaction.isStringSelectMenu() ? interaction.values : [];
    const reply = await answer(interaction, async (actor) => {
      if (!handler) throw new AppError('restricted', OUTDATED);
      if (owner !== actor.userId) throw new AppError('restricted', NOT_YOURS);
      return handler.run({ ...contextOf(actor), args, values });
    });
    const { refused, value } = reply;
    await send(interaction, () => {
      if (refused) return interaction.followUp(toEphemeral(value));
      if (value === REMOVE) return interaction.deleteReply();
      return interaction.editReply(toCard(value));
    });
  }

  async function suggest(interaction: AutocompleteInteraction): Promise<void> {
    const { name, value } = interaction.options.getFocused(true);
    const key = `${interaction.options.getSubcommand(false) ?? ''} ${name}`;
    const handler = own(commandsByName.get(interaction.commandName)?.autocomplete, key);
    const reply = await answer(interaction, async (actor) => {
      const choices = await handler?.({ ...contextOf(actor), typed: value });
      return choices ?? [];
    });
    await interaction.respond(reply.refused ? [] : reply.value);
  }

  /** If Discord refuses what we send, the member is told so, rather than left to wait. */
  async function send(
    interaction: ChatInputCommandInteraction | MessageComponentInteraction,
    message: () => Promise<unknown>,
  ): Promise<void> {
    try {
      await message();
    } catch (error) {
      if (!(error instanceof DiscordAPIError) || isStale(error)) throw error;
      const { id } = interaction;
      log.error({ err: error, interaction: id }, 'Discord refused an answer');
      await interaction.followUp(toEphemeral(unknownFailure(id)));
    }
  }

  /** Runs a handler and turns whatever it throws into something to read. */
  async function answer<Result>(
    { id, user }: Pick<Interaction, 'id' | 'user'>,
    handle: (actor: Member) => Promise<Result>,
  ): Promise<{ refused: false; value: Result } | { refused: true; value: Reply }> {
    try {
      const actor: Member = { kind: 'member', userId: user.id, requestId: id };
      return { refused: false, value: await handle(actor) };
    } catch (error) {
      if (error instanceof AppError) {
        const level = error.code in OPERATORS ? 'warn' : 'debug';
        log[level]({ err: error, interaction: id, user: user.id }, 'an interaction was refused');
        return { refused: true, value: refusal(error, user.id, clock()) };
      }
      log.error({ err: error, interaction: id, user: user.id }, 'an interaction failed');
      return { refused: true, value: unknownFailure(id) };
    }
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
      log[level]({ err: error, interaction: id }, 'an interaction was let go');
      return false;
    }
  }

  /** As few names as there are commands and components, whatever arrives. */
  function nameOf(interaction: Interaction): string {
    if (interaction.isMessageComponent()) {
      const { component } = readCustomId(interaction.customId);
      return componentsByName.has(component) ? component : 'other';
    }
    if (!interaction.isChatInputCommand() && !interaction.isAutocomplete()) return 'other';
    const { commandName, options } = interaction;
    const subcommand = options.getSubcommand(false) ?? '';
    const known = own(commandsByName.get(commandName)?.subcommands, subcommand);
    return known === undefined ? 'other' : `${commandName} ${subcommand}`;
  }

  return async (interaction) => {
    const arrivedAt = performance.now();
    try {
      if (interaction.isChatInputCommand()) await runCommand(interaction);
      else if (interaction.isMessageComponent()) await runComponent(interaction);
      else if (interaction.isAutocomplete()) await suggest(interaction);
    } catch (error) {
      const level = isStale(error) ? 'debug' : 'warn';
      log[level]({ err: error, interaction: interaction.id }, 'an answer did not reach Discord');
    } finally {
      meter.command(nameOf(interaction), (performance.now() - arrivedAt) / 1000);
    }
  };
}

/** What the record itself has under that name, and nothing that every object has. */
function own<Value>(
  record: Readonly<Record<string, Value>> | undefined,
  name: string,
): Value | undefined {
  return record !== undefined && Object.hasOwn(record, name) ? record[name] : undefined;
}

function toMessage(reply: Reply): InteractionEditReplyOptions {
  return typeof reply === 'string' ? { content: reply } : toCard(reply);
}

/** A message that has been a card stays one: Discord lets no content back in. */
function toCard(reply: Reply): InteractionEditReplyOptions {
  const { components } = typeof reply === 'string' ? sentence(reply) : reply;
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
