import {
  type APIApplicationCommandStringOption,
  ApplicationCommandOptionType,
  ApplicationCommandType,
  ApplicationIntegrationType,
  ButtonStyle,
  InteractionContextType,
} from 'discord.js';
import type { Policy } from '../../../core/policy/policy.ts';
import { fold } from '../../../core/sessions/search.ts';
import { type Grace, GRACES, type Session } from '../../../core/sessions/session.ts';
import { NAME_LENGTH, parseName } from '../../../core/tokens/token-name.ts';
import { button, buttons, card, named, plain, text } from '../../render/render.ts';
import { Declined, type Reply } from '../../render/reply.ts';
import { choice, described } from '../../words/described.ts';
import type {
  CommandContext,
  Component,
  ComponentContext,
  Context,
  MemberCommand,
} from '../command.ts';
import { writeCustomId } from '../custom-id.ts';
import { parseExpires, suggestExpires } from '../expires.ts';
import { requireId } from '../ids.ts';
import { findMeant, searchOwn, suggestSessions } from '../session-option.ts';
import { sendingComponents, deliverOrTryAgain } from './token-message.ts';
import { requestComponents } from './token-request.ts';
import { createOrChoose, readScopes, scopeComponents, suggestScopes } from './token-scopes.ts';
import { rotateAll } from './token-rotate-all.ts';

/** How long a token lives whose end nobody chose. */
const DEFAULT_LIFETIME_MS = 90 * 86_400_000;

/** `/token create | rotate | rename`: a token, in a direct message and nowhere else. */
export const tokenCommand = (policy: Policy | undefined): MemberCommand => ({
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
          ...(policy?.hasChoice === true ? [SCOPES_OPTION] : []),
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
    ...(policy?.hasChoice === true ? { 'create scopes': suggestScopes } : {}),
    'rotate token': suggestTokens,
    'rename token': suggestTokens,
  },
});

const SCOPES_OPTION: APIApplicationCommandStringOption = {
  type: ApplicationCommandOptionType.String,
  name: 'scopes',
  ...described('command.token.create.scopes'),
  autocomplete: true,
  // 25 of the longest.
  max_length: 1_024,
};

export const tokenComponents: readonly Component[] = [
  ...scopeComponents,
  ...requestComponents,
  ...sendingComponents,
  { audience: 'member', name: 'rotate', reply: 'new', run: rotatePicked },
  { audience: 'member', name: 'rotate-all', reply: 'new', run: rotateAll },
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
  const scopes = readScopes(options.text('scopes'));
  const act = { do: 'create', name, expiresAt, by, scopes } as const;
  const twin = await findTwin(context, name);
  if (twin === null) return createOrChoose(context, act, context.isInBotDm);
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

function isGrace(word: string): word is Grace {
  return Object.hasOwn(GRACES, word);
}
