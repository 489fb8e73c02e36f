import {
  type APIChannel,
  type APIGuild,
  type APIGuildMember,
  ChannelType,
  DiscordAPIError,
  PermissionFlagsBits,
  PermissionsBitField,
  type RESTPostAPIApplicationCommandsJSONBody,
  Routes,
} from 'discord.js';
import type { UserId } from '../../core/actor.ts';
import { upstream } from '../../core/errors.ts';
import type { SettingStore } from '../../core/settings.ts';
import type { Log } from '../../log.ts';
import type { RegisteredCommand } from '../gateway/command-mentions.ts';
import { registerCommands } from '../gateway/register.ts';
import type { Origin } from '../interactions/invocation.ts';
import type { Rest } from '../rest.ts';

export interface StaffChannelDeps {
  readonly rest: Rest;
  readonly store: SettingStore;
  readonly log: Log;
  /** Absent where there is no staff channel, and so no staff commands. */
  readonly channelId: string | undefined;
  /** Who is staff; none: members who may manage the server. */
  readonly roleIds: readonly string[];
  /** What is registered in that channel's server. */
  readonly commands: readonly { readonly data: RESTPostAPIApplicationCommandsJSONBody }[];
  /** Hears of them as Discord has them. */
  readonly onRegistered?: (commands: readonly RegisteredCommand[]) => void;
}

/** The server in which staff commands were last registered. */
const REGISTERED_IN = 'staff-server';

/** The same for a process without a bot; null while none was found. */
export async function findStaffServer(
  store: Pick<SettingStore, 'findSetting'>,
): Promise<string | null> {
  const found = await store.findSetting(REGISTERED_IN);
  return typeof found === 'string' ? found : null;
}

const THREADS = new Set([
  ChannelType.PublicThread,
  ChannelType.PrivateThread,
  ChannelType.AnnouncementThread,
]);
const ROOMS = new Set([ChannelType.GuildText, ChannelType.GuildAnnouncement, ...THREADS]);

/** The one channel in which staff act, and who of those in it is staff. */
export function createStaffChannel(deps: StaffChannelDeps) {
  const { rest, store, log, channelId, roleIds, commands, onRegistered = () => {} } = deps;
  let serverId: string | null = null;
  const threads = new Set<string>();

  async function findServer(): Promise<string | null> {
    if (channelId === undefined) return null;
    try {
      const channel = (await rest.get(Routes.channel(channelId))) as APIChannel;
      if (ROOMS.has(channel.type) && 'guild_id' in channel) return channel.guild_id ?? null;
      log.warn('STAFF_CHANNEL_ID is not a text channel of a server: there are no staff commands');
    } catch (error) {
      if (!(error instanceof DiscordAPIError) || error.status >= 500) throw error;
      log.warn(
        `STAFF_CHANNEL_ID cannot be seen by the bot (${error.message}): there are no staff commands. Let it view that channel and send messages there, and restart.`,
      );
    }
    return null;
  }

  async function channelOrNone(id: string): Promise<(APIChannel & { parent_id?: string }) | null> {
    try {
      return (await rest.get(Routes.channel(id))) as APIChannel & { parent_id?: string };
    } catch (error) {
      if (error instanceof DiscordAPIError && error.status < 500) return null;
      throw upstream(error);
    }
  }

  async function isThreadOfOurs(id: string): Promise<boolean> {
    if (threads.has(id)) return true;
    const channel = await channelOrNone(id);
    const ours = channel !== null && THREADS.has(channel.type) && channel.parent_id === channelId;
    // A thread stays where it is.
    if (ours) threads.add(id);
    return ours;
  }

  /**
   * What somebody is in the server, asked of Discord.
   * @throws AppError `upstream` where Discord does not say
   */
  async function standingOf(userId: UserId): Promise<'staff' | 'bot' | 'member'> {
    if (serverId === null) return 'member';
    try {
      const route = Routes.guildMember(serverId, userId);
      const { roles, user } = (await rest.get(route)) as APIGuildMember;
      if (user.bot === true) return 'bot';
      return (await isStaffBy(roles, userId, serverId)) ? 'staff' : 'member';
    } catch (error) {
      if (error instanceof DiscordAPIError && error.status === 404) return 'member';
      throw upstream(error);
    }
  }

  async function isStaffBy(roles: readonly string[], userId: UserId, server: string) {
    if (roleIds.length > 0) return roleIds.some((id) => roles.includes(id));
    const guild = (await rest.get(Routes.guild(server))) as APIGuild;
    if (guild.owner_id === userId) return true;
    // The role that everyone has bears the id of the server.
    const held = guild.roles.filter(({ id }) => id === guild.id || roles.includes(id));
    const bits = held.reduce((sum, { permissions }) => sum | BigInt(permissions), 0n);
    return new PermissionsBitField(bits).has(PermissionFlagsBits.ManageGuild);
  }

  function isStaff({ member }: Origin): boolean {
    if (member === null) return false;
    const { roles, permissions } = member;
    if (roleIds.length > 0) return roleIds.some((id) => roles.includes(id));
    return new PermissionsBitField(permissions).has(PermissionFlagsBits.ManageGuild);
  }

  return {
    serverId: () => serverId,

    /**
     * Where the feed goes; null where there is no staff channel.
     * @throws AppError `upstream` while Discord has not said where it is
     */
    feedChannelId(): string | null {
      if (channelId === undefined) return null;
      if (serverId === null) throw upstream(new Error('the staff channel is not known'));
      return channelId;
    },

    /** Finds the channel's server and registers the staff's commands there, and nowhere else. */
    async open(applicationId: string): Promise<void> {
      serverId = await findServer();
      const before = await findStaffServer(store);
      if (before !== null && before !== serverId) {
        await removeFrom(applicationId, before);
      }
      if (serverId !== null) {
        const payload = commands.map(({ data }) => data);
        const { wrote, commands: present } = await registerCommands(
          rest,
          applicationId,
          payload,
          serverId,
        );
        onRegistered(present);
        if (wrote) log.info('staff commands registered with Discord');
      }
      await store.saveSetting(REGISTERED_IN, serverId);
    },

    /**
     * Why a staff command or button is refused here and to this person; null if it is not. Asked each
     * time, whatever Discord's own permission settings say.
     */
    async refusalFor(origin: Origin): Promise<'elsewhere' | 'not_staff' | null> {
      const { channelId: here } = origin;
      const isHere =
        serverId !== null &&
        origin.serverId === serverId &&
        here !== null &&
        (here === channelId || (await isThreadOfOurs(here)));
      if (!isHere) return 'elsewhere';
      return isStaff(origin) ? null : 'not_staff';
    },

    standingOf,

    /**
     * Whether whoever is refused elsewhere is staff all the same, by what the interaction says or else Discord.
     * @throws AppError `upstream` where Discord does not say
     */
    async isStaff(origin: Origin): Promise<boolean> {
      if (serverId !== null && origin.serverId === serverId) return isStaff(origin);
      return (await standingOf(origin.user.id)) === 'staff';
    },
  };

  async function removeFrom(applicationId: string, server: string): Promise<void> {
    try {
      await rest.put(Routes.applicationGuildCommands(applicationId, server), { body: [] });
    } catch (error) {
      // Where the bot is gone the commands are too.
      if (!(error instanceof DiscordAPIError) || error.status >= 500) throw error;
    }
  }
}

export type StaffChannel = ReturnType<typeof createStaffChannel>;
