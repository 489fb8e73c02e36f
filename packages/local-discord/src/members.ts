import type {
  APIApplicationCommand,
  APIApplicationCommandOptionChoice,
  APIInteraction,
  APIInteractionDataResolved,
  APIRole,
  APIUser,
  InteractionType,
} from 'discord-api-types/v10';
import type { Block } from './auto-moderation.ts';
import type { Commands } from './commands.ts';
import { callbackUrl, type Consent } from './consent.ts';
import type { Gateway } from './gateway.ts';
import {
  type Exchange,
  integrationOwners,
  type Interaction,
  type InteractionInit,
  type Interactions,
} from './interactions.ts';
import {
  checkPlace,
  type Invocation,
  invoke,
  isOffered,
  type OptionValue,
  type Place,
} from './invocation.ts';
import type { LocalMessage, LocalSelect, Messages } from './messages.ts';
import { Command, Component, Context, Kind, Message, Permission } from './numbers.ts';
import { checkValues, chosenIds, fillIn, type ModalValue } from './modal.ts';
import type { OAuth2 } from './oauth2.ts';
import type { LocalServer } from './server.ts';
import { snowflake } from './snowflake.ts';
import type { ClosedDmCode, LocalChannel, Person, World } from './world.ts';

export interface Where {
  /** The member's first server, if they have one, unless told. */
  readonly in?: 'server' | 'dm';
  readonly server?: LocalServer;
  /** A channel of that server; its first one unless told. */
  readonly channelId?: string;
  /** Sends it even if Discord's client would not. */
  readonly raw?: boolean;
  /** With `sent` the promise is fulfilled at once; await `exchange.settled` later. */
  readonly until?: 'settled' | 'sent';
}

export interface MemberInit {
  readonly username: string;
  readonly globalName?: string;
  readonly server?: LocalServer;
  /** Instead of what the roles give. */
  readonly permissions?: bigint;
  /** Role ids. */
  readonly roles?: readonly string[];
  /** An account of a bot. */
  readonly bot?: boolean;
  /** Of their client, as Discord spells it; `en-US` unless told. */
  readonly locale?: string;
}

export interface AuthorizeInit {
  readonly redirectUri: string;
  /** `identify` unless told. */
  readonly scopes?: readonly string[];
  readonly state?: string;
  readonly codeChallenge?: string;
  readonly codeChallengeMethod?: string;
  /** The bot's own one unless told. */
  readonly applicationId?: string;
}

/** Automatic moderation kept a message from being posted. */
export class Blocked extends Error {
  /** Discord's own, as the author's client gets it. */
  readonly code = 200_000;
  readonly block: Block;

  constructor(block: Block) {
    super(block.customMessage ?? 'Message was blocked by automatic moderation');
    this.name = 'Blocked';
    this.block = block;
  }

  get customMessage(): string | undefined {
    return this.block.customMessage;
  }
}

/** What a member's acts reach. */
export interface Reach {
  readonly world: World;
  readonly messages: Messages;
  readonly interactions: Interactions;
  readonly commands: Commands;
  readonly gateway: Gateway;
  readonly oauth2: OAuth2;
}

/** A person at Discord's client: acts, sees what comes back, has a DM with the bot. */
export class LocalMember {
  readonly #person: Person;
  readonly #reach: Reach;
  /** Those that they ever joined, in that order. */
  readonly #servers: LocalServer[] = [];
  /** Of their client, as each interaction carries it. */
  locale: string;

  constructor(reach: Reach, init: MemberInit) {
    this.#reach = reach;
    this.locale = init.locale ?? 'en-US';
    this.#person = reach.world.addPerson(init.username, init.globalName, init.bot);
    if (init.server !== undefined) this.join(init.server, init.permissions, init.roles);
  }

  get user(): APIUser {
    return this.#person.user;
  }
  get id(): string {
    return this.user.id;
  }
  get username(): string {
    return this.user.username;
  }
  get dmChannelId(): string {
    return this.#person.dm.id;
  }

