import { Action } from './audit-log.ts';
import {
  missingAccess,
  missingPermissions,
  unknownBan,
  unknownGuild,
  unknownMember,
  unknownUser,
} from './errors.ts';
import { asObject } from './json.ts';
import { Intent, Permission } from './numbers.ts';
import { isOnPage, limitOf } from './paging.ts';
import { bot, type Call, NO_CONTENT, ok, type Route } from './route.ts';
import type { LocalServer } from './server.ts';
import type { World } from './world.ts';

type Find = (params: Call['params'], needed?: bigint) => LocalServer;

export function serverRoutes(world: World): Route[] {
  const find: Find = (params, needed = 0n) => {
    const server = world.servers.get(params['guild_id']!);
    if (server === undefined) throw unknownGuild();
    if (!server.botIsIn) throw missingAccess();
    if (!server.botMay(needed)) throw missingPermissions();
    return server;
  };
  return [
    bot('GET', '/guilds/{guild_id}', ({ params }) => {
      const server = world.servers.get(params['guild_id']!);
      // Here, and here only, a server without the bot is as good as none.
      if (server?.botIsIn !== true) throw unknownGuild();
      return ok(server.describe());
    }),
    bot('GET', '/guilds/{guild_id}/roles', ({ params }) => ok(find(params).roles)),
    bot('GET', '/guilds/{guild_id}/channels', ({ params }) =>
      ok(find(params).channels.map((channel) => world.describeChannel(channel))),
    ),
    bot('GET', '/guilds/{guild_id}/members/{user_id}', ({ params }) => {
      const server = find(params);
      const userId = params['user_id']!;
      if (userId !== world.bot.id && !world.people.has(userId)) throw unknownUser();
      const member = server.member(userId);
      if (member === undefined) throw unknownMember();
      return ok(member);
    }),
    bot('GET', '/guilds/{guild_id}/audit-logs', ({ params, query }) =>
      ok(find(params, Permission.ViewAuditLog).auditLog.list(query, world.people)),
    ),
    ...banRoutes(find),
    ...ruleRoutes(world, find),
  ];
}

function banRoutes(find: Find): Route[] {
  return [
    bot('GET', '/guilds/{guild_id}/bans', ({ params, query }) => {
      const limit = limitOf(query, { usual: 1000, most: 1000 });
      const bans = find(params, Permission.BanMembers).bans.filter(({ user }) =>
        isOnPage(user.id, query),
      );
      // Without an end to count from the page begins at the start.
      const isBackwards = query.has('before') && !query.has('after');
      return ok(isBackwards ? bans.slice(-limit) : bans.slice(0, limit));
    }),
    bot('GET', '/guilds/{guild_id}/bans/{user_id}', ({ params }) => {
      const { bans } = find(params, Permission.BanMembers);
      const ban = bans.find(({ user }) => user.id === params['user_id']);
      if (ban === undefined) throw unknownBan();
      return ok(ban);
    }),
  ];
}

function ruleRoutes(world: World, find: Find): Route[] {
  const change = (
    server: LocalServer,
    { verb, target, reason }: { verb: Verb; target: { id: string }; reason: string | undefined },
  ): void => {
    server.announce(RULE_EVENTS[verb], target, Intent.AutoModerationConfiguration);
    server.log({ action: Action[`Rule${verb}`], by: world.bot, target, reason });
  };
  const all = '/guilds/{guild_id}/auto-moderation/rules';
  const one = `${all}/{rule_id}`;
  return [
    bot('GET', all, ({ params }) => ok(find(params, Permission.ManageGuild).autoModeration.list())),
    bot('POST', all, ({ params, body, reason }) => {
      const server = find(params, Permission.ManageGuild);
      const target = server.autoModeration.create(asObject(body), world.bot.id);
      change(server, { verb: 'Create', target, reason });
      return ok(target);
    }),
    bot('GET', one, ({ params }) =>
      ok(find(params, Permission.ManageGuild).autoModeration.get(params['rule_id']!)),
    ),
    bot('PATCH', one, ({ params, body, reason }) => {
      const server = find(params, Permission.ManageGuild);
      const target = server.autoModeration.update(params['rule_id']!, asObject(body));
      change(server, { verb: 'Update', target, reason });
      return ok(target);
    }),
    bot('DELETE', one, ({ params, reason }) => {
      const server = find(params, Permission.ManageGuild);
      const target = server.autoModeration.delete(params['rule_id']!);
      change(server, { verb: 'Delete', target, reason });
      return NO_CONTENT;
    }),
  ];
}

const RULE_EVENTS = {
  Create: 'AUTO_MODERATION_RULE_CREATE',
  Update: 'AUTO_MODERATION_RULE_UPDATE',
  Delete: 'AUTO_MODERATION_RULE_DELETE',
} as const;

type Verb = keyof typeof RULE_EVENTS;
