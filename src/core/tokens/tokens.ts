import { credentialOf, type Member, type SessionId } from '../actor.ts';
import { noSuchSession, refuse } from '../errors.ts';
import { permit, requireStored } from '../permission.ts';
import { decideRotation, requireHolder } from '../policy/grant.ts';
import type { ScopeRule } from '../policy/policy.ts';
import type { LastUsed } from '../sessions/last-used.ts';
import { type MintedToken, toNewSession } from '../sessions/minted-token.ts';
import { expiryLike, isLive, type Session } from '../sessions/session.ts';
import type { SessionStore, UseStore } from '../sessions/store.ts';
import type { Instant } from '../time.ts';
import type { Deliver } from './delivery.ts';
import {
  createIssue,
  type DeliveredToken,
  grantOf,
  type IssueDeps,
  type NewToken,
} from './issue.ts';
import type { Rotation, TokenStore } from './store.ts';
import { parseName } from './token-name.ts';

export interface TokensDeps extends IssueDeps {
  readonly store: IssueDeps['store'] &
    TokenStore &
    Pick<SessionStore, 'findLive'> &
    Pick<UseStore, 'warnOfContest'>;
  readonly lastUsed: LastUsed;
}

/** Which API token to rotate, and for how many milliseconds it goes on beside the new one. */
export interface RotationInput {
  readonly id: SessionId;
  readonly graceMs: number;
  /** What the new one may do, of what the old one may; the same if absent. */
  readonly scopes?: readonly string[] | undefined;
}

export interface DeliveredRotation extends DeliveredToken {
  readonly replaced: Session;
  /** When the one that was replaced ends, or did. */
  readonly endsAt: Instant;
  /** Whether an earlier successor, which nobody had used, ended for this one. */
  readonly replacedUnused: boolean;
}

/** Within this time two rotations of one token were meant as one. */
const SETTLING_MS = 10_000;

/** Makes API tokens. What Discord delivers is stored after it was delivered. */
export function createTokens(deps: TokensDeps) {
  const { store, lastUsed, clock, limits, findMember, isBannedInServer, policy } = deps;
  const { lookAtRoles, decide, requireMayCreate, mint, deliverAndStore } = createIssue(deps);
  const asksDiscord = findMember !== undefined || isBannedInServer !== undefined;

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
      const look = asksDiscord ? await requireMayCreate(actor, input.scopes) : null;
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
      const look = await requireMayCreate(actor, input.scopes);
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

export type Tokens = ReturnType<typeof createTokens>;
