import type {
  APIGuildMember,
  APIInteractionGuildMember,
  APIRole,
  APIUser,
  ChannelType,
  GuildMemberFlags,
  RoleFlags,
} from 'discord-api-types/v10';
import { Action, AuditLog, type Deed } from './audit-log.ts';
import { AutoModeration, type Block, blockOf } from './auto-moderation.ts';
import type { Json } from './json.ts';
import { Channel, Intent, Permission } from './numbers.ts';
import { snowflake } from './snowflake.ts';
import { newUser } from './users.ts';

/** To the sessions with the intents; data that depends on a session's intents is made for each. */
export type Announce = (
  event: string,
  data: object | ((intents: number) => object),
  intents: number,
) => void;

export interface ServerChannel {
  readonly kind: 'server';
  readonly id: string;
  readonly name: string;
  readonly server: LocalServer;
  /** A text channel unless told. */
  readonly type?: ChannelType;
  /** Of a thread: the channel that it belongs to. */
  readonly parentId?: string;
}

/** A member, anyone who was one or the bot. */
export interface Somebody {
  readonly user: APIUser;
}

export interface Because {
  /** The server's owner unless told. */
  readonly by?: Somebody;
  readonly reason?: string;
}

interface Membership {
  readonly user: APIUser;
  readonly joinedAt: string;
  readonly roles: string[];
  permissions: bigint | undefined;
}

interface Ban {
  readonly user: APIUser;
  readonly reason: string | null;
}

export interface ServerInit {
  readonly name?: string;
  /** True unless told. */
  readonly botIsIn?: boolean;
  /** Instead of what the roles give. */
  readonly botPermissions?: bigint;
}

/** What a server is part of. */
export interface Surroundings {
  readonly bot: APIUser;
  readonly announce: Announce;
  readonly describe: (channel: ServerChannel) => Json;
  readonly register: (channel: ServerChannel) => void;
  readonly unregister: (id: string) => void;
}

export class LocalServer {
  readonly id = snowflake();
  readonly name: string;
  readonly owner: APIUser = newUser(snowflake(), 'server-owner', null, false);
  readonly roles: APIRole[] = [];
  readonly channels: ServerChannel[] = [];
  readonly auditLog = new AuditLog();
  readonly autoModeration: AutoModeration;
  readonly #members = new Map<string, Membership>();
  readonly #bans = new Map<string, Ban>();
  readonly #around: Surroundings;

  constructor(init: ServerInit, around: Surroundings) {
    this.#around = around;
    this.autoModeration = new AutoModeration(this.id);
    this.name = init.name ?? 'Test server';
    this.roles.push(newRole(this.id, '@everyone', Permission.Everyone, 0));
    this.addChannel('general');
    if (init.botIsIn !== false) this.#add(around.bot, init.botPermissions);
  }

