import type { Commands } from './commands.ts';
import {
  ApiError,
  invalidForm,
  notFound,
  unknownChannel,
  unknownGuild,
  unknownMember,
  unknownUser,
} from './errors.ts';
import type { Gateway } from './gateway.ts';
import type { Interactions } from './interactions.ts';
import { asList, asObject, asString, type Json } from './json.ts';
import type { LocalMessage, Messages, UploadedFile } from './messages.ts';
import type { LocalChannel, World } from './world.ts';

export interface Call {
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly body: unknown;
  readonly files: readonly UploadedFile[];
  /** When Discord took the call up. */
  readonly at: number;
}

export interface Answer {
  readonly status: number;
  readonly body?: unknown;
}

export interface Route {
  readonly method: string;
  /** As in the published description. */
  readonly template: string;
  /** The token in the path is the authorization. */
  readonly open: boolean;
  readonly handle: (call: Call) => Answer;
}

export interface Services {
  readonly world: World;
  readonly messages: Messages;
  readonly interactions: Interactions;
  readonly commands: Commands;
  readonly gateway: Gateway;
}

const NO_CONTENT: Answer = { status: 204 };
const ok = (body: unknown): Answer => ({ status: 200, body });

/** Every route, the more specific before the more general. */
export function routes(services: Services): Route[] {
  const bot = (method: string, template: string, handle: Route['handle']): Route => ({
    method,
    template,
    open: false,
    handle,
  });
  const open = (method: string, template: string, handle: Route['handle']): Route => ({
    method,
    template,
    open: true,
    handle,
  });
  return [
    ...identityRoutes(services, bot, open),
    ...commandRoutes(services, bot),
    ...interactionRoutes(services, open),
    ...channelRoutes(services, bot),
    ...serverRoutes(services, bot),
  ];
}

type Define = (method: string, template: string, handle: Route['handle']) => Route;

function identityRoutes({ world, gateway }: Services, bot: Define, open: Define): Route[] {
  const gatewayBot = () => ({
    url: gateway.address,
    shards: 1,
    session_start_limit: {
      total: 1000,
      remaining: 1000,
      reset_after: 86_400_000,
      max_concurrency: 1,
    },
  });
  const application = () => ok(describeApplication(world));
  return [
    open('GET', '/gateway', () => ok({ url: gateway.address })),
    bot('GET', '/gateway/bot', () => ok(gatewayBot())),
    bot('GET', '/users/@me', () =>
      ok({
        ...world.bot,
        mfa_enabled: false,
        locale: 'en-US',
        premium_type: 0,
        email: null,
        verified: true,
      }),
    ),
    bot('POST', '/users/@me/channels', ({ body }) => {
      const id = asString(asObject(body)['recipient_id']) ?? '';
      const person = world.people.get(id);
      if (person === undefined) throw new ApiError(400, 50033, 'Invalid Recipient(s)');
      return ok(world.describeChannel(person.dm));
    }),
    bot('GET', '/users/{user_id}', ({ params }) => {
      const person = world.people.get(params['user_id']!);
      if (person === undefined) throw unknownUser();
      return ok(person.user);
    }),
    bot('GET', '/applications/@me', application),
    bot('GET', '/oauth2/applications/@me', application),
  ];
}

function commandRoutes({ world, commands }: Services, bot: Define): Route[] {
  const own = (params: Call['params']): string | undefined => {
    if (params['application_id'] !== world.applicationId) {
      throw new ApiError(
        403,
        20012,
        'You are not authorized to perform this action on this application',
      );
    }
    const serverId = params['guild_id'];
    if (serverId !== undefined && !world.servers.has(serverId)) {
      throw new ApiError(403, 50001, 'Missing Access');
    }
    return serverId;
  };
  return [
    '/applications/{application_id}',
    '/applications/{application_id}/guilds/{guild_id}',
  ].flatMap((base) => [
    bot('GET', `${base}/commands`, ({ params }) => ok(commands.list(own(params)))),
    bot('PUT', `${base}/commands`, ({ params, body }) =>
      ok(commands.replace(asList(body), own(params))),
    ),
    bot('POST', `${base}/commands`, ({ params, body }) => {
      const { command, created } = commands.upsert(asObject(body), own(params));
      return { status: created ? 201 : 200, body: command };
    }),
    bot('GET', `${base}/commands/{command_id}`, ({ params }) =>
      ok(commands.get(params['command_id']!, own(params))),
    ),
    bot('PATCH', `${base}/commands/{command_id}`, ({ params, body }) =>
      ok(commands.update(params['command_id']!, asObject(body), own(params))),
    ),
    bot('DELETE', `${base}/commands/{command_id}`, ({ params }) => {
      commands.delete(params['command_id']!, own(params));
      return NO_CONTENT;
    }),
  ]);
}