  /** What stands in the DM with the bot now, oldest first. */
  get dms(): readonly LocalMessage[] {
    return this.dmHistory.filter((message) => !message.deleted);
  }

  /** Also what was deleted. */
  get dmHistory(): readonly LocalMessage[] {
    return this.#reach.messages.history(this.dmChannelId);
  }

  /** What stands in a channel before their eyes, what only they see included; oldest first. */
  sees(channelId: string): readonly LocalMessage[] {
    return this.#reach.messages.seenBy(this.id, channelId);
  }

  /** The commands, of all kinds, that their client offers in that place. */
  commands(where: Pick<Where, 'in' | 'server' | 'channelId'> = {}): APIApplicationCommand[] {
    const place = this.#place(this.#channel(where));
    const scopes = place.serverId === undefined ? [undefined] : [place.serverId, undefined];
    return scopes
      .flatMap((scope) => this.#reach.commands.list(scope))
      .filter((command) => isOffered(command, place));
  }

  get dmsAreClosed(): boolean {
    return this.#person.closedDms !== undefined;
  }

  closeDms(code: ClosedDmCode = 50007): void {
    this.#person.closedDms = code;
  }

  openDms(): void {
    this.#person.closedDms = undefined;
  }

  join(server: LocalServer, permissions?: bigint, roles?: readonly string[]): void {
    server.join(this.user, permissions, roles);
    this.#servers.push(server);
  }

  leave(server: LocalServer): void {
    server.leave(this.id);
  }

  /**
   * Writes a message of their own, in a server's first channel or the DM. `Blocked` is thrown where
   * a rule for automatic moderation keeps it from being posted.
   */
  say(content: string, where: Pick<Where, 'in' | 'server' | 'channelId'> = {}): LocalMessage {
    const channel = this.#channel(where);
    if (channel.kind === 'server') {
      const block = channel.server.moderate(this.user, channel, content);
      if (block !== undefined) throw new Blocked(block);
    }
    const { messages } = this.#reach;
    return messages.create({
      channel,
      author: this.user,
      body: { content, allowed_mentions: { parse: [] } },
    });
  }

  /** Presses Authorize on the consent page that asks for that; an error if the page shows one. */
  authorize(init: AuthorizeInit): { readonly code: string; readonly state?: string } {
    const given = {
      response_type: 'code',
      client_id: init.applicationId ?? this.#reach.world.applicationId,
      redirect_uri: init.redirectUri,
      scope: (init.scopes ?? ['identify']).join(' '),
      state: init.state,
      code_challenge: init.codeChallenge,
      code_challenge_method: init.codeChallengeMethod,
    };
    const query = new URLSearchParams();
    for (const [name, value] of Object.entries(given)) {
      if (value !== undefined) query.set(name, value);
    }
    const { oauth2 } = this.#reach;
    const code = oauth2.grant(this.user, oauth2.consent(query));
    return { code, ...(init.state === undefined ? {} : { state: init.state }) };
  }

  /** Opens the consent page and presses Authorize; answers where the browser is sent then. */
  authorizeAt(url: string): string {
    const consent = this.#consentAt(url);
    return callbackUrl(consent, { code: this.#reach.oauth2.grant(this.user, consent) });
  }

  /** Opens the consent page and presses Cancel; answers where the browser is sent then. */
  cancelAt(url: string): string {
    return callbackUrl(this.#consentAt(url), {
      error: 'access_denied',
      error_description: 'The resource owner or authorization server denied the request',
    });
  }

  async slash(
    line: string,
    options: Readonly<Record<string, OptionValue>> = {},
    where: Where = {},
  ): Promise<Exchange> {
    const channel = this.#channel(where);
    const invocation = invoke(this.#reach.commands, {
      line,
      values: options,
      place: this.#place(channel),
      raw: where.raw ?? false,
    });
    return this.#send(
      {
        kind: Kind.Command,
        channel,
        label: `/${line}`,
        replyType: Message.ChatInputReply,
        data: this.#commandData(invocation, channel),
      },
      where,
    );
  }

