import {
  ApplicationCommandOptionType,
  ApplicationCommandType,
  ComponentType,
  InteractionType,
  PermissionFlagsBits,
  REST,
} from 'discord.js';
import {
  components,
  memberCommands,
  messageCommands,
  staffCommands,
  userCommands,
} from '../../src/discord/interactions/commands/index.ts';
import { createDispatch, type Dispatch } from '../../src/discord/interactions/dispatch.ts';
import { createDeleteReportedMessage } from '../../src/discord/messages/delete-reported-message.ts';
import { createHeldRoles } from '../../src/core/policy/held-roles.ts';
import type { Policy } from '../../src/core/policy/policy.ts';
import { createAutomodRule } from '../../src/discord/server/automod-rule.ts';
import { createStaffChannel } from '../../src/discord/server/staff-channel.ts';
import type { Deliver } from '../../src/core/tokens/delivery.ts';
import { silentMeter } from '../../src/metrics.ts';
import { type CoreHarnessOptions, createCoreHarness } from './core-harness.ts';
import { collectLog, createPostbox } from './fixtures.ts';
import { withoutStaff } from './without-staff.ts';
import {
  agreeable,
  type Answer,
  answeringOver,
  createWire,
  discordError,
  INTERACTION_ID,
  INTERACTION_TOKEN,
  message,
  modalData,
  type Payload,
  type Responder,
  WEBHOOK,
  type Wire,
} from './wire.ts';

const [, , APPLICATION = ''] = WEBHOOK.split('/');
export { APPLICATION };

export const SERVER = '300000000000000003';
export const STAFF_CHANNEL = '400000000000000004';
export const OTHER_CHANNEL = '400000000000000005';
export const THREAD = '400000000000000006';
export const OTHER_THREAD = '400000000000000007';

/** Who uses a command, and where. */
export interface Person {
  readonly id: string;
  readonly username?: string;
  /** In the channel, as Discord computed them. */
  readonly permissions?: bigint;
  readonly roles?: readonly string[];
  /** Null for a direct message. */
  readonly server?: string | null;
  readonly channel?: string;
  /** What the bot may do in the channel. */
  readonly appPermissions?: bigint;
}

export const SUE: Person = {
  id: '900000000000000009',
  username: 'sue',
  permissions: PermissionFlagsBits.ManageGuild,
};

const { String: STRING, User: USER, Subcommand: SUBCOMMAND } = ApplicationCommandOptionType;

type MakeRequest = Wire['makeRequest'];

/** A file that went out with an answer. */
export interface Upload {
  readonly name: string;
  readonly text: string;
}

/** Reads what discord.js sends as a form: its JSON goes on over the wire, its files are kept. */
function takingFiles(makeRequest: MakeRequest, uploads: Upload[]): MakeRequest {
  return async (url, init) => {
    const { body } = init as { body?: unknown };
    if (!(body instanceof FormData)) return makeRequest(url, init);
    for (const [, value] of body) {
      if (typeof value !== 'string') uploads.push({ name: value.name, text: await value.text() });
    }
    const json = body.get('payload_json');
    return makeRequest(url, { ...init, body: typeof json === 'string' ? json : null });
  };
}

const userOf = ({ id, username = 'ana' }: Person, bot = false) => ({
  id,
  username,
  bot,
  discriminator: '0',
  avatar: null,
  global_name: null,
});

export interface Given {
  readonly options?: Readonly<Record<string, string>>;
  /** The option that is being typed, for an autocomplete. */
  readonly focused?: string;
  /** The one that `user` names is a bot. */
  readonly bot?: boolean;
}

function envelope(person: Person, type: InteractionType, data: object): Payload {
  const { server = SERVER, channel = STAFF_CHANNEL, permissions = 0n, roles = [] } = person;
  const user = userOf(person);
  const where =
    server === null
      ? { user, context: 1 }
      : {
          guild_id: server,
          guild: { id: server, locale: 'en-GB', features: [] },
          context: 0,
          member: { user, roles, permissions: String(permissions), flags: 0 },
        };
  return {
    id: INTERACTION_ID,
    application_id: APPLICATION,
    type,
    token: INTERACTION_TOKEN,
    version: 1,
    channel_id: channel,
    channel: { id: channel, type: server === null ? 1 : 0 },
    locale: 'en-GB',
    app_permissions: String(person.appPermissions ?? 0n),
    entitlements: [],
    authorizing_integration_owners: { 0: server ?? '0' },
    attachment_size_limit: 1,
    data,
    ...where,
  } as unknown as Payload;
}

