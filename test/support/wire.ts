import {
  type APIInteraction,
  ApplicationCommandOptionType,
  ApplicationCommandType,
  ComponentType,
  InteractionType,
  REST,
  type RESTOptions,
} from 'discord.js';
import type { Dispatch } from '../../src/discord/interactions/dispatch.ts';
import { readInvocation } from '../../src/discord/interactions/invocation.ts';
import { createResponder } from '../../src/discord/interactions/responder.ts';
import { ANA } from './fixtures.ts';

/** What went out to Discord. */
export interface Sent {
  readonly method: string;
  /** Without the version, and with ids and tokens as they are. */
  readonly path: string;
  readonly query?: URLSearchParams | undefined;
  readonly body: unknown;
}

export interface Answer {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Answers a request; a thrown error is a connection that failed. */
export type Responder = (sent: Sent, call: number) => Answer | Promise<Answer>;

type MakeRequest = RESTOptions['makeRequest'];

export interface Wire {
  readonly sent: Sent[];
  readonly makeRequest: MakeRequest;
}

interface RequestLike {
  readonly method?: string;
  readonly body?: unknown;
  readonly signal?: AbortSignal | null;
}

/** Rejects, as `fetch` does, when nobody waits any more. */
function aborted(signal: AbortSignal | null | undefined): Promise<never> {
  return new Promise((_, reject) => {
    signal?.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
}

/** Discord's REST API as far as the real client can tell. */
export function createWire(respond: Responder): Wire {
  const sent: Sent[] = [];
  const makeRequest = async (url: string, init: RequestLike) => {
    const { pathname, searchParams } = new URL(url);
    const path = decodeURIComponent(pathname.replace(/^\/api\/v\d+/, ''));
    const body: unknown = typeof init.body === 'string' ? JSON.parse(init.body) : undefined;
    const query = searchParams.size === 0 ? undefined : searchParams;
    const request = { method: init.method ?? 'GET', path, query, body };
    sent.push(request);
    const answer = await Promise.race([respond(request, sent.length), aborted(init.signal)]);
    const text = answer.body === undefined ? null : JSON.stringify(answer.body);
    const type = text === null ? {} : { 'content-type': 'application/json' };
    const headers = { ...type, ...answer.headers };
    return new Response(text, { status: answer.status, headers });
  };
  return { sent, makeRequest };
}

/** An error in the form in which Discord answers it. */
export const discordError = (status: number, code: number, message = 'no'): Answer => ({
  status,
  body: { code, message },
});

export const INTERACTION_TOKEN = 'aW50ZXJhY3Rpb246c2VjcmV0OnZlcnkuc2VjcmV0';
export const INTERACTION_ID = '700000000000000007';
const APPLICATION_ID = '600000000000000006';

export const CALLBACK = `/interactions/${INTERACTION_ID}/${INTERACTION_TOKEN}/callback`;
export const WEBHOOK = `/webhooks/${APPLICATION_ID}/${INTERACTION_TOKEN}`;
export const ORIGINAL = `${WEBHOOK}/messages/@original`;

export const message = {
  id: '800000000000000008',
  channel_id: '500000000000000005',
  author: { id: APPLICATION_ID, username: 'latchkey', discriminator: '0000', avatar: null },
  content: '',
  timestamp: '2026-01-02T03:04:05.000Z',
  edited_timestamp: null,
  tts: false,
  mention_everyone: false,
  mentions: [],
  mention_roles: [],
  attachments: [],
  embeds: [],
  pinned: false,
  type: 0,
  flags: 64,
};

/** Says yes to all that answers an interaction needs. */
export const agreeable: Responder = ({ method, path }) => {
  if (path === CALLBACK || method === 'DELETE') return { status: 204 };
  return { status: 200, body: message };
};

/** What Discord sends for what somebody does. */
export type Payload = APIInteraction;

/** Reads and answers payloads as the program does, over this wire. */
export function answeringOver(
  makeRequest: MakeRequest,
  dispatch: Dispatch,
): (payload: Payload) => Promise<void> {
  const rest = new REST({ makeRequest, retries: 0, offset: 0 });
  return async (payload) => dispatch(readInvocation(payload), createResponder(rest, payload));
}

export interface Interactions {
  readonly wire: Wire;
  /** The way in of what is made here. */
  answering(dispatch: Dispatch): (payload: Payload) => Promise<void>;
  command(command: string, subcommand: string, options?: Record<string, string>): Payload;
  autocomplete(command: string, subcommand: string, option: string, typed: string): Payload;
  /** `components` are those of the message that has the button. */
  button(customId: string, components?: readonly unknown[]): Payload;
  select(customId: string, values: readonly string[]): Payload;
  /** The modal that a component opened is sent. */
  modal(customId: string, fields: Readonly<Record<string, string>>): Payload;
}

const string = ApplicationCommandOptionType.String;

const commandData = (name: string, subcommand: string, options: unknown[]) => ({
  id: '1',
  name,
  type: ApplicationCommandType.ChatInput,
  options: [{ type: ApplicationCommandOptionType.Subcommand, name: subcommand, options }],
});

/** What a modal brings along, each field under its label. */
export const modalData = (customId: string, fields: Readonly<Record<string, string>>) => ({
  custom_id: customId,
  components: Object.entries(fields).map(([id, value], index) => ({
    type: ComponentType.Label,
    id: 2 * index + 1,
    component: { type: ComponentType.TextInput, id: 2 * index + 2, custom_id: id, value },
  })),
});

/** Interactions of `userId` in the conversation with the bot, over a wire that answers as told. */
export function createInteractions(respond: Responder = agreeable, userId = ANA): Interactions {
  const wire = createWire(respond);
  const user = { id: userId, username: 'ana', discriminator: '0', avatar: null, global_name: null };
  const envelope = (type: InteractionType, data: unknown) =>
    ({
      id: INTERACTION_ID,
      application_id: APPLICATION_ID,
      type,
      token: INTERACTION_TOKEN,
      version: 1,
      channel_id: message.channel_id,
      channel: { id: message.channel_id, type: 1 },
      user,
      locale: 'en-GB',
      app_permissions: '0',
      entitlements: [],
      authorizing_integration_owners: { 0: '0' },
      context: 1,
      attachment_size_limit: 1,
      data,
    }) as unknown as Payload;
  const onMessage = (type: InteractionType, data: object) =>
    ({ ...envelope(type, data), message }) as unknown as Payload;

  return {
    wire,
    answering: (dispatch) => answeringOver(wire.makeRequest, dispatch),
    command(name, subcommand, options = {}) {
      const given = Object.entries(options).map(([key, value]) => ({
        type: string,
        name: key,
        value,
      }));
      const data = commandData(name, subcommand, given);
      return envelope(InteractionType.ApplicationCommand, data);
    },
    autocomplete(name, subcommand, option, typed) {
      const data = commandData(name, subcommand, [
        { type: string, name: option, value: typed, focused: true },
      ]);
      return envelope(InteractionType.ApplicationCommandAutocomplete, data);
    },
    button(customId, components) {
      const data = { component_type: ComponentType.Button, custom_id: customId };
      const pressed = onMessage(InteractionType.MessageComponent, data);
      return components === undefined
        ? pressed
        : ({ ...pressed, message: { ...message, components } } as unknown as Payload);
    },
    select(customId, values) {
      const data = { component_type: ComponentType.StringSelect, custom_id: customId, values };
      return onMessage(InteractionType.MessageComponent, data);
    },
    modal: (customId, fields) =>
      onMessage(InteractionType.ModalSubmit, modalData(customId, fields)),
  };
}
