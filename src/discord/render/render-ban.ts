import type { Ban } from '../../core/accounts/account.ts';
import type { Policy } from '../../core/policy/policy.ts';
import type { Instant } from '../../core/time.ts';
import type { Words } from '../words/words.ts';
import { instant, plain, shorten } from './render.ts';

const LONGEST_REASON = 300;

/** What a banned member is told of it, in a message as in each refusal. */
export function banLines(
  words: Words,
  {
    source,
    until,
    reason,
    isReasonTold,
    endedSessions,
  }: Ban & { readonly endedSessions?: boolean },
  now: Instant,
  appealUrl: string | undefined,
): readonly string[] {
  const isReasonShown = reason !== null && isReasonTold;
  return [
    source === 'server'
      ? words('ban.by_server')
      : until === null
        ? words('ban.for_good')
        : words('ban.until', { when: instant(words, until, now) }),
    ...(isReasonShown
      ? [words('ban.reason', { reason: plain(shorten(reason, LONGEST_REASON)) })]
      : []),
    words(endedSessions === true ? 'ban.revoked' : 'ban.paused'),
    appealUrl === undefined ? words('ban.no_appeal') : words('ban.appeal', { url: appealUrl }),
  ];
}

/** What a member is told who lost every role that may hold tokens, and what brings everything back. */
export function suspensionLines(words: Words, policy: Policy | undefined): readonly string[] {
  const roles = (policy?.holders ?? []).map((name) => `**${plain(name)}**`);
  const [role] = roles;
  if (role === undefined) return [];
  return roles.length === 1
    ? [words('suspended.told.one', { role })]
    : [words('suspended.told', { roles: words.list(roles) })];
}
