import { actionsOf, groupsOf } from '../../core/audit/audit-groups.ts';
import { AUDIT_ACTIONS, type AuditAction } from '../../core/audit/audit.ts';
import { Declined } from '../render/reply.ts';
import { offer } from './choices.ts';
import type { Choice } from './command.ts';

/** The kinds of event that are picked or typed, in groups or one by one; best first. */
export function suggestActions(text: string, among = AUDIT_ACTIONS): readonly Choice[] {
  const typed = text.trim().toLowerCase();
  const groups = [...groupsOf(among)].filter(([, { length }]) => length > 1);
  const choices = [
    ...groups.map(([group, { length }]) => ({
      name: `${group}: all ${length} kinds`,
      value: group,
    })),
    ...among.map((action) => ({ name: action, value: action })),
  ].filter(({ value }) => value.includes(typed));
  const begins = choices.filter(({ value }) => value.startsWith(typed));
  return offer([...begins, ...choices.filter((choice) => !begins.includes(choice))]);
}

/**
 * Which events are meant.
 * @throws Declined where there is no such kind
 */
export function findActions(typed: string): readonly AuditAction[] {
  const actions = actionsOf(typed);
  if (actions.length > 0) return actions;
  throw new Declined(
    'There is no such kind of event. Pick one from the list that opens while you type: a group such as `session`, or one kind such as `session.created`.',
  );
}