function command(
  person: Person,
  name: string,
  subcommand: string,
  { options = {}, focused, bot = false }: Given,
) {
  const given = Object.entries(options).map(([key, value]) => ({
    type: key === 'user' ? USER : STRING,
    name: key,
    value,
    ...(key === focused ? { focused: true } : {}),
  }));
  const { user } = options;
  const type =
    focused === undefined
      ? InteractionType.ApplicationCommand
      : InteractionType.ApplicationCommandAutocomplete;
  return envelope(person, type, {
    id: '1',
    name,
    type: ApplicationCommandType.ChatInput,
    options: [{ type: SUBCOMMAND, name: subcommand, options: given }],
    ...(user === undefined
      ? {}
      : { resolved: { users: { [user]: userOf({ id: user, username: 'target' }, bot) } } }),
  });
}

/** What happens on a message with components. */
const onMessage = (payload: Payload) => ({ ...payload, message }) as unknown as Payload;

/** Interactions of people in a server, over a wire that answers as told. */
export function createServerInteractions(respond: Responder) {
  const wire = createWire(respond);
  const uploads: Upload[] = [];
  const makeRequest = takingFiles(wire.makeRequest, uploads);
  const rest = new REST({ makeRequest, retries: 0, offset: 0 }).setToken('bot-token');

  return {
    sent: wire.sent,
    uploads,
    rest,
    /** The way in of what is made here. */
    answering: (dispatch: Dispatch) => answeringOver(makeRequest, dispatch),
    slash: (person: Person, name: string, subcommand: string, given: Given = {}) =>
      command(person, name, subcommand, given),
    complete: (person: Person, name: string, subcommand: string, given: Given) =>
      command(person, name, subcommand, given),
    button: (person: Person, customId: string) => {
      const data = { component_type: ComponentType.Button, custom_id: customId };
      return onMessage(envelope(person, InteractionType.MessageComponent, data));
    },
    /** The modal that a component opened is sent. */
    modal: (person: Person, customId: string, fields: Readonly<Record<string, string>>) => {
      const data = modalData(customId, fields);
      return onMessage(envelope(person, InteractionType.ModalSubmit, data));
    },
    /** A command in the menu of a message. */
    menu: (person: Person, name: string, target: object) => {
      const on = { ...message, channel_id: person.channel ?? STAFF_CHANNEL, ...target };
      return envelope(person, InteractionType.ApplicationCommand, {
        id: '1',
        name,
        type: ApplicationCommandType.Message,
        target_id: on.id,
        resolved: { messages: { [on.id]: on } },
      });
    },
    /** A command in the menu of a member. */
    userMenu: (person: Person, name: string, target: string) =>
      envelope(person, InteractionType.ApplicationCommand, {
        id: '1',
        name,
        type: ApplicationCommandType.User,
        target_id: target,
        resolved: { users: { [target]: userOf({ id: target, username: 'target' }) } },
      }),
  };
}

export type ServerInteractions = ReturnType<typeof createServerInteractions>;

/** By `METHOD /path`, what Discord answers; the rest is answered as an interaction needs it. */
export type Routes = Readonly<Record<string, Answer | (() => Answer)>>;

export const ok = (body: unknown): Answer => ({ status: 200, body });

/** A server with a staff channel and a thread in it, in which nobody has a role. */
export const QUIET_SERVER: Routes = {
  [`GET /channels/${STAFF_CHANNEL}`]: ok({ id: STAFF_CHANNEL, type: 0, guild_id: SERVER }),
  [`GET /channels/${OTHER_CHANNEL}`]: ok({ id: OTHER_CHANNEL, type: 0, guild_id: SERVER }),
  [`GET /channels/${THREAD}`]: ok({
    id: THREAD,
    type: 11,
    guild_id: SERVER,
    parent_id: STAFF_CHANNEL,
  }),
  [`GET /channels/${OTHER_THREAD}`]: ok({
    id: OTHER_THREAD,
    type: 11,
    guild_id: SERVER,
    parent_id: OTHER_CHANNEL,
  }),
  [`GET /applications/${APPLICATION}/guilds/${SERVER}/commands`]: ok([]),
  [`PUT /applications/${APPLICATION}/guilds/${SERVER}/commands`]: ok([]),
  [`GET /guilds/${SERVER}`]: ok({ id: SERVER, owner_id: '1', roles: [] }),
  [`GET /guilds/${SERVER}/auto-moderation/rules`]: ok([]),
};

export function answering(routes: Routes): Responder {
  return (request, call) => {
    const key = `${request.method} ${request.path}`;
    const answer = routes[key];
    if (answer !== undefined) return typeof answer === 'function' ? answer() : answer;
    if (request.path.startsWith(`/guilds/${SERVER}/members/`)) return discordError(404, 10_007);
    return agreeable(request, call);
  };
}

