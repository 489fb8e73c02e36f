import { setImmediate as yieldToOthers } from 'node:timers/promises';
import { lasts } from './account.ts';
import type { Member, SessionId, UserId } from './actor.ts';
import type { Act } from './audit.ts';
import { type Application, findApplication, type KnownAuthorization } from './authorization.ts';
import { AppError, banned, noSuchSession } from './errors.ts';
import type { LastUsed } from './last-used.ts';
import { mintParcel, type Parcel, toStore } from './parcel.ts';
import { requireCommunity, requireNormal, requireStored } from './permission.ts';
import type {
  Clock,
  Deliver,
  IsBannedInServer,
  IsCommunityMember,
  Limits,
  Receipt,
  SessionPage,
  SessionQuery,
  Store,
  Stored,
} from './ports.ts';
import {
  ENDED_KEPT_MS,
  expiryLike,
  type Instant,
  type Session,
  type SessionType,
} from './session.ts';
import { parseName } from './token-name.ts';
import { hashToken, isWellFormed, type Random } from './token.ts';

export interface SessionsDeps {
  readonly store: Store;
  readonly lastUsed: LastUsed;
  readonly clock: Clock;
  readonly random: Random;
  readonly tokenPrefix: string;
  readonly limits: Limits;
  /** Absent where anybody may have tokens. */
  readonly isCommunityMember?: IsCommunityMember | undefined;
  /** Absent where a ban in the server means nothing here. */
  readonly isBannedInServer?: IsBannedInServer | undefined;
}

/** What a token turned out to be. A ban is told only to whoever holds a token that would be good. */
export type Verdict =
  | {
      readonly is: 'valid';
      readonly id: SessionId;
      readonly userId: UserId;
      readonly type: SessionType;
      readonly expiresAt: Instant;
    }
  | { readonly is: 'banned'; readonly userId: UserId }
  | { readonly is: 'invalid' };

export interface Overview {
  readonly userId: UserId;
  readonly live: Readonly<Record<SessionType, number>>;
  readonly maxApiTokens: number;
  /** When the next API token expires; null if there is none. */
  readonly nextApiExpiry: Instant | null;
  /** What the member allowed in Discord at the newest login; null if there was none. */
  readonly authorization: KnownAuthorization | null;
  readonly application: Application | null;
}

export interface NewToken {
  readonly name: string;
  readonly expiresAt: Instant;
}

/** Which of one's own sessions to list; live ones unless told. */
export type ListQuery = Omit<SessionQuery, 'userId' | 'now'>;

export interface Revoked {
  readonly session: Session;
  /** How many live sessions it had made, which live on. */
  readonly made: number;
}

const INVALID: Verdict = { is: 'invalid' };
const PURGE_SLICE = 500;

