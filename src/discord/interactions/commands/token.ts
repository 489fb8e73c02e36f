import {
  ApplicationCommandOptionType,
  ApplicationCommandType,
  ApplicationIntegrationType,
  ButtonStyle,
  InteractionContextType,
} from 'discord.js';
import { AppError } from '../../../core/errors.ts';
import { fold } from '../../../core/sessions/search.ts';
import { type Grace, GRACES, type Session } from '../../../core/sessions/session.ts';
import type { PendingDelivery } from '../../../core/staff/confirmations.ts';
import { NAME_LENGTH, parseName } from '../../../core/tokens/token-name.ts';
import type { DeliveredToken } from '../../../core/tokens/tokens.ts';
import {
  button,
  buttons,
  card,
  instant,
  linkButton,
  named,
  plain,
  relative,
  text,
} from '../../render/render.ts';
import { outdated } from '../../render/replies.ts';
import { type Card, Declined, type Reply } from '../../render/reply.ts';
import { choice, described } from '../../words/described.ts';
import {
  type CommandContext,
  type Component,
  type ComponentContext,
  type Context,
  DONE,
  type MemberCommand,
  REMOVE,
} from '../command.ts';
import { writeCustomId } from '../custom-id.ts';
import { parseExpires, suggestExpires } from '../expires.ts';
import { requireId, requireNumber } from '../ids.ts';
import { findMeant, searchOwn, suggestSessions } from '../session-option.ts';

/** How long a token lives whose end nobody chose. */
const DEFAULT_LIFETIME_MS = 90 * 86_400_000;

/** `/token create | rotate | rename`: a token, in a direct message and nowhere else. */
export const tokenCommand: MemberCommand = {
  audience: 'member',
  data: {
    type: ApplicationCommandType.ChatInput,
    name: 'token',
    ...described('command.token'),
    contexts: [InteractionContextType.Guild, InteractionContextType.BotDM],
    integration_types: [ApplicationIntegrationType.GuildInstall],
    options: [
      {
        type: ApplicationCommandOptionType.Subcommand,
        name: 'create',
        ...described('command.token.create'),
        options: [
          {
            type: ApplicationCommandOptionType.String,
            name: 'name',
            ...described('command.token.create.name'),
            required: true,
            min_length: 1,
            max_length: NAME_LENGTH,
          },
          {
            type: ApplicationCommandOptionType.String,
            name: 'expires',
            ...described('command.token.create.expires'),
            autocomplete: true,
            max_length: 100,
          },
        ],
      },
      {
        type: ApplicationCommandOptionType.Subcommand,
        name: 'rotate',
        ...described('command.token.rotate'),
        options: [
          {
            type: ApplicationCommandOptionType.String,
            name: 'token',
            ...described('command.token.rotate.token'),
            required: true,
            autocomplete: true,
            max_length: 100,
          },
          {
            type: ApplicationCommandOptionType.String,
            name: 'grace',
            ...described('command.token.rotate.grace'),
            choices: (['now', '1h', '24h', '7d'] satisfies Grace[]).map((grace) =>
              choice(`grace.${grace}`, grace),
            ),
          },
        ],
      },
      {
        type: ApplicationCommandOptionType.Subcommand,
        name: 'rename',
        ...described('command.token.rename'),
        options: [
          {
            type: ApplicationCommandOptionType.String,
            name: 'token',
            ...described('command.token.rename.token'),
            required: true,
            autocomplete: true,
            max_length: 100,
          },
          {
            type: ApplicationCommandOptionType.String,
            name: 'name',
            ...described('command.token.rename.name'),
            required: true,
            min_length: 1,
            max_length: NAME_LENGTH,
          },
        ],
      },
    ],
  },
  subcommands: { create, rotate, rename },
  autocomplete: {
    'create expires': async ({ words, typed, clock }) => suggestExpires(words, typed, clock()),
    'rotate token': suggestTokens,
    'rename token': suggestTokens,
  },
};

export const tokenComponents: readonly Component[] = [
  { audience: 'member', name: 'saved', run: (): Promise<typeof REMOVE> => Promise.resolve(REMOVE) },
  { audience: 'member', name: 'alone', run: (context) => show(context, 'alone') },
  { audience: 'member', name: 'hide', run: (context) => show(context, 'whole') },
  { audience: 'member', name: 'rotate', reply: 'new', run: rotatePicked },
  { audience: 'member', name: 'rotate-all', reply: 'new', run: rotateAll },
  { audience: 'member', name: 'again', run: goOn },
  { audience: 'member', name: 'how', reply: 'new', run: explain },
];

function suggestTokens(context: Context & { readonly typed: string }) {
  const { words, typed } = context;
  return suggestSessions(words, { typed, search: searchOwn(context), type: 'api' });
}

