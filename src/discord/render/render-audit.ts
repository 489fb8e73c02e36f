import type { UserId } from '../../core/actor.ts';
import type { AuditRow } from '../../core/audit/audit.ts';
import type { EndReason } from '../../core/sessions/session.ts';
import type { Words } from '../words/words.ts';
import { dateTime, day, plain, shorten, timeOfDay } from './render.ts';
import { scopeNames } from './scopes.ts';

/** What is known of members' names: a mention shows a number where a reader's client has not met them. */
export type NameOf = (userId: UserId) => string | undefined;

export const nameless: NameOf = () => undefined;

/** So that many lines have room in one message. */
const LONGEST_REASON = 60;
const LONGEST_TEXT = 3_000;

/** A member, for staff. */
export function member(words: Words, userId: UserId, nameOf: NameOf): string {
  if (!isUserId(userId)) return words('who.forgotten');
  const name = nameOf(userId);
  return name === undefined
    ? `<@${userId}>`
    : words('who.named', { id: userId, name: plain(name) });
}

/** Whose names an event needs. */
export function membersIn({ actorId, userId, detail }: AuditRow): readonly UserId[] {
  const ids = [actorId, userId, detail['approvedBy']];
  return ids.filter((id): id is UserId => typeof id === 'string' && isUserId(id));
}

/** Events by day, newest first, as many as have room, with how many have not. */
export function eventLines(words: Words, rows: readonly AuditRow[], nameOf: NameOf): string {
  const lines: string[] = [];
  let length = 0;
  let date = '';
  for (const [index, row] of rows.entries()) {
    const time = timeOfDay(row.at);
    const line = words('audit.line', { time, sentence: eventSentence(words, row, nameOf) });
    const heading = words('audit.day', { date: day(row.at) });
    // By the day in UTC: the reader's own is not known here.
    const isSameDay = date === dayOf(row.at);
    const added = isSameDay ? [line] : [heading, line];
    date = dayOf(row.at);
    length += added.join('\n').length + 1;
    if (length > LONGEST_TEXT) {
      return [...lines, words('audit.more', { count: rows.length - index })].join('\n');
    }
    lines.push(...added);
  }
  return lines.join('\n');
}

function dayOf(at: number): string {
  return new Date(at).toISOString().slice(0, 'yyyy-mm-dd'.length);
}