export interface DiscordHarnessOptions {
  /** In front of what {@link QUIET_SERVER} answers. */
  readonly routes?: Routes;
  readonly roleIds?: readonly string[];
  readonly appealUrl?: string;
  readonly through?: CoreHarnessOptions['through'];
  readonly policy?: Policy;
  readonly findMember?: CoreHarnessOptions['findMember'];
  readonly maxApiTokens?: number;
  /** How tokens reach members; they do unless told. */
  readonly deliver?: Deliver;
}

/** The real dispatcher with everything that staff use, over a server with a staff channel. */
export async function createDiscordHarness({
  routes = {},
  roleIds = [],
  appealUrl,
  through,
  policy,
  findMember,
  maxApiTokens = 200,
  deliver = createPostbox().deliver,
}: DiscordHarnessOptions = {}) {
  const harness = createCoreHarness({
    maxApiTokens,
    policy,
    ...(through && { through }),
    ...(findMember && { findMember }),
  });
  const { log, lines } = collectLog();
  const interactions = createServerInteractions(answering({ ...QUIET_SERVER, ...routes }));
  const { rest, sent } = interactions;
  const { store, clock, sessions, tokens } = harness;
  const staffChannel = createStaffChannel({
    rest,
    store,
    log,
    channelId: STAFF_CHANNEL,
    roleIds,
    commands: [...staffCommands(roleIds), ...userCommands(roleIds)],
  });
  await staffChannel.open(APPLICATION);
  sent.length = 0;
  const dispatch = interactions.answering(
    createDispatch({
      ...withoutStaff(harness),
      commands: [...memberCommands(policy), ...staffCommands(roleIds)],
      messageCommands,
      userCommands: userCommands(roleIds),
      components,
      sessions,
      tokens,
      automodRule: createAutomodRule({
        rest,
        store,
        clock,
        tokenPrefix: 'lk',
        serverId: staffChannel.serverId,
      }),
      staffChannel,
      policy,
      heldRoles: createHeldRoles({ store, clock, policy, isStaffed: true }),
      appealUrl,
      deleteReportedMessage: createDeleteReportedMessage(rest, log),
      deliver: () => deliver,
      clock,
      log,
      meter: silentMeter,
    }),
  );

  return {
    ...harness,
    ...interactions,
    lines,
    dispatch,
    /** What the person reads last: the body of the last request to Discord. */
    answer: () => sent.at(-1)?.body,
    admin: async (subcommand: string, options: Record<string, string> = {}, person = SUE) => {
      await dispatch(interactions.slash(person, 'admin', subcommand, { options }));
      return sent.at(-1)?.body;
    },
    press: async (customId: string, person = SUE) => {
      await dispatch(interactions.button(person, customId));
      return sent.at(-1)?.body;
    },
    /** Sends the modal that a component opened. */
    submit: async (customId: string, fields: Record<string, string> = {}, person = SUE) => {
      await dispatch(interactions.modal(person, customId, fields));
      return sent.at(-1)?.body;
    },
    close: () => harness.close(),
  };
}

export type DiscordHarness = Awaited<ReturnType<typeof createDiscordHarness>>;

/** All that can be read in an answer: its content and the texts in its components. */
export function wordsOf(node: unknown): string {
  if (Array.isArray(node)) return node.map(wordsOf).join('');
  if (typeof node !== 'object' || node === null) return '';
  const { content, components: inner, data } = node as Record<string, unknown>;
  return `${typeof content === 'string' ? content : ''}${wordsOf(inner)}${wordsOf(data)}`;
}

/** Discord counts all components of a message, those inside of others too. */
export function countComponents(node: unknown): number {
  if (Array.isArray(node)) {
    return node.reduce<number>((sum, each) => sum + countComponents(each), 0);
  }
  if (typeof node !== 'object' || node === null) return 0;
  const { components: inner, type } = node as { components?: unknown; type?: number };
  return (type === undefined ? 0 : 1) + countComponents(inner);
}

export interface Shown {
  readonly label: string;
  readonly custom_id: string;
  readonly disabled?: boolean;
}

/** The buttons in an answer that do something here. */
export function buttonsOf(node: unknown): Shown[] {
  if (Array.isArray(node)) return node.flatMap(buttonsOf);
  if (typeof node !== 'object' || node === null) return [];
  if ('custom_id' in node) return [node as Shown];
  const { components: inner, accessory } = node as { components?: unknown; accessory?: unknown };
  return [...buttonsOf(inner), ...buttonsOf(accessory)];
}

/** The custom id of the button with this label. */
export function idOfButton(node: unknown, label: string): string {
  const found = buttonsOf(node).find((each) => each.label === label);
  if (found === undefined) throw new Error(`no button ${label} in ${JSON.stringify(node)}`);
  return found.custom_id;
}
