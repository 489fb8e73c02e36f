import type {
  APIApplicationCommandOptionChoice,
  APIInteraction,
  APIMessageInteractionMetadata,
  APIModalInteractionResponseCallbackData,
  InteractionType,
  MessageType,
} from 'discord-api-types/v10';
import { randomBytes } from 'node:crypto';
import {
  alreadyAcknowledged,
  emptyMessage,
  invalidForm,
  invalidWebhookToken,
  unknownInteraction,
  unknownMessage,
  unknownWebhook,
} from './errors.ts';
import { asList, asNumber, asObject, asString, type Json } from './json.ts';
import type { LocalMessage, Messages, UploadedFile } from './messages.ts';
import { checkModal } from './modal-rules.ts';
import { Callback, Flag, Installation, Kind, Message } from './numbers.ts';
import { snowflake } from './snowflake.ts';
import type { LocalChannel, Person, World } from './world.ts';

const TOKEN_LIFETIME_MS = 15 * 60_000;

const ALLOWED_CALLBACKS: Readonly<Record<number, readonly number[]>> = {
  [Kind.Command]: [Callback.Message, Callback.DeferredMessage, Callback.Modal],
  [Kind.Component]: [
    Callback.Message,
    Callback.DeferredMessage,
    Callback.DeferredUpdate,
    Callback.Update,
    Callback.Modal,
  ],
  [Kind.Autocomplete]: [Callback.Autocomplete],
  [Kind.Modal]: [
    Callback.Message,
    Callback.DeferredMessage,
    Callback.DeferredUpdate,
    Callback.Update,
  ],
};

export interface AcceptedCallback {
  readonly type: number;
  readonly data: Json | undefined;
  readonly at: number;
  /** From the member's act to the acknowledgement. */
  readonly ackMs: number;
}

/** What a member did and what came of it. It stays current while the bot edits its answer. */
export interface Exchange {
  readonly interactionId: string;
  readonly token: string;
  /** The first callback that was accepted. */
  readonly callback: AcceptedCallback | undefined;
  /** Whether only the member sees the answer. */
  readonly ephemeral: boolean;
  /** What the member sees as the answer: the reply, or the message that the component is on. */
  readonly reply: LocalMessage | undefined;
  readonly followups: readonly LocalMessage[];
  /** All that can be read in `reply`; empty while it is deferred and once it is deleted. */
  readonly text: string;
  readonly modal: APIModalInteractionResponseCallbackData | undefined;
  readonly choices: readonly APIApplicationCommandOptionChoice[];
  /** Fulfilled when nothing more is to come; rejected with `Unanswered`. */
  readonly settled: Promise<Exchange>;
}

/** The bot did not answer in time, or deferred and never filled the deferral. */
export class Unanswered extends Error {
  readonly exchange: Exchange;

  constructor(exchange: Exchange, message: string) {
    super(message);
    this.name = 'Unanswered';
    this.exchange = exchange;
  }
}

export interface InteractionInit {
  readonly kind: InteractionType;
  readonly by: Person;
  readonly channel: LocalChannel;
  /** What was done, for messages about it. */
  readonly label: string;
  readonly replyType?: MessageType;
  /** The message that the component is on. */
  readonly source?: LocalMessage;
  readonly data: unknown;
}

export class Interaction implements Exchange {
  readonly interactionId = snowflake();
  readonly token = Buffer.from(
    `interaction:${this.interactionId}:${randomBytes(64).toString('base64url')}`,
  ).toString('base64url');
  readonly createdAt = Date.now();
  readonly init: InteractionInit;
  readonly followups: LocalMessage[] = [];
  readonly settled: Promise<Exchange>;
  readonly #settlement = Promise.withResolvers<Exchange>();
  payload: APIInteraction | undefined;
  callback: AcceptedCallback | undefined;
  original: LocalMessage | undefined;
  modal: APIModalInteractionResponseCallbackData | undefined;
  choices: readonly APIApplicationCommandOptionChoice[] = [];
  expired = false;

  constructor(init: InteractionInit) {
    this.init = init;
    this.settled = this.#settlement.promise;
    // Nobody has to wait for it.
    this.settled.catch(() => {});
  }

  get reply(): LocalMessage | undefined {
    return this.original?.loading === true ? undefined : this.original;
  }

  get ephemeral(): boolean {
    return this.original?.ephemeral ?? false;
  }

  get text(): string {
    return this.reply === undefined || this.reply.deleted ? '' : this.reply.text;
  }

  settle(): void {
    // After the request that settles it is answered and recorded.
    setImmediate(() => {
      this.#settlement.resolve(this);
    });
  }

