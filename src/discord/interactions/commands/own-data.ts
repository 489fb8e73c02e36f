import type { OwnDataSet } from '../../../core/accounts/own-data.ts';
import type { AuditRow } from '../../../core/audit/audit.ts';
import type { Session } from '../../../core/sessions/session.ts';
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
  const { account, sessions, authorization, notices, audit } = own;
  return {
    exported_at: time(now),
    complete: !own.isCut,
    account: account && {
      user_id: account.userId,
      created_at: time(account.createdAt),
      ban: account.ban && {
        source: account.ban.source,
        since: time(account.ban.at),
        until: time(account.ban.until),
        reason: account.ban.reason,
        reason_told: account.ban.isReasonTold,
      },
    },
    newest_login: authorization && {
      discord_user: authorization.user,
      scopes: authorization.scopes,
      expires: time(authorization.expiresAt),
      at: time(authorization.checkedAt),
    },
    notices: {
      expiry: notices.expiry,
      first_use: notices.firstUse,
      login: notices.login,
      rotation: notices.rotation,
      deletion: notices.deletion,
      refused_at: time(notices.refusedAt),
    },
    sessions: sessions.map(sessionToJson),
    audit: audit.map(eventToJson),
  };
}

function sessionToJson(session: Session) {
  const { id, type, name, hint, parentId, ended } = session;
  return {
    id,
    type,
    name,
    hint,
    created_by: parentId,
    created_at: time(session.createdAt),
    last_used_at: time(session.lastUsedAt),
    rotated_at: time(session.rotatedAt),
    expiry: time(session.expiresAt),
    ended_at: time(ended?.at ?? null),
    end_reason: ended?.reason ?? null,
  };
}

function eventToJson({ at, action, actorKind, actorSessionId, sessionId, detail }: AuditRow) {
  return {
    at: time(at),
    action,
    by: actorKind,
    with_session: actorSessionId,
    session_id: sessionId,
    ...detail,
  };
}

function time(at: number | null): string | null {
  return at === null ? null : new Date(at).toISOString();
}
