import { v7 as uuidv7 } from 'uuid';
import type { Member, SessionId, UserId } from './actor.ts';
import type { Act } from './audit.ts';
import { AppError, banned, noSuchSession } from './errors.ts';
import type { LastUsed } from './last-used.ts';
import type {
  Clock,
  Deliver,
  NewSession,
  NotStored,
  Parcel,
  Receipt,
  SessionPage,
  Store,
} from './ports.ts';
import {
  ENDED_KEPT_MS,
  expiryLike,
  type Instant,
  parseName,
  type Session,
  type SessionType,
} from './session.ts';
import { hashToken, hintOf, isWellFormed, mintToken, type Random } from './token.ts';

export interface SessionsDeps {
  readonly store: Store;
  readonly lastUsed: LastUsed;
  readonly clock: Clock;
  readonly random: Random;
  readonly tokenPrefix: string;
  readonly maxApiTokens: number;
}

/** What a token turned out to be. A ban is told only to whoever holds a token that would be good. */
export type Verdict =
  | {
      readonly is: 'valid';
      readonly id: SessionId;
      readonly userId: UserId;
      readonly type: SessionType;
    }
  | { readonly is: 'banned'; readonly userId: UserId }
  | { readonly is: 'invalid' };

export interface Overview {
  readonly userId: UserId;
  readonly live: Readonly<Record<SessionType, number>>;
  readonly maxApiTokens: number;
  /** When the next API token expires; null if there is none. */
  readonly nextApiExpiry: Instant | null;
}

export interface NewToken {
  readonly name: string;
  readonly expiresAt: Instant;
}

export interface Revoked {
  readonly session: Session;
  /** How many live sessions it had made, which live on. */
  readonly made: number;
}

const INVALID: Verdict = { is: 'invalid' };
const PURGE_SLICE = 500;

