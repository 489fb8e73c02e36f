import type { AuditRow } from '../../core/audit/audit.ts';
import { count, date, plain, shorten } from './render.ts';

/** So that many lines have room in one message. */
const LONGEST_REASON = 60;
const LONGEST_TEXT = 3_000;

/** An event in a line, for staff. Ids and last four characters only. */
export function eventLine(row: AuditRow): string {
  return `${date(row.at)} ${sentence(row)}`;
}

/** Events in small print, as many as have room, with how many have not. */
export function eventLines(rows: readonly AuditRow[]): string {
  const lines: string[] = [];
  let length = 0;
  for (const row of rows) {
    const line = `-# ${eventLine(row)}`;
    length += line.length + 1;
    if (length > LONGEST_TEXT)
      return [...lines, `-# … and ${rows.length - lines.length} more`].join('\n');
    lines.push(line);
  }
  return lines.join('\n');
}

function sentence(row: AuditRow): string {
  const { action, userId, detail } = row;
  const actor = who(row);
  const owner = mention(userId);
  const own = row.actorId === userId;
  const whose = own ? 'their own' : `${owner}'s`;
  switch (action) {
    case 'session.created':
      return `${actor} created ${text(detail['type']) === 'api' ? 'an API token' : 'a login'}${oddities(detail['oddities'])}`;
    case 'session.rotated':
      return `${actor} rotated ${whose} API token`;
    case 'rotation.refused':
      return `${owner}'s API token …${text(detail['hint'])} had been rotated, and another rotation of it was refused`;
    case 'token.expiring':
      return `${owner}'s API token …${text(detail['hint'])} expires soon`;
    case 'token.expired':
      return `${owner}'s API token …${text(detail['hint'])} expired while in use`;
    case 'token.first_used':
      return `${owner}'s API token …${text(detail['hint'])} was used for the first time`;
    case 'token.reused':
      return `${owner}'s rotated API token …${text(detail['hint'])} was used after its grace`;
    case 'session.ended':
      return `${actor} ${ended(detail['reason'])} ${whose} session …${text(detail['hint'])}`;
    case 'sessions.ended':
      return `${actor} ${ended(detail['reason'])} ${count(Number(detail['count']), 'session')} of ${own ? 'their own' : owner}`;
    case 'token.undelivered':
      return `a token for ${owner} could not be delivered (${text(detail['why'])})`;
    case 'token.reported':
      return `${actor} reported ${own ? 'their own' : `${owner}'s`} token …${text(detail['hint'])}${place(detail['channelId'])}: ${Number(detail['ended']) === 0 ? 'it had ended before' : `${count(Number(detail['ended']), 'session')} revoked`}`;
    case 'token.revoked':
      return `${actor} revoked ${owner}'s ${text(detail['type']) === 'api' ? 'API token' : 'login'} …${text(detail['hint'])}: ${count(Number(detail['ended']), 'session')} ended`;
    case 'message.deleted':
      return `${actor} had ${own ? 'their own' : `${owner}'s`} message with a token deleted${place(detail['channelId'])}`;
    case 'login.refused':
      return `${owner} was refused a login (${text(detail['why'])})`;
    case 'guard.blocked':
      return `AutoMod blocked ${owner}'s message, which contained a token${place(detail['channelId'])}`;
    case 'guard.changed':
      return `${actor} turned the guard ${detail['on'] === true ? 'on' : 'off'}`;
    case 'account.banned':
      return `${detail['source'] === 'server' ? 'the server' : actor} banned ${owner}${until(detail['until'])}${because(detail['reason'])}${Number(detail['ended']) > 0 ? `; ${count(Number(detail['ended']), 'session')} revoked` : ''}`;
    case 'account.unbanned':
      return `${detail['source'] === 'server' && row.actorKind === 'system' ? 'the server' : actor} unbanned ${owner}${because(detail['reason'])}`;
    case 'account.exported':
      return `${owner} exported their data`;
    case 'account.forgotten':
      return 'a member had their data erased';
    case 'sessions.exported':
      return `${actor} exported the inventory`;
    case 'staff.viewed':
      return `${actor} looked at ${own ? viewed(detail['what']) : `${viewed(detail['what'])} of ${owner}`}`;
    case 'staff.refused':
      return `${actor} was refused \`${text(detail['command'])}\` (${text(detail['why'])})`;
  }
}

/** The act in a word, or why a rule of ours ended it. */
function ended(reason: unknown): string {
  switch (reason) {
    case 'revoked':
      return 'revoked';
    case 'leaked':
      return 'found leaked and revoked';
    default:
      return `ended (${text(reason)})`;
  }
}

function viewed(what: unknown): string {
  switch (what) {
    case 'member':
      return 'the account';
    case 'audit':
      return 'the audit';
    default:
      return 'the sessions';
  }
}

/** Who acted and, where it was not in Discord, with which token. */
function who({ actorKind, actorId, actorSessionId, actorHint }: AuditRow): string {
  if (actorKind === 'system') return 'Latchkey';
  if (actorKind === 'bearer') return 'somebody who had it';
  const name = actorId === null ? 'a forgotten member' : mention(actorId);
  if (actorSessionId === null) return name;
  return `${name} (with ${actorHint === null ? 'a token that is gone' : `…${actorHint}`})`;
}

function mention(userId: string): string {
  return /^\d+$/.test(userId) ? `<@${userId}>` : 'a forgotten member';
}

function oddities(value: unknown): string {
  const words: Record<string, string> = {
    many: 'many within an hour',
    fresh: 'by a Discord account younger than a week',
    long: 'for longer than a year',
  };
  if (!Array.isArray(value)) return '';
  return `: ${value.map((each) => words[String(each)] ?? '').join(', ')}`;
}

function until(value: unknown): string {
  return typeof value === 'number' ? ` until ${date(value)}` : '';
}

function because(value: unknown): string {
  return typeof value === 'string' ? `: ${plain(shorten(value, LONGEST_REASON))}` : '';
}

function place(value: unknown): string {
  return typeof value === 'string' ? ` in <#${value}>` : '';
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
