import { randomBytes } from 'node:crypto';
import type {
  APIGuildMember,
  APIInteractionGuildMember,
  APIRole,
  APIUser,
  ChannelType,
  GuildMemberFlags,
  RoleFlags,
  UserFlags,
} from 'discord-api-types/v10';
import type { Json } from './json.ts';
import { Channel, Permission } from './numbers.ts';
import { snowflake } from './snowflake.ts';

/** The answers with which Discord refuses a direct message. */
export type ClosedDmCode = 50007 | 50278;

export interface DmChannel {
  readonly kind: 'dm';
  readonly id: string;
  readonly recipient: Person;
}

export interface ServerChannel {
  readonly kind: 'server';
  readonly id: string;
  readonly name: string;
  readonly server: LocalServer;
}

export type LocalChannel = DmChannel | ServerChannel;

/** A channel as Discord describes it; which members there are depends on the type. */
export type DescribedChannel = Json & { readonly id: string; readonly type: ChannelType };

/** A user as Discord knows them, before any hand is put on their keyboard. */
export interface Person {
  readonly user: APIUser;
  readonly dm: DmChannel;
  closedDms: ClosedDmCode | undefined;
}

interface Membership {
  readonly user: APIUser;
  readonly joinedAt: string;
  readonly roles: string[];
  permissions: bigint | undefined;
}

export interface ServerInit {
  readonly name?: string;
}

export class LocalServer {
  readonly id = snowflake();
  readonly name: string;
  readonly ownerId = snowflake();
  readonly roles: APIRole[] = [];
  readonly channels: ServerChannel[] = [];
  readonly #members = new Map<string, Membership>();
  readonly #world: World;

  constructor(world: World, init: ServerInit) {
    this.#world = world;
    this.name = init.name ?? 'Test server';
    this.roles.push(newRole(this.id, '@everyone', Permission.Everyone, 0));
    this.addChannel('general');
    this.join(world.bot);
  }

  /** The first text channel. The bot sees it. */
  get channelId(): string {
    return this.channels[0]!.id;
  }

  addChannel(name: string): ServerChannel {
    const channel: ServerChannel = { kind: 'server', id: snowflake(), name, server: this };
    this.channels.push(channel);
    this.#world.channels.set(channel.id, channel);
    return channel;
  }

  addRole(name: string, permissions = 0n): APIRole {
    const role = newRole(snowflake(), name, permissions, this.roles.length);
    this.roles.push(role);
    return role;
  }

  join(user: APIUser, permissions?: bigint, roles: readonly string[] = []): void {
    this.#members.set(user.id, {
      user,
      joinedAt: new Date().toISOString(),
      roles: [...roles],
      permissions,
    });
  }

  leave(userId: string): void {
    this.#members.delete(userId);
  }

  has(userId: string): boolean {
    return this.#members.has(userId);
  }

  /** What the member may do: as set, else what their roles add up to. */
  permissionsOf(userId: string): bigint {
    const member = this.#members.get(userId);
    if (member === undefined) return 0n;
    if (member.permissions !== undefined) return member.permissions;
    return this.roles
      .filter((role) => role.id === this.id || member.roles.includes(role.id))
      .reduce((sum, role) => sum | BigInt(role.permissions), 0n);
  }

  setPermissions(userId: string, permissions: bigint): void {
    const member = this.#members.get(userId);
    if (member !== undefined) member.permissions = permissions;
  }

  setRoles(userId: string, roles: readonly string[]): void {
    this.#members.get(userId)?.roles.splice(0, Infinity, ...roles);
  }

  member(userId: string): APIGuildMember | undefined {
    const member = this.#members.get(userId);
    if (member === undefined) return undefined;
    return {
      user: member.user,
      nick: null,
      avatar: null,
      banner: null,
      roles: [...member.roles],
      joined_at: member.joinedAt,
      premium_since: null,
      deaf: false,
      mute: false,
      flags: 0 as GuildMemberFlags,
      pending: false,
      communication_disabled_until: null,
    };
  }

  interactionMember(userId: string): APIInteractionGuildMember | undefined {
    const member = this.member(userId);
    if (member === undefined) return undefined;
    return { ...member, permissions: this.permissionsOf(userId).toString() };
  }

  /** `GET /guilds/{id}`. */
  describe(): Json {
    return {
      id: this.id,
      name: this.name,
      icon: null,
      description: null,
      home_header: null,
      splash: null,
      discovery_splash: null,
      features: [],
      banner: null,
      owner_id: this.ownerId,
      application_id: null,
      region: 'deprecated',
      afk_channel_id: null,
      afk_timeout: 300,
      system_channel_id: this.channelId,
      system_channel_flags: 0,
      widget_enabled: false,
      widget_channel_id: null,
      verification_level: 0,
      roles: this.roles,
      default_message_notifications: 0,
      mfa_level: 0,
      explicit_content_filter: 0,
      max_presences: null,
      max_members: 500_000,
      max_stage_video_channel_users: 50,
      max_video_channel_users: 25,
      vanity_url_code: null,
      premium_tier: 0,
      premium_subscription_count: 0,
      preferred_locale: 'en-US',
      rules_channel_id: null,
      safety_alerts_channel_id: null,
      public_updates_channel_id: null,
      premium_progress_bar_enabled: false,
      nsfw: false,
      nsfw_level: 0,
      emojis: [],
      stickers: [],
      incidents_data: null,
    };
  }
}