/** The verbs on sessions. Each one's first line is the permission. */
export function createSessions(deps: SessionsDeps) {
  const { store, lastUsed, clock, random, tokenPrefix, maxApiTokens } = deps;

  async function requireNormal(actor: Member): Promise<void> {
    const account = await store.findAccount(actor.userId);
    if (account?.state === 'banned') throw banned();
  }

  function mint(actor: Member, now: Instant, input: NewToken): Parcel {
    const token = mintToken(tokenPrefix, 'api', random);
    const session: Session = {
      id: uuidv7({ msecs: now, random: random(16) }),
      userId: actor.userId,
      type: 'api',
      name: input.name,
      hint: hintOf(token),
      parentId: actor.sessionId ?? null,
      createdAt: now,
      expiresAt: input.expiresAt,
      lastUsedAt: null,
      ended: null,
    };
    return { token, session };
  }

  /** Delivers first and stores then: what the owner does not have never authenticates. */
  async function handOver(
    act: Act,
    parcel: Parcel,
    deliver: Deliver,
    keep: () => Promise<'stored' | NotStored>,
  ): Promise<Receipt> {
    let receipt: Receipt;
    try {
      receipt = await deliver(parcel);
    } catch (error) {
      const why = error instanceof AppError ? error.code : 'unknown';
      await store.record({
        ...act,
        userId: parcel.session.userId,
        action: 'token.undelivered',
        why,
      });
      throw error;
    }
    try {
      requireStored(await keep());
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
      const { id, userId, type, state, endReason } = found;
      if (state === 'banned' && (endReason === null || endReason === 'banned')) {
        return { is: 'banned', userId };
      }
      if (endReason !== null) return INVALID;
      lastUsed.note(id, now);
      return { is: 'valid', id, userId, type };
    },

    async overview(actor: Member): Promise<Overview> {
      await requireNormal(actor);
      const live = { login: 0, app_login: 0, api: 0 };
      let nextApiExpiry: Instant | null = null;
      for (const { type, count, nextExpiry } of await store.countLive(actor.userId, clock())) {
        live[type] = count;
        if (type === 'api') nextApiExpiry = nextExpiry;
      }
      return { userId: actor.userId, live, maxApiTokens, nextApiExpiry };
    },

    /** The member's live sessions, newest first. */
    async list(
      actor: Member,
      query: Pick<Parameters<Store['page']>[0], 'type' | 'matching' | 'limit' | 'cursor'> = {},
    ): Promise<SessionPage> {
      await requireNormal(actor);
      const page = await store.page({ ...query, userId: actor.userId, now: clock() });
      return { ...page, sessions: page.sessions.map(lastUsed.refresh) };
    },

    /** One live session of the member's, and how many live ones it made. */
    async show(actor: Member, id: SessionId): Promise<Revoked> {
      await requireNormal(actor);
      const now = clock();
      const session = await store.findLive(actor.userId, id, now);
      if (session === null) throw noSuchSession();
      return { session, made: await store.countMadeBy(actor.userId, id, now) };
    },

    /** Makes an API token and returns it; the caller's reply is its delivery. */
    async create(actor: Member, input: NewToken): Promise<Parcel> {
      await requireNormal(actor);
      const now = clock();
      const parcel = mint(actor, now, { ...input, name: parseName(input.name) });
      requireStored(await store.add({ actor, at: now }, hashed(parcel), maxApiTokens));
      return parcel;
    },

    /** Makes an API token and delivers it; nothing is stored unless that succeeded. */
    async issue(
      actor: Member,
      input: NewToken,
      deliver: Deliver,
    ): Promise<{ session: Session; receipt: Receipt }> {
      await requireNormal(actor);
      const now = clock();
      const parcel = mint(actor, now, { ...input, name: parseName(input.name) });
      const counts = await store.countLive(actor.userId, now);
      const held = counts.find(({ type }) => type === 'api')?.count ?? 0;
      if (held >= maxApiTokens) requireStored('limit_reached');
      const act = { actor, at: now };
      const receipt = await handOver(act, parcel, deliver, () =>
        store.add(act, hashed(parcel), maxApiTokens),
      );
      return { session: parcel.session, receipt };
    },

    /** Replaces an API token by a new one with the same name and lifetime; the old one ends then. */
    async rotate(
      actor: Member,
      id: SessionId,
      deliver: Deliver,
    ): Promise<{ session: Session; replaced: Session; receipt: Receipt }> {
      await requireNormal(actor);
      const now = clock();
      const replaced = await store.findLive(actor.userId, id, now);
      if (replaced === null) throw noSuchSession();
      if (replaced.type !== 'api' || replaced.name === null) {
        throw new AppError('restricted', 'Only API tokens can be rotated; log in again instead.');
      }
      const parcel = mint(actor, now, {
        name: replaced.name,
        expiresAt: expiryLike(replaced, now),
      });
      const act = { actor, at: now };
      const receipt = await handOver(act, parcel, deliver, () =>
        store.replace(act, hashed(parcel), id),
      );
      return { session: parcel.session, replaced, receipt };
    },

    /** Ends a session and, if asked to, all that it made; else `made` says how many of those live on. */
    async revoke(actor: Member, id: SessionId, andMade = false): Promise<Revoked> {
      await requireNormal(actor);
      const at = clock();
      const selection = { one: id, andMade };
      const [session] = await store.end({ actor, at }, actor.userId, selection, 'revoked');
      if (session === undefined) throw noSuchSession();
      return { session, made: await store.countMadeBy(actor.userId, id, at) };
    },

    /** Ends what the session made, directly or through others; the session itself may have ended. */
    async revokeMadeBy(actor: Member, id: SessionId): Promise<readonly Session[]> {
      await requireNormal(actor);
      const act = { actor, at: clock() };
      return store.end(act, actor.userId, { madeBy: id }, 'revoked');
    },

    async revokeAll(actor: Member): Promise<readonly Session[]> {
      await requireNormal(actor);
      const act = { actor, at: clock() };
      return store.end(act, actor.userId, { allBut: null }, 'revoked');
    },

    /** Removes rows that ended longer ago than they are kept, a slice at a time. */
    async purge(): Promise<void> {
      const before = clock() - ENDED_KEPT_MS;
      let cursor = await store.purge(before, PURGE_SLICE, null);
      while (cursor !== null) {
        await new Promise((resolve) => setImmediate(resolve));
        cursor = await store.purge(before, PURGE_SLICE, cursor);
      }
    },
  };

  function requireStored(outcome: 'stored' | NotStored): void {
    switch (outcome) {
      case 'stored':
        return;
      case 'banned':
        throw banned();
      case 'not_found':
        throw noSuchSession();
      case 'parent_ended':
        throw new AppError('invalid_token', 'the session that asked has ended');
      case 'limit_reached':
        throw new AppError('limit_reached', `${maxApiTokens} API tokens are live already`);
    }
  }
}

function hashed({ token, session }: Parcel): NewSession {
  return { session, tokenHash: hashToken(token) };
}

export type Sessions = ReturnType<typeof createSessions>;
