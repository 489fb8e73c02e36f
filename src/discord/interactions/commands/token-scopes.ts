import { ButtonStyle, ComponentType } from 'discord.js';
import { parseScopes } from '../../../core/policy/scopes.ts';
import type { ScopeRule } from '../../../core/policy/policy.ts';
import { button, buttons, card, plain, shorten, text } from '../../render/render.ts';
import type { Reply } from '../../render/reply.ts';
import type { Choice, Component, ComponentContext, Context } from '../command.ts';
import { writeCustomId } from '../custom-id.ts';
import { requireId } from '../ids.ts';
import { type Creation, offerToAsk } from './token-request.ts';
import { deliverOrTryAgain } from './token-message.ts';

export const scopeComponents: readonly Component[] = [
  { audience: 'member', name: 'scopes', run: chooseAgain },
  { audience: 'member', name: 'again', run: goOn },
];

/** Makes the token, unless it is still to be chosen what it may do, or staff have to approve that. */
export async function createOrChoose(
  context: Context,
  act: Creation,
  isInBotDm = false,
): Promise<Reply> {
  const { policy, tokens, actor } = context;
  const needing = policy?.needingApproval(act.scopes ?? []) ?? [];
  if (needing.length > 0) return offerToAsk(context, act, needing);
  if (policy?.hasChoice !== true || act.scopes !== undefined) {
    return deliverOrTryAgain(context, act, isInBotDm);
  }
  const offered = await tokens.offered(actor);
  const given = offered.filter((scope) => scope.given).map(({ name }) => name);
  return menu(context, { ...act, scopes: given }, offered);
}

/** What was asked before: two of one name after all, the scopes that are ticked, another attempt at a message. */
async function goOn(context: ComponentContext): Promise<Reply> {
  const { confirmations, actor, args } = context;
  const act = await confirmations.consumeOwn(actor, requireId(args[0]));
  return act.do === 'create' ? createOrChoose(context, act) : deliverOrTryAgain(context, act);
}

/** Another choice than the one before, which nobody can take any more. */
async function chooseAgain(context: ComponentContext): Promise<Reply> {
  const { confirmations, actor, args, values, tokens } = context;
  const act = await confirmations.consumeOwn(actor, requireId(args[0]));
  if (act.do !== 'create') return deliverOrTryAgain(context, act);
  const offered = await tokens.offered(actor);
  // What was on offer before may not be any more.
  const scopes = values.filter((name) => offered.some((scope) => scope.name === name));
  return menu(context, { ...act, scopes }, offered);
}

async function menu(
  { words, actor, confirmations }: Context,
  act: Creation,
  offered: readonly ScopeRule[],
): Promise<Reply> {
  const id = await confirmations.requestOwn(actor, act);
  const { scopes = [] } = act;
  return card(
    text(words('scopes.ask', { name: plain(act.name) })),
    {
      type: ComponentType.ActionRow,
      components: [
        {
          type: ComponentType.StringSelect,
          custom_id: writeCustomId('scopes', actor.userId, id),
          placeholder: words('scopes.placeholder'),
          min_values: 1,
          max_values: offered.length,
          options: offered.map(({ name, says, approval }) => ({
            label: shorten(says, 100),
            description: approval ? words('request.choice', { name }) : name,
            value: name,
            default: scopes.includes(name),
          })),
        },
      ],
    },
    buttons(
      button(words('scopes.create'), writeCustomId('again', actor.userId, id), ButtonStyle.Primary),
    ),
  );
}

/** What Discord shows of a choice, and sends of it. */
const LONGEST_CHOICE = 100;
const MOST_CHOICES = 25;

/** Completes the last word that is typed, while the whole stays within what Discord lets a choice have. */
export async function suggestScopes({
  typed,
  tokens,
  actor,
}: Context & { readonly typed: string }): Promise<readonly Choice[]> {
  const words = typed.split(' ').filter((word) => word !== '');
  const last = typed.endsWith(' ') ? '' : (words.pop() ?? '');
  const offered = await tokens.offered(actor);
  return offered
    .filter(({ name }) => name.startsWith(last) && !words.includes(name))
    .map(({ name }) => [...words, name].join(' '))
    .filter((value) => value.length <= LONGEST_CHOICE)
    .slice(0, MOST_CHOICES)
    .map((value) => ({ name: value, value }));
}

/** What was typed; undefined for nothing. */
export function readScopes(typed: string | null): readonly string[] | undefined {
  return typed === null ? undefined : parseScopes(typed);
}
