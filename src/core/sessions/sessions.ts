import { setImmediate as yieldToOthers } from 'node:timers/promises';
import {
  type Application,
  findApplication,
  type KnownAuthorization,
} from '../accounts/authorization.ts';
import type { NoticeSettings } from '../accounts/notice.ts';
import type { Member, SessionId, UserId } from '../actor.ts';
import { noSuchSession, refuse } from '../errors.ts';
import { permit } from '../permission.ts';
import type { Policy } from '../policy/policy.ts';
import type { Standing } from '../policy/standing.ts';
import type { Store } from '../store.ts';
import type { Clock, Instant } from '../time.ts';
import type { Limits } from '../tokens/allowance.ts';
import { parseName } from '../tokens/token-name.ts';
import type { LastUsed } from './last-used.ts';
import { type Search, type SearchResult, searchSessions } from './search.ts';
import { ENDED_KEPT_MS, isLive, type Session, type SessionType } from './session.ts';
import type {
  CheckedSession,
  HistoryQuery,
  SessionPage,
  SessionQuery,
  SessionStore,
} from './store.ts';
import { hashToken, isWellFormed } from './token.ts';

/** What a token turned out to be. A ban is told only to whoever holds a token that would be good. */
export type Verdict =
  | {
      readonly is: 'valid';
      readonly id: SessionId;
      readonly userId: UserId;
      readonly type: SessionType;
      readonly expiresAt: Instant;
      /** Whether something took its place; it works on until its grace is over. */
      readonly isSuperseded: boolean;
      readonly name: string | null;
      readonly createdAt: Instant;
      /** Null where there is no policy. */
      readonly standing: Standing | null;
    }
  | { readonly is: 'banned'; readonly userId: UserId }
  /** Its owner lost every role that may hold tokens: names of roles of which one brings it back. */
  | { readonly is: 'suspended'; readonly roles: readonly string[] }
  | { readonly is: 'invalid' };

export interface Overview {
  readonly userId: UserId;
  readonly live: Readonly<Record<SessionType, number>>;
  /** Of the API tokens, those that were rotated and work on until their grace is over. */
  readonly rotated: number;
  readonly maxApiTokens: number;
  /** When the next API token expires; null if there is none. */
  readonly nextApiExpiry: Instant | null;
  readonly notices: NoticeSettings;
  /** What the member allowed in Discord at the newest login; null if there was none. */
  readonly authorization: KnownAuthorization | null;
  readonly application: Application | null;
}

/** Which of one's own live sessions to list. */
export type ListQuery = Omit<SessionQuery, 'userId' | 'now'>;

export interface Revoked {
  readonly session: Session;
  /** How many live sessions it had made, which live on. */
  readonly descendants: number;
}

/** What there is to say of a session that its owner does not know. */
export interface UnrecognizedRevoked {
  /** How many ended: that one, if it was live, and all that it made. */
  readonly ended: number;
  /** What made it, and lives on. */
  readonly parent: Session | null;
  /** What took its place without being made by it, and lives on. */
  readonly successor: Session | null;
}

const INVALID: Verdict = { is: 'invalid' };
const PURGE_SLICE = 50;

export interface SessionsDeps {
  readonly store: SessionStore &
    Pick<
      Store,
      'findAccount' | 'findAuthorization' | 'findNotices' | 'findSetting' | 'findSuccessor'
    >;
  readonly lastUsed: LastUsed;
  readonly clock: Clock;
  readonly tokenPrefix: string;
  readonly limits: Limits;
  /** Absent where every token may do everything. */
  readonly policy?: Policy | undefined;
}