async function create(context: CommandContext): Promise<Reply> {
  const { options, clock, actor, words, confirmations } = context;
  const name = parseName(options.text('name') ?? '');
  const typed = options.text('expires');
  const now = clock();
  const { expiresAt, capped } =
    typed === null
      ? { expiresAt: now + DEFAULT_LIFETIME_MS, capped: false }
      : parseExpires(typed, now);
  const by = typed === null ? 'default' : capped ? 'capped' : 'asked';
  const act = { do: 'create', name, expiresAt, by } as const;
  const twin = await findTwin(context, name);
  if (twin === null) return deliverOrTryAgain(context, act, context.isInBotDm);
  const id = await confirmations.requestOwn(actor, act);
  return card(
    text(words('same_name.ask', { session: named(words, twin) })),
    buttons(
      button(
        words('same_name.rotate'),
        writeCustomId('rotate', actor.userId, twin.id),
        ButtonStyle.Primary,
      ),
      button(words('same_name.keep'), writeCustomId('again', actor.userId, id)),
    ),
  );
}

/** So many of one name are looked at. */
const MOST_TWINS = 10;

/** An API token of that name; one that was rotated goes on beside its successor, and is none. */
async function findTwin(context: Context, name: string): Promise<Session | null> {
  const { sessions, actor } = context;
  // By the name alone: what the types are called is no part of it.
  const kinds = { login: '', app_login: '', api: '' };
  const { best } = await sessions.search(actor, {
    typed: name,
    kinds,
    type: 'api',
    limit: MOST_TWINS,
  });
  const alike = best.filter((each) => each.name !== null && fold(each.name) === fold(name));
  for (const { id } of alike) {
    const { session } = await sessions.show(actor, id);
    if (session.rotatedAt === null) return session;
  }
  return null;
}

async function rotate(context: CommandContext): Promise<Reply> {
  const { options, words } = context;
  const typed = options.text('token') ?? '';
  const grace = options.text('grace') ?? 'now';
  if (!isGrace(grace)) throw new Declined((say) => say('grace.choose'));
  const option = { typed, search: searchOwn(context), type: 'api' } as const;
  const { id, exactly } = await findMeant(words, option);
  if (!exactly) throw new Declined((say) => say('meant.part'));
  const act = { do: 'rotate', id, graceMs: GRACES[grace] } as const;
  return deliverOrTryAgain(context, act, context.isInBotDm);
}

async function rename(context: CommandContext): Promise<Reply> {
  const { options, words, sessions, actor } = context;
  const typed = options.text('token') ?? '';
  const option = { typed, search: searchOwn(context), type: 'api' } as const;
  const { id, exactly } = await findMeant(words, option);
  if (!exactly) throw new Declined((say) => say('meant.part'));
  const { name } = await sessions.rename(actor, id, options.text('name') ?? '');
  return words('one.renamed', { name: plain(name ?? '') });
}

/** A button of one token, or a reminder's menu of many: whatever uses the old one has a day to change over. */
function rotatePicked(context: ComponentContext): Promise<Reply> {
  const id = requireId(context.args[0] ?? context.values[0]);
  return deliverOrTryAgain(context, { do: 'rotate', id, graceMs: GRACES['24h'] });
}

/** More than a reminder lists. */
const MOST_AT_ONCE = 25;

/** Every token that the reminder has a button or a choice for, one message each. */
async function rotateAll(context: ComponentContext): Promise<Reply> {
  const { tokens, actor, deliver, words, message } = context;
  const ids = rotatableIn(message.components, actor.userId).slice(0, MOST_AT_ONCE);
  if (ids.length === 0) throw outdated();
  let count = 0;
  const failures: string[] = [];
  for (const id of ids) {
    try {
      await tokens.rotateAndDeliver(actor, { id, graceMs: GRACES['24h'] }, deliver(words));
      count += 1;
    } catch (error) {
      // What goes on for no other token either ends this; what was rotated or ended meanwhile does not.
      if (!(error instanceof AppError)) throw error;
      if (error.code !== 'not_found' && error.code !== 'conflict') {
        if (count === 0) throw error;
        failures.push(words.refusal(error.refusal) ?? '');
        break;
      }
    }
  }
  return [words('notice.rotated_all', { count }), ...failures].join('\n');
}

/** The tokens that a message offers to rotate, by what its components carry. */
function rotatableIn(components: readonly unknown[], owner: string): readonly string[] {
  const found = new Set<string>();
  const visit = (node: unknown): void => {
    if (Array.isArray(node)) node.forEach(visit);
    if (typeof node !== 'object' || node === null || Array.isArray(node)) return;
    const { custom_id: id, components: inner, options } = node as Record<string, unknown>;
    const prefix = `${writeCustomId('rotate', owner)}`;
    if (typeof id === 'string' && id.startsWith(`${prefix}:`)) {
      found.add(requireId(id.slice(prefix.length + 1)));
    }
    if (id === prefix && Array.isArray(options)) {
      for (const { value } of options as { value?: unknown }[]) {
        if (typeof value === 'string') found.add(requireId(value));
      }
    }
    visit(inner);
  };
  visit(components);
  return [...found];
}

