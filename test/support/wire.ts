import {
  ApplicationCommandOptionType,
  ApplicationCommandType,
  AutocompleteInteraction,
  ButtonInteraction,
  ChatInputCommandInteraction,
  Client,
  ComponentType,
  type Interaction,
  InteractionType,
  type RESTOptions,
  StringSelectMenuInteraction,
} from 'discord.js';
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

export interface Interactions {
  readonly wire: Wire;
  command(command: string, subcommand: string, options?: Record<string, string>): Interaction;
  autocomplete(command: string, subcommand: string, option: string, typed: string): Interaction;
  button(customId: string): Interaction;
  select(customId: string, values: readonly string[]): Interaction;
  close(): Promise<void>;
}

const string = ApplicationCommandOptionType.String;

const commandData = (name: string, subcommand: string, options: unknown[]) => ({
  id: '1',
  name,
  type: ApplicationCommandType.ChatInput,
  options: [{ type: ApplicationCommandOptionType.Subcommand, name: subcommand, options }],
});

/** Real interactions of `userId`, over a wire that answers as told. */
export function createInteractions(respond: Responder = agreeable, userId = ANA): Interactions {
  const wire = createWire(respond);
  const client = new Client({
    intents: [],
    rest: { makeRequest: wire.makeRequest, retries: 0, offset: 0 },
  });

  const user = { id: userId, username: 'ana', discriminator: '0', avatar: null, global_name: null };
  const envelope = (type: InteractionType, data: unknown) => ({
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
  });
  const component = (data: object) => ({
    ...envelope(InteractionType.MessageComponent, data),
    message,
  });

  return {
    wire,
    command(name, subcommand, options = {}) {
      const given = Object.entries(options).map(([key, value]) => ({
        type: string,
        name: key,
        value,
      }));
      const data = commandData(name, subcommand, given);
      const payload = envelope(InteractionType.ApplicationCommand, data);
      return Reflect.construct(ChatInputCommandInteraction, [client, payload]) as Interaction;
    },
    autocomplete(name, subcommand, option, typed) {
      const data = commandData(name, subcommand, [
        { type: string, name: option, value: typed, focused: true },
      ]);
      const payload = envelope(InteractionType.ApplicationCommandAutocomplete, data);
      return Reflect.construct(AutocompleteInteraction, [client, payload]) as Interaction;
    },
    button(customId) {
      const payload = component({ component_type: ComponentType.Button, custom_id: customId });
      return Reflect.construct(ButtonInteraction, [client, payload]) as Interaction;
    },
    select(customId, values) {
      const type = ComponentType.StringSelect;
      const payload = component({ component_type: type, custom_id: customId, values });
      return Reflect.construct(StringSelectMenuInteraction, [client, payload]) as Interaction;
    },
    close: () => client.destroy(),
  };
}
