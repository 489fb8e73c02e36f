import type { UserId } from '../actor.ts';
import type { Act, AuditEvent } from '../audit/audit.ts';
import type { Instant } from '../time.ts';
import { planEnding, type SessionPlan } from '../sessions/session-plan.ts';
import type { Session } from '../sessions/session.ts';
import { type Account, type Ban, type BanSource, type BanState, isBanned } from './account.ts';

// The bans of the staff and of the Discord server stand side by side. The server's stands behind one of the
// staff's and outlasts it; where staff lift the server's, it is waived until the server has lifted it too.

/** What a decision makes of an account, which is opened if there is none. */
export interface BanPlan {
  readonly standing: BanState;
  /** Null where nothing else changes, and nothing is written down. */
  readonly sessions: SessionPlan | null;
}

/** Bans, and ends `sessions`. A server's ban leaves one of the staff's as it is. */
export function judgeBan(
  act: Act,
  userId: UserId,
  account: Account | null,
  ban: Ban,
  sessions: readonly Session[],
): BanPlan {
  const byServer = ban.source === 'server';
  if (byServer && account !== null && isBanned(account, act.at)) {
    return { standing: { ...account, bannedInServer: true }, sessions: null };
  }
  const plan = planEnding(act, userId, sessions, 'banned');
  const standing = {
    ban,
    bannedInServer: byServer || (account?.bannedInServer ?? false),
    serverBanWaived: account?.serverBanWaived ?? false,
  };
  const event = banned(act, userId, ban, sessions.length);
  return { standing, sessions: { ...plan, events: [...plan.events, event] } };
}

/** Lifts a ban, whoever it is from; where `source` is the server, only the server's. */
export function judgeUnban(
  act: Act,
  account: Account,
  reason: string | null,
  source: BanSource | null,
): BanPlan {
  const { ban, bannedInServer, serverBanWaived } = account;
  const byServer = source === 'server';
  const lifted = byServer && ban?.source !== 'server' ? null : ban;
  const standing = {
    ban: lifted === null ? ban : null,
    bannedInServer: false,
    serverBanWaived: !byServer && (serverBanWaived || bannedInServer),
  };
  if (lifted === null) return { standing, sessions: null };
  return { standing, sessions: only(unbanned(act, account.userId, lifted, reason)) };
}

/** Ends a ban whose time is over; the server's, if there is one, shows then, and the member hears of that alone. */
export function judgeExpiry(act: Act, account: Account & { readonly ban: Ban }): BanPlan {
  const { userId, bannedInServer } = account;
  const over = unbanned(act, userId, account.ban, 'it expired');
  if (!bannedInServer) return { standing: { ...account, ban: null }, sessions: only(over) };
  const left = serverBan(act.at);
  const shown = banned(act, userId, left, 0);
  return {
    standing: { ...account, ban: left },
    sessions: only({ ...over, isFollowed: true }, shown),
  };
}

/** A ban of the server, carried over. Its reason is not asked for. */
export function serverBan(at: Instant): Ban {
  return { source: 'server', at, until: null, by: null, reason: null, isReasonTold: false };
}

function only(...events: readonly AuditEvent[]): SessionPlan {
  return { is: 'planned', events };
}

function banned(act: Act, userId: UserId, ban: Ban, ended: number): AuditEvent {
  const { source, reason, until, isReasonTold: told } = ban;
  return { ...act, userId, action: 'account.banned', source, reason, until, ended, told };
}

function unbanned(act: Act, userId: UserId, { source }: Ban, reason: string | null) {
  return { ...act, userId, action: 'account.unbanned', source, reason } as const;
}