/** An event in a sentence, for staff. Ids and last four characters only. */
export function eventSentence(words: Words, row: AuditRow, nameOf: NameOf): string {
  const { action, userId, detail } = row;
  const actor = who(words, row, nameOf);
  const owner = member(words, userId, nameOf);
  const hint = plain(text(detail['hint']));
  const isOwn = row.actorId === userId;
  const channelId = detail['channelId'];
  const channel = typeof channelId === 'string' ? `<#${channelId}>` : null;
  switch (action) {
    case 'session.created': {
      const why = anomalies(words, detail['oddities']);
      if (text(detail['type']) !== 'api') return words('event.session.created.login', { actor });
      const made =
        why === ''
          ? words('event.session.created.api', { actor })
          : words('event.session.created.odd', { actor, why });
      const { approvedBy } = detail;
      const approved =
        typeof approvedBy === 'string'
          ? words('event.approved', {
              sentence: made,
              approver: member(words, approvedBy, nameOf),
            })
          : made;
      return withScopes(words, approved, detail['scope']);
    }
    case 'request.opened':
    case 'request.approved':
    case 'request.undelivered':
    case 'request.denied':
    case 'request.lapsed': {
      const isApproved = action === 'request.lapsed' && detail['approved'] === true;
      const key = isApproved ? 'event.request.lapsed.approved' : (`event.${action}` as const);
      const told = withScopes(words, words(key, { actor, owner }), detail['scope']);
      return because(words, told, detail['why'] ?? detail['reason']);
    }
    case 'session.rotated': {
      const rotated = isOwn
        ? words('event.session.rotated.own', { actor })
        : words('event.session.rotated', { actor, owner });
      return withScopes(words, rotated, detail['scope']);
    }
    case 'rotation.refused':
    case 'token.expiring':
    case 'token.expired':
    case 'token.first_used':
    case 'token.reused':
      return words(`event.${action}`, { owner, hint });
    case 'token.renamed':
      return words('event.token.renamed', { actor, hint });
    case 'session.ended':
      return sessionEnded(words, detail['reason'], { actor, owner, hint }, isOwn);
    case 'sessions.ended': {
      const count = Number(detail['count']);
      return sessionsEnded(words, detail['reason'], { actor, owner, count }, isOwn);
    }
    case 'token.undelivered':
      return words('event.token.undelivered', { owner, why: text(detail['why']) });
    case 'token.reported': {
      const values = { actor, owner, hint, count: Number(detail['ended']) };
      return channel === null
        ? words('event.token.reported', values)
        : words('event.token.reported.in', { ...values, channel });
    }
    case 'token.revoked':
      return words('event.token.revoked', { actor, owner, hint, count: Number(detail['ended']) });
    case 'message.deleted':
      return channel === null
        ? words('event.message.deleted', { actor, owner })
        : words('event.message.deleted.in', { actor, owner, channel });
    case 'login.refused':
      return words('event.login.refused', { owner, why: text(detail['why']) });
    case 'guard.blocked':
      return channel === null
        ? words('event.guard.blocked', { owner })
        : words('event.guard.blocked.in', { owner, channel });
    case 'guard.changed':
      return detail['on'] === true
        ? words('event.guard.changed.on', { actor })
        : words('event.guard.changed.off', { actor });
    case 'account.banned':
      return banned(words, detail, actor, owner);
    case 'account.unbanned':
      return unbanned(words, row, actor, owner);
    case 'roles.changed':
      return rolesChanged(words, detail, owner);
    case 'roles.held':
    case 'roles.applied':
    case 'roles.kept':
      return manyRoles(words, row, actor);
    case 'account.exported':
      return words('event.account.exported', { owner });
    case 'account.forgotten':
      return words('event.account.forgotten');
    case 'sessions.exported':
      return words('event.sessions.exported', { actor });
    case 'staff.viewed':
      return viewed(words, detail['what'], actor, owner, isOwn);
    case 'staff.refused': {
      const [command, why] = [text(detail['command']), whyRefused(words, text(detail['why']))];
      return words('event.staff.refused', { actor, command, why });
    }
  }
}

function withScopes(words: Words, sentence: string, scope: unknown): string {
  const names = scopeNames(words, scope);
  return names === '' ? sentence : words('event.scopes', { sentence, names });
}

interface Ended {
  readonly actor: string;
  readonly owner: string;
}

function sessionEnded(
  words: Words,
  reason: unknown,
  values: Ended & { readonly hint: string },
  isOwn: boolean,
): string {
  const why = asEndReason(reason);
  if (why !== 'revoked') return words(`event.session.ended.${why}`, values);
  return isOwn
    ? words('event.session.ended.revoked.own', values)
    : words('event.session.ended.revoked', values);
}

function sessionsEnded(
  words: Words,
  reason: unknown,
  values: Ended & { readonly count: number },
  isOwn: boolean,
): string {
  const why = asEndReason(reason);
  if (why !== 'revoked') return words(`event.sessions.ended.${why}`, values);
  return isOwn
    ? words('event.sessions.ended.revoked.own', values)
    : words('event.sessions.ended.revoked', values);
}

function asEndReason(reason: unknown): EndReason {
  return typeof reason === 'string' ? (reason as EndReason) : 'revoked';
}