  /** A command from a message's or a user's menu. */
  async menu(
    name: string,
    target: LocalMessage | LocalMember,
    where: Where = {},
  ): Promise<Exchange> {
    const onMessage = !(target instanceof LocalMember);
    const channel = onMessage ? target.channel : this.#channel(where);
    const type = onMessage ? Command.Message : Command.User;
    const place = this.#place(channel);
    const command = this.#reach.commands.find(name, type, place.serverId);
    if (where.raw !== true) {
      if (command === undefined) throw new Error(`no menu command ${name} is registered here`);
      checkPlace(command, place);
    }
    const resolved = onMessage
      ? { messages: { [target.id]: target.raw } }
      : this.#resolve({ userIds: [target.id], roleIds: [], channelIds: [] }, channel);
    return this.#send(
      {
        kind: Kind.Command,
        channel,
        label: name,
        replyType: Message.ContextMenuReply,
        data: { id: command?.id ?? snowflake(), name, type, target_id: target.id, resolved },
      },
      where,
    );
  }

  async autocomplete(
    line: string,
    focused: string,
    value: string,
    others: Readonly<Record<string, OptionValue>> = {},
    where: Where = {},
  ): Promise<readonly APIApplicationCommandOptionChoice[]> {
    const channel = this.#channel(where);
    const invocation = invoke(this.#reach.commands, {
      line,
      values: { ...others, [focused]: value },
      place: this.#place(channel),
      focused,
      raw: where.raw ?? false,
    });
    const exchange = await this.#send(
      {
        kind: Kind.Autocomplete,
        channel,
        label: `/${line} ${focused}: (autocomplete)`,
        data: this.#commandData(invocation, channel),
      },
      where,
    );
    return exchange.choices;
  }

  /** Presses the button of that custom id or label. The message may be somebody else's. */
  async press(message: LocalMessage, button: string, where: Where = {}): Promise<Exchange> {
    const { buttons } = message;
    const found =
      buttons.find(({ customId }) => customId === button) ??
      buttons.find(({ label }) => label === button);
    if (found === undefined) {
      const labels = buttons.map(({ label }) => label).join(', ');
      throw new Error(`no button ${button}; there are: ${labels || 'none'}`);
    }
    if (found.customId === undefined) throw new Error(`the button ${button} is a link`);
    if (where.raw !== true) {
      if (found.disabled) throw new Error(`the button ${button} is disabled`);
      if (message.deleted) throw new Error(`the message with the button ${button} is deleted`);
    }
    return this.pressCustomId(found.customId, message, where);
  }

  /** A forged press: any custom id, whether the message has it or not. */
  async pressCustomId(
    customId: string,
    message: LocalMessage,
    where: Where = {},
  ): Promise<Exchange> {
    return this.#component(message, `the button ${customId}`, where, {
      custom_id: customId,
      component_type: Component.Button,
    });
  }

  /** Chooses in the message's only select, or in the one of that custom id. */
  async select(
    message: LocalMessage,
    values: readonly string[],
    customId?: string,
    where: Where = {},
  ): Promise<Exchange> {
    const found = message.selects.filter(
      (select) => customId === undefined || select.customId === customId,
    );
    const select = found[0];
    if (where.raw !== true) {
      if (select === undefined || found.length > 1) {
        throw new Error(`${found.length} selects fit ${customId ?? 'any custom id'}`);
      }
      if (message.deleted) throw new Error('the message with the select is deleted');
      checkSelection(select, values);
    }
    const type = select?.type ?? Component.StringSelect;
    const ids = {
      userIds: type === Component.UserSelect || type === Component.MentionableSelect ? values : [],
      roleIds: type === Component.RoleSelect || type === Component.MentionableSelect ? values : [],
      channelIds: type === Component.ChannelSelect ? values : [],
    };
    return this.#component(message, 'a select', where, {
      custom_id: customId ?? select?.customId ?? '',
      component_type: type,
      values,
      ...(type === Component.StringSelect ? {} : { resolved: this.#resolve(ids, message.channel) }),
    });
  }

  /** Submits the modal with which the bot answered; values by custom id, of a select as a list. */
  async submit(
    exchange: Exchange,
    values: Readonly<Record<string, ModalValue>>,
    where: Where = {},
  ): Promise<Exchange> {
    const opener = this.#reach.interactions.find(exchange);
    const { modal } = exchange;
    if (modal === undefined) throw new Error('the exchange was not answered with a modal');
    if (where.raw !== true) checkValues(modal, values);
    const components = fillIn(modal, values);
    const { source, channel } = opener.init;
    const resolved = this.#resolve(chosenIds(modal, values), channel);
    return this.#send(
      {
        kind: Kind.Modal,
        channel,
        label: `the modal ${modal.custom_id}`,
        ...(source === undefined ? {} : { source }),
        data: {
          custom_id: modal.custom_id,
          components,
          ...(Object.keys(resolved).length === 0 ? {} : { resolved }),
        },
      },
      where,
    );
  }

  /** The same interaction once more: same id, same token. */
  redeliver(exchange: Exchange): void {
    this.#dispatch(this.#reach.interactions.find(exchange));
  }

  // On whatever host: a product may know the site by its own name.
  #consentAt(url: string): Consent {
    const { pathname, searchParams } = new URL(url);
    if (!/^(?:\/api(?:\/v10)?)?\/oauth2\/authorize$/.test(pathname)) {
      throw new Error(`not a consent page: ${pathname}`);
    }
    return this.#reach.oauth2.consent(searchParams);
  }

  async #component(
    message: LocalMessage,
    label: string,
    where: Where,
    data: unknown,
  ): Promise<Exchange> {
    return this.#send(
      { kind: Kind.Component, channel: message.channel, label, source: message, data },
      where,
    );
  }

  async #send(init: Omit<InteractionInit, 'by'>, where: Where): Promise<Exchange> {
    const interaction = this.#reach.interactions.open({ ...init, by: this.#person });
    interaction.payload = this.#payload(interaction, init.kind);
    this.#dispatch(interaction);
    return where.until === 'sent' ? interaction : interaction.settled;
  }

  #dispatch(interaction: Interaction): void {
    const reached = this.#reach.gateway.dispatch('INTERACTION_CREATE', interaction.payload);
    if (reached === 0) interaction.giveUp('the bot has no session, not even one to resume');
  }

  #payload(interaction: Interaction, type: InteractionType): APIInteraction {
    const { world } = this.#reach;
    const { channel, source, data } = interaction.init;
    const isServer = channel.kind === 'server';
    return {
      id: interaction.interactionId,
      application_id: world.applicationId,
      type,
      token: interaction.token,
      version: 1,
      data,
      ...(isServer
        ? {
            guild_id: channel.server.id,
            guild: { id: channel.server.id, locale: 'en-US', features: [] },
            guild_locale: 'en-US',
            member: channel.server.interactionMember(this.id) ?? this.#stranger(),
            channel: {
              ...world.describeChannel(channel),
              permissions: channel.server.permissionsOf(this.id).toString(),
            },
          }
        : { user: this.user, channel: world.describeChannel(channel) }),
      channel_id: channel.id,
      ...(source === undefined ? {} : { message: source.raw }),
      context: isServer ? Context.Guild : Context.BotDm,
      authorizing_integration_owners: integrationOwners(channel),
      app_permissions: (isServer ? channel.server.botPermissions : Permission.Everyone).toString(),
      locale: this.locale,
      entitlements: [],
      entitlement_sku_ids: [],
      attachment_size_limit: 10_485_760,
      // The type is a union over kinds; the kind is an argument here.
    } as unknown as APIInteraction;
  }

  /** As a member without anything, for a forged act in a server that they are not in. */
  #stranger(): unknown {
    return {
      user: this.user,
      nick: null,
      avatar: null,
      banner: null,
      roles: [],
      joined_at: new Date().toISOString(),
      premium_since: null,
      deaf: false,
      mute: false,
      flags: 0,
      pending: false,
      communication_disabled_until: null,
      permissions: '0',
    };
  }

  #commandData(invocation: Invocation, channel: LocalChannel): unknown {
    const { command, options } = invocation;
    const resolved = this.#resolve(invocation, channel);
    return {
      id: command.id,
      name: command.name,
      type: Command.ChatInput,
      ...(command.guild_id === undefined ? {} : { guild_id: command.guild_id }),
      ...(options.length === 0 ? {} : { options }),
      ...(Object.keys(resolved).length === 0 ? {} : { resolved }),
    };
  }

  #resolve(
    ids: Pick<Invocation, 'userIds' | 'roleIds' | 'channelIds'>,
    channel: LocalChannel,
  ): APIInteractionDataResolved {
    const { world } = this.#reach;
    const server = channel.kind === 'server' ? channel.server : undefined;
    const users: Record<string, APIUser> = {};
    const members: Record<string, unknown> = {};
    const roles: Record<string, APIRole> = {};
    const channels: Record<string, unknown> = {};
    for (const id of ids.userIds) {
      const user = id === world.bot.id ? world.bot : world.people.get(id)?.user;
      if (user === undefined) continue;
      users[id] = user;
      const member = server?.interactionMember(id);
      if (member === undefined) continue;
      const { user: _user, deaf: _deaf, mute: _mute, ...partial } = member;
      members[id] = partial;
    }
    for (const role of server?.roles ?? []) {
      if (ids.roleIds.includes(role.id)) roles[role.id] = role;
    }
    for (const known of server?.channels ?? []) {
      if (!ids.channelIds.includes(known.id)) continue;
      channels[known.id] = {
        ...world.describeChannel(known),
        permissions: server?.permissionsOf(this.id).toString(),
      };
    }
    return Object.fromEntries(
      Object.entries({ users, members, roles, channels }).filter(
        ([, found]) => Object.keys(found).length > 0,
      ),
    );
  }

  #place(channel: LocalChannel): Place {
    return channel.kind === 'server'
      ? { serverId: channel.server.id, permissions: channel.server.permissionsOf(this.id) }
      : { serverId: undefined, permissions: 0n };
  }

  #channel(where: Pick<Where, 'in' | 'server' | 'channelId'>): LocalChannel {
    if (where.channelId !== undefined) {
      const channel = this.#reach.world.channels.get(where.channelId);
      if (channel === undefined) throw new Error(`unknown channel ${where.channelId}`);
      return channel;
    }
    const server = where.server ?? this.#servers.find((joined) => joined.has(this.id));
    if (where.in === 'dm' || (where.in === undefined && server === undefined)) {
      return this.#person.dm;
    }
    if (server === undefined) throw new Error(`${this.username} is in no server`);
    return server.channels[0]!;
  }
}

function checkSelection(select: LocalSelect, values: readonly string[]): void {
  if (select.disabled) throw new Error(`the select ${select.customId} is disabled`);
  if (values.length < select.minValues || values.length > select.maxValues) {
    throw new Error(
      `the select ${select.customId} takes ${select.minValues} to ${select.maxValues} values`,
    );
  }
  if (select.type !== Component.StringSelect) return;
  for (const value of values) {
    if (!select.options.some((option) => option.value === value)) {
      throw new Error(`the select ${select.customId} has no option ${value}`);
    }
  }
}
