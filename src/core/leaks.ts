import type { Member } from './actor.ts';
import type { Clock, Store } from './ports.ts';
import { findTokens, hashToken } from './token.ts';

/** More than a message of Discord's has room for. */
const MOST = 100;

/** What anyone may do who finds a token in a message, banned or not. */
export function createLeaks({
  store,
  clock,
  tokenPrefix,
}: {
  store: Store;
  clock: Clock;
  tokenPrefix: string;
}) {
  return {
    /**
     * Ends what the tokens in a text opened, and all that it made. Whoever reports learns only that
     * there was something of the shape of a token.
     */
    async report(actor: Member, text: string, channelId: string | null): Promise<boolean> {
      const tokens = findTokens(text, tokenPrefix).slice(0, MOST);
      const act = { actor, at: clock() };
      for (const token of tokens) await store.report(act, hashToken(token), channelId);
      return tokens.length > 0;
    },
  };
}

export type Leaks = ReturnType<typeof createLeaks>;