  giveUp(reason: string): void {
    this.#settlement.reject(new Unanswered(this, `${this.init.label}: ${reason}`));
  }
}

export interface InteractionsInit {
  readonly world: World;
  readonly messages: Messages;
  readonly deadlineMs: number;
  readonly settleMs: number;
  /** Whether an answer that others see, too, is a violation. */
  readonly privateAnswers: boolean;
  readonly report: (violation: string) => void;
}

/** Interactions from the member's act to the last edit of the answer. */
export class Interactions {
  readonly #init: InteractionsInit;
  readonly #all = new Map<string, Interaction>();
  readonly #timers = new Set<NodeJS.Timeout>();

  constructor(init: InteractionsInit) {
    this.#init = init;
  }

  open(init: InteractionInit): Interaction {
    const interaction = new Interaction(init);
    this.#all.set(interaction.interactionId, interaction);
    this.#after(this.#init.deadlineMs, () => {
      if (interaction.callback === undefined) {
        interaction.giveUp(`the application did not respond within ${this.#init.deadlineMs} ms`);
      }
    });
    this.#after(this.#init.settleMs, () => {
      interaction.giveUp(`acknowledged, but not answered within ${this.#init.settleMs} ms`);
    });
    return interaction;
  }

  find(exchange: Exchange): Interaction {
    const interaction = this.#all.get(exchange.interactionId);
    if (interaction === undefined) throw new Error(`unknown exchange ${exchange.interactionId}`);
    return interaction;
  }

  stop(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    for (const interaction of this.#all.values()) interaction.giveUp('the local Discord stopped');
  }

  /** `POST /interactions/{id}/{token}/callback`; answers what `with_response` asks for. */
  respond(id: string, token: string, body: Json, files: readonly UploadedFile[], at: number): Json {
    const interaction = this.#all.get(id);
    if (interaction === undefined || interaction.token !== token) throw unknownInteraction();
    if (interaction.callback !== undefined) throw alreadyAcknowledged();
    const { label, kind } = interaction.init;
    const ackMs = at - interaction.createdAt;
    if (ackMs > this.#init.deadlineMs) {
      this.#init.report(
        `${label}: first callback after ${ackMs} ms, ${this.#init.deadlineMs} are allowed`,
      );
      throw unknownInteraction();
    }
    const type = asNumber(body['type']) ?? 0;
    const allowed = (ALLOWED_CALLBACKS[kind] ?? []).filter(
      (candidate) =>
        interaction.init.source !== undefined ||
        (candidate !== Callback.Update && candidate !== Callback.DeferredUpdate),
    );
    if (!allowed.includes(type)) {
      throw invalidForm({
        at: ['type'],
        code: 'BASE_TYPE_CHOICES',
        message: `Value must be one of {${allowed.join(', ')}}.`,
      });
    }
    const data = asObject(body['data']);
    this.#apply(interaction, type, data, files);
    interaction.callback = {
      type,
      data: body['data'] === undefined || body['data'] === null ? undefined : data,
      at,
      ackMs,
    };
    if (type !== Callback.DeferredMessage && type !== Callback.DeferredUpdate) interaction.settle();
    return describeCallback(interaction, type);
  }

  /** The message that a webhook route names. */
  message(token: string, id: string): { interaction: Interaction; message: LocalMessage } {
    const interaction = this.#byToken(token);
    const message =
      id === '@original'
        ? interaction.original
        : [interaction.original, ...interaction.followups].find((known) => known?.id === id);
    if (message === undefined || message.deleted) throw unknownMessage();
    return { interaction, message };
  }

  edit(token: string, id: string, body: Json, files: readonly UploadedFile[]): LocalMessage {
    const { interaction, message } = this.message(token, id);
    this.#init.messages.edit(message, body, files);
    if (message === interaction.original) interaction.settle();
    return message;
  }

  delete(token: string, id: string): void {
    const { interaction, message } = this.message(token, id);
    this.#init.messages.delete(message);
    if (message === interaction.original) interaction.settle();
  }

  /** `POST /webhooks/{application}/{token}`. */
  followUp(token: string, body: Json, files: readonly UploadedFile[]): LocalMessage {
    const interaction = this.#byToken(token);
    const { original } = interaction;
    // Straight after a deferral it fills the deferral, as Discord documents for its own history.
    if (original?.loading === true) {
      this.#init.messages.edit(original, body, files);
      interaction.settle();
      return original;
    }
    const message = this.#create(interaction, body, files);
    interaction.followups.push(message);
    interaction.settle();
    return message;
  }

  #byToken(token: string): Interaction {
    const interaction = [...this.#all.values()].find((candidate) => candidate.token === token);
    if (interaction?.callback === undefined) throw unknownWebhook();
    if (interaction.expired || Date.now() - interaction.createdAt > TOKEN_LIFETIME_MS) {
      throw invalidWebhookToken();
    }
    return interaction;
  }

  #apply(interaction: Interaction, type: number, data: Json, files: readonly UploadedFile[]): void {
    const { source, label } = interaction.init;
    switch (type) {
      case Callback.Message:
      case Callback.DeferredMessage:
        interaction.original = this.#create(
          interaction,
          data,
          files,
          type === Callback.DeferredMessage,
        );
        if (this.#init.privateAnswers && ((asNumber(data['flags']) ?? 0) & Flag.Ephemeral) === 0) {
          this.#init.report(`${label}: the first answer (type ${type}) is not ephemeral`);
        }
        return;
      case Callback.DeferredUpdate:
        interaction.original = source;
        return;
      case Callback.Update:
        if (source !== undefined) this.#init.messages.edit(source, data, files);
        interaction.original = source;
        return;
      case Callback.Autocomplete:
        interaction.choices = choicesOf(data);
        return;
      case Callback.Modal:
        checkModal(data);
        interaction.modal = data as unknown as APIModalInteractionResponseCallbackData;
        return;
      default:
        throw emptyMessage();
    }
  }

  #create(
    interaction: Interaction,
    body: Json,
    files: readonly UploadedFile[],
    loading = false,
  ): LocalMessage {
    const { world, messages } = this.#init;
    return messages.create({
      channel: interaction.init.channel,
      author: world.bot,
      applicationId: world.applicationId,
      body,
      files,
      loading,
      type: interaction.init.replyType ?? Message.Default,
      interaction: metadata(interaction),
      answers: interaction.init.label,
    });
  }

  #after(ms: number, act: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      act();
    }, ms);
    timer.unref();
    this.#timers.add(timer);
  }
}

