import type { UserId } from '../../core/actor.ts';
import {
  type AppError,
  type MemberRefusal,
  type RefusalTable,
  sentenceFor,
} from '../../core/errors.ts';
import { EXPIRY_BOUND_SECONDS } from '../../core/sessions/session.ts';
import { CONFIRMATION_LIFETIME_MS } from '../../core/staff/confirmations.ts';
import type { Instant } from '../../core/time.ts';
import { writeCustomId } from '../interactions/custom-id.ts';
import { button, buttons, card, relative, text } from './render.ts';
import type { Card, Reply } from './reply.ts';

/** What a member reads when something was refused, without when it may be tried again. */
const REFUSALS: RefusalTable<MemberRefusal> = {
  banned:
    'Your account is banned here: none of its tokens work and no new ones can be created. The staff of this community can tell you more.',
  not_found:
    'There is no such live session; it may have ended. `/session list` shows which of yours are live.',
  dm_closed: [
    'Discord does not let me write to you, so nothing was created or changed.',
    '1. Open the name of a server that you share with me › Privacy Settings › Direct Messages, and allow them.',
    '2. Make sure that you have not blocked me.',
    '3. Try again.',
  ].join('\n'),
  unavailable: 'I cannot save changes right now. Nothing was changed; try again soon.',
  'invalid.expiry': `The expiry must be a whole number of seconds, at least 1 and less than ${EXPIRY_BOUND_SECONDS}.`,
  'invalid.ban_over': 'The end of that ban has passed. Nothing was done; use the command again.',
  'invalid.name_missing': ({ max }) => `Give the token a name of 1 to ${max} characters.`,
  'invalid.name_too_long': ({ length, max }) =>
    `That name has ${length} characters; ${max} is the most.`,
  'invalid.name_unprintable':
    'That name has a character that cannot be shown: a line break, a control character or one that changes the direction of writing. Use letters, digits, punctuation and emoji.',
  'invalid.name_marks': ({ max }) =>
    `That name has too many marks on one character; ${max} is the most.`,
  'invalid.name_has_token':
    'That name has a token in it. A name is shown to others: choose another one.',
  'restricted.members_only': "This is for members of the community's Discord server only.",
  'restricted.staff_only': 'Only the staff can do that.',
  'restricted.superseded':
    'This token was rotated. Until its grace is over it may look, revoke itself and repeat its rotation: use the new one for anything else.',
  'restricted.api_only': 'Only API tokens can be rotated. To renew a login, log in again.',
  'restricted.confirmed_before':
    'This was answered already or is too old. Nothing was done; use the command again.',
  limit_reached: ({ max }) =>
    `You have as many live API tokens as one account may hold (${max}). Revoke one to make room.`,
  'rate_limited.created': ({ max }) =>
    `You have created as many API tokens within an hour as one account may (${max}).`,
  'rate_limited.rotated': ({ max }) =>
    `You have rotated as many API tokens within an hour as one account may (${max}).`,
  'rate_limited.exported': ({ max }) => `You can export your data ${max} times an hour.`,
  'rate_limited.erased': ({ max }) => `You can erase your data ${max} times an hour.`,
  'rate_limited.reported': ({ max }) =>
    `You may report ${max} messages an hour. Tell the staff if there are more.`,
  'conflict.rotated_first':
    'This token was just rotated by another request. Look for the newer one.',
  'conflict.rotating':
    'This token was rotated a moment ago. If the new one did not arrive, try again in some seconds.',
  'conflict.rotated_twice':
    'This token was rotated, and so was the new one: rotate the newest one instead.',
  'conflict.successor_in_use':
    'This token was rotated, and the new one is in use: rotate that one instead.',
  'conflict.rotated_elsewhere': ({ where, hint }) =>
    `This token was rotated already, ${where === 'discord' ? 'in Discord' : 'over HTTP, with another token'}. Only whoever did that may repeat it. Rotate or revoke the new one instead: it ends in ${hint}.`,
  'undelivered.retracted':
    "It took too long to send the token, so nothing was kept: the one that you got doesn't work. Try again.",
  // Discord holds back a bot that opens many conversations, or is busy.
  'undelivered.held':
    'Discord holds my messages back for a while, so nothing was created. Try again later.',
  'undelivered.refused': 'Discord refused the message, so nothing was created. Try again.',
  'undelivered.unanswered':
    'Discord does not answer right now, so nothing was created. Try again soon.',
  'undelivered.not_sent': 'Discord did not deliver the message. Try again later.',
  'unconfirmed.token':
    "Discord did not say whether the message reached you, so nothing was kept: if a token arrived, it doesn't work. Try again.",
  'unconfirmed.message':
    'Discord did not say whether the message reached you. Look for it, and try again if it is not there.',
  'upstream.discord': 'Discord does not answer right now. Try again soon.',
  'upstream.membership':
    'Discord cannot confirm right now that you are a member of the server. Try again soon.',
};

/** Undefined for what nobody can meet in Discord. */
export function refusalReply(
  { refusal, retryAfterMs = 0 }: AppError,
  owner: UserId,
  now: Instant,
): Reply | undefined {
  const sentence = sentenceFor(REFUSALS, refusal);
  if (sentence === undefined) return undefined;
  switch (refusal.code) {
    case 'limit_reached':
      return card(
        text(sentence),
        buttons(button('Show my sessions', writeCustomId('list', owner, 'all', 'first'))),
      );
    case 'rate_limited':
      return `${sentence} Try again ${relative(now + retryAfterMs)}.`;
    default:
      return sentence;
  }
}

export const unknownFailure = (reference: string) =>
  `Something went wrong on our side. If it happens again, tell the staff this reference: \`${reference}\`.`;

export const NOT_YOURS = 'These buttons belong to someone else. Use the command to get your own.';
export const OUTDATED = 'This is from an earlier version of the bot. Use the command again.';
export const NOTHING_LIVE =
  'You have no live sessions. `/token create` creates a token and sends it to you in a direct message.';

/** Under a question that is asked now: until when its button works. */
export const lapsing = (now: Instant) =>
  `-# The button stops working ${relative(now + CONFIRMATION_LIFETIME_MS)}.`;

export const GREETING =
  'Messages from me reach you again. `/session notify` chooses what I write to you.';

export const RETRACTED =
  "The token that was here **doesn't work**: something went wrong while I sent it, so nothing was kept of it. Use the command again.";

export function sentenceCard(reply: string): Card {
  return card(text(reply));
}
