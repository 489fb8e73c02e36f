import type { Staff, UserId } from '../../../../core/actor.ts';
import { hasToken } from '../../../../core/sessions/token.ts';
import type { PendingAction } from '../../../../core/staff/confirmations.ts';
import { storable } from '../../../../core/storable.ts';
import { buttons, card, instant, plain, text } from '../../../render/render.ts';
import { choiceField, type Modal, modal, textField } from '../../../render/modal.ts';
import { lapsing } from '../../../render/replies.ts';
import { type Card, type Reply, Declined } from '../../../render/reply.ts';
import type { CommandContext, Component, ComponentContext } from '../../command.ts';
import { parseExpires } from '../../expires.ts';
import { requireUserId } from '../../ids.ts';
import {
  type StaffContext,
  countLive,
  nameMember,
  confirmButton,
  cancel,
  requireTarget,
} from './question.ts';

/** At most, in characters. */
export const LONGEST_REASON = 300;
export const LONGEST_DURATION = 100;

export const banComponents: readonly Component[] = [
  { audience: 'staff', name: 'adm-ban', modal: openBan, run: askBanFromModal },
  {
    audience: 'staff',
    name: 'feed-ban',
    reply: 'new',
    isShared: true,
    modal: openBan,
    run: askBanFromModal,
  },
];

/** `/admin ban`. */
export async function ban(context: CommandContext<Staff>): Promise<Reply> {
  const { options, clock } = context;
  const target = requireTarget(context);
  const duration = options.text('duration');
  return askBan(context, {
    userId: target.id,
    reason: readReason(options.text('reason')),
    until: duration === null ? null : parseExpires(duration, clock()).expiresAt,
    endSessions: options.text('sessions') === 'end',
  });
}

/** `/admin unban`. */
export async function unban(context: CommandContext<Staff>): Promise<Reply> {
  const { accounts, actor, options, words } = context;
  const { id } = requireTarget(context);
  const lifted = await accounts.unban(actor, id, readReason(options.text('reason')));
  return words(lifted ? 'unban.done' : 'unban.not_banned', {
    member: await nameMember(context, id),
  });
}

async function openBan({ words, args }: ComponentContext<Staff>): Promise<Modal> {
  requireUserId(args[0]);
  return modal(
    words('ban.modal.title'),
    textField({ label: words('ban.modal.reason'), id: 'reason', longest: LONGEST_REASON }),
    textField({ label: words('ban.modal.duration'), id: 'duration', longest: LONGEST_DURATION }),
    choiceField(words('ban.modal.sessions'), 'sessions', [
      { label: words('command.admin.ban.sessions.keep'), value: 'keep' },
      { label: words('command.admin.ban.sessions.end'), value: 'end' },
    ]),
  );
}

function askBanFromModal(context: ComponentContext<Staff>): Promise<Reply> {
  const { args, fields, clock } = context;
  const duration = fields.get('duration')?.trim() ?? '';
  return askBan(context, {
    userId: requireUserId(args[0]),
    reason: readReason(fields.get('reason') ?? null),
    until: duration === '' ? null : parseExpires(duration, clock()).expiresAt,
    endSessions: fields.get('sessions') === 'end',
  });
}

async function askBan(
  context: StaffContext,
  given: Omit<Extract<PendingAction, { do: 'ban' }>, 'do'>,
): Promise<Card> {
  const { words, accounts, clock } = context;
  const { userId, until, reason, endSessions } = given;
  await requireBannable(context, userId);
  const count = await countLive(context, userId);
  const isOut = (await accounts.findBan(userId)) !== null;
  const now = clock();
  return card(
    text(
      [
        words('ban.ask', { member: await nameMember(context, userId) }),
        ...(isOut ? [words('ban.ask.replaces')] : []),
        until === null
          ? words('ban.ask.for_good')
          : words('ban.ask.until', { when: instant(words, until, now) }),
        words(endSessions ? 'ban.ask.end' : 'ban.ask.pause', { count }),
        reason === null
          ? words('ban.ask.no_reason')
          : words('ban.ask.reason', { reason: plain(reason) }),
        lapsing(words, now),
      ].join('\n'),
    ),
    buttons(
      await confirmButton(context, words('ban.button'), { do: 'ban', ...given }),
      cancel(context),
    ),
  );
}

/** A reason is shown to all staff, and to the member: a token in it would be too. */
export function readReason(typed: string | null): string | null {
  const reason = storable(typed ?? '').trim() || null;
  if (reason !== null && hasToken(reason)) {
    throw new Declined((words) => words('staff.reason_has_token'));
  }
  return reason;
}

/** Nobody bans themselves, another of the staff or a bot by accident. */
export async function requireBannable(context: StaffContext, userId: UserId): Promise<void> {
  const { actor, staffChannel } = context;
  if (userId === actor.userId) throw new Declined((words) => words('staff.not_self'));
  switch (await staffChannel.standingOf(userId)) {
    case 'bot':
      throw new Declined((words) => words('staff.bot'));
    case 'staff': {
      const whom = await nameMember(context, userId);
      throw new Declined((words) => words('staff.is_staff', { member: whom }));
    }
    case 'member':
      return;
  }
}
