import type { APIApplicationCommand } from 'discord-api-types/v10';
import type { LocalDiscord } from './index.ts';
import type { LocalMember } from './members.ts';
import type { LocalMessage } from './messages.ts';
import type { RecordedRequest } from './rest.ts';
import type { Divide, Pieces } from './secrets.ts';
import type { LocalServer } from './server.ts';

const WIRE_SHOWN = 80;

/** A call that goes over the wire: the bot's to Discord, or one that the page's owner tells of. */
export interface Call {
  readonly from: string;
  readonly to: string;
  readonly method: string;
  readonly path: string;
  readonly status: number | undefined;
  readonly body: string;
  readonly at: number;
}

export interface StateInit {
  readonly discord: LocalDiscord;
  readonly server: LocalServer;
  readonly people: readonly LocalMember[];
  readonly botName: string;
  readonly calls: readonly Call[];
  readonly divide: Divide;
}

/** All that the page shows, as JSON. */
export function stateOf({ discord, server, people, botName, calls, divide }: StateInit) {
  const names = new Map(people.map((person) => [person.id, person.username]));
  names.set(discord.applicationId, botName);
  const rooms = server.channels.map(({ id, name }) => ({ id, name }));
  return {
    isOnline: discord.botIsOnline,
    server: { name: server.name, rooms, roles: server.roles.map(({ id, name }) => ({ id, name })) },
    names: Object.fromEntries(names),
    people: people.map((person) => ({
      id: person.id,
      name: person.username,
      locale: person.locale,
      isIn: server.has(person.id),
      dmsAreClosed: person.dmsAreClosed,
      dm: person.dmChannelId,
      commands: {
        server: server.has(person.id) ? person.commands({ server }).map(commandOf) : [],
        dm: person.commands({ in: 'dm' }).map(commandOf),
      },
      seen: Object.fromEntries(
        [...rooms.map(({ id }) => id), person.dmChannelId].map((id) => [
          id,
          person.sees(id).map((message) => messageOf(message, names)),
        ]),
      ),
    })),
    calls: [...discord.requests.slice(-WIRE_SHOWN).map((each) => callOf(each, botName)), ...calls]
      .toSorted((one, other) => one.at - other.at)
      .slice(-WIRE_SHOWN)
      .map((call) => divided(call, divide)),
    violations: discord.violations.map(divide),
  };
}

/** A message as the page draws it. */
export type ShownMessage = ReturnType<typeof messageOf>;

function commandOf({ name, type, description, options }: APIApplicationCommand) {
  return { name, type, description, options: options ?? [] };
}

/** A custom id is nothing that people see. */
const PRESSED = /^the (button|modal) .*/s;

function messageOf(message: LocalMessage, names: ReadonlyMap<string, string>) {
  const { id, author, content, embeds, components, interaction_metadata: by } = message.raw;
  return {
    id,
    author: { id: author.id, name: names.get(author.id) ?? author.username },
    isBot: author.bot === true,
    at: message.createdAt,
    isEdited: message.raw.edited_timestamp !== null,
    isEphemeral: message.ephemeral,
    isLoading: message.loading,
    answers: by === undefined ? null : (message.answers?.replace(PRESSED, 'a $1') ?? null),
    by: by === undefined ? null : (names.get(by.user.id) ?? by.user.username),
    content,
    embeds,
    components: components ?? [],
    files: message.attachments.map(({ filename, content: { length } }) => ({ filename, length })),
  };
}

const GRANTS = new Set(['code', 'code_verifier', 'refresh_token', 'client_secret']);

/** Whoever has these of an OAuth2 request is as good as the one who sent it. */
function withoutGrants(member: string, value: unknown): unknown {
  return GRANTS.has(member) && typeof value === 'string' ? '{hidden}' : value;
}

/** A call as the page gets it. */
type DividedCall = Omit<Call, 'path' | 'body'> & { readonly path: Pieces; readonly body: Pieces };

function divided(call: Call, divide: Divide): DividedCall {
  return { ...call, path: divide(call.path), body: divide(call.body) };
}

function callOf({ method, path, status, body, at }: RecordedRequest, botName: string): Call {
  return {
    from: botName,
    to: 'Discord',
    method,
    // An interaction's token is as good as the bot's own for a quarter of an hour.
    path: path.replace(/^(\/(?:interactions|webhooks)\/\d+\/)[^/]+/, '$1{token}'),
    status,
    body: body === undefined || body === null ? '' : JSON.stringify(body, withoutGrants),
    at,
  };
}