/** What was asked before: two of one name after all, or another attempt at a message. */
async function goOn(context: ComponentContext): Promise<Reply> {
  const { confirmations, actor, args } = context;
  return deliverOrTryAgain(context, await confirmations.consumeOwn(actor, requireId(args[0])));
}

/** Where direct messages are closed, the way to the switch, and a button to go on from there. */
async function deliverOrTryAgain(
  context: Context,
  act: PendingDelivery,
  isInBotDm = false,
): Promise<Reply> {
  const { actor, confirmations, serverName } = context;
  try {
    return await (act.do === 'create'
      ? createNow(context, act, isInBotDm)
      : rotateNow(context, act, isInBotDm));
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'dm_closed') throw error;
    const id = await confirmations.requestOwn(actor, act);
    const server = await serverName();
    throw new Declined((words) =>
      card(
        text(
          server === null
            ? words('closed.steps.nameless')
            : words('closed.steps', { server: plain(server) }),
        ),
        buttons(
          button(
            words('button.try_again'),
            writeCustomId('again', actor.userId, id),
            ButtonStyle.Primary,
          ),
        ),
      ),
    );
  }
}

async function createNow(
  context: Context,
  { name, expiresAt, by }: Extract<PendingDelivery, { do: 'create' }>,
  isInBotDm: boolean,
): Promise<Reply> {
  const { tokens, sessions, actor, words, deliver, clock } = context;
  const sent = await tokens.createAndDeliver(actor, { name, expiresAt }, deliver(words));
  const { session } = sent;
  const when = instant(words, session.expiresAt, clock());
  const shown = plain(session.name ?? '');
  const everMade = await sessions.history(actor, { state: 'all', type: 'api', limit: 2 });
  return delivered(context, sent, isInBotDm, everMade.length === 1, [
    isInBotDm
      ? words('sent.created.here', { name: shown })
      : words('sent.created', { name: shown }),
    by === 'asked'
      ? words('sent.until', { when })
      : by === 'capped'
        ? words('sent.until.capped', { when })
        : words('sent.until.default', { when }),
  ]);
}

async function rotateNow(
  context: Context,
  { id, graceMs }: Extract<PendingDelivery, { do: 'rotate' }>,
  isInBotDm: boolean,
): Promise<Reply> {
  const { tokens, actor, words, deliver, clock } = context;
  const rotated = await tokens.rotateAndDeliver(actor, { id, graceMs }, deliver(words));
  const { session, replaced, endsAt, replacedUnused } = rotated;
  const now = clock();
  const name = plain(session.name ?? '');
  const hint = plain(replaced.hint);
  return delivered(context, rotated, isInBotDm, false, [
    isInBotDm ? words('sent.rotated.here', { name }) : words('sent.rotated', { name }),
    words('sent.until', { when: instant(words, session.expiresAt, now) }),
    endsAt > now
      ? words('sent.old_until', { hint, when: instant(words, endsAt, now) })
      : words('sent.old_revoked', { hint }),
    ...(replacedUnused ? [words('sent.old_unused')] : []),
  ]);
}

/** What is said where the command was typed, with the way to the message. */
function delivered(
  { words, actor }: Context,
  { receipt, deletedAt }: DeliveredToken,
  isInBotDm: boolean,
  isFirst: boolean,
  lines: readonly string[],
): Card {
  const last =
    deletedAt === null
      ? words('sent.missed')
      : words('sent.deleted', { when: relative(deletedAt) });
  const ways = [
    ...(isInBotDm ? [] : [linkButton(words('button.open_message'), receipt.url)]),
    ...(isFirst ? [button(words('sent.how'), writeCustomId('how', actor.userId))] : []),
  ];
  return card(text([...lines, last].join('\n')), ...(ways.length === 0 ? [] : [buttons(...ways)]));
}

async function explain({ words, tokenUrl }: ComponentContext): Promise<Reply> {
  return card(text(words('how.text', { url: tokenUrl })));
}

/** The token alone in its message, or that message again; nothing is kept of it. */
async function show(context: ComponentContext, how: 'alone' | 'whole'): Promise<typeof DONE> {
  const { words, sessions, actor, args, message, showToken } = context;
  const [id, until = ''] = args;
  const { session } = await sessions.show(actor, requireId(id));
  const deletedAt = until === '' ? null : requireNumber(until) * 1000;
  await showToken(words, message, session, deletedAt, how);
  return DONE;
}

function isGrace(word: string): word is Grace {
  return Object.hasOwn(GRACES, word);
}
