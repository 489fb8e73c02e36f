import { ButtonStyle } from 'discord.js';
import { AppError } from '../../../core/errors.ts';
import { LONGEST_WHY } from '../../../core/requests/request.ts';
import { hasToken } from '../../../core/sessions/token.ts';
import type { PendingDelivery } from '../../../core/staff/confirmations.ts';
import { storable } from '../../../core/storable.ts';
import { type Modal, modal, textField } from '../../render/modal.ts';
import {
  button,
  buttons,
  card,
  instant,
  plain,
  relative,
  section,
  shorten,
  text,
} from '../../render/render.ts';
import { sayNames } from '../../render/render-request.ts';
import { Declined, type Reply } from '../../render/reply.ts';
import { sayScopes, scopeNames } from '../../render/scopes.ts';
import type { Component, ComponentContext, Context } from '../command.ts';
import { writeCustomId } from '../custom-id.ts';
import { requireId } from '../ids.ts';
import { deliverOrTryAgain, delivered, stepsToOpen } from './token-message.ts';

export type Creation = Extract<PendingDelivery, { do: 'create' }>;

export const requestComponents: readonly Component[] = [
  { audience: 'member', name: 'ask-staff', modal: openQuestion, run: askStaff },
  { audience: 'member', name: 'without', run: goOnWithout },
  { audience: 'member', name: 'fetch', reply: 'new', run: fetchToken },
];

/** What staff have to approve: they can be asked, or the token be made without it. */
export async function offerToAsk(
  context: Context,
  act: Creation,
  needing: readonly string[],
): Promise<Reply> {
  const { confirmations, actor, words, policy } = context;
  const id = await confirmations.requestOwn(actor, act);
  const says = sayNames(words, policy, needing);
  const isAlone = (act.scopes ?? []).every((name) => needing.includes(name));
  return card(
    text(
      [
        words('request.ask', { name: plain(act.name), says }),
        words(isAlone ? 'request.ask.alone' : 'request.ask.how'),
      ].join('\n'),
    ),
    buttons(
      button(
        words('request.ask.button'),
        writeCustomId('ask-staff', actor.userId, id),
        ButtonStyle.Primary,
      ),
      ...(isAlone ? [] : [withoutButton(context, id)]),
    ),
  );
}

function withoutButton({ words, actor }: Context, id: string) {
  return button(words('request.without'), writeCustomId('without', actor.userId, id));
}

async function openQuestion({ words }: ComponentContext): Promise<Modal> {
  return modal(
    words('request.modal.title'),
    textField({
      label: words('request.modal.why'),
      id: 'why',
      longest: LONGEST_WHY,
      isRequired: true,
      isLong: true,
    }),
  );
}

async function askStaff(context: ComponentContext): Promise<Reply> {
  const { confirmations, requests, actor, args, fields, words, policy, clock } = context;
  const why = readWhy(fields.get('why') ?? '');
  const act = await confirmations.consumeOwn(actor, requireId(args[0]));
  if (act.do !== 'create') return deliverOrTryAgain(context, act);
  const { name, expiresAt, scopes = [] } = act;
  const request = await requests.open(actor, { name, expiresAt, scopes, why });
  const asked = text(
    words('request.asked', {
      name: plain(request.name),
      when: instant(words, request.lapsesAt, clock()),
    }),
  );
  const needing = policy?.needingApproval(scopes) ?? [];
  if (scopes.every((each) => needing.includes(each))) return card(asked);
  const again = await confirmations.requestOwn(actor, act);
  return card(asked, buttons(withoutButton(context, again)));
}

/** All staff read it: a token in it would be read too. */
function readWhy(typed: string): string {
  const why = shorten(storable(typed).trim().replaceAll(/\s+/g, ' '), LONGEST_WHY);
  if (why === '') throw new Declined((words) => words('request.why_missing'));
  if (hasToken(typed)) throw new Declined((words) => words('request.why_has_token'));
  return why;
}

async function goOnWithout(context: ComponentContext): Promise<Reply> {
  const { confirmations, actor, args, policy } = context;
  const act = await confirmations.consumeOwn(actor, requireId(args[0]));
  if (act.do !== 'create') return deliverOrTryAgain(context, act);
  const needing = policy?.needingApproval(act.scopes ?? []) ?? [];
  const scopes = act.scopes?.filter((name) => !needing.includes(name));
  return deliverOrTryAgain(context, { ...act, scopes });
}

/** The token of a request that was approved, which did not arrive then. */
async function fetchToken(context: ComponentContext): Promise<Reply> {
  const { requests, actor, args, words, deliver, policy, clock } = context;
  const id = requireId(args[0]);
  try {
    const sent = await requests.fetch(actor, id, deliver(words, words('request.dm')));
    const { name, expiresAt, scope } = sent.session;
    return delivered(context, sent, false, false, [
      words('sent.created', { name: plain(name ?? '') }),
      words('sent.until', { when: instant(words, expiresAt, clock()) }),
      ...sayScopes(words, policy, scope),
    ]);
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'dm_closed') throw error;
    const steps = await stepsToOpen(context);
    const again = writeCustomId('fetch', actor.userId, id);
    throw new Declined((say) =>
      card(text(steps), buttons(button(say('button.try_again'), again, ButtonStyle.Primary))),
    );
  }
}

/** What a member asked for, with a button where it waits for them. */
export async function showOwnRequests({ requests, actor, words }: Context) {
  const own = await requests.own(actor);
  return own.map(({ id, name, scope, lapsesAt, approved }) => {
    const values = {
      name: plain(name),
      names: scopeNames(words, scope),
      when: relative(lapsesAt),
    };
    if (approved === null) return text(words('request.mine.open', values));
    const fetch = button(
      words('request.fetch'),
      writeCustomId('fetch', actor.userId, id),
      ButtonStyle.Primary,
    );
    return section(words('request.mine.approved', values), fetch);
  });
}
