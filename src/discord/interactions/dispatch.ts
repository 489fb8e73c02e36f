import {
  DiscordAPIError,
  PermissionFlagsBits,
  PermissionsBitField,
  RESTJSONErrorCodes,
} from 'discord.js';
import { BY_DISCORD, type Member, type Staff } from '../../core/actor.ts';
import type { Roles } from '../../core/policy/roles.ts';
import type { Log } from '../../log.ts';
import type { CommandOutcome, Meter } from '../../metrics.ts';
import { WHY_REFUSED } from '../render/render-audit.ts';
import { ANY_STAFF } from '../render/render-feed.ts';
import { notYours, outdated, sentenceCard } from '../render/replies.ts';
import { type Attachment, Declined, type Reply } from '../render/reply.ts';
import type { Words, WordsFor } from '../words/words.ts';
import {
  type Command,
  type Component,
  DONE,
  type MessageCommand,
  REMOVE,
  type Services,
  type UserCommand,
} from './command.ts';
import { writeCustomId } from './custom-id.ts';
import type { Invocation, InvocationOf, Origin } from './invocation.ts';
import { oncePerMinute } from './once-per-minute.ts';
import { createAttempt } from './attempt.ts';
import type { Body, Responder } from './responder.ts';

export interface DispatchDeps extends Services {
  readonly commands: readonly Command[];
  readonly messageCommands: readonly MessageCommand[];
  readonly userCommands: readonly UserCommand[];
  readonly components: readonly Component[];
  /** What Discord says of members' roles counts in this server; undefined where it does in none. */
  readonly communityServerId: string | undefined;
  readonly roles: Roles;
  readonly wordsFor: WordsFor;
  readonly log: Log;
  readonly meter: Meter;
}

type Asked = Origin & Pick<Invocation, 'kind'>;

export type Dispatch = (invocation: Invocation, responder: Responder) => Promise<void>;

/**
 * The one way in from Discord: acknowledge, find, admit, run, answer. Nothing that a handler does or
 * throws gets past it, and nothing is done for an interaction that could not be acknowledged.
 */
