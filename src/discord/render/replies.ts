import type { Ban } from '../../core/accounts/account.ts';
import type { UserId } from '../../core/actor.ts';
import type { AppError } from '../../core/errors.ts';
import { CONFIRMATION_LIFETIME_MS } from '../../core/staff/confirmations.ts';
import type { Instant } from '../../core/time.ts';
import { LIST } from '../interactions/custom-id.ts';
import type { Words } from '../words/words.ts';
import { banLines } from './render-ban.ts';
import { button, buttons, card, relative, text } from './render.ts';
import { type Card, Declined, type Reply } from './reply.ts';

/** What a refusal has to do with who reads it. */
export interface Reader {
  readonly owner: UserId;
  readonly now: Instant;
  /** The reader's ban, where that is why. */
  readonly ban: Ban | null;
  readonly appealUrl: string | undefined;
}

/** Undefined for what nobody can meet in Discord. */
export function refusalReply(
  words: Words,
  { refusal, retryAfterMs = 0 }: AppError,
  { owner, now, ban, appealUrl }: Reader,
): Reply | undefined {
  const sentence = words.refusal(refusal);
  if (sentence === undefined) return undefined;
  switch (refusal.code) {
    case 'banned':
      return ban === null
        ? sentence
        : [words('ban.refused'), ...banLines(words, ban, now, appealUrl)].join('\n');
    case 'limit_reached':
      return card(
        text(sentence),
        buttons(button(words('button.list'), LIST.write(owner, { unused: 'unused' }))),
      );
    case 'rate_limited':
      return words('refused.until', { why: sentence, when: relative(now + retryAfterMs) });
    default:
      return sentence;
  }
}

export const notYours = () => new Declined((words) => words('not_yours'));
export const outdated = () => new Declined((words) => words('outdated'));

/** Under a question that is asked now: until when its button works. */
export const lapsing = (words: Words, now: Instant) =>
  words('lapsing', { when: relative(now + CONFIRMATION_LIFETIME_MS) });

export function sentenceCard(reply: string): Card {
  return card(text(reply));
}
