import type { Notice, NoticeSettings } from '../accounts/notice.ts';
import type { UserId } from '../actor.ts';
import type { AuditEvent } from './audit.ts';

/** From how many on the end of one's own sessions is news. */
const MASS = 5;

/** Does the staff's channel hear of it? */
export function goesToStaffFeed(event: AuditEvent): boolean {
  switch (event.action) {
    case 'session.created':
      return event.oddities !== undefined;
    case 'sessions.ended':
      return event.actor.kind === 'staff' || event.count >= MASS;
    case 'session.ended':
      return event.actor.kind === 'staff' && event.among === 1;
    case 'token.reported':
      return event.ended > 0;
    case 'staff.refused':
      return event.slip !== true;
    case 'request.lapsed':
      // Who has to fetch it is told; the staff did their part.
      return !event.approved;
    case 'request.opened':
    case 'guard.blocked':
    case 'guard.changed':
    case 'account.banned':
    case 'account.unbanned':
    case 'roles.held':
    case 'roles.applied':
    case 'roles.kept':
    case 'sessions.exported':
      return true;
    case 'request.approved':
    case 'request.undelivered':
    case 'request.denied':
    case 'session.rotated':
    case 'rotation.refused':
    case 'token.revoked':
    case 'token.renamed':
    case 'message.deleted':
    case 'login.refused':
    case 'staff.viewed':
    case 'token.expiring':
    case 'token.expired':
    case 'token.first_used':
    case 'token.reused':
    case 'token.undelivered':
    case 'roles.changed':
    case 'account.exported':
    case 'account.forgotten':
      return false;
  }
}

/**
 * Who gets a message about it: the staff's channel, which is null, and the account's owner, as they
 * want. Warnings are always sent; Discord refuses what else is sent to who takes none.
 */
export function recipientsOf(
  event: AuditEvent,
  notices: (userId: UserId) => NoticeSettings,
): readonly (UserId | null)[] {
  const notice = noticeOf(event);
  const staff = goesToStaffFeed(event) ? [null] : [];
  if (notice === null) return staff;
  const isWanted = notice === 'warning' || isSent(notices(event.userId), notice);
  return isWanted ? [...staff, event.userId] : staff;
}

function isSent(notices: NoticeSettings, notice: Notice): boolean {
  return notices[notice] && notices.refusedAt === null;
}

/** As what the account's owner gets a direct message about it, if at all: warnings always arrive. */
export function noticeOf(event: AuditEvent): Notice | 'warning' | null {
  switch (event.action) {
    case 'token.reported':
      return event.ended > 0 ? 'warning' : null;
    case 'token.reused':
    case 'rotation.refused':
    case 'account.banned':
    case 'request.undelivered':
    case 'request.denied':
    case 'request.lapsed':
      return 'warning';
    case 'account.unbanned':
      return event.isFollowed === true ? null : 'warning';
    case 'token.revoked':
      // Programs revoke a login to log out (RFC 7009, section 1).
      return event.type === 'api' || event.ended > 1 ? 'warning' : 'login';
    case 'session.rotated':
      return event.told ? 'rotation' : null;
    case 'token.expiring':
    case 'token.expired':
      return 'expiry';
    case 'token.first_used':
      return 'firstUse';
    case 'session.created':
      return event.type === 'api' ? null : 'login';
    case 'roles.changed':
      return event.told === true ? 'warning' : null;
    default:
      return null;
  }
}