  /** Set, it lets the bot in, with what the roles give, or throws it out. */
  get botIsIn(): boolean {
    return this.has(this.#around.bot.id);
  }
  set botIsIn(isIn: boolean) {
    if (isIn === this.botIsIn) return;
    const { bot, announce } = this.#around;
    if (isIn) {
      this.#add(bot);
      this.appear();
    } else {
      this.#members.delete(bot.id);
      announce('GUILD_DELETE', { id: this.id }, Intent.Guilds);
    }
  }

  /** What the bot may do; none where it is not in. */
  get botPermissions(): bigint {
    return this.permissionsOf(this.#around.bot.id);
  }
  set botPermissions(permissions: bigint) {
    this.setPermissions(this.#around.bot.id, permissions);
  }

  botMay(permission: bigint): boolean {
    return this.may(this.#around.bot.id, permission);
  }

  may(userId: string, permission: bigint): boolean {
    const permissions = this.permissionsOf(userId);
    return (
      (permissions & Permission.Administrator) !== 0n || (permissions & permission) === permission
    );
  }

  /** The first text channel. The bot sees it. */
  get channelId(): string {
    return this.channels[0]!.id;
  }

  addChannel(name: string, more: Pick<ServerChannel, 'type' | 'parentId'> = {}): ServerChannel {
    const channel: ServerChannel = { kind: 'server', id: snowflake(), name, server: this, ...more };
    this.channels.push(channel);
    this.#around.register(channel);
    return channel;
  }

  /** A public thread in one of its channels. */
  addThread(parentId: string, name: string): ServerChannel {
    return this.addChannel(name, { type: Channel.PublicThread, parentId });
  }

  removeChannel(id: string): void {
    this.channels.splice(
      this.channels.findIndex((channel) => channel.id === id),
      1,
    );
    this.#around.unregister(id);
  }

  addRole(name: string, permissions = 0n): APIRole {
    const role = newRole(snowflake(), name, permissions, this.roles.length);
    this.roles.push(role);
    return role;
  }

  join(user: APIUser, permissions?: bigint, roles: readonly string[] = []): void {
    if (this.#bans.has(user.id)) throw new Error(`${user.username} is banned from ${this.name}`);
    this.#add(user, permissions, roles);
    this.announce(
      'GUILD_MEMBER_ADD',
      { guild_id: this.id, ...this.member(user.id) },
      Intent.GuildMembers,
    );
  }

  leave(userId: string): void {
    const member = this.#members.get(userId);
    if (member === undefined) return;
    this.#members.delete(userId);
    const { user } = member;
    this.announce('GUILD_MEMBER_REMOVE', { guild_id: this.id, user }, Intent.GuildMembers);
  }

  kick({ user }: Somebody, because: Because = {}): void {
    if (!this.has(user.id)) throw new Error(`${user.username} is not in ${this.name}`);
    this.leave(user.id);
    this.#log(Action.MemberKick, user, because);
  }

  /** Also somebody who is not in the server. Discord promises no order of the two events. */
  ban({ user }: Somebody, because: Because = {}): void {
    if (this.#bans.has(user.id)) throw new Error(`${user.username} is banned already`);
    this.#bans.set(user.id, { user, reason: because.reason ?? null });
    this.announce('GUILD_BAN_ADD', { guild_id: this.id, user }, Intent.GuildModeration);
    this.leave(user.id);
    this.#log(Action.MemberBanAdd, user, because);
  }

  /** They are not back by that: they have to join. */
  unban({ user }: Somebody, because: Because = {}): void {
    if (!this.#bans.delete(user.id)) throw new Error(`${user.username} is not banned`);
    this.announce('GUILD_BAN_REMOVE', { guild_id: this.id, user }, Intent.GuildModeration);
    this.#log(Action.MemberBanRemove, user, because);
  }

  /** By the ids of the users, ascending. */
  get bans(): readonly Ban[] {
    return [...this.#bans.values()].toSorted((a, b) =>
      BigInt(a.user.id) < BigInt(b.user.id) ? -1 : 1,
    );
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
    const member = this.#members.get(userId);
    if (member === undefined) return;
    member.roles.splice(0, Infinity, ...roles);
    this.announce(
      'GUILD_MEMBER_UPDATE',
      { guild_id: this.id, ...this.member(userId) },
      Intent.GuildMembers,
    );
  }

  /** Members lose it, of which no event of theirs tells. */
  removeRole(roleId: string): void {
    const at = this.roles.findIndex(({ id }) => id === roleId && id !== this.id);
    if (at < 0) throw new Error(`${this.name} has no such role`);
    this.roles.splice(at, 1);
    for (const { roles } of this.#members.values()) {
      if (roles.includes(roleId)) roles.splice(roles.indexOf(roleId), 1);
    }
    this.announce('GUILD_ROLE_DELETE', { guild_id: this.id, role_id: roleId }, Intent.Guilds);
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

  /** Holds a message against the rules for automatic moderation; what blocks it, if one does. */
  moderate(user: APIUser, channel: ServerChannel, content: string): Block | undefined {
    if (this.may(user.id, Permission.ManageGuild)) return undefined;
    const roles = this.#members.get(user.id)?.roles ?? [];
    let block: Block | undefined;
    for (const match of this.autoModeration.matches({ roles, channelId: channel.id, content })) {
      for (const action of match.rule.actions) {
        this.announce(
          'AUTO_MODERATION_ACTION_EXECUTION',
          (intents) => ({
            guild_id: this.id,
            action,
            rule_id: match.rule.id,
            rule_trigger_type: match.rule.trigger_type,
            user_id: user.id,
            channel_id: channel.id,
            matched_keyword: match.keyword,
            ...((intents & Intent.MessageContent) === 0
              ? { content: '', matched_content: '' }
              : { content, matched_content: match.content }),
          }),
          Intent.AutoModerationExecution,
        );
      }
      const blocking = blockOf(match);
      block ??= blocking;
      if (blocking === undefined) continue;
      this.log({
        action: Action.BlockMessage,
        by: user,
        target: user,
        options: {
          auto_moderation_rule_name: match.rule.name,
          auto_moderation_rule_trigger_type: String(match.rule.trigger_type),
          channel_id: channel.id,
        } as NonNullable<Deed['options']>,
      });
    }
    return block;
  }

  /** Tells the bot of the server, as when it comes in. */
  appear(): void {
    this.announce('GUILD_CREATE', this.describeWhole(), Intent.Guilds);
  }

  /** To the sessions of the bot, if it is in. */
  announce(...[event, data, intents]: Parameters<Announce>): void {
    if (this.botIsIn) this.#around.announce(event, data, intents);
  }

  /** Notes it in the audit log, and tells a bot that may read that. */
  log(deed: Deed): void {
    const entry = this.auditLog.add(deed);
    if (!this.botMay(Permission.ViewAuditLog)) return;
    const data = { guild_id: this.id, ...entry };
    this.announce('GUILD_AUDIT_LOG_ENTRY_CREATE', data, Intent.GuildModeration);
  }

  /** As GUILD_CREATE carries it. Of the members it lists the bot alone, as without the presences intent. */
  describeWhole(): Json {
    const { bot, describe } = this.#around;
    return {
      ...this.describe(),
      joined_at: this.#members.get(bot.id)?.joinedAt,
      large: false,
      unavailable: false,
      member_count: this.#members.size,
      members: [this.member(bot.id)],
      channels: this.channels.map(describe),
      voice_states: [],
      threads: [],
      presences: [],
      stage_instances: [],
      guild_scheduled_events: [],
      soundboard_sounds: [],
    };
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
      owner_id: this.owner.id,
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

  #log(action: Deed['action'], target: APIUser, { by, reason }: Because): void {
    this.log({ action, target, reason, by: by?.user ?? this.owner });
  }

  #add(user: APIUser, permissions?: bigint, roles: readonly string[] = []): void {
    this.#members.set(user.id, {
      user,
      joinedAt: new Date().toISOString(),
      roles: [...roles],
      permissions,
    });
  }
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
