import { AUDIT_ACTIONS, type AuditAction } from './audit.ts';

/**
 * The actions by the first word of their keys. What happens to several at once is with what happens to
 * one: `sessions.ended` with `session.ended`.
 */
export function groupsOf(
  actions: readonly AuditAction[],
): ReadonlyMap<string, readonly AuditAction[]> {
  const words = new Set(actions.map(firstWord));
  return Map.groupBy(actions, (action) => {
    const word = firstWord(action);
    const one = word.endsWith('s') ? word.slice(0, -1) : word;
    return words.has(one) ? one : word;
  });
}

/** The actions that a key or the name of a group selects; none for anything else. */
export function actionsOf(typed: string, among = AUDIT_ACTIONS): readonly AuditAction[] {
  const word = typed.trim().toLowerCase();
  const action = among.find((known) => known === word);
  return action === undefined ? (groupsOf(among).get(word) ?? []) : [action];
}

function firstWord(action: AuditAction): string {
  return action.slice(0, action.indexOf('.'));
}
