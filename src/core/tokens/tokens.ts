import type { AccountStore, NoticeStore } from '../accounts/store.ts';
import { credentialOf, type Member, type SessionId } from '../actor.ts';
import type { Act } from '../audit/audit.ts';
import type { AuditStore } from '../audit/store.ts';
import { AppError, banned, noSuchSession, refuse } from '../errors.ts';
import type { FindMember, IsBannedInServer } from '../logins/identity.ts';
import type { Deletion, DeletionStore } from '../outbox/store.ts';
import { permit, requireCommunity, requireStored } from '../permission.ts';
import {
  decideRotation,
  decideScopes,
  latestExpiry,
  requireHolder,
  requireOffered,
} from '../policy/grant.ts';
import type { Policy, ScopeRule } from '../policy/policy.ts';
import type { Grant, RoleLook } from '../policy/standing.ts';
import type { LastUsed } from '../sessions/last-used.ts';
import { scopeText } from '../policy/scopes.ts';
import { type MintedToken, mintSessionToken, toNewSession } from '../sessions/minted-token.ts';
import { expiryLike, isLive, type Session } from '../sessions/session.ts';
import type { SessionStore, UseStore } from '../sessions/store.ts';
import type { Random } from '../sessions/token.ts';
import type { Clock, Instant } from '../time.ts';
import type { Limits } from './allowance.ts';
import { type Deliver, pendingRef, type Receipt } from './delivery.ts';
import type { Rotation, StoreOutcome, TokenStore } from './store.ts';
import { parseName } from './token-name.ts';

export interface TokensDeps {
  readonly store: TokenStore &
    Pick<SessionStore, 'findLive'> &
    Pick<UseStore, 'warnOfContest'> &
    Pick<AccountStore, 'findAccount'> &
    Pick<NoticeStore, 'findNotices' | 'saveDmStatus'> &
    Pick<DeletionStore, 'expectDelivery' | 'dropDeletion' | 'postponeDeletion'> &
    Pick<AuditStore, 'record'>;
  readonly lastUsed: LastUsed;
  readonly clock: Clock;
  readonly random: Random;
  readonly tokenPrefix: string;
  readonly limits: Limits;
  /** Absent where anybody may have tokens. */
  readonly findMember?: FindMember | undefined;
  /** Absent where a ban in the server means nothing here. */
  readonly isBannedInServer?: IsBannedInServer | undefined;
  /** Absent where every token may do everything. */
  readonly policy?: Policy | undefined;
}

export interface NewToken {
  readonly name: string;
  readonly expiresAt: Instant;
  /** What it may do; those that are given if absent. Not looked at where there is no policy. */
  readonly scopes?: readonly string[] | undefined;
}

/** Which API token to rotate, and for how many milliseconds it goes on beside the new one. */
export interface RotationInput {
  readonly id: SessionId;
  readonly graceMs: number;
  /** What the new one may do, of what the old one may; the same if absent. */
  readonly scopes?: readonly string[] | undefined;
}

/** A token that was delivered. */
export interface DeliveredToken {
  readonly session: Session;
  readonly receipt: Receipt;
  /** When the message with the token will be deleted; null if it will not. */
  readonly deletedAt: Instant | null;
}

export interface DeliveredRotation extends DeliveredToken {
  readonly replaced: Session;
  /** When the one that was replaced ends, or did. */
  readonly endsAt: Instant;
  /** Whether an earlier successor, which nobody had used, ended for this one. */
  readonly replacedUnused: boolean;
}

/** For how long a message with a token is there. */
const SHOWN_MS = 3_600_000;

/** After this time no delivery is under way any more. */
const LOST_AFTER_MS = 120_000;

/** Within this time two rotations of one token were meant as one. */
const SETTLING_MS = 10_000;

