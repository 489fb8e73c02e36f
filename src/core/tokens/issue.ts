import type { AccountStore, NoticeStore } from '../accounts/store.ts';
import { credentialOf, type Member, type SessionId } from '../actor.ts';
import type { Act } from '../audit/audit.ts';
import type { AuditStore } from '../audit/store.ts';
import { AppError, banned, refuse } from '../errors.ts';
import type { FindMember, IsBannedInServer } from '../logins/identity.ts';
import type { Deletion, DeletionStore } from '../outbox/store.ts';
import { requireCommunity, requireStored } from '../permission.ts';
import { decideScopes, latestExpiry, requireOffered } from '../policy/grant.ts';
import type { Policy } from '../policy/policy.ts';
import { scopeText } from '../policy/scopes.ts';
import type { Grant, RoleLook } from '../policy/standing.ts';
import { type MintedToken, mintSessionToken } from '../sessions/minted-token.ts';
import type { Session } from '../sessions/session.ts';
import type { Random } from '../sessions/token.ts';
import type { Clock, Instant } from '../time.ts';
import type { Limits } from './allowance.ts';
import { type Deliver, pendingRef, type Receipt } from './delivery.ts';
import type { StoreOutcome, TokenStore } from './store.ts';

export interface IssueDeps {
  readonly store: Pick<TokenStore, 'checkCreation'> &
    Pick<AccountStore, 'findAccount'> &
    Pick<NoticeStore, 'findNotices' | 'saveDmStatus'> &
    Pick<DeletionStore, 'expectDelivery' | 'dropDeletion' | 'postponeDeletion'> &
    Pick<AuditStore, 'record'>;
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

/** A token that was delivered. */
export interface DeliveredToken {
  readonly session: Session;
  readonly receipt: Receipt;
  /** When the message with the token will be deleted; null if it will not. */
  readonly deletedAt: Instant | null;
}

/** For how long a message with a token is there. */
const SHOWN_MS = 3_600_000;

/** After this time no delivery is under way any more. */
const LOST_AFTER_MS = 120_000;

/** How an API token comes about: what it may do is decided, it is minted, delivered, and stored then. */
export function createIssue(deps: IssueDeps) {
  const { store, clock, random, tokenPrefix, limits, findMember, isBannedInServer, policy } = deps;

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

  /**
   * What a new token may do, and until when, of what was asked for.
   * @param isForStaff whether staff approve of it, or are about to be asked
   */
  function decide(
    actor: Member,
    { scopes, expiresAt }: Pick<NewToken, 'scopes' | 'expiresAt'>,
    look: RoleLook | null,
    isForStaff = false,
  ): Pick<Session, 'scope' | 'expiresAt'> {
    if (policy === undefined) return { scope: null, expiresAt };
    const parent = grantOf(actor);
    const roles = look?.roles ?? null;
    const granted = decideScopes(policy, { scopes, roles, parent, isForStaff });
    const latest = latestExpiry(policy, granted, parent, clock());
    return { scope: scopeText(granted), expiresAt: Math.min(expiresAt, latest) };
  }

  /** Refuses before anything is asked of Discord, which takes a while; the store looks again itself. */
  async function requireMayCreate(
    actor: Member,
    scopes: readonly string[] = [],
    isForStaff = false,
  ): Promise<RoleLook | null> {
    if (policy !== undefined) requireOffered(policy, scopes, grantOf(actor), isForStaff);
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
  ): MintedToken {
    const { userId } = actor;
    const parentId = credentialOf(actor);
    const { name, scope, expiresAt } = input;
    return mintSessionToken(
      { userId, type: 'api', name, parentId, replaces, scope, createdAt, expiresAt },
      tokenPrefix,
      random,
    );
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

  return { lookAtRoles, decide, requireMayCreate, mint, deliverAndStore };
}

/** What the token may do with which a member asks; null where they ask in Discord, or there is no policy. */
export function grantOf({ credential }: Member): Grant | null {
  return credential.kind === 'token' ? (credential.grant ?? null) : null;
}
