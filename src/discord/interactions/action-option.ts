import { actionsOf, groupsOf } from '../../core/audit/audit-groups.ts';
import { AUDIT_ACTIONS, type AuditAction } from '../../core/audit/audit.ts';
import { fold } from '../../core/sessions/search.ts';
import { Declined } from '../render/reply.ts';
import type { Key, Words } from '../words/words.ts';
import { offer } from './choices.ts';
import type { Choice } from './command.ts';

/** The kinds of event that are picked or typed, in groups or one by one, by their words or keys; best first. */
export function suggestActions(
  words: Words,
  text: string,
  among = AUDIT_ACTIONS,
): readonly Choice[] {
  const typed = fold(text);
  const groups = [...groupsOf(among)].filter(([, { length }]) => length > 1);
  const choices = [
    ...groups.map(([group, { length }]) => ({
      name: words('kind_of.group', { group: nameOfKind(words, group), count: length }),
      value: group,
    })),
    ...among.map((action) => ({ name: nameOfKind(words, action), value: action })),
  ].filter(({ name, value }) => fold(name).includes(typed) || fold(value).includes(typed));
  const begins = choices.filter(
    ({ name, value }) => fold(name).startsWith(typed) || fold(value).startsWith(typed),
  );
  return offer(words, [...begins, ...choices.filter((choice) => !begins.includes(choice))]);
}

/** What a kind of event, or a group of them, is called. */
export function nameOfKind(words: Words, kind: string): string {
  const key = `${kind.includes('.') ? 'action' : 'group'}.${kind}`;
  return words(key as Extract<Key, `action.${string}` | `group.${string}`>);
}

/**
 * Which events are meant.
 * @throws Declined where there is no such kind
 */
export function findActions(typed: string): readonly AuditAction[] {
  const actions = actionsOf(typed);
  if (actions.length > 0) return actions;
  throw new Declined((words) => words('audit.no_such_kind'));
}
