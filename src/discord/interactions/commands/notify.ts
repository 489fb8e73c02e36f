import { ButtonStyle } from 'discord.js';
import { type Notice, NOTICES, type NoticeSettings } from '../../../core/accounts/notice.ts';
import { AppError } from '../../../core/errors.ts';
import type { Session } from '../../../core/sessions/session.ts';
import type { Instant } from '../../../core/time.ts';
import {
  button,
  buttons,
  card,
  dangerButton,
  divider,
  instant,
  named,
  plain,
  relative,
  section,
  text,
} from '../../render/render.ts';
import { outdated } from '../../render/replies.ts';
import { type Card, Declined, type Reply } from '../../render/reply.ts';
import type { Words } from '../../words/words.ts';
import type { Component, ComponentContext, Context } from '../command.ts';
import { NOTIFY, writeCustomId } from '../custom-id.ts';
import { requireId } from '../ids.ts';

/** What the buttons of {@link showNotices} and of notices do. */
export const notifyComponents: readonly Component[] = [
  { audience: 'member', name: 'notify', run: setNotice },
  { audience: 'member', name: 'notices', reply: 'new', run: showNotices },
  { audience: 'member', name: 'reach', reply: 'new', run: retry },
  { audience: 'member', name: 'let-expire', reply: 'new', run: letExpire },
  { audience: 'member', name: 'not-me', reply: 'new', run: revokeUnrecognized },
];

/** `/session notify`: what a member hears from the bot, with a switch for each. */
export async function showNotices(context: Context): Promise<Reply> {
  return noticesCard(context, await context.notices.show(context.actor));
}

/** Where Discord refused a message, what to do about it; nothing where none was refused. */
export async function unreachable(
  context: Context,
  { refusedAt }: NoticeSettings,
): Promise<Parameters<typeof card>> {
  return refusedAt === null ? [] : [divider(), ...(await wayToSwitch(context, refusedAt))];
}

async function wayToSwitch(
  { words, actor, serverName }: Context,
  refusedAt: Instant,
): Promise<Parameters<typeof card>> {
  const server = await serverName();
  const when = relative(refusedAt);
  return [
    text(
      server === null
        ? words('closed.notice.nameless', { when })
        : words('closed.notice', { when, server: plain(server) }),
    ),
    buttons(
      button(words('button.try_again'), writeCustomId('reach', actor.userId), ButtonStyle.Primary),
    ),
  ];
}

async function noticesCard(context: Context, notices: NoticeSettings): Promise<Card> {
  const { words, actor } = context;
  const line = (notice: Notice) => {
    const values = {
      name: words(`notices.${notice}`),
      meaning: words(`notices.${notice}.meaning`),
    };
    const isOn = notices[notice];
    return section(
      isOn ? words('notices.line.on', values) : words('notices.line.off', values),
      button(
        words(isOn ? 'notices.turn_off' : 'notices.turn_on'),
        NOTIFY.write(actor.userId, { notice, state: isOn ? 'off' : 'on' }),
      ),
    );
  };
  return card(
    text(words('notices.title')),
    ...NOTICES.map(line),
    text(words('notices.always')),
    ...(await unreachable(context, notices)),
  );
}

async function setNotice(context: ComponentContext): Promise<Reply> {
  const { notices, actor, args } = context;
  const { notice: name, state } = NOTIFY.read(args);
  const notice = NOTICES.find((known) => known === name);
  if (notice === undefined) throw outdated();
  return noticesCard(context, await notices.set(actor, notice, state === 'on'));
}

async function retry(context: ComponentContext): Promise<Reply> {
  const { notices, actor, sendTestMessage, words, clock } = context;
  try {
    await notices.retry(actor, sendTestMessage(words));
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'dm_closed') throw error;
    const way = await wayToSwitch(context, clock());
    throw new Declined(() => card(...way));
  }
  return words('closed.over');
}

/** The button of one token, or the menu of many. */
async function letExpire(context: ComponentContext): Promise<Reply> {
  const { notices, actor, args, values, words, clock } = context;
  const expiresAt = await notices.letExpire(actor, requireId(args[0] ?? values[0]));
  return words('notice.let_expire', { when: instant(words, expiresAt, clock()) });
}

async function revokeUnrecognized(context: ComponentContext): Promise<Reply> {
  const { sessions, actor, args, words } = context;
  const { ended, parent, successor } = await sessions.revokeUnrecognized(actor, requireId(args[0]));
  return card(
    text(ended === 0 ? words('unrecognized.over') : words('unrecognized.done', { count: ended })),
    ...(parent === null
      ? []
      : left(words, parent, words('unrecognized.parent', { session: named(words, parent) }))),
    ...(successor === null
      ? []
      : left(
          words,
          successor,
          words('unrecognized.successor', { session: named(words, successor) }),
        )),
    text(words('unrecognized.how')),
  );
}

/** What still works beside the session that was revoked, and a button to end it. */
function left(words: Words, { userId, id }: Session, sentence: string): Parameters<typeof card> {
  const customId = writeCustomId('not-me', userId, id);
  return [text(sentence), buttons(dangerButton(words('unrecognized.too'), customId))];
}
