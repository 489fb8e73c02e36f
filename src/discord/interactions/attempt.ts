import type { UserId } from '../../core/actor.ts';
import { AppError, ENVIRONMENTAL } from '../../core/errors.ts';
import type { Log } from '../../log.ts';
import { refusalReply } from '../render/replies.ts';
import { Declined, type Reply } from '../render/reply.ts';
import type { Words, WordsFor } from '../words/words.ts';
import type { Services } from './command.ts';
import type { Origin } from './invocation.ts';

/** What a handler returned, or what is said in its place. */
export type Attempt<Result> =
  | { readonly refused: false; readonly outcome: 'ok'; readonly value: Result }
  | { readonly refused: true; readonly outcome: 'refused' | 'failed'; readonly value: Reply };

export interface AttemptDeps extends Pick<Services, 'accounts' | 'appealUrl' | 'clock'> {
  readonly wordsFor: WordsFor;
  readonly log: Log;
}

/** Runs handlers, and turns whatever they throw into something to read. */
export function createAttempt({ accounts, appealUrl, clock, wordsFor, log }: AttemptDeps) {
  return async function attempt<Result>(
    { id, user, locale }: Origin,
    handle: () => Promise<Result>,
  ): Promise<Attempt<Result>> {
    try {
      return { refused: false, outcome: 'ok', value: await handle() };
    } catch (error) {
      const words = wordsFor(locale);
      const reply = await replyTo(words, error, user.id);
      if (reply !== undefined) {
        const isEnvironmental = error instanceof AppError && ENVIRONMENTAL.has(error.code);
        const level = isEnvironmental ? 'warn' : 'debug';
        log[level]({ err: error, interaction: id, user: user.id }, 'an interaction was refused');
        const outcome = isEnvironmental ? 'failed' : 'refused';
        return { refused: true, outcome, value: reply };
      }
      log.error({ err: error, interaction: id, user: user.id }, 'an interaction failed');
      return { refused: true, outcome: 'failed', value: words('failure', { reference: id }) };
    }
  };

  /** What a refusal says; undefined for what is none. */
  async function replyTo(words: Words, error: unknown, owner: UserId): Promise<Reply | undefined> {
    if (error instanceof Declined) return error.say(words);
    if (!(error instanceof AppError)) return undefined;
    const ban = error.code === 'banned' ? await accounts.findBan(owner) : null;
    return refusalReply(words, error, { owner, now: clock(), ban, appealUrl });
  }
}
