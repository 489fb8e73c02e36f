import {
  ApplicationCommandOptionType,
  ApplicationCommandType,
  ApplicationIntegrationType,
  InteractionContextType,
} from 'discord.js';
import { type Grace, GRACES } from '../../../core/sessions/session.ts';
import { NAME_LENGTH } from '../../../core/tokens/token-name.ts';
import type { DeliveredToken, RotationInput } from '../../../core/tokens/tokens.ts';
import {
  buttons,
  card,
  instant,
  linkButton,
  named,
  plain,
  relative,
  text,
} from '../../render/render.ts';
import { type Card, Declined, type Reply } from '../../render/reply.ts';
import {
  type CommandContext,
  type Component,
  type ComponentContext,
  type Context,
  type MemberCommand,
  REMOVE,
} from '../command.ts';
import { parseExpires, suggestExpires } from '../expires.ts';
import { requireId } from '../ids.ts';
import { findMeant, searchOwn, suggestSessions } from '../session-option.ts';

const GRACE_CHOICES: readonly { name: string; value: Grace }[] = [
  { name: 'now: revoke the old one at once', value: 'now' },
  { name: '1h: it works for another hour', value: '1h' },
  { name: '24h: it works for another day', value: '24h' },
  { name: '7d: it works for another week', value: '7d' },
];

/** `/token create | rotate`: a token, in a direct message and nowhere else. */
export const tokenCommand: MemberCommand = {
  audience: 'member',
  data: {
    type: ApplicationCommandType.ChatInput,
    name: 'token',
    description: 'API tokens',
    contexts: [InteractionContextType.Guild, InteractionContextType.BotDM],
    integration_types: [ApplicationIntegrationType.GuildInstall],
    options: [
      {
        type: ApplicationCommandOptionType.Subcommand,
        name: 'create',
        description: 'Create an API token; you get it in a direct message',
        options: [
          {
            type: ApplicationCommandOptionType.String,
            name: 'name',
            description: 'What it is for, so that you know it again',
            required: true,
            min_length: 1,
            max_length: NAME_LENGTH,
          },
          {
            type: ApplicationCommandOptionType.String,
            name: 'expires',
            description: 'When it ends: 36h, 7d, 2 weeks, 1y, or a date such as 2027-01-31',
            required: true,
            autocomplete: true,
            max_length: 100,
          },
        ],
      },
      {
        type: ApplicationCommandOptionType.Subcommand,
        name: 'rotate',
        description: 'Replace an API token with a new one of the same name and lifetime',
        options: [
          {
            type: ApplicationCommandOptionType.String,
            name: 'token',
            description: 'Part of its name, or its last four characters',
            required: true,
            autocomplete: true,
            max_length: 100,
          },
          {
            type: ApplicationCommandOptionType.String,
            name: 'grace',
            description:
              'For how long the old one still works; it is revoked at once if you choose none',
            choices: [...GRACE_CHOICES],
          },
        ],
      },
    ],
  },
  subcommands: { create, rotate },
  autocomplete: {
    'create expires': async ({ typed, clock }) => suggestExpires(typed, clock()),
    'rotate token': (context) =>
      suggestSessions({ typed: context.typed, search: searchOwn(context), type: 'api' }),
  },
};

export const tokenComponents: readonly Component[] = [
  { audience: 'member', name: 'saved', run: (): Promise<typeof REMOVE> => Promise.resolve(REMOVE) },
  { audience: 'member', name: 'rotate', reply: 'new', run: rotateReminded },
];

async function create({ tokens, actor, options, clock, deliver }: CommandContext): Promise<Reply> {
  const { expiresAt, capped } = parseExpires(options.getString('expires') ?? '', clock());
  const name = options.getString('name') ?? '';
  const issued = await tokens.createAndDeliver(actor, { name, expiresAt }, deliver);
  const { session } = issued;
  return delivered(issued, [
    `Your token **${plain(session.name ?? '')}** is in your direct messages.`,
    `It works until ${instant(session.expiresAt)}${capped ? ', the latest that is possible' : ''}.`,
  ]);
}

async function rotate(context: CommandContext): Promise<Reply> {
  const typed = context.options.getString('token') ?? '';
  const grace = context.options.getString('grace') ?? 'now';
  if (!isGrace(grace)) throw new Declined('The grace must be now, 1h, 24h or 7d.');
  const option = { typed, search: searchOwn(context), type: 'api' } as const;
  const { id, exactly } = await findMeant(option, 'your');
  if (!exactly) {
    throw new Declined(
      'That is only a part of a name. Type the whole name, or pick it from the list that opens while you type.',
    );
  }
  return rotateBy(context, { id, graceMs: GRACES[grace] });
}

/** A reminder's button of one token, or its menu of many: whatever uses the old one has a day to change over. */
function rotateReminded(context: ComponentContext): Promise<Reply> {
  const id = requireId(context.args[0] ?? context.values[0]);
  return rotateBy(context, { id, graceMs: GRACES['24h'] });
}

async function rotateBy(
  { tokens, actor, deliver, clock }: Context,
  input: RotationInput,
): Promise<Reply> {
  const rotated = await tokens.rotateAndDeliver(actor, input, deliver);
  const { session, replaced, endsAt, replacedUnused: retired } = rotated;
  return delivered(rotated, [
    `The new token is in your direct messages. It works until ${instant(session.expiresAt)}.`,
    endsAt > clock()
      ? `The old one, ${named(replaced)}, works until ${instant(endsAt)}.`
      : `The old one, ${named(replaced)}, is revoked.`,
    ...(retired
      ? ['You had rotated it before: the token that you got then, and never used, is revoked.']
      : []),
  ]);
}

/** What is said where the command was typed, with the way to the message. */
function delivered({ receipt, deletedAt }: DeliveredToken, lines: readonly string[]): Card {
  const missed = 'If you miss it, `/token rotate` sends a new one.';
  const lifetime =
    deletedAt === null ? missed : `That message will be deleted ${relative(deletedAt)}. ${missed}`;
  return card(
    text([...lines, `-# ${lifetime}`].join('\n')),
    buttons(linkButton('Open the message', receipt.url)),
  );
}

function isGrace(word: string): word is Grace {
  return Object.hasOwn(GRACES, word);
}
