import {
  type APIInteraction,
  type APIModalInteractionResponseCallbackData,
  InteractionResponseType,
  MessageFlags,
  type RawFile,
  type RequestData,
  type RouteLike,
  Routes,
} from 'discord.js';
import type { Attachment, Card } from '../render/reply.ts';
import type { Choice } from './command.ts';

/** A sentence, a card or a sentence with a file; Discord turns no message from one into another. */
export type Body = { readonly content: string } | Card | Attachment;

/**
 * How one interaction is answered: first by one of `defer`, `reply`, `open` and `suggest`, within 3 seconds;
 * after `defer` by the others, within 15 minutes. Each throws a DiscordAPIError where Discord refuses.
 */
export interface Responder {
  /** Promises a new message that only its member sees, or a change of the message with the component. */
  defer(what: 'new' | 'update'): Promise<void>;
  /** A message that only its member sees, at once. */
  reply(body: Body): Promise<void>;
  open(modal: APIModalInteractionResponseCallbackData): Promise<void>;
  suggest(choices: readonly Choice[]): Promise<void>;
  /** Fills in the promised message, or changes that with the component. */
  edit(body: Body): Promise<void>;
  /** A further message that only its member sees. */
  followUp(body: Body): Promise<void>;
  /** Deletes what `edit` would change. */
  remove(): Promise<void>;
}

type Call = (route: RouteLike, options: RequestData) => Promise<unknown>;

/** Discord's REST API, with no token of the bot's: what answers an interaction bears the interaction's. */
export interface AnswerRest {
  readonly post: Call;
  readonly patch: Call;
  readonly delete: Call;
}

type Addressed = Pick<APIInteraction, 'id' | 'token' | 'application_id'>;

/** Answers over REST, whichever way the interaction came (Discord, "Receiving and Responding"). */
export function createResponder(
  rest: AnswerRest,
  { id, token, application_id: application }: Addressed,
): Responder {
  async function first(type: InteractionResponseType, data?: object): Promise<void> {
    await rest.post(Routes.interactionCallback(id, token), { auth: false, body: { type, data } });
  }
  const original = Routes.webhookMessage(application, token, '@original');

  return {
    defer(what) {
      if (what === 'update') return first(InteractionResponseType.DeferredMessageUpdate);
      const data = { flags: MessageFlags.Ephemeral };
      return first(InteractionResponseType.DeferredChannelMessageWithSource, data);
    },
    reply: (body) =>
      first(InteractionResponseType.ChannelMessageWithSource, ephemeral(payloadOf(body))),
    open: (modal) => first(InteractionResponseType.Modal, modal),
    suggest: (choices) =>
      first(InteractionResponseType.ApplicationCommandAutocompleteResult, { choices }),
    async edit(body) {
      await rest.patch(original, { auth: false, body: payloadOf(body), files: filesOf(body) });
    },
    async followUp(body) {
      const route = Routes.webhook(application, token);
      await rest.post(route, { auth: false, body: ephemeral(payloadOf(body)) });
    },
    async remove() {
      await rest.delete(original, { auth: false });
    },
  };
}

/** Nobody is notified, whoever is named. */
const NOBODY = { parse: [] };

interface Payload {
  readonly flags?: MessageFlags;
  readonly [field: string]: unknown;
}

function payloadOf(body: Body): Payload {
  const allowed = { allowed_mentions: NOBODY };
  if ('components' in body) {
    return { components: body.components, flags: MessageFlags.IsComponentsV2, ...allowed };
  }
  if (!('files' in body)) return { content: body.content, ...allowed };
  const attachments = body.files.map(({ name }, index) => ({ id: String(index), filename: name }));
  return { content: body.content, attachments, ...allowed };
}

function ephemeral(payload: Payload): Payload {
  return { ...payload, flags: (payload.flags ?? 0) | MessageFlags.Ephemeral };
}

function filesOf(body: Body): RawFile[] {
  return 'files' in body ? body.files.map(({ name, data }) => ({ name, data })) : [];
}
