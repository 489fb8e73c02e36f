import { ButtonStyle } from 'discord.js';
import { AppError } from '../../../core/errors.ts';
import type { PendingDelivery } from '../../../core/staff/confirmations.ts';
import type { DeliveredToken } from '../../../core/tokens/issue.ts';
import {
  button,
  buttons,
  card,
  instant,
  linkButton,
  plain,
  relative,
  text,
} from '../../render/render.ts';
import { type Card, Declined, type Reply } from '../../render/reply.ts';
import { type Component, type ComponentContext, type Context, DONE, REMOVE } from '../command.ts';
import { ALONE, writeCustomId } from '../custom-id.ts';
import { requireId, requireNumber } from '../ids.ts';
import { sayScopes } from '../../render/scopes.ts';

export const sendingComponents: readonly Component[] = [
  { audience: 'member', name: 'saved', run: (): Promise<typeof REMOVE> => Promise.resolve(REMOVE) },
  { audience: 'member', name: 'alone', run: (context) => show(context, 'alone') },
  { audience: 'member', name: 'hide', run: (context) => show(context, 'whole') },
  { audience: 'member', name: 'how', reply: 'new', run: explain },
];

/** Where direct messages are closed, the way to the switch, and a button to go on from there. */
export async function deliverOrTryAgain(
  context: Context,
  act: PendingDelivery,
  isInBotDm = false,
): Promise<Reply> {
  const { actor, confirmations } = context;
  try {
    return await (act.do === 'create'
      ? createNow(context, act, isInBotDm)
      : rotateNow(context, act, isInBotDm));
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'dm_closed') throw error;
    const id = await confirmations.requestOwn(actor, act);
    const steps = await stepsToOpen(context);
    throw new Declined((words) =>
      card(
        text(steps),
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

/** How a member opens their direct messages, and goes on. */
export async function stepsToOpen({ words, serverName }: Context): Promise<string> {
  const server = await serverName();
  return server === null
    ? words('closed.steps.nameless')
    : words('closed.steps', { server: plain(server) });
}

async function createNow(
  context: Context,
  { name, expiresAt, by, scopes }: Extract<PendingDelivery, { do: 'create' }>,
  isInBotDm: boolean,
): Promise<Reply> {
  const { tokens, sessions, actor, words, deliver, clock, policy } = context;
  const input = { name, expiresAt, scopes };
  // Nothing can fail once it is done.
  const madeBefore = await sessions.history(actor, { state: 'all', type: 'api', limit: 1 });
  const sent = await tokens.createAndDeliver(actor, input, deliver(words));
  const { session } = sent;
  const when = instant(words, session.expiresAt, clock());
  const shown = plain(session.name ?? '');
  return delivered(context, sent, isInBotDm, madeBefore.length === 0, [
    isInBotDm
      ? words('sent.created.here', { name: shown })
      : words('sent.created', { name: shown }),
    by === 'asked'
      ? words('sent.until', { when })
      : by === 'capped'
        ? words('sent.until.capped', { when })
        : words('sent.until.default', { when }),
    ...(session.expiresAt < expiresAt ? [words('sent.until.shorter')] : []),
    ...sayScopes(words, policy, session.scope),
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
export function delivered(
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
  const { id, until } = ALONE.read(args);
  const { session } = await sessions.show(actor, requireId(id));
  const deletedAt = until === '' ? null : requireNumber(until) * 1000;
  await showToken(words, message, session, deletedAt, how);
  return DONE;
}
