import {
  ApplicationCommandOptionType,
  ApplicationCommandType,
  ApplicationIntegrationType,
  InteractionContextType,
} from 'discord.js';
import { NAME_LENGTH } from '../../core/token-name.ts';
import {
  type CommandContext,
  type Component,
  type MemberCommand,
  REMOVE,
  type Reply,
} from '../command.ts';
import { parseExpires, suggestExpires } from '../expires.ts';
import { buttons, card, instant, linkButton, named, plain, text } from '../render.ts';
import { suggestSessions } from './session.ts';

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
        description: 'Replace an API token with a new one; the old one is revoked',
        options: [
          {
            type: ApplicationCommandOptionType.String,
            name: 'token',
            description: 'Part of its name, or its last four characters',
            required: true,
            autocomplete: true,
            max_length: 100,
          },
        ],
      },
    ],
  },
  subcommands: { create, rotate },
  autocomplete: {
    'create expires': async ({ typed, clock }) => suggestExpires(typed, clock()),
    'rotate token': (context) => suggestSessions(context, 'api'),
  },
};

export const tokenComponents: readonly Component[] = [
  { audience: 'member', name: 'saved', run: (): Promise<typeof REMOVE> => Promise.resolve(REMOVE) },
];

async function create({
  sessions,
  actor,
  options,
  clock,
  deliver,
}: CommandContext): Promise<Reply> {
  const { expiresAt, capped } = parseExpires(options.getString('expires') ?? '', clock());
  const name = options.getString('name') ?? '';
  const { session, receipt } = await sessions.issue(actor, { name, expiresAt }, deliver);
  return card(
    text(
      [
        `Your token **${plain(session.name ?? '')}** is in your direct messages.`,
        `It works until ${instant(session.expiresAt)}${capped ? ', the latest that is possible' : ''}.`,
      ].join('\n'),
    ),
    buttons(linkButton('Open the message', receipt.url)),
  );
}

async function rotate({ sessions, actor, options, deliver }: CommandContext): Promise<Reply> {
  const id = (options.getString('token') ?? '').trim().toLowerCase();
  const { session, replaced, receipt } = await sessions.rotate(actor, id, deliver);
  return card(
    text(
      [
        `The new token is in your direct messages. It works until ${instant(session.expiresAt)}.`,
        `The old one, ${named(replaced)}, is revoked.`,
      ].join('\n'),
    ),
    buttons(linkButton('Open the message', receipt.url)),
  );
}