export function createDispatch(deps: DispatchDeps): Dispatch {
  const { commands, messageCommands, userCommands, components, ...rest } = deps;
  const { wordsFor, log, meter, communityServerId, roles, ...services } = rest;
  const { staffChannel } = services;
  const commandsByName = new Map(commands.map((command) => [command.data.name, command]));
  const messageCommandsByName = new Map(messageCommands.map((each) => [each.data.name, each]));
  const userCommandsByName = new Map(userCommands.map((each) => [each.data.name, each]));
  const componentsByName = new Map(components.map((component) => [component.name, component]));
  const attempt = createAttempt(deps);
  const isFirst = oncePerMinute(deps.clock);

  /** A member, with their roles where they asked in the community's server; those count from now on. */
  async function memberOf({ id: requestId, user, serverId, member, kind }: Asked): Promise<Member> {
    const { id: userId } = user;
    const isHere = communityServerId !== undefined && serverId === communityServerId;
    const look = isHere && member !== null ? roles.look(member.roles) : undefined;
    if (look === undefined) return { kind: 'member', userId, requestId, credential: BY_DISCORD };
    // An autocomplete changes nothing.
    if (kind !== 'autocomplete') await roles.keep(userId, look);
    return { kind: 'member', userId, requestId, credential: { kind: 'discord', look } };
  }

  /** Staff, or a refusal that the staff hear of. */
  async function admit(origin: Asked, what: string): Promise<Staff> {
    const why = await staffChannel.refusalFor(origin);
    if (why === null) return staffOf(origin);
    const { id: userId } = origin.user;
    if (isFirst(userId)) {
      const isSlip = why === 'elsewhere' && (await isStaff(origin));
      await services.staff.noteRefusal(await memberOf(origin), what, WHY_REFUSED[why], isSlip);
    }
    throw new Declined((words) => words(`staff.${why}`));
  }

  async function isStaff(origin: Origin): Promise<boolean> {
    // Where Discord does not say, the refusal is news.
    return staffChannel.isStaff(origin).catch(() => false);
  }

  function runCommand(asked: InvocationOf<'command'>, responder: Responder) {
    const { name, subcommand, options, isInBotDm, user } = asked;
    const { username } = user;
    const command = commandsByName.get(name);
    return answerAnew(asked, responder, async (words) => {
      const context = { ...services, words, options, username, isInBotDm };
      if (command?.audience === 'staff') {
        const actor = await admit(asked, `/${name} ${subcommand}`);
        return own(command.subcommands, subcommand)?.({ ...context, actor });
      }
      return own(command?.subcommands, subcommand)?.({ ...context, actor: await memberOf(asked) });
    });
  }

  function runMessageCommand(asked: InvocationOf<'message_command'>, responder: Responder) {
    const { name, message, channelId, serverId, appPermissions } = asked;
    const mayDelete =
      serverId !== null &&
      new PermissionsBitField(appPermissions).has(PermissionFlagsBits.ManageMessages);
    const command = messageCommandsByName.get(name);
    return answerAnew(asked, responder, async (words) => {
      const actor = await memberOf(asked);
      return command?.run({ ...services, words, actor, message, channelId, mayDelete });
    });
  }

  function runUserCommand(asked: InvocationOf<'user_command'>, responder: Responder) {
    const { name, target } = asked;
    const command = userCommandsByName.get(name);
    return answerAnew(asked, responder, async (words) => {
      if (command === undefined) return undefined;
      return command.run({ ...services, words, actor: await admit(asked, name), target });
    });
  }

  /** By a new message that only its member sees. */
  async function answerAnew(
    asked: Asked,
    responder: Responder,
    handle: (words: Words) => Promise<Reply | Attachment | undefined>,
  ): Promise<CommandOutcome> {
    if (!(await acknowledge(asked, () => responder.defer('new')))) return 'unanswered';
    const words = wordsFor(asked.locale);
    const reply = await attempt(asked, async () => (await handle(words)) ?? words('outdated'));
    return send(asked, responder, reply.outcome, () => responder.edit(bodyOf(reply.value)));
  }

  /** A component changes the message that it is on, unless it declares otherwise; what is refused is said beside it. */
  async function runComponent(
    asked: InvocationOf<'component' | 'modal'>,
    responder: Responder,
  ): Promise<CommandOutcome> {
    const component = componentsByName.get(asked.customId.component);
    if (asked.kind === 'component' && component?.modal !== undefined) {
      return openModal(asked, component, responder);
    }
    const isNew = component?.reply === 'new';
    const acknowledged = await acknowledge(asked, () => responder.defer(isNew ? 'new' : 'update'));
    if (!acknowledged) return 'unanswered';
    const reply = await attempt(asked, () => use(asked, component));
    const { refused, outcome, value } = reply;
    return send(asked, responder, outcome, () => {
      if (value === REMOVE) return responder.remove();
      if (value === DONE) return Promise.resolve();
      if (isNew) return responder.edit(bodyOf(value));
      if (refused) return responder.followUp(bodyOf(value));
      return responder.edit(cardOf(value));
    });
  }

  async function use(pressed: InvocationOf<'component' | 'modal'>, component?: Component) {
    requireOwner(pressed, component);
    const context = contextOf(pressed);
    return component.audience === 'staff'
      ? component.run({ ...context, actor: await admit(pressed, component.name) })
      : component.run({ ...context, actor: await memberOf(pressed) });
  }

  /** A modal is the first answer, or there is none: nothing can be acknowledged before it. */
  async function openModal(
    pressed: InvocationOf<'component'>,
    component: Component,
    responder: Responder,
  ): Promise<CommandOutcome> {
    const { refused, outcome, value } = await attempt(pressed, async () => {
      requireOwner(pressed, component);
      const context = contextOf(pressed);
      return component.audience === 'staff'
        ? component.modal?.({ ...context, actor: await admit(pressed, component.name) })
        : component.modal?.({ ...context, actor: await memberOf(pressed) });
    });
    const { component: name, owner, args } = pressed.customId;
    const opened = await acknowledge(pressed, async () => {
      if (refused) await responder.reply(bodyOf(value));
      else if (value)
        await responder.open({ ...value, custom_id: writeCustomId(name, owner, ...args) });
    });
    return opened ? outcome : 'unanswered';
  }

  function contextOf({
    locale,
    customId,
    values,
    fields,
    message,
  }: InvocationOf<'component' | 'modal'>) {
    return { ...services, words: wordsFor(locale), args: customId.args, values, fields, message };
  }

  async function suggest(
    asked: InvocationOf<'autocomplete'>,
    responder: Responder,
  ): Promise<CommandOutcome> {
    const { name, subcommand, options, focused, locale } = asked;
    const key = `${subcommand} ${focused.name}`;
    const command = commandsByName.get(name);
    const context = { ...services, words: wordsFor(locale), typed: focused.typed, options };
    const reply = await attempt(asked, async () => {
      if (command?.audience === 'staff') {
        if ((await staffChannel.refusalFor(asked)) !== null) return [];
        return own(command.autocomplete, key)?.({ ...context, actor: staffOf(asked) });
      }
      return own(command?.autocomplete, key)?.({ ...context, actor: await memberOf(asked) });
    });
    await responder.suggest(reply.refused ? [] : (reply.value ?? []));
    return reply.outcome;
  }

  /** If Discord refuses what we send, the member is told so, rather than left to wait. */
  async function send(
    { id, locale }: Origin,
    responder: Responder,
    outcome: CommandOutcome,
    message: () => Promise<void>,
  ): Promise<CommandOutcome> {
    try {
      await message();
      return outcome;
    } catch (error) {
      if (!(error instanceof DiscordAPIError) || isStale(error)) throw error;
      log.error({ err: error, interaction: id }, 'Discord refused an answer');
      await responder.followUp({ content: wordsFor(locale)('failure', { reference: id }) });
      return 'failed';
    }
  }

  /** False where another process, or an earlier delivery, has it already, or where it came too late. */
  async function acknowledge(
    { id }: Origin,
    acknowledgement: () => Promise<void>,
  ): Promise<boolean> {
    try {
      await acknowledgement();
      return true;
    } catch (error) {
      const level = isStale(error) ? 'debug' : 'warn';
      log[level]({ err: error, interaction: id }, 'an interaction could not be acknowledged');
      return false;
    }
  }

  /** As few names as there are commands and components, whatever arrives. */
  function nameOf(asked: Invocation): string {
    switch (asked.kind) {
      case 'command':
      case 'autocomplete': {
        const { name, subcommand } = asked;
        const { subcommands } = commandsByName.get(name) ?? {};
        const isKnown = subcommands !== undefined && Object.hasOwn(subcommands, subcommand);
        return isKnown ? `${name} ${subcommand}` : 'other';
      }
      case 'message_command':
        return messageCommandsByName.get(asked.name)?.data.name ?? 'other';
      case 'user_command':
        return userCommandsByName.get(asked.name)?.data.name ?? 'other';
      case 'component':
      case 'modal':
        return componentsByName.get(asked.customId.component)?.name ?? 'other';
      case 'unknown':
        return 'other';
    }
  }

  async function respond(asked: Invocation, responder: Responder): Promise<CommandOutcome> {
    switch (asked.kind) {
      case 'command':
        return runCommand(asked, responder);
      case 'message_command':
        return runMessageCommand(asked, responder);
      case 'user_command':
        return runUserCommand(asked, responder);
      case 'component':
      case 'modal':
        return runComponent(asked, responder);
      case 'autocomplete':
        return suggest(asked, responder);
      case 'unknown':
        log.debug({ interaction: asked.id }, 'an interaction of a kind that we do not use');
        return 'unanswered';
    }
  }

  return async (asked, responder) => {
    const arrivedAt = performance.now();
    let outcome: CommandOutcome = 'unanswered';
    try {
      outcome = await respond(asked, responder);
    } catch (error) {
      const level = isStale(error) ? 'debug' : 'warn';
      log[level]({ err: error, interaction: asked.id }, 'an answer did not reach Discord');
    } finally {
      meter.command(nameOf(asked), (performance.now() - arrivedAt) / 1000, outcome);
    }
  };
}