/** The verbs on sessions. Each one's first line is the permission. */
export function createSessions(deps: SessionsDeps) {
  const { store, lastUsed, clock, random, tokenPrefix, limits, isCommunityMember } = deps;

  /** The cheap refusals first: asking Discord takes a while. */
  async function requireMayCreate(actor: Member): Promise<void> {
    const now = clock();
    requireStored(await store.mayAdd(actor.userId, limits, now), limits, now);
    const account = await store.findAccount(actor.userId);
    // Bans of people without an account are not followed: they are looked for when they come.
    if (account === null && (await deps.isBannedInServer?.(actor.userId))) throw banned();
    await requireCommunity(isCommunityMember, actor.userId);
  }

  function mint(actor: Member, createdAt: Instant, input: NewToken, replaces: SessionId | null) {
    const { userId, sessionId: parentId = null } = actor;
    const { name, expiresAt } = input;
    return mintParcel(
      { userId, type: 'api', name, parentId, replaces, createdAt, expiresAt },
      tokenPrefix,
      random,
    );
  }

  /** Delivers first and stores then: what the owner does not have never authenticates. */
  async function handOver(
    act: Act,
    parcel: Parcel,
    deliver: Deliver,
    keep: () => Promise<Stored>,
  ): Promise<Receipt> {
    let receipt: Receipt;
    try {
      receipt = await deliver(parcel);
    } catch (error) {
      const why = error instanceof AppError ? error.code : 'unknown';
      const { userId } = parcel.session;
      await store.record({ ...act, userId, action: 'token.undelivered', why });
      throw error;
    }
    try {
      requireStored(await keep(), limits, act.at);
    } catch (error) {
      await receipt.retract();
      throw error;
    }
    return receipt;
  }

  return {
    /** Is this token good, now? Malformed ones are refused without a look at the database. */
    async verify(token: string): Promise<Verdict> {
      if (!isWellFormed(token, tokenPrefix)) return INVALID;
      const found = await store.findByToken(hashToken(token));
      const now = clock();
      if (found === null || now >= found.expiresAt) return INVALID;
      const { id, userId, type, expiresAt, endReason } = found;
      const { bannedAt, bannedUntil, bannedInServer } = found;
      const endedByBan = endReason === 'banned';
      if (endReason !== null && !endedByBan) return INVALID;
      if (bannedAt !== null && lasts(bannedUntil, bannedInServer, now)) {
        return { is: 'banned', userId };
      }
      if (endedByBan) return INVALID;
      lastUsed.note(id, now);
      return { is: 'valid', id, userId, type, expiresAt };
    },

    async overview(actor: Member): Promise<Overview> {
      await requireNormal(store, actor.userId, clock());
      const { userId } = actor;
      const live = { login: 0, app_login: 0, api: 0 };
      let nextApiExpiry: Instant | null = null;
      for (const { type, count, nextExpiry } of await store.countLive(userId, clock())) {
        live[type] = count;
        if (type === 'api') nextApiExpiry = nextExpiry;
      }
      const authorization = await store.findAuthorization(userId);
      const application = await findApplication(store);
      const { maxApiTokens } = limits;
      return { userId, live, maxApiTokens, nextApiExpiry, authorization, application };
    },

    /** The member's sessions, newest first. */
    async list(actor: Member, query: ListQuery = {}): Promise<SessionPage> {
      await requireNormal(store, actor.userId, clock());
      const page = await store.page({ ...query, userId: actor.userId, now: clock() });
      return { ...page, sessions: page.sessions.map((session) => lastUsed.refresh(session)) };
    },

    /** One live session of the member's, and how many live ones it made. */
    async show(actor: Member, id: SessionId): Promise<Revoked> {
      await requireNormal(store, actor.userId, clock());
      const now = clock();
      const session = await store.findLive(actor.userId, id, now);
      if (session === null) throw noSuchSession();
      return { session, made: await store.countMadeBy(actor.userId, id, now) };
    },

    /** Makes an API token and returns it; the caller's reply is its delivery. */
    async create(actor: Member, input: NewToken): Promise<Parcel> {
      const name = parseName(input.name);
      await requireMayCreate(actor);
      const now = clock();
      const parcel = mint(actor, now, { ...input, name }, null);
      requireStored(await store.add({ actor, at: now }, toStore(parcel), limits), limits, now);
      return parcel;
    },

    /** Makes an API token and delivers it; nothing is stored unless that succeeded. */
    async issue(
      actor: Member,
      input: NewToken,
      deliver: Deliver,
    ): Promise<{ session: Session; receipt: Receipt }> {
      const name = parseName(input.name);
      await requireMayCreate(actor);
      const now = clock();
      const parcel = mint(actor, now, { ...input, name }, null);
      const act = { actor, at: now };
      const receipt = await handOver(act, parcel, deliver, () =>
        store.add(act, toStore(parcel), limits),
      );
      return { session: parcel.session, receipt };
    },

    /** Replaces an API token by a new one with the same name and lifetime; the old one ends then. */
    async rotate(
      actor: Member,
      id: SessionId,
      deliver: Deliver,
    ): Promise<{ session: Session; replaced: Session; receipt: Receipt }> {
      await requireNormal(store, actor.userId, clock());
      await requireCommunity(isCommunityMember, actor.userId);
      const now = clock();
      const replaced = await store.findLive(actor.userId, id, now);
      if (replaced === null) throw noSuchSession();
      if (replaced.type !== 'api' || replaced.name === null) {
        throw new AppError(
          'restricted',
          'Only API tokens can be rotated. To renew a login, log in again.',
        );
      }
      const { name } = replaced;
      const parcel = mint(actor, now, { name, expiresAt: expiryLike(replaced, now) }, id);
      const act = { actor, at: now };
      const receipt = await handOver(act, parcel, deliver, () =>
        store.replace(act, toStore(parcel)),
      );
      return { session: parcel.session, replaced, receipt };
    },

    /** Ends a session and, if asked to, all that it made; else `made` says how many of those live on. */
    async revoke(actor: Member, id: SessionId, andMade = false): Promise<Revoked> {
      await requireNormal(store, actor.userId, clock());
      const at = clock();
      const selection = { one: id, andMade };
      const [session] = await store.end({ actor, at }, actor.userId, selection, 'revoked');
      if (session === undefined) throw noSuchSession();
      return { session, made: await store.countMadeBy(actor.userId, id, at) };
    },

    /** Ends what the session made, directly or through others; the session itself may have ended. */
    async revokeMadeBy(actor: Member, id: SessionId): Promise<readonly Session[]> {
      await requireNormal(store, actor.userId, clock());
      const act = { actor, at: clock() };
      return store.end(act, actor.userId, { madeBy: id }, 'revoked');
    },

    /** Ends every session of the member's, but for one if told so. */
    async revokeAll(actor: Member, but: SessionId | null = null): Promise<readonly Session[]> {
      await requireNormal(store, actor.userId, clock());
      const act = { actor, at: clock() };
      return store.end(act, actor.userId, { allBut: but }, 'revoked');
    },

    /** Ends the session that a token opens, if it opens one: who holds it may (RFC 7009). */
    async surrender(token: string, requestId: string): Promise<void> {
      if (!isWellFormed(token, tokenPrefix)) return;
      const found = await store.findByToken(hashToken(token));
      if (found === null) return;
      const { userId, id } = found;
      const actor: Member = { kind: 'member', userId, sessionId: id, requestId };
      const selection = { one: id, andMade: false };
      await store.end({ actor, at: clock() }, userId, selection, 'revoked');
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