function banned(words: Words, detail: AuditRow['detail'], actor: string, owner: string): string {
  const { source, until, ended } = detail;
  const sentence =
    source === 'server'
      ? words('event.account.banned.server', { owner })
      : typeof until === 'number'
        ? words('event.account.banned.until', { actor, owner, until: dateTime(until) })
        : words('event.account.banned', { actor, owner });
  const count = Number(ended ?? 0);
  const whole = count > 0 ? words('event.ended_too', { sentence, count }) : sentence;
  return because(words, whole, detail['reason']);
}

function unbanned(words: Words, row: AuditRow, actor: string, owner: string): string {
  const { source, reason } = row.detail;
  if (row.actorKind === 'system') {
    return source === 'server'
      ? words('event.account.unbanned.server', { owner })
      : words('event.account.unbanned.expired', { owner });
  }
  return because(words, words('event.account.unbanned', { actor, owner }), reason);
}

function rolesChanged(words: Words, detail: AuditRow['detail'], owner: string): string {
  const [names, others] = [nameList(words, detail['lost']), nameList(words, detail['gained'])];
  const sentence =
    names === ''
      ? others === ''
        ? words('event.roles.none', { owner })
        : words('event.roles.gained', { owner, names: others })
      : others === ''
        ? words('event.roles.lost', { owner, names })
        : words('event.roles.swapped', { owner, names, others });
  return detail['suspended'] === true ? words('event.roles.suspended', { sentence }) : sentence;
}

function manyRoles(words: Words, { action, actorKind, detail }: AuditRow, actor: string): string {
  const values = { actor, names: nameList(words, detail['roles']), count: Number(detail['count']) };
  if (action === 'roles.held') return words('event.roles.held', values);
  if (action === 'roles.kept') return words('event.roles.kept', values);
  return actorKind === 'system'
    ? words('event.roles.applied.system', values)
    : words('event.roles.applied', values);
}

function nameList(words: Words, names: unknown): string {
  if (!Array.isArray(names)) return '';
  return words.list(names.map((name) => plain(text(name))));
}

function viewed(words: Words, what: unknown, actor: string, owner: string, isOwn: boolean): string {
  switch (what) {
    case 'member':
      return isOwn
        ? words('event.viewed.own', { actor })
        : words('event.viewed.member', { actor, owner });
    case 'audit':
      return words('event.viewed.audit', { actor, owner });
    default:
      return isOwn
        ? words('event.viewed.sessions.all', { actor })
        : words('event.viewed.sessions', { actor, owner });
  }
}

/** Who acted and, where it was not in Discord, with which token. */
function who(words: Words, row: AuditRow, nameOf: NameOf): string {
  const { actorKind, actorId, actorSessionId, actorHint } = row;
  if (actorKind === 'system') return words('who.latchkey');
  if (actorKind === 'bearer') return words('who.holder');
  const name = actorId === null ? words('who.forgotten') : member(words, actorId, nameOf);
  if (actorSessionId === null) return name;
  return actorHint === null
    ? words('who.with_gone', { member: name })
    : words('who.with', { member: name, hint: plain(actorHint) });
}

function isUserId(id: string): boolean {
  return /^\d{1,20}$/.test(id);
}

function anomalies(words: Words, value: unknown): string {
  if (!Array.isArray(value)) return '';
  const known = (['many', 'fresh', 'long'] as const).filter((each) => value.includes(each));
  return words.list(known.map((each) => words(`event.odd.${each}`)));
}

/** What is stored is English, whatever the reader speaks. */
export const WHY_REFUSED = {
  elsewhere: 'Staff commands work in the staff channel only.',
  not_staff: 'Only the staff can do that.',
} as const;

function whyRefused(words: Words, stored: string): string {
  if (stored === WHY_REFUSED.elsewhere) return words('staff.elsewhere');
  return stored === WHY_REFUSED.not_staff ? words('staff.not_staff') : stored;
}

function because(words: Words, sentence: string, reason: unknown): string {
  if (typeof reason !== 'string') return sentence;
  return words('event.reason', { sentence, reason: plain(shorten(reason, LONGEST_REASON)) });
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