/** Who and what exists: users, servers and channels. */
export class World {
  readonly applicationId = snowflake();
  readonly bot: APIUser = newUser(this.applicationId, 'local-bot', null, true);
  /** Owns the application. */
  readonly owner: APIUser = newUser(snowflake(), 'owner', null, false);
  readonly botToken = [
    Buffer.from(this.applicationId).toString('base64url'),
    randomBytes(4).toString('base64url'),
    randomBytes(28).toString('base64url'),
  ].join('.');
  readonly people = new Map<string, Person>();
  readonly servers = new Map<string, LocalServer>();
  readonly channels = new Map<string, LocalChannel>();

  addServer(init: ServerInit = {}): LocalServer {
    const server = new LocalServer(this, init);
    this.servers.set(server.id, server);
    return server;
  }

  addPerson(username: string, globalName?: string): Person {
    const user = newUser(snowflake(), username, globalName ?? null, false);
    // A channel knows its recipient and a person their channel.
    const person: { -readonly [member in keyof Person]: Person[member] } = {
      user,
      dm: undefined as unknown as DmChannel,
      closedDms: undefined,
    };
    person.dm = { kind: 'dm', id: snowflake(), recipient: person };
    this.people.set(user.id, person);
    this.channels.set(person.dm.id, person.dm);
    return person;
  }

  /** `GET /channels/{id}`, also what an interaction carries as its `channel`. */
  describeChannel(channel: LocalChannel): DescribedChannel {
    if (channel.kind === 'dm') {
      return {
        id: channel.id,
        type: Channel.Dm,
        flags: 0,
        last_message_id: null,
        recipients: [channel.recipient.user],
      };
    }
    return {
      id: channel.id,
      type: Channel.Text,
      flags: 0,
      guild_id: channel.server.id,
      name: channel.name,
      position: channel.server.channels.indexOf(channel),
      parent_id: null,
      topic: null,
      nsfw: false,
      rate_limit_per_user: 0,
      last_message_id: null,
      permission_overwrites: [],
    };
  }
}

function newUser(id: string, username: string, globalName: string | null, bot: boolean): APIUser {
  return {
    id,
    username,
    global_name: globalName,
    discriminator: bot ? '0001' : '0',
    avatar: null,
    banner: null,
    accent_color: null,
    public_flags: 0 as UserFlags,
    flags: 0 as UserFlags,
    avatar_decoration_data: null,
    primary_guild: null,
    ...(bot ? { bot } : {}),
  };
}

function newRole(id: string, name: string, permissions: bigint, position: number): APIRole {
  return {
    id,
    name,
    permissions: permissions.toString(),
    position,
    color: 0,
    colors: { primary_color: 0, secondary_color: null, tertiary_color: null },
    hoist: false,
    managed: false,
    mentionable: false,
    icon: null,
    unicode_emoji: null,
    flags: 0 as RoleFlags,
  };
}
