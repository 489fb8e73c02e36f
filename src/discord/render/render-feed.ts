import { MessageFlags, type RESTPostAPIChannelMessageJSONBody } from 'discord.js';
import type { UserId } from '../../core/actor.ts';
import type { AuditRow } from '../../core/audit/audit.ts';
import { writeCustomId } from '../interactions/custom-id.ts';
import type { Words } from '../words/words.ts';
import { button, buttons, dangerButton, select, shorten } from './render.ts';
import { eventSentence, type NameOf } from './render-audit.ts';

/** In the place of who may press: any of the staff. */
export const ANY_STAFF = 'staff';

const LONGEST = 1_900;
const MOST_CHOICES = 25;

/**
 * What the staff's channel is told of some events, with a way to act on whom they are about. A component
 * carries the mark by which the message is found again, out of sight.
 */
export function feedPost(
  words: Words,
  events: readonly AuditRow[],
  mark: string,
  nameOf: NameOf,
): RESTPostAPIChannelMessageJSONBody {
  return {
    content: fold(words, events, nameOf),
    flags: MessageFlags.SuppressEmbeds,
    components: [
      actions(words, [...new Set(events.map(({ userId }) => userId))], mark, nameOf),
      ...(events.some(({ action }) => action === 'roles.held') ? [decide(words, mark)] : []),
    ],
  };
}

function actions(words: Words, members: readonly UserId[], mark: string, nameOf: NameOf) {
  const known = members.filter((id) => /^\d+$/.test(id)).slice(0, MOST_CHOICES);
  const [only, ...others] = known;
  if (only === undefined) {
    return buttons(button(words('member.audit'), writeCustomId('feed-audit', ANY_STAFF, mark)));
  }
  if (others.length === 0) {
    const id = (component: string) => writeCustomId(component, ANY_STAFF, only, mark);
    return buttons(
      button(words('feed.look_up'), id('feed-user')),
      dangerButton(words('member.revoke_all'), id('feed-all')),
      dangerButton(words('member.ban'), id('feed-ban')),
    );
  }
  return select(
    writeCustomId('feed-user', ANY_STAFF, '', mark),
    words('feed.look_up_one'),
    known.map((id) => ({ label: shorten(nameOf(id) ?? id, 80), value: id })),
  );
}

/** What is held waits for one of these. */
function decide(words: Words, mark: string) {
  return buttons(
    dangerButton(words('feed.apply'), writeCustomId('feed-apply', ANY_STAFF, mark)),
    button(words('feed.wait'), writeCustomId('feed-wait', ANY_STAFF, mark)),
  );
}

/** One sentence stands alone; Discord shows when the message was posted. */
function fold(words: Words, events: readonly AuditRow[], nameOf: NameOf): string {
  const sentences = events.map((event) => eventSentence(words, event, nameOf));
  if (sentences.length === 1) return sentences.join('');
  const lines: string[] = [];
  let length = 0;
  for (const [index, sentence] of sentences.entries()) {
    const line = words('feed.bullet', { sentence });
    length += line.length + 1;
    if (length > LONGEST)
      return [...lines, words('feed.more', { count: sentences.length - index })].join('\n');
    lines.push(line);
  }
  return lines.join('\n');
}