function interactionRoutes({ world, interactions }: Services, open: Define): Route[] {
  const tokenOf = (params: Call['params']): string => {
    if (params['webhook_id'] !== world.applicationId) {
      throw new ApiError(404, 10015, 'Unknown Webhook');
    }
    return params['webhook_token']!;
  };
  const base = '/webhooks/{webhook_id}/{webhook_token}';
  const ofMessage = (template: string, idOf: (params: Call['params']) => string): Route[] => [
    open('GET', template, ({ params }) =>
      ok(interactions.message(tokenOf(params), idOf(params)).message.raw),
    ),
    open('PATCH', template, ({ params, body, files }) =>
      ok(interactions.edit(tokenOf(params), idOf(params), asObject(body), files).raw),
    ),
    open('DELETE', template, ({ params }) => {
      interactions.delete(tokenOf(params), idOf(params));
      return NO_CONTENT;
    }),
  ];
  return [
    open(
      'POST',
      '/interactions/{interaction_id}/{interaction_token}/callback',
      ({ params, query, body, files, at }) => {
        const response = interactions.respond(
          params['interaction_id']!,
          params['interaction_token']!,
          asObject(body),
          files,
          at,
        );
        return query.get('with_response') === 'true' ? ok(response) : NO_CONTENT;
      },
    ),
    ...ofMessage(`${base}/messages/@original`, () => '@original'),
    ...ofMessage(`${base}/messages/{message_id}`, (params) => params['message_id']!),
    open('POST', base, ({ params, body, files }) =>
      ok(interactions.followUp(tokenOf(params), asObject(body), files).raw),
    ),
  ];
}

function channelRoutes({ world, messages }: Services, bot: Define): Route[] {
  const channelOf = (params: Call['params']): LocalChannel => {
    const channel = world.channels.get(params['channel_id']!);
    if (channel === undefined) throw unknownChannel();
    return channel;
  };
  const messageOf = (params: Call['params']): LocalMessage =>
    messages.find(channelOf(params).id, params['message_id']!);
  const message = '/channels/{channel_id}/messages/{message_id}';
  return [
    bot('GET', '/channels/{channel_id}', ({ params }) =>
      ok(world.describeChannel(channelOf(params))),
    ),
    bot('POST', '/channels/{channel_id}/typing', ({ params }) => {
      channelOf(params);
      return NO_CONTENT;
    }),
    bot('GET', '/channels/{channel_id}/messages', ({ params, query }) => {
      const limit = Number(query.get('limit') ?? 50);
      if (!(limit >= 1 && limit <= 100)) {
        throw invalidForm({
          at: ['limit'],
          code: 'NUMBER_TYPE_MAX',
          message: 'int value should be between 1 and 100.',
        });
      }
      const before = query.get('before');
      const after = query.get('after');
      const live = messages
        .history(channelOf(params).id)
        .filter(({ deleted }) => !deleted)
        .filter(({ id }) => before === null || BigInt(id) < BigInt(before))
        .filter(({ id }) => after === null || BigInt(id) > BigInt(after));
      const chosen = after === null ? live.slice(-limit) : live.slice(0, limit);
      return ok(chosen.toReversed().map(({ raw }) => raw));
    }),
    bot('POST', '/channels/{channel_id}/messages', ({ params, body, files }) => {
      const channel = channelOf(params);
      if (channel.kind === 'dm') refuseClosedDm(channel.recipient.closedDms);
      const created = messages.create({
        channel,
        author: world.bot,
        // Only an interaction's answer can be ephemeral.
        body: withoutEphemeral(asObject(body)),
        files,
      });
      const { nonce } = created;
      return ok({ ...created.raw, ...(nonce === undefined ? {} : { nonce }) });
    }),
    bot('GET', message, ({ params }) => ok(messageOf(params).raw)),
    bot('PATCH', message, ({ params, body, files }) => {
      const found = messageOf(params);
      if (found.authorId !== world.bot.id) {
        throw new ApiError(403, 50005, 'Cannot edit a message authored by another user');
      }
      return ok(messages.edit(found, asObject(body), files).raw);
    }),
    bot('DELETE', message, ({ params }) => {
      const found = messageOf(params);
      if (found.channel.kind === 'dm' && found.authorId !== world.bot.id) {
        throw new ApiError(403, 50003, 'Cannot execute action on a DM channel');
      }
      messages.delete(found);
      return NO_CONTENT;
    }),
  ];
}