/** Whom the app is installed for, as interactions and their messages tell it. */
export function integrationOwners(channel: LocalChannel): Record<0, string> {
  return { [Installation.Guild]: channel.kind === 'server' ? channel.server.id : '0' };
}

function metadata(interaction: Interaction): APIMessageInteractionMetadata {
  const { by, channel, kind, source } = interaction.init;
  return {
    id: interaction.interactionId,
    type: kind,
    user: by.user,
    authorizing_integration_owners: integrationOwners(channel),
    ...(kind === Kind.Component ? { interacted_message_id: source?.id } : {}),
    ...(kind === Kind.Modal
      ? {
          triggering_interaction_metadata: {
            id: interaction.interactionId,
            type: Kind.Command,
            user: by.user,
            authorizing_integration_owners: integrationOwners(channel),
          },
        }
      : {}),
    // The library's type is a union that no object with an open kind satisfies.
  } as unknown as APIMessageInteractionMetadata;
}

function choicesOf(data: Json): APIApplicationCommandOptionChoice[] {
  const choices = asList(data['choices']).map(asObject);
  if (choices.length > 25) {
    throw invalidForm({
      at: ['data', 'choices'],
      code: 'BASE_TYPE_BAD_LENGTH',
      message: 'Must be between 0 and 25 in length.',
    });
  }
  choices.forEach((choice, index) => {
    const lengths = [
      ['name', asString(choice['name'])?.length ?? 0, 1],
      ['value', asString(choice['value'])?.length ?? 1, 0],
    ] as const;
    for (const [member, length, least] of lengths) {
      if (length >= least && length <= 100) continue;
      throw invalidForm({
        at: ['data', 'choices', index, member],
        code: 'BASE_TYPE_BAD_LENGTH',
        message: `Must be between ${least} and 100 in length.`,
      });
    }
  });
  // Each was checked above.
  return choices as unknown as APIApplicationCommandOptionChoice[];
}

function describeCallback(interaction: Interaction, type: number): Json {
  const { original } = interaction;
  return {
    interaction: {
      id: interaction.interactionId,
      type: interaction.init.kind,
      channel_id: interaction.init.channel.id,
      ...(original === undefined
        ? {}
        : {
            response_message_id: original.id,
            response_message_loading: original.loading,
            response_message_ephemeral: original.ephemeral,
          }),
    },
    // Only a message that is whole is described to come along.
    ...(original !== undefined && (type === Callback.Message || type === Callback.Update)
      ? { resource: { type, message: original.raw } }
      : {}),
  };
}
