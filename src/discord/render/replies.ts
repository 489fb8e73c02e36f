import type { UserId } from '../../core/actor.ts';
import type { AppError, ErrorCode } from '../../core/errors.ts';
import { CONFIRMATION_LIFETIME_MS } from '../../core/staff/confirmations.ts';
import type { Instant } from '../../core/time.ts';
import type { Card, Reply } from '../interactions/command.ts';
import { writeCustomId } from '../interactions/custom-id.ts';
import { button, buttons, card, relative, text } from './render.ts';

/** What a member reads when something was refused. `invalid` and its like explain themselves. */
const REFUSALS = {
  invalid: ({ message }) => message,
  invalid_grant: ({ message }) => message,
  restricted: ({ message }) => message,
  undelivered: ({ message }) => message,
  unconfirmed: ({ message }) => message,
  upstream: ({ message }) => message,
  dm_closed: () =>
    [
      'Discord does not let me write to you, so nothing was created or changed.',
      '1. Open the name of a server that you share with me › Privacy Settings › Direct Messages, and allow them.',
      '2. Make sure that you have not blocked me.',
      '3. Try again.',
    ].join('\n'),
  banned: () =>
    'Your account is banned here: none of its tokens work and no new ones can be created. The staff of this community can tell you more.',
  not_found: () =>
    'There is no such live session; it may have ended. `/session list` shows which of yours are live.',
  limit_reached: ({ message }, owner) =>
    card(
      text(`${message} Revoke one to make room.`),
      buttons(button('Show my sessions', writeCustomId('list', owner, 'all', 'first'))),
    ),
  conflict: ({ message }) => message,
  rate_limited: ({ message, retryAfterMs = 0 }, _, now) =>
    `${message} Try again ${relative(now + retryAfterMs)}.`,
  unavailable: () => 'I cannot save changes right now. Nothing was changed; try again soon.',
  no_token: ({ message }) => message,
  invalid_token: ({ message }) => message,
  wrong_secret: ({ message }) => message,
} as const satisfies Record<ErrorCode, (error: AppError, owner: UserId, now: Instant) => Reply>;

export function refusal(error: AppError, owner: UserId, now: Instant): Reply {
  return REFUSALS[error.code](error, owner, now);
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

export const DELIVERY = {
  /** Discord holds back a bot that opens many conversations, or is busy. */
  held: 'Discord holds my messages back for a while, so nothing was created. Try again later.',
  refused: 'Discord refused the message, so nothing was created. Try again.',
  unanswered: 'Discord does not answer right now, so nothing was created. Try again soon.',
  /** It may have arrived. */
  unknown:
    "Discord did not say whether the message reached you, so nothing was kept: if a token arrived, it doesn't work. Try again.",
} as const;

export const NOT_SENT = 'Discord did not deliver the message. Try again later.';
export const NOT_CONFIRMED =
  'Discord did not say whether the message reached you. Look for it, and try again if it is not there.';

export const GREETING =
  'Messages from me reach you again. `/session notify` chooses what I write to you.';

export const RETRACTED =
  "The token that was here **doesn't work**: something went wrong while I sent it, so nothing was kept of it. Use the command again.";

export function sentenceCard(reply: string): Card {
  return card(text(reply));
}