/** @throws Declined unless it was made for whom uses it, or for any of the staff */
function requireOwner(
  { customId: { owner }, user }: InvocationOf<'component' | 'modal'>,
  component: Component | undefined,
): asserts component is Component {
  if (component === undefined) throw outdated();
  const isShared = component.isShared === true && owner === ANY_STAFF;
  if (!isShared && owner !== user.id) throw notYours();
}

/** Of whom it is known. */
function staffOf({ id: requestId, user }: Origin): Staff {
  return { kind: 'staff', userId: user.id, requestId };
}

/** What the record itself has under that name, and nothing that every object has. */
function own<Value>(
  record: Readonly<Record<string, Value>> | undefined,
  name: string,
): Value | undefined {
  return record !== undefined && Object.hasOwn(record, name) ? record[name] : undefined;
}

function bodyOf(reply: Reply | Attachment): Body {
  return typeof reply === 'string' ? { content: reply } : reply;
}

/** A message that has been a card stays one: Discord lets no content back in. */
function cardOf(reply: Reply): Body {
  return typeof reply === 'string' ? sentenceCard(reply) : reply;
}

/** Answered already, too late, or the member closed what would be changed. */
function isStale(error: unknown): boolean {
  return (
    error instanceof DiscordAPIError &&
    (error.code === RESTJSONErrorCodes.UnknownInteraction ||
      error.code === RESTJSONErrorCodes.InteractionHasAlreadyBeenAcknowledged ||
      error.code === RESTJSONErrorCodes.UnknownMessage)
  );
}
