import { isBanned } from './accounts/account.ts';
import type { AccountStore } from './accounts/store.ts';
import type { Actor, Member, SessionId, UserId } from './actor.ts';
import { banned, noSuchSession, refuse } from './errors.ts';
import type { CommunityMember, FindMember } from './logins/identity.ts';
import { READ_SCOPE, WRITE_SCOPE } from './policy/policy.ts';
import { requireWithin } from './policy/grant.ts';
import type { Clock, Instant } from './time.ts';
import type { Limits } from './tokens/allowance.ts';
import type { StoreOutcome } from './tokens/store.ts';

/** What a verb asks of whoever wants it. Its name is the service's and the method's. */
export interface Rule {
  /** `staff` are our own rules as well. `anyone` need not say who they are. */
  readonly who: 'member' | 'staff' | 'anyone';
  /**
   * Whether it is done for a banned account. `judged`: the decision itself looks, behind the lock, and
   * nothing is asked before.
   */
  readonly banned: 'allowed' | 'refused' | 'judged';
  /**
   * What a token may do that was rotated, until its grace is over: it works on for what uses it, but not
   * for who would undo the rotation with it (RFC 9700, section 4.14.2). `itself`: to its own session only.
   */
  readonly superseded: 'allowed' | 'itself' | 'refused';
  /**
   * The scope that a token needs for it, where there is a policy; null if none. For what it does to its own
   * session it needs none.
   */
  readonly needs: string | null;
}

const look = {
  who: 'member',
  banned: 'refused',
  superseded: 'allowed',
  needs: READ_SCOPE,
} as const;
const endOwn = { ...look, superseded: 'itself', needs: WRITE_SCOPE } as const;
const make = { ...look, banned: 'judged', superseded: 'refused', needs: WRITE_SCOPE } as const;
/** What the banned may do too: it is theirs, or it protects others. */
const always = {
  who: 'member',
  banned: 'allowed',
  superseded: 'refused',
  needs: WRITE_SCOPE,
} as const;
const staff = { ...always, who: 'staff', needs: null } as const;
const anyone = { ...staff, who: 'anyone', superseded: 'allowed' } as const;

/** Who may do what, on one page. */
export const RULES = {
  // What it tells over HTTP is of the token itself.
  'sessions.overview': { ...look, needs: null },
  'sessions.list': look,
  'sessions.history': look,
  'sessions.search': look,
  'sessions.show': look,
  'sessions.findParent': look,
  'sessions.rename': endOwn,
  'sessions.revoke': endOwn,
  'sessions.revokeMadeBy': endOwn,
  'sessions.revokeAll': { ...endOwn, superseded: 'refused' },
  // The button of a warning must work for whoever was banned meanwhile.
  'sessions.revokeUnrecognized': always,
  // To have a token is enough to end it (RFC 7009, section 5).
  'sessions.revokeByToken': anyone,
  'tokens.offered': look,
  'tokens.create': make,
  'tokens.createAndDeliver': make,
  'requests.open': make,
  'requests.fetch': make,
  'requests.own': always,
  'tokens.rotate': endOwn,
  'tokens.rotateAndDeliver': endOwn,
  'notices.show': always,
  'notices.set': always,
  'notices.letExpire': always,
  'notices.retry': always,
  'ownData.read': always,
  'ownData.forget': always,
  'leaks.report': always,
  'leaks.recordDeletion': always,
  'leaks.reportAll': anyone,
  'accounts.ban': staff,
  'accounts.unban': staff,
  'staff.memberDetails': staff,
  'staff.list': staff,
  'staff.search': staff,
  'staff.show': staff,
  'staff.inventory': staff,
  'staff.audit': staff,
  'staff.stats': staff,
  'staff.oldestLook': staff,
  'staff.takeInventory': staff,
  'staff.revoke': staff,
  'staff.revokeAll': staff,
  'guard.change': staff,
  'heldRoles.apply': staff,
  'heldRoles.keep': staff,
  'requests.show': staff,
  'requests.approve': staff,
  'requests.deny': staff,
  'confirmations.request': staff,
  'confirmations.consume': staff,
  // What they lead to looks at the ban itself.
  'confirmations.requestOwn': always,
  'confirmations.consumeOwn': always,
} as const satisfies Readonly<Record<string, Rule>>;

export type Verb = keyof typeof RULES;

/**
 * Refuses what the rules do not allow; the first line of each verb. An account is read only where
 * Discord vouches for the member: a token was verified with its account's ban in this request.
 * @param target the session that it is about
 * @throws AppError `restricted`, `insufficient_scope` or `banned`
 */
export async function permit(
  { store, clock }: { readonly store: Pick<AccountStore, 'findAccount'>; readonly clock: Clock },
  verb: Verb,
  actor: Member,
  target?: SessionId,
): Promise<void> {
  const { banned: ban, superseded, needs }: Rule = RULES[verb];
  const { credential } = actor;
  if (credential.kind === 'token') {
    const isItself = target === credential.sessionId;
    const isSpared = superseded === 'itself' && isItself;
    if (credential.isSuperseded && superseded !== 'allowed' && !isSpared) {
      throw refuse({ code: 'restricted', reason: 'superseded' });
    }
    const { grant } = credential;
    if (grant !== undefined && needs !== null && !isItself) requireWithin([needs], grant);
    return;
  }
  if (ban === 'refused' && isBanned(await store.findAccount(actor.userId), clock())) throw banned();
}

/** The same for what is the staff's. @throws AppError `restricted` */
export function permitStaff(verb: Verb, actor: Actor): void {
  const { who }: Rule = RULES[verb];
  if (who !== 'staff' || (actor.kind !== 'staff' && actor.kind !== 'system')) {
    throw refuse({ code: 'restricted', reason: 'staff_only' });
  }
}

/**
 * What Discord says of a member of the community's server; null where it is not asked.
 * @throws AppError `restricted` for who is not in that server
 */
export async function requireCommunity(
  findMember: FindMember | undefined,
  userId: UserId,
): Promise<CommunityMember | null> {
  if (findMember === undefined) return null;
  const member = await findMember(userId);
  if (member === null) throw refuse({ code: 'restricted', reason: 'members_only' });
  return member;
}

/** Enough for every token of an account and for mistakes, and an end to a loop that has gone wrong. */
export function rotationsPerHour({ maxApiTokens, creationsPerHour }: Limits): number {
  return 2 * Math.max(maxApiTokens, creationsPerHour);
}

/** @throws AppError with the reason, unless the outcome is that it was stored */
export function requireStored(outcome: StoreOutcome, limits: Limits, now: Instant): void {
  switch (outcome.is) {
    case 'stored':
      return;
    case 'banned':
      throw banned();
    case 'not_found':
      throw noSuchSession();
    case 'rotated':
      throw refuse({ code: 'conflict', reason: 'rotated_first' });
    case 'roles_changed':
      throw refuse({ code: 'conflict', reason: 'roles_changed' }, { retryAfterMs: 1_000 });
    case 'request_over':
      throw refuse({ code: 'conflict', reason: 'request_over' });
    case 'retracted':
      throw refuse({ code: 'undelivered', reason: 'retracted' });
    case 'parent_ended':
      throw refuse({ code: 'invalid_token' });
    case 'limit_reached':
      throw refuse({ code: 'limit_reached', max: limits.maxApiTokens });
    case 'rate_limited':
      throw refuse(
        { code: 'rate_limited', reason: outcome.what, max: outcome.most },
        { retryAfterMs: outcome.until - now },
      );
  }
}
