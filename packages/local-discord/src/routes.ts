import type { Commands } from './commands.ts';
import {
  ApiError,
  missingAccess,
  missingPermissions,
  unknownChannel,
  unknownUser,
} from './errors.ts';
import type { Gateway } from './gateway.ts';
import type { Interactions } from './interactions.ts';
import { asList, asObject, asString, type Json } from './json.ts';
import type { LocalMessage, Messages } from './messages.ts';
import { Permission } from './numbers.ts';
import { oauth2Routes } from './oauth2-routes.ts';
import type { OAuth2 } from './oauth2.ts';
import { isOnPage, limitOf } from './paging.ts';
import { bot, type Call, NO_CONTENT, ok, open, type Route } from './route.ts';
import { serverRoutes } from './server-routes.ts';
import type { LocalChannel, World } from './world.ts';

export interface Services {
  readonly world: World;
  readonly messages: Messages;
  readonly interactions: Interactions;
  readonly commands: Commands;
  readonly gateway: Gateway;
  readonly oauth2: OAuth2;
}

/** Every route, the more specific before the more general. */
export function routes(services: Services): Route[] {
  return [
    ...identityRoutes(services),
    ...oauth2Routes(services.world, services.oauth2),
    ...commandRoutes(services),
    ...interactionRoutes(services),
    ...channelRoutes(services),
    ...serverRoutes(services.world),
  ];
}

function identityRoutes({ world, gateway, oauth2 }: Services): Route[] {
  const gatewayBot = () => ({
    url: gateway.address,
    shards: gateway.shards,
    session_start_limit: {
      total: 1000,
      remaining: 1000,
      reset_after: 86_400_000,
      // More than Discord gives a small bot: so many shards need not wait for one another.
      max_concurrency: 16,
    },
  });
  return [
    open('GET', '/gateway', () => ok({ url: gateway.address })),
    bot('GET', '/gateway/bot', () => ok(gatewayBot())),
    open('GET', '/users/@me', ({ authorization }) => {
      const isBot = authorization === `Bot ${world.botToken}`;
      const { user, scopes } = isBot
        ? { user: world.bot, scopes: ['email'] }
        : oauth2.user(authorization);
      return ok({
        ...user,
        mfa_enabled: false,
        locale: 'en-US',
        premium_type: 0,
        ...(scopes.includes('email') ? { email: null, verified: true } : {}),
      });
    }),
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
  ];
}

function commandRoutes({ world, commands }: Services): Route[] {
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
      throw missingAccess();
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

function interactionRoutes({ world, interactions }: Services): Route[] {
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

function channelRoutes({ world, messages }: Services): Route[] {
  const channelOf = (params: Call['params']): LocalChannel => {
    const channel = world.channels.get(params['channel_id']!);
    if (channel === undefined) throw unknownChannel();
    if (channel.kind === 'server' && !channel.server.botMay(Permission.ViewChannel)) {
      throw missingAccess();
    }
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
      const limit = limitOf(query, { usual: 50, most: 100 });
      const live = messages
        .history(channelOf(params).id)
        .filter(({ deleted, id }) => !deleted && isOnPage(id, query));
      const chosen = query.has('after') ? live.slice(0, limit) : live.slice(-limit);
      return ok(chosen.toReversed().map(({ raw }) => raw));
    }),
    bot('POST', '/channels/{channel_id}/messages', ({ params, body, files }) => {
      const channel = channelOf(params);
      if (channel.kind === 'dm') refuseClosedDm(channel.recipient.closedDms);
      else if (!channel.server.botMay(Permission.SendMessages)) throw missingPermissions();
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
      const { channel } = found;
      if (found.authorId !== world.bot.id) {
        if (channel.kind === 'dm') {
          throw new ApiError(403, 50003, 'Cannot execute action on a DM channel');
        }
        if (!channel.server.botMay(Permission.ManageMessages)) throw missingPermissions();
      }
      messages.delete(found);
      return NO_CONTENT;
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
