import type { Member } from '../actor.ts';
import { refuse } from '../errors.ts';
import { permit } from '../permission.ts';
import { createRateLimit } from '../rate-limit.ts';
import type { Store } from '../store.ts';
import type { Clock } from '../time.ts';
import { findTokens, hashToken, isWellFormed } from './token.ts';

/** More than a message of Discord's has room for. */
const MOST_IN_TEXT = 100;

const HOUR_MS = 3_600_000;

/** More than anybody finds, and an end to who presses on and on. */
const REPORTS_PER_HOUR = 30;

/** What a text turned out to have in it. */
export interface LeakReport {
  /** Something has the shape of a token of ours. */
  readonly hasToken: boolean;
  /** One of them was issued by us; whoever reports must not learn of it. */
  readonly isOurs: boolean;
}

export interface LeaksDeps {
  readonly store: Pick<Store, 'endFound' | 'record' | 'findAccount'>;
  readonly clock: Clock;
  readonly tokenPrefix: string;
}

/** What anyone may do who finds tokens, banned or not. */
export function createLeaks(deps: LeaksDeps) {
  const { store, clock, tokenPrefix } = deps;
  const reports = createRateLimit(
    {
      most: REPORTS_PER_HOUR,
      windowMs: HOUR_MS,
      refuse: (retryAfterMs) =>
        refuse(
          { code: 'rate_limited', reason: 'reported', max: REPORTS_PER_HOUR },
          { retryAfterMs },
        ),
    },
    clock,
  );

  return {
    /**
     * Ends what the tokens in a message opened, and all that it made; their owners are told.
     * @throws AppError `rate_limited`
     */
    async report(actor: Member, text: string, channelId: string | null): Promise<LeakReport> {
      await permit(deps, 'leaks.report', actor);
      const tokens = findTokens(text, tokenPrefix).slice(0, MOST_IN_TEXT);
      if (tokens.length === 0) return { hasToken: false, isOurs: false };
      reports.count(actor.userId);
      const act = { actor, at: clock() };
      const { ours } = await store.endFound(act, tokens.map(hashToken), {
        as: 'reported',
        channelId,
      });
      return { hasToken: true, isOurs: ours > 0 };
    },

    /** Writes down that a message was deleted for the token in it. */
    async recordDeletion(actor: Member, authorId: string, channelId: string): Promise<void> {
      await permit(deps, 'leaks.recordDeletion', actor);
      const event = { userId: authorId, action: 'message.deleted', channelId } as const;
      await store.record({ actor, at: clock(), ...event });
    },

    /**
     * The same for tokens that somebody found elsewhere. What is none of ours is passed over: who
     * reports learns nothing, and need not say who they are.
     */
    async reportAll(tokens: readonly string[], requestId: string): Promise<void> {
      const distinct = [...new Set(tokens)];
      const hashes = distinct.filter((token) => isWellFormed(token, tokenPrefix)).map(hashToken);
      if (hashes.length === 0) return;
      const actor = { kind: 'bearer', requestId } as const;
      await store.endFound({ actor, at: clock() }, hashes, { as: 'reported', channelId: null });
    },
  };
}

export type Leaks = ReturnType<typeof createLeaks>;
