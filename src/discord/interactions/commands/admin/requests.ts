import type { Staff } from '../../../../core/actor.ts';
import { AppError, type Refusal } from '../../../../core/errors.ts';
import { LONGEST_WHY, type Request } from '../../../../core/requests/request.ts';
import { type Modal, modal, textField } from '../../../render/modal.ts';
import {
  buttons,
  card,
  dateTime,
  divider,
  plain,
  relative,
  shorten,
  text,
} from '../../../render/render.ts';
import { answerButtons, needed, requestLines, sayNames } from '../../../render/render-request.ts';
import { Declined, type Reply } from '../../../render/reply.ts';
import type { Words } from '../../../words/words.ts';
import type { Component, ComponentContext } from '../../command.ts';
import { writeCustomId } from '../../custom-id.ts';
import { requireId } from '../../ids.ts';
import { readReason } from './ban.ts';
import { nameMember, type StaffContext } from './question.ts';

/** On the post in the staff's channel, and where staff look a member up. */
export const requestAnswerComponents: readonly Component[] = [
  { audience: 'staff', name: 'feed-approve', isShared: true, run: approve },
  { audience: 'staff', name: 'feed-deny', isShared: true, modal: openDenial, run: deny },
  { audience: 'staff', name: 'adm-approve', run: approve },
  { audience: 'staff', name: 'adm-deny', modal: openDenial, run: deny },
];

/** How long a name, what the token could do, and the reason may be where all else of the member is shown too. */
const SHORT = 60;

/** What of a member's waits for the staff, or for the member. */
export function showRequests(context: StaffContext, requests: readonly Request[]) {
  const { actor, words, policy } = context;
  return requests.flatMap(({ id, name, scope, why, lapsesAt, approved }) => {
    const says = sayNames(words, policy, needed(policy, scope));
    const values = { name: plain(shorten(name, SHORT)), says: shorten(says, SHORT) };
    const when = relative(lapsesAt);
    const shown = text(
      [
        words('request.short', values),
        words('request.short.why', { why: plain(shorten(why, SHORT)) }),
        approved === null
          ? words('request.post.lapses', { when })
          : words('request.post.waits', { when }),
      ].join('\n'),
    );
    if (approved !== null) return [divider(), shown];
    const customId = (component: string) => writeCustomId(component, actor.userId, id);
    const answers = answerButtons(words, customId('adm-approve'), customId('adm-deny'));
    return [divider(), shown, buttons(...answers)];
  });
}

async function approve(context: ComponentContext<Staff>): Promise<Reply> {
  const { requests, actor, args, words, deliver } = context;
  const id = requireId(args[0]);
  const asked = await requests.show(actor, id);
  const whom = await nameMember(context, asked.userId);
  try {
    const remark = words('request.dm');
    const { request, undelivered } = await requests.approve(actor, id, deliver(words, remark));
    const values = { who: await nameMember(context, actor.userId), member: whom };
    if (undelivered === null) {
      return answered(context, request, whom, words('request.approved', values));
    }
    const why = whyUndelivered(words, undelivered, whom);
    const when = dateTime(request.lapsesAt);
    const told = words('request.approved.undelivered', { ...values, why, when });
    return answered(context, request, whom, told);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const why = aboutMember(words, error.refusal, whom);
    if (why === undefined) throw error;
    throw new Declined((say) => say('approve.refused', { why, member: whom }));
  }
}

async function openDenial({ words }: ComponentContext<Staff>): Promise<Modal> {
  const label = words('request.deny.reason');
  return modal(
    words('request.deny.title'),
    textField({ label, id: 'reason', longest: LONGEST_WHY, isLong: true }),
  );
}

async function deny(context: ComponentContext<Staff>): Promise<Reply> {
  const { requests, actor, args, fields, words } = context;
  const reason = readReason(fields.get('reason') ?? null);
  const request = await requests.deny(actor, requireId(args[0]), reason);
  const member = await nameMember(context, request.userId);
  const values = { who: await nameMember(context, actor.userId), member };
  return answered(
    context,
    request,
    member,
    reason === null
      ? words('request.denied', values)
      : words('request.denied.reason', { ...values, reason: plain(reason) }),
  );
}

/** The post as it was, with what became of it in the place of its buttons. */
function answered(
  { words, policy }: StaffContext,
  request: Request,
  member: string,
  outcome: string,
): Reply {
  const lines = requestLines(words, policy, request);
  return card(text([words('request.post', { member }), ...lines, outcome].join('\n')));
}

function whyUndelivered(words: Words, refusal: Refusal, member: string): string {
  if (refusal.code === 'dm_closed') return words('approve.closed', { member });
  return aboutMember(words, refusal, member) ?? words('approve.failed', { member });
}

/** What a refusal that is about a member says to the staff; undefined for one that is about themselves. */
function aboutMember(words: Words, refusal: Refusal, member: string): string | undefined {
  switch (refusal.code) {
    case 'banned':
      return words('approve.banned', { member });
    case 'limit_reached':
      return words('approve.limit', { member, max: refusal.max });
    case 'rate_limited':
      return refusal.reason === 'created'
        ? words('approve.created', { member, max: refusal.max })
        : undefined;
    case 'restricted':
      switch (refusal.reason) {
        case 'holders':
          return words('approve.holders', { member, roles: words.list(refusal.roles.map(plain)) });
        case 'scope_role': {
          const roles = words.list(refusal.roles.map(plain));
          return words('approve.scope_role', { member, roles, scope: plain(refusal.scope) });
        }
        case 'members_only':
          return words('approve.members_only', { member });
        default:
          return undefined;
      }
    case 'conflict':
      return refusal.reason === 'policy_changed'
        ? words('approve.policy_changed', { member })
        : undefined;
    default:
      return undefined;
  }
}