/** Makes API tokens. What Discord delivers is stored after it was delivered. */
export function createTokens(deps: TokensDeps) {
  const { store, lastUsed, clock, random, tokenPrefix, limits } = deps;
  const { findMember, isBannedInServer, policy } = deps;
  const asksDiscord = findMember !== undefined || isBannedInServer !== undefined;

  /**
   * What there is to know of the member's roles: from the interaction, else asked of Discord. Null where
   * they do not count.
   * @throws AppError `restricted` for who is not in the community's server
   */
  async function lookAtRoles({ userId, credential }: Member): Promise<RoleLook | null> {
    if (credential.kind === 'discord' && credential.look !== undefined) return credential.look;
    const at = clock();
    const member = await requireCommunity(findMember, userId);
    if (policy?.followsRoles !== true || member === null) return null;
    return { roles: policy.rolesText(member.roles), at };
  }

  /** What a new token may do, and until when, of what was asked for. */
  function decide(actor: Member, { scopes, expiresAt }: NewToken, look: RoleLook | null) {
    if (policy === undefined) return { scope: null, expiresAt };
    const parent = grantOf(actor);
    const granted = decideScopes(policy, { scopes, roles: look?.roles ?? null, parent });
    const latest = latestExpiry(policy, granted, parent, clock());
    return { scope: scopeText(granted), expiresAt: Math.min(expiresAt, latest) };
  }

  /** Refuses before anything is asked of Discord, which takes a while; the store looks again itself. */
  async function requireMayCreate(actor: Member, { scopes }: NewToken): Promise<RoleLook | null> {
    if (policy !== undefined) requireOffered(policy, scopes ?? [], grantOf(actor));
    const now = clock();
    requireStored(await store.checkCreation(actor.userId, limits, now), limits, now);
    const account = await store.findAccount(actor.userId);
    // Bans of people without an account are not followed: they are looked for when they come.
    if (account === null && (await isBannedInServer?.(actor.userId))) throw banned();
    return lookAtRoles(actor);
  }

  function mint(
    actor: Member,
    createdAt: Instant,
    input: Pick<Session, 'name' | 'scope' | 'expiresAt'>,
    replaces: SessionId | null,
  ) {
    const { userId } = actor;
    const parentId = credentialOf(actor);
    const { name, scope, expiresAt } = input;
    return mintSessionToken(
      { userId, type: 'api', name, parentId, replaces, scope, createdAt, expiresAt },
      tokenPrefix,
      random,
    );
  }

  /** What a rotation would replace by what; nothing is stored yet. */
  async function prepareRotation(actor: Member, { id, graceMs, scopes }: RotationInput) {
    const { userId } = actor;
    const asked = clock();
    const replaced = await store.findLive(userId, id, asked);
    if (replaced === null) throw noSuchSession();
    const { type, name, rotatedAt } = replaced;
    if (type !== 'api' || name === null) {
      throw refuse({ code: 'restricted', reason: 'api_only' });
    }
    const model = rotatedAt === null ? replaced : await requireLost(actor, replaced, asked);
    const draft = { userId, parentId: credentialOf(actor), replaces: id };
    const rotation = (from: Instant): Rotation => ({ rotatedAt, graceEndsAt: from + graceMs });
    requireStored(await store.checkRotation(draft, rotation(asked), limits, asked), limits, asked);
    // Last: nothing is asked of Discord for what is refused here.
    const look = await lookAtRoles(actor);
    const now = clock();
    const expiresAt = expiryLike(model, now);
    if (policy !== undefined) requireHolder(policy, look?.roles ?? null);
    const decided =
      policy === undefined
        ? { scope: replaced.scope, expiresAt }
        : decideRotation(policy, {
            replaced,
            scopes,
            parent: credentialOf(actor) === id ? null : grantOf(actor),
            expiresAt,
            now,
          });
    const minted = mint(actor, now, { name, ...decided }, id);
    const endsAt = Math.min(replaced.expiresAt, now + graceMs);
    const superseded = model !== replaced && isLive(model, now);
    const act = { actor, at: now };
    return { act, minted, look, rotation: rotation(now), replaced, endsAt, superseded };
  }

  /**
   * Whoever rotates a token again, while it is still good, did not get the answer: unless another made
   * the successor, that was a moment ago, or it has been used or rotated. Returns that successor, whose
   * lifetime counts.
   */
  async function requireLost(actor: Member, replaced: Session, now: Instant): Promise<Session> {
    const successor = await store.findSuccessor(actor.userId, replaced.id);
    if (successor !== null) await requireSameCredential(actor, replaced, successor, now);
    const sinceMs = Math.abs(now - (replaced.rotatedAt ?? 0));
    if (sinceMs < SETTLING_MS) {
      throw refuse(
        { code: 'conflict', reason: 'rotating' },
        { retryAfterMs: SETTLING_MS - sinceMs },
      );
    }
    if (successor === null) return replaced;
    if (successor.rotatedAt !== null) {
      throw refuse({ code: 'conflict', reason: 'rotated_twice' });
    }
    if (successor.ended === null && lastUsed.withLastUse(successor).lastUsedAt !== null) {
      throw refuse({ code: 'conflict', reason: 'successor_in_use' });
    }
    return successor;
  }

  /**
   * Only who rotated a token may repeat that, in the same way: else whoever finds the old one, while its
   * grace lasts, could take the place of the new one (RFC 9700, section 4.14.2).
   */
  async function requireSameCredential(
    actor: Member,
    replaced: Session,
    successor: Session,
    now: Instant,
  ): Promise<void> {
    if (!isLive(successor, now) || successor.parentId === credentialOf(actor)) return;
    // In Discord it is the owner who asks, and reads this.
    if (credentialOf(actor) !== null) {
      await store.warnOfContest({ actor, at: now }, actor.userId, replaced.id);
    }
    const where = successor.parentId === null ? 'discord' : 'http';
    throw refuse({ code: 'conflict', reason: 'rotated_elsewhere', where, hint: successor.hint });
  }

  async function deletionTime(actor: Member, now: Instant): Promise<Instant | null> {
    const { deletion } = await store.findNotices(actor.userId);
    return deletion ? now + SHOWN_MS : null;
  }

  /** Delivers first and stores then: what the owner does not have never authenticates. */
  async function deliverAndStore(
    act: Act & { actor: Member },
    minted: MintedToken,
    deliver: Deliver,
    keep: (deletion: Deletion | null) => Promise<StoreOutcome>,
  ): Promise<DeliveredToken> {
    const { session } = minted;
    const deletedAt = await deletionTime(act.actor, act.at);
    const pending = pendingRef(session);
    // Whatever ends this process, the message will not say for long that its token works.
    await store.expectDelivery(session, act.at + LOST_AFTER_MS);
    let receipt: Receipt;
    try {
      receipt = await deliver(minted, deletedAt);
    } catch (error) {
      const why = error instanceof AppError ? error.code : 'unknown';
      const mayArrive = why === 'unconfirmed' || why === 'unknown';
      await (mayArrive ? store.postponeDeletion(pending, clock()) : store.dropDeletion(pending));
      if (why === 'dm_closed') await store.saveDmStatus(session.userId, act.at);
      await store.record({ ...act, userId: session.userId, action: 'token.undelivered', why });
      throw error;
    }
    try {
      const { messageRef } = receipt;
      // What Discord took shows that its messages arrive again.
      await store.saveDmStatus(session.userId, null);
      const kept = await keep(deletedAt === null ? null : { messageRef, dueAt: deletedAt });
      requireStored(kept, limits, act.at);
    } catch (error) {
      // It is stored, and the message is right; or it is not, and what is expected is looked for and says so.
      if (error instanceof AppError && error.code === 'uncertain') {
        throw refuse({ code: 'uncertain', reason: 'token' }, { cause: error });
      }
      // What cannot be dropped is looked for once more, which does no harm.
      if (await receipt.retract()) await store.dropDeletion(pending).catch(() => {});
      throw error;
    }
    return { session, receipt, deletedAt };
  }

  return {
    /**
     * What a new token of the member's may do, in the order of the policy.
     * @throws AppError `restricted` for who may hold no tokens
     */
    async offered(actor: Member): Promise<readonly ScopeRule[]> {
      await permit(deps, 'tokens.offered', actor);
      if (policy === undefined) return [];
      const look = await lookAtRoles(actor);
      const roles = look?.roles ?? null;
      requireHolder(policy, roles);
      return policy.allowed(roles);
    },

    /** Makes an API token and returns it; the caller's reply is its delivery. */
    async create(actor: Member, input: NewToken): Promise<MintedToken> {
      await permit(deps, 'tokens.create', actor);
      const name = parseName(input.name);
      const look = asksDiscord ? await requireMayCreate(actor, input) : null;
      const now = clock();
      const minted = mint(actor, now, { name, ...decide(actor, input, look) }, null);
      const added = await store.add({ actor, at: now }, toNewSession(minted, look), limits);
      requireStored(added, limits, now);
      return minted;
    },

    /** Makes an API token and delivers it; nothing is stored unless that succeeded. */
    async createAndDeliver(
      actor: Member,
      input: NewToken,
      deliver: Deliver,
    ): Promise<DeliveredToken> {
      await permit(deps, 'tokens.createAndDeliver', actor);
      const name = parseName(input.name);
      const look = await requireMayCreate(actor, input);
      const now = clock();
      const minted = mint(actor, now, { name, ...decide(actor, input, look) }, null);
      const act = { actor, at: now };
      return deliverAndStore(act, minted, deliver, (deletion) =>
        store.add(act, toNewSession(minted, look), limits, deletion),
      );
    },

    /**
     * Replaces an API token by a new one with the same name and lifetime, and returns that; the old one
     * ends with its grace, or with its own expiry if that is sooner.
     * @throws AppError `conflict` where another rotation was faster
     */
    async rotate(actor: Member, input: RotationInput): Promise<MintedToken> {
      await permit(deps, 'tokens.rotate', actor, input.id);
      const { act, minted, look, rotation } = await prepareRotation(actor, input);
      const replaced = await store.replace(act, toNewSession(minted, look), rotation, limits);
      requireStored(replaced, limits, act.at);
      return minted;
    },

    /** The same, with a delivery: nothing is stored, and the old one is as it was, unless that succeeded. */
    async rotateAndDeliver(
      actor: Member,
      input: RotationInput,
      deliver: Deliver,
    ): Promise<DeliveredRotation> {
      await permit(deps, 'tokens.rotateAndDeliver', actor, input.id);
      const prepared = await prepareRotation(actor, input);
      const { act, minted, look, rotation, replaced, endsAt, superseded } = prepared;
      const issued = await deliverAndStore(act, minted, deliver, (deletion) =>
        store.replace(act, toNewSession(minted, look), rotation, limits, deletion),
      );
      return { ...issued, replaced, endsAt, replacedUnused: superseded };
    },
  };
}

/** What the token may do with which a member asks; null where they ask in Discord, or there is no policy. */
function grantOf({ credential }: Member): Grant | null {
  return credential.kind === 'token' ? (credential.grant ?? null) : null;
}

export type Tokens = ReturnType<typeof createTokens>;