function serverRoutes({ world }: Services, bot: Define): Route[] {
  const serverOf = (params: Call['params']) => {
    const server = world.servers.get(params['guild_id']!);
    if (server === undefined) throw unknownGuild();
    return server;
  };
  return [
    bot('GET', '/guilds/{guild_id}', ({ params }) => ok(serverOf(params).describe())),
    bot('GET', '/guilds/{guild_id}/roles', ({ params }) => ok(serverOf(params).roles)),
    bot('GET', '/guilds/{guild_id}/channels', ({ params }) =>
      ok(serverOf(params).channels.map((channel) => world.describeChannel(channel))),
    ),
    bot('GET', '/guilds/{guild_id}/members/{user_id}', ({ params }) => {
      const server = serverOf(params);
      const userId = params['user_id']!;
      if (userId !== world.bot.id && !world.people.has(userId)) throw unknownUser();
      const member = server.member(userId);
      if (member === undefined) throw unknownMember();
      return ok(member);
    }),
  ];
}

function refuseClosedDm(code: number | undefined): void {
  if (code === 50007) throw new ApiError(403, code, 'Cannot send messages to this user');
  if (code === 50278) {
    throw new ApiError(
      403,
      code,
      'Cannot send messages to this user due to having no mutual guilds',
    );
  }
}

function withoutEphemeral(body: Json): Json {
  const { flags } = body;
  return typeof flags === 'number' ? { ...body, flags: flags & ~64 } : body;
}

function describeApplication(world: World): Json {
  return {
    id: world.applicationId,
    name: world.bot.username,
    icon: null,
    description: '',
    type: null,
    bot: world.bot,
    bot_public: true,
    bot_require_code_grant: false,
    verify_key: '0'.repeat(64),
    flags: 0,
    flags_new: '0',
    redirect_uris: [],
    interactions_endpoint_url: null,
    role_connections_verification_url: null,
    owner: world.owner,
    approximate_guild_count: world.servers.size,
    approximate_user_install_count: 0,
    approximate_user_authorization_count: 0,
    explicit_content_filter: 0,
    team: null,
    eligible_oauth2_scopes: [],
    integration_types_config: { 0: {} },
  };
}

export interface Match {
  readonly route: Route;
  readonly params: Record<string, string>;
}

export class Router {
  readonly #routes: { route: Route; pattern: RegExp }[];

  constructor(all: readonly Route[]) {
    this.#routes = all.map((route) => ({ route, pattern: toPattern(route.template) }));
  }

  match(method: string, path: string): Match {
    for (const { route, pattern } of this.#routes) {
      if (route.method !== method) continue;
      const found = pattern.exec(path);
      if (found === null) continue;
      const params = Object.entries(found.groups ?? {}).map(([name, value]) => [
        name,
        decodeURIComponent(value),
      ]);
      return { route, params: Object.fromEntries(params) };
    }
    const isKnownPath = this.#routes.some(({ pattern }) => pattern.test(path));
    throw isKnownPath ? new ApiError(405, 0, '405: Method Not Allowed') : notFound();
  }
}

function toPattern(template: string): RegExp {
  return new RegExp(`^${template.replaceAll(/\{(\w+)\}/g, '(?<$1>[^/]+)')}$`);
}
