import { ButtonStyle } from 'discord.js';
import { type Notice, NOTICES, type NoticeSettings } from '../../../core/accounts/notice.ts';
import type { UserId } from '../../../core/actor.ts';
import type { Session } from '../../../core/sessions/session.ts';
import {
  button,
  buttons,
  card,
  count,
  dangerButton,
  divider,
  instant,
  named,
  relative,
  text,
} from '../../render/render.ts';
import { OUTDATED } from '../../render/replies.ts';
import type { Card, Reply } from '../../render/reply.ts';
import { Declined } from '../../render/reply.ts';
import type { CommandContext, Component, ComponentContext } from '../command.ts';
import { writeCustomId } from '../custom-id.ts';
import { requireId } from '../ids.ts';

const WORDS: Readonly<Record<Notice, { readonly name: string; readonly meaning: string }>> = {
  expiry: {
    name: 'Expiry',
    meaning:
      'before an API token expires (14 days, 7 days, 1 day), and after it did if it was in use',
  },
  firstUse: { name: 'First use', meaning: 'when an API token is used for the first time' },
  login: { name: 'Logins', meaning: 'when there is a new login as you, or a program ends one' },
  rotation: {
    name: 'Rotations',
    meaning: 'when an API token is rotated over HTTP, once a day for each',
  },
  deletion: { name: 'Clean-up', meaning: 'I delete my messages with a token after an hour' },
};

/** What the buttons of {@link showNotices} and of notices do. */
export const notifyComponents: readonly Component[] = [
  { audience: 'member', name: 'notify', run: setNotice },
  { audience: 'member', name: 'reach', reply: 'new', run: retry },
  { audience: 'member', name: 'let-expire', reply: 'new', run: letExpire },
  { audience: 'member', name: 'not-me', reply: 'new', run: revokeUnrecognized },
];

/** `/session notify`: what a member hears from the bot, with a switch for each. */
export async function showNotices({ notices, actor }: CommandContext): Promise<Reply> {
  return noticesCard(actor.userId, await notices.show(actor));
}

/** Where Discord refused a message, what to do about it; nothing where none was refused. */
export function unreachable(owner: UserId, { refusedAt }: NoticeSettings): Parameters<typeof card> {
  if (refusedAt === null) return [];
  return [
    divider(),
    text(
      `⚠️ **Discord refused my last message to you**, ${relative(refusedAt)}: no reminder reaches you. Allow direct messages under _the name of a server that you share with me › Privacy Settings_, then press the button.`,
    ),
    buttons(button('Try again', writeCustomId('reach', owner), ButtonStyle.Primary)),
  ];
}

function noticesCard(owner: UserId, notices: NoticeSettings): Card {
  return card(
    text('### What I write to you'),
    text(
      NOTICES.map((notice) => {
        const { name, meaning } = WORDS[notice];
        return `${notices[notice] ? '🔔' : '🔕'} **${name}**: ${meaning}`;
      }).join('\n'),
    ),
    buttons(
      ...NOTICES.map((notice) => {
        const next = notices[notice] ? 'off' : 'on';
        return button(
          `${WORDS[notice].name}: turn ${next}`,
          writeCustomId('notify', owner, notice, next),
        );
      }),
    ),
    text('-# I always tell you of leaked tokens, and of old ones that something still uses.'),
    ...unreachable(owner, notices),
  );
}

async function setNotice({ notices, actor, args }: ComponentContext): Promise<Reply> {
  const [name, state] = args;
  const notice = NOTICES.find((known) => known === name);
  if (notice === undefined) throw new Declined(OUTDATED);
  return noticesCard(actor.userId, await notices.set(actor, notice, state === 'on'));
}

async function retry({ notices, actor, sendTestMessage }: ComponentContext): Promise<Reply> {
  await notices.retry(actor, sendTestMessage);
  return 'It arrived: my messages reach you again.';
}

/** The button of one token, or the menu of many. */
async function letExpire({ notices, actor, args, values }: ComponentContext): Promise<Reply> {
  const expiresAt = await notices.letExpire(actor, requireId(args[0] ?? values[0]));
  return `It expires ${instant(expiresAt)}. I will not remind you of it again.`;
}

async function revokeUnrecognized({ sessions, actor, args }: ComponentContext): Promise<Reply> {
  const { ended, parent, successor } = await sessions.revokeUnrecognized(actor, requireId(args[0]));
  return card(
    text(
      ended === 0
        ? 'It had ended already.'
        : `Revoked ${count(ended, 'session')}: that one, if it was live, and all that it created.`,
    ),
    ...(parent === null
      ? []
      : left(
          parent,
          `It was created with ${named(parent)}, which still works: whoever did that has it.`,
        )),
    ...(successor === null
      ? []
      : left(successor, `${named(successor)} took its place and still works.`)),
    text(
      'If you do not know who that was, somebody may be using your Discord account: change its password, then use `/session revoke-all`.',
    ),
  );
}

/** What still works beside the session that was revoked, and a button to end it. */
function left({ userId, id }: Session, sentence: string): Parameters<typeof card> {
  const customId = writeCustomId('not-me', userId, id);
  return [text(sentence), buttons(dangerButton('Revoke that too', customId))];
}
