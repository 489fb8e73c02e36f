import type { OwnDataSet } from '../../../core/accounts/own-data.ts';
import type { AuditRow } from '../../../core/audit/audit.ts';
import type { Request } from '../../../core/requests/request.ts';
import type { Session } from '../../../core/sessions/session.ts';
import { describeSession, isoTime } from '../../render/describe-session.ts';
import { buttons, card, linkButton, text } from '../../render/render.ts';
import type { Reply } from '../../render/reply.ts';
import { Declined } from '../../render/reply.ts';
import type { CommandContext } from '../command.ts';

/** `/session export`: all that is stored about a member, in a direct message. */
export async function exportOwnData(context: CommandContext): Promise<Reply> {
  const { ownData, actor, sendFile, clock, words } = context;
  const own = await ownData.read(actor);
  const data = toJson(own, clock());
  const url = await sendFile(actor.userId, {
    content: own.isCut ? words('export.content.cut') : words('export.content'),
    files: [{ name: 'latchkey.json', data: Buffer.from(JSON.stringify(data, null, 2)) }],
  });
  return card(text(words('export.done')), buttons(linkButton(words('button.open_message'), url)));
}

/** `/session forget confirm:`: erases it. */
export async function forgetOwnData(context: CommandContext): Promise<Reply> {
  const { ownData, actor, username, options, words } = context;
  if (options.text('confirm')?.trim() !== username) {
    throw new Declined((say) => say('forget.confirm', { username }));
  }
  await ownData.forget(actor);
  return words('forget.done');
}

function toJson(own: OwnDataSet, now: number) {
  const { account, sessions, authorization, notices, requests, audit } = own;
  return {
    exported_at: isoTime(now),
    complete: !own.isCut,
    account: account && {
      user_id: account.userId,
      created_at: isoTime(account.createdAt),
      ban: account.ban && {
        source: account.ban.source,
        since: isoTime(account.ban.at),
        until: isoTime(account.ban.until),
        reason: account.ban.reason,
        reason_told: account.ban.isReasonTold,
      },
    },
    newest_login: authorization && {
      discord_user: authorization.user,
      scopes: authorization.scopes,
      expires: isoTime(authorization.expiresAt),
      at: isoTime(authorization.checkedAt),
    },
    notices: {
      expiry: notices.expiry,
      first_use: notices.firstUse,
      login: notices.login,
      rotation: notices.rotation,
      deletion: notices.deletion,
      refused_at: isoTime(notices.refusedAt),
    },
    requests: requests.map(requestToJson),
    sessions: sessions.map(sessionToJson),
    audit: audit.map(eventToJson),
  };
}

function sessionToJson(session: Session) {
  const { rotatedAt, ended } = session;
  return {
    ...describeSession(session),
    rotated_at: isoTime(rotatedAt),
    ended_at: isoTime(ended?.at ?? null),
    end_reason: ended?.reason ?? null,
  };
}

function requestToJson({ id, name, scope, why, createdAt, lapsesAt, approved }: Request) {
  return {
    id,
    name,
    scope,
    why,
    created_at: isoTime(createdAt),
    approved_at: isoTime(approved?.at ?? null),
    lapses_at: isoTime(lapsesAt),
  };
}

function eventToJson({ at, action, actorKind, actorSessionId, sessionId, detail }: AuditRow) {
  return {
    at: isoTime(at),
    action,
    by: actorKind,
    with_session: actorSessionId,
    session_id: sessionId,
    ...detail,
  };
}