/** What is done with sessions. The first line of each method is the permission. */
export function createSessions(deps: SessionsDeps) {
  const { store, lastUsed, clock, tokenPrefix, limits, policy } = deps;

  function judge(found: CheckedSession | null): Verdict {
    const now = clock();
    if (found === null) return INVALID;
    const { id, userId, type, expiresAt, endReason, rotatedAt, bannedUntil } = found;
    const endedByBan = endReason === 'banned';
    if (now >= expiresAt || (endReason !== null && !endedByBan)) {
      const wasRotated = rotatedAt !== null && (endReason === null || endReason === 'rotated');
      // By a clock that is right a row so old is gone.
      if (wasRotated && now < expiresAt + ENDED_KEPT_MS) lastUsed.recordReuse(id);
      return INVALID;
    }
    if (bannedUntil !== null && now < bannedUntil) return { is: 'banned', userId };
    if (endedByBan) return INVALID;
    const standing = policy?.standing(found.scope, found.roles) ?? null;
    if (standing?.isSuspended) return { is: 'suspended', roles: policy?.holders ?? [] };
    if (found.isUntried) lastUsed.recordFirst(id, now);
    else lastUsed.record(id, now);
    const isSuperseded = rotatedAt !== null;
    const { name, createdAt } = found;
    return { is: 'valid', id, userId, type, expiresAt, isSuperseded, name, createdAt, standing };
  }

  return {
    /** Is this token good, now? Malformed ones are refused without a look at the database. */
    verify(token: string): Promise<Verdict> {
      if (!isWellFormed(token, tokenPrefix)) return Promise.resolve(INVALID);
      // Every request of the API behind us waits for this: one promise less than with await.
      return store.findByToken(hashToken(token)).then(judge);
    },

    async overview(actor: Member): Promise<Overview> {
      await permit(deps, 'sessions.overview', actor);
      const { userId } = actor;
      const live = { login: 0, app_login: 0, api: 0 };
      const counts = await store.countLive(userId, clock());
      for (const { type, count } of counts) live[type] = count;
      const api = counts.find(({ type }) => type === 'api');
      const rotated = api?.rotated ?? 0;
      const nextApiExpiry = api?.nextExpiry ?? null;
      const authorization = await store.findAuthorization(userId);
      const application = await findApplication(store);
      const notices = await store.findNotices(userId);
      const { maxApiTokens } = limits;
      return {
        userId,
        live,
        rotated,
        maxApiTokens,
        nextApiExpiry,
        notices,
        authorization,
        application,
      };
    },

    /** The member's live sessions, newest first. */
    async list(actor: Member, query: ListQuery = {}): Promise<SessionPage> {
      await permit(deps, 'sessions.list', actor);
      const page = await store.page({ ...query, userId: actor.userId, now: clock() });
      return { ...page, sessions: page.sessions.map((session) => lastUsed.withLastUse(session)) };
    },

    /** What is kept of the member's sessions, newest first. */
    async history(
      actor: Member,
      query: Omit<HistoryQuery, 'userId' | 'now'>,
    ): Promise<readonly Session[]> {
      await permit(deps, 'sessions.history', actor);
      const found = await store.history({ ...query, userId: actor.userId, now: clock() });
      return found.map((session) => lastUsed.withLastUse(session));
    },

    /** The member's live sessions by what was typed to name one. */
    async search(actor: Member, search: Search): Promise<SearchResult> {
      const now = clock();
      await permit(deps, 'sessions.search', actor);
      return searchSessions(store, actor.userId, now, search);
    },

    /** One live session of the member's, and how many live ones it made. */
    async show(actor: Member, id: SessionId): Promise<Revoked> {
      await permit(deps, 'sessions.show', actor);
      const now = clock();
      const session = await store.findLive(actor.userId, id, now);
      if (session === null) throw noSuchSession();
      const descendants = await store.countDescendants(actor.userId, id, now);
      return { session: lastUsed.withLastUse(session), descendants };
    },

    /** The live session whose token made this one; null if there is none. */
    async findParent(actor: Member, id: SessionId): Promise<Session | null> {
      await permit(deps, 'sessions.findParent', actor);
      return store.findLiveParent(actor.userId, id, clock());
    },

    /**
     * Gives an API token another name.
     * @throws AppError `invalid` with what is wrong with the name
     */
    async rename(actor: Member, id: SessionId, typed: string): Promise<Session> {
      await permit(deps, 'sessions.rename', actor, id);
      const name = parseName(typed);
      const at = clock();
      const before = await store.findLive(actor.userId, id, at);
      if (before === null) throw noSuchSession();
      if (before.type !== 'api') throw refuse({ code: 'restricted', reason: 'api_only' });
      const session = await store.rename({ actor, at }, actor.userId, id, name);
      if (session === null) throw noSuchSession();
      return lastUsed.withLastUse(session);
    },

    /** Ends a session and, if asked to, all that it made; else `made` says how many of those live on. */
    async revoke(actor: Member, id: SessionId, includeDescendants = false): Promise<Revoked> {
      await permit(deps, 'sessions.revoke', actor, id);
      const at = clock();
      const selection = { one: id, includeDescendants };
      // Nothing can fail once it is done.
      const left = includeDescendants ? 0 : await store.countDescendants(actor.userId, id, at);
      const [session] = await store.end({ actor, at }, actor.userId, selection, 'revoked');
      if (session === undefined) throw noSuchSession();
      return { session, descendants: left };
    },

    /**
     * Ends a session that its owner does not know, with all that it made; that too if it ended already.
     * What else its holder may have had is left: its owner may know that.
     */
    async revokeUnrecognized(actor: Member, id: SessionId): Promise<UnrecognizedRevoked> {
      await permit(deps, 'sessions.revokeUnrecognized', actor, id);
      const now = clock();
      const act = { actor, at: now };
      const { userId } = actor;
      // Nothing can fail once it is done.
      const parent = await store.findLiveParent(userId, id, now);
      const next = await store.findSuccessor(userId, id);
      let ended = await store.end(act, userId, { one: id, includeDescendants: true }, 'leaked');
      if (ended.length === 0) ended = await store.end(act, userId, { descendantsOf: id }, 'leaked');
      const wasMade = ended.some((each) => each.id === next?.id);
      const successor = next !== null && isLive(next, now) && !wasMade ? next : null;
      return { ended: ended.length, parent, successor };
    },

    /** Ends what the session made, directly or through others; the session itself may have ended. */
    async revokeMadeBy(actor: Member, id: SessionId): Promise<readonly Session[]> {
      await permit(deps, 'sessions.revokeMadeBy', actor, id);
      const act = { actor, at: clock() };
      return store.end(act, actor.userId, { descendantsOf: id }, 'revoked');
    },

    /** Ends every session of the member's, but for one if told so. */
    async revokeAll(actor: Member, but: SessionId | null = null): Promise<readonly Session[]> {
      await permit(deps, 'sessions.revokeAll', actor);
      const act = { actor, at: clock() };
      return store.end(act, actor.userId, { allBut: but }, 'revoked');
    },

    /**
     * Ends the session that a token opens, if it opens one, and all that it made: who has it may
     * (RFC 7009). Its owner is told.
     * @returns whether anything ended
     */
    async revokeByToken(token: string, requestId: string): Promise<boolean> {
      if (!isWellFormed(token, tokenPrefix)) return false;
      const act = { actor: { kind: 'bearer', requestId }, at: clock() } as const;
      const { ended } = await store.endFound(act, [hashToken(token)], { as: 'revoked' });
      return ended > 0;
    },

    /** Removes rows that ended longer ago than they are kept, a slice at a time. */
    async purge(): Promise<void> {
      const before = clock() - ENDED_KEPT_MS;
      let cursor = await store.purge(before, PURGE_SLICE, null);
      while (cursor !== null) {
        await yieldToOthers();
        cursor = await store.purge(before, PURGE_SLICE, cursor);
      }
    },
  };
}

export type Sessions = ReturnType<typeof createSessions>;
