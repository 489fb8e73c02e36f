import { setImmediate as yieldToOthers } from 'node:timers/promises';
import type { Member } from '../actor.ts';
import type { AuditRow } from '../audit/audit.ts';
import { AppError, refuse } from '../errors.ts';
import { permit } from '../permission.ts';
import type { Request } from '../requests/request.ts';
import { createRateLimit, type RateLimitRule } from '../rate-limit.ts';
import type { Session } from '../sessions/session.ts';
import type { Store } from '../store.ts';
import type { Clock } from '../time.ts';
import type { Account } from './account.ts';
import type { KnownAuthorization } from './authorization.ts';
import type { NoticeSettings } from './notice.ts';

/** All that is stored about a member, oldest first; never a token or its hash. */
export interface OwnDataSet {
  readonly account: Account | null;
  readonly sessions: readonly Session[];
  readonly authorization: KnownAuthorization | null;
  readonly notices: NoticeSettings;
  readonly requests: readonly Request[];
  readonly audit: readonly AuditRow[];
  /** Whether older sessions or events were left out. */
  readonly isCut: boolean;
}

/** Of more than that, a file would be larger than what Discord takes (10 MiB). */
const MOST_SESSIONS = 5_000;
const MOST_EVENTS = 10_000;

/** Rows at a time: everybody else waits meanwhile. */
const SLICE = 500;

const HOUR_MS = 3_600_000;
const TIMES_PER_HOUR = 5;

export interface OwnDataDeps {
  readonly store: Pick<
    Store,
    | 'record'
    | 'history'
    | 'audit'
    | 'findAccount'
    | 'findAuthorization'
    | 'findNotices'
    | 'requestsOf'
    | 'forget'
  >;
  readonly clock: Clock;
}

/** What members may ask about what is stored of them. A ban takes neither away. */
export function createOwnData(deps: OwnDataDeps) {
  const { store, clock } = deps;
  const exports = createRateLimit(limited('exported'), clock);
  const erasures = createRateLimit(limited('erased'), clock);

  return {
    /**
     * The newest of it, which for nearly everybody is all; that it was asked for is written down.
     * @throws AppError `rate_limited`
     */
    async read(actor: Member): Promise<OwnDataSet> {
      await permit(deps, 'ownData.read', actor);
      const { userId } = actor;
      exports.count(userId);
      const now = clock();
      await store.record({ actor, at: now, userId, action: 'account.exported' });
      const sessions = await newest(MOST_SESSIONS, (limit, last: Session | undefined) =>
        store.history({ userId, now, state: 'all', limit, after: last?.id }),
      );
      const audit = await newest(MOST_EVENTS, (limit, last: AuditRow | undefined) =>
        store.audit({ userId, limit, before: last?.id }),
      );
      return {
        account: await store.findAccount(userId),
        sessions: sessions.rows,
        authorization: await store.findAuthorization(userId),
        notices: await store.findNotices(userId),
        requests: await store.requestsOf(userId, now),
        audit: audit.rows,
        isCut: sessions.isCut || audit.isCut,
      };
    },

    /**
     * Erases it, with every session. A ban stays; so do audit events, without who they were about.
     * Should that be interrupted, what is left is erased by the next time.
     * @throws AppError `rate_limited`; `uncertain` where it was
     */
    async forget(actor: Member): Promise<void> {
      await permit(deps, 'ownData.forget', actor);
      erasures.count(actor.userId);
      const act = { actor, at: clock() };
      let isBegun = false;
      try {
        while (await store.forget(act, actor.userId, SLICE)) {
          isBegun = true;
          await yieldToOthers();
        }
      } catch (error) {
        if (!isBegun || !(error instanceof AppError) || error.code !== 'unavailable') throw error;
        throw refuse({ code: 'uncertain', reason: 'change' }, { cause: error });
      }
    },
  };
}

export type OwnData = ReturnType<typeof createOwnData>;

function limited(reason: 'exported' | 'erased'): RateLimitRule {
  const refusal = { code: 'rate_limited', reason, max: TIMES_PER_HOUR } as const;
  return {
    most: TIMES_PER_HOUR,
    windowMs: HOUR_MS,
    refuse: (retryAfterMs) => refuse(refusal, { retryAfterMs }),
  };
}

/** At most `most` rows of a list that is newest first, in the opposite order. */
async function newest<Row>(
  most: number,
  pageAfter: (limit: number, last: Row | undefined) => Promise<readonly Row[]>,
): Promise<{ rows: readonly Row[]; isCut: boolean }> {
  const rows: Row[] = [];
  for (;;) {
    const page = await pageAfter(SLICE, rows.at(-1));
    rows.push(...page);
    if (rows.length > most) return { rows: rows.slice(0, most).toReversed(), isCut: true };
    if (page.length < SLICE) return { rows: rows.toReversed(), isCut: false };
    await yieldToOthers();
  }
}
