import type { Staff, UserId } from '../../../../core/actor.ts';
import { AppError } from '../../../../core/errors.ts';
import type { PendingAction } from '../../../../core/staff/confirmations.ts';
import { member } from '../../../render/render-audit.ts';
import { button, dangerButton } from '../../../render/render.ts';
import { Declined } from '../../../render/reply.ts';
import type { CommandContext, Context } from '../../command.ts';
import { writeCustomId } from '../../custom-id.ts';
import type { Person } from '../../invocation.ts';

export type StaffContext = Context<Staff>;

/** How much of what a member has works. */
export async function countLive({ staff, actor }: StaffContext, userId: UserId): Promise<number> {
  return (await staff.list(actor, { userId, limit: 0 })).total;
}

/** A member in a sentence, with their name where Discord tells it. */
export async function nameMember(
  { words, namesOf }: StaffContext,
  userId: UserId,
): Promise<string> {
  return member(words, userId, await namesOf([userId]));
}

/** The button that does what staff are asked about. */
export async function confirmButton(context: StaffContext, caption: string, act: PendingAction) {
  const id = await context.confirmations.request(context.actor, act);
  return dangerButton(caption, writeCustomId('adm-do', context.actor.userId, id));
}

export function cancel({ actor, words }: StaffContext) {
  return button(words('button.cancel'), writeCustomId('adm-cancel', actor.userId));
}

/** @throws Declined where it is not there: the refusal's own words send who reads them to their own list */
export async function ofMember<T>(whom: string, found: Promise<T>): Promise<T> {
  try {
    return await found;
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'not_found') throw error;
    throw new Declined((words) => words('meant.gone.member', { member: whom }));
  }
}

/** Whom a command names. @throws Declined where it names nobody */
export function requireTarget({ options }: CommandContext<Staff>): Person {
  const target = options.user('user');
  if (target === null) throw new Declined((words) => words('staff.no_member'));
  return target;
}
