import { ButtonStyle } from 'discord.js';
import type { AuditRow } from '../../core/audit/audit.ts';
import type { UserId } from '../../core/actor.ts';
import type { Policy } from '../../core/policy/policy.ts';
import { readScopeText } from '../../core/policy/scopes.ts';
import type { Request } from '../../core/requests/request.ts';
import { writeCustomId } from '../interactions/custom-id.ts';
import type { Words } from '../words/words.ts';
import { member, type NameOf } from './render-audit.ts';
import { ANY_STAFF } from './render-feed.ts';
import {
  button,
  buttons,
  card,
  dangerButton,
  dateTime,
  instant,
  plain,
  relative,
  shorten,
  text,
} from './render.ts';
import type { Card } from './reply.ts';

/** How long all that a token could do may be, beside the rest of a message. */
const LONGEST_SAYS = 600;

type Part = Parameters<typeof card>;
type Shown = Omit<Request, 'approved'>;

/** What scopes say, in a list; names where the policy does not have them any more. */
export function sayNames(
  words: Words,
  policy: Policy | undefined,
  names: readonly string[],
): string {
  const says = names.map((name) => plain(policy?.scope(name)?.says ?? name));
  return shorten(words.list(says), LONGEST_SAYS);
}

/** Of what is asked for, what staff have to approve; all of it where nobody knows that any more. */
export function needed(policy: Policy | undefined, scope: string): readonly string[] {
  const names = readScopeText(scope);
  const needing = policy?.needingApproval(names) ?? [];
  return needing.length === 0 ? names : needing;
}

/** What a member asks for, as staff read it. */
export function requestLines(
  words: Words,
  policy: Policy | undefined,
  { name, scope, why, createdAt, expiresAt }: Shown,
): readonly string[] {
  const toApprove = needed(policy, scope);
  const besides = readScopeText(scope).filter((each) => !toApprove.includes(each));
  return [
    words('request.post.needs', { says: sayNames(words, policy, toApprove) }),
    ...(besides.length === 0
      ? []
      : [words('request.post.besides', { says: sayNames(words, policy, besides) })]),
    words('request.post.token', {
      name: plain(name),
      when: instant(words, expiresAt, createdAt),
    }),
    words('request.post.why', { why: plain(why) }),
  ];
}

/** With which staff answer, by the custom ids of the two. */
export const answerButtons = (words: Words, approve: string, deny: string) =>
  [
    button(words('request.approve'), approve, ButtonStyle.Success),
    dangerButton(words('request.deny'), deny),
  ] as const;

/**
 * What the staff's channel is told of a request, with the ways to answer it; null where its member was
 * forgotten. A button carries the mark by which the message is found again.
 */
export function requestPost(
  words: Words,
  policy: Policy | undefined,
  event: AuditRow,
  mark: string,
  nameOf: NameOf,
): Card | null {
  const request = toShown(event);
  if (request === null) return null;
  const { id, userId, lapsesAt } = request;
  return card(
    text(
      [
        words('request.post', { member: member(words, userId, nameOf) }),
        ...requestLines(words, policy, request),
        words('request.post.lapses', { when: relative(lapsesAt) }),
      ].join('\n'),
    ),
    buttons(
      ...answerButtons(
        words,
        writeCustomId('feed-approve', ANY_STAFF, id, mark),
        writeCustomId('feed-deny', ANY_STAFF, id, mark),
      ),
      button(words('feed.look_up'), writeCustomId('feed-user', ANY_STAFF, userId, mark)),
    ),
  );
}

/** What members are told of what became of their requests. */
export function requestNotices(
  events: readonly AuditRow[],
  {
    words,
    owner,
    policy,
  }: {
    readonly words: Words;
    readonly owner: UserId;
    readonly policy?: Policy | undefined;
  },
): Part {
  return events.flatMap((event) => {
    const { action, detail } = event;
    const name = plain(stored(detail['name']));
    const { reason } = detail;
    switch (action) {
      case 'request.denied': {
        const says = sayNames(words, policy, needed(policy, stored(detail['scope'])));
        const told = words('notice.request.denied', { name, says });
        return [
          text(
            typeof reason === 'string'
              ? [told, words('ban.reason', { reason: plain(reason) })].join('\n')
              : told,
          ),
        ];
      }
      case 'request.undelivered': {
        const when = dateTime(Number(detail['lapsesAt']));
        const id = writeCustomId('fetch', owner, stored(detail['request']));
        return [
          text(words('notice.request.undelivered', { name, when })),
          buttons(button(words('request.fetch'), id, ButtonStyle.Primary)),
        ];
      }
      case 'request.lapsed':
        return [
          text(
            detail['approved'] === true
              ? words('notice.request.lapsed.approved', { name })
              : words('notice.request.lapsed', { name }),
          ),
        ];
      default:
        return [];
    }
  });
}

/** What was asked for, from what was written down of it; null once its member was forgotten. */
function toShown({ at, userId, detail }: AuditRow): Shown | null {
  const { request, name, scope, why } = detail;
  if (typeof name !== 'string' || typeof why !== 'string') return null;
  return {
    id: stored(request),
    userId,
    name,
    scope: stored(scope),
    why,
    createdAt: at,
    expiresAt: Number(detail['expiresAt']),
    lapsesAt: Number(detail['lapsesAt']),
  };
}

function stored(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
