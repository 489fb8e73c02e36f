import type { SessionId, UserId } from '../../../core/actor.ts';
import type { Revoked } from '../../../core/sessions/sessions.ts';
import { CONFIRMATION_LIFETIME_MS } from '../../../core/staff/confirmations.ts';
import { button, buttons, card, census, dangerButton, named, text } from '../../render/render.ts';
import { lapsing } from '../../render/replies.ts';
import type { Card, Reply } from '../../render/reply.ts';
import type { Words } from '../../words/words.ts';
import type { CommandContext, Component, ComponentContext, Context } from '../command.ts';
import { ASK_REVOKE, LIST, REVOKE, writeCustomId } from '../custom-id.ts';
import { requireId } from '../ids.ts';
import { findMeant, searchOwn } from '../session-option.ts';

export const revokeComponents: readonly Component[] = [
  { audience: 'member', name: 'ask', run: askRevokeOne },
  { audience: 'member', name: 'pick', run: askRevokePicked },
  { audience: 'member', name: 'revoke', run: revokePicked },
  { audience: 'member', name: 'revoke-made', run: revokeMade },
  { audience: 'member', name: 'revoke-all', run: revokeAll },
];

function askRevokeOne(context: ComponentContext): Promise<Reply> {
  const { type, id } = ASK_REVOKE.read(context.args);
  return askRevoke(context, requireId(id), type);
}

/** The menu of a list as it once was. */
function askRevokePicked({ args, values, ...context }: ComponentContext): Promise<Reply> {
  return askRevoke(context, requireId(values[0]), args[0]);
}

async function askRevoke(
  { sessions, actor, words }: Context,
  id: SessionId,
  type = 'all',
): Promise<Reply> {
  const { session, descendants: count } = await sessions.show(actor, id);
  const customId = (extent: string) => REVOKE.write(actor.userId, { type, id: session.id, extent });
  return card(
    text(words('revoke.ask', { session: named(words, session) })),
    buttons(
      dangerButton(words('revoke.button'), customId('only')),
      ...(count > 0
        ? [dangerButton(words('revoke.button.made', { count }), customId('and-made'))]
        : []),
      button(words('button.back'), LIST.write(actor.userId, { type })),
    ),
  );
}

async function revokePicked(context: ComponentContext): Promise<Reply> {
  const { sessions, actor, args, words } = context;
  const { type, id, extent } = REVOKE.read(args);
  const includeDescendants = extent === 'and-made';
  const revoked = await sessions.revoke(actor, requireId(id), includeDescendants);
  return confirmRevoked(words, revoked, actor.userId, type, includeDescendants);
}

/** `/session revoke`. A part of a name may mean another one than it finds: then it is asked first. */
export async function revokeTyped({ options, ...context }: CommandContext): Promise<Reply> {
  const { sessions, actor, words } = context;
  const typed = options.text('session') ?? '';
  const { id, exactly } = await findMeant(words, { typed, search: searchOwn(context) });
  if (!exactly) return askRevoke(context, id);
  return confirmRevoked(words, await sessions.revoke(actor, id), actor.userId, 'all');
}

function confirmRevoked(
  words: Words,
  { session, descendants: count }: Revoked,
  owner: UserId,
  type: string,
  includeDescendants = false,
): Card {
  const what = { session: named(words, session) };
  const done = includeDescendants ? words('revoke.done.made', what) : words('revoke.done', what);
  if (count === 0) return card(text(done), buttons(back(words, owner, type)));
  return card(
    text([done, words('revoke.left', { count })].join('\n')),
    buttons(
      dangerButton(
        words('revoke.those_too', { count }),
        writeCustomId('revoke-made', owner, session.id),
      ),
      back(words, owner, type),
    ),
  );
}

async function revokeMade({ sessions, actor, args, words }: ComponentContext): Promise<Reply> {
  const { length: count } = await sessions.revokeMadeBy(actor, requireId(args[0]));
  return card(
    text(words('revoke.those_done', { count })),
    buttons(back(words, actor.userId, 'all')),
  );
}

/** `/session revoke-all`. */
export async function askRevokeAll({
  sessions,
  actor,
  clock,
  words,
}: CommandContext): Promise<Reply> {
  const { live } = await sessions.overview(actor);
  if (live.api + live.login + live.app_login === 0) return words('nothing_active');
  const now = clock();
  const deadline = Math.floor((now + CONFIRMATION_LIFETIME_MS) / 1000);
  return card(
    text([words('revoke_all.ask', { what: census(words, live) }), lapsing(words, now)].join('\n')),
    buttons(
      dangerButton(
        words('revoke_all.button'),
        writeCustomId('revoke-all', actor.userId, String(deadline)),
      ),
      button(words('button.back'), LIST.write(actor.userId, {})),
    ),
  );
}

async function revokeAll(context: ComponentContext): Promise<Reply> {
  const { sessions, actor, args, clock, words } = context;
  const deadline = Number(args[0] ?? 0) * 1000;
  if (!(clock() <= deadline)) return words('revoke_all.late');
  const ended = await sessions.revokeAll(actor);
  if (ended.length === 0) return words('nothing_active');
  const live = { api: 0, login: 0, app_login: 0 };
  for (const { type } of ended) live[type] += 1;
  return words('revoke_all.done', { what: census(words, live) });
}

function back(words: Words, owner: UserId, type: string) {
  return button(words('button.list'), LIST.write(owner, { type }));
}
