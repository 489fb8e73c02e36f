import type { UserId } from '../../core/actor.ts';

/**
 * What a button or a select menu carries: which component it is, for whom it was made, and its
 * arguments. All of its state, so it works after a restart; never anything secret.
 */
export interface CustomId {
  readonly component: string;
  readonly owner: UserId;
  readonly args: readonly string[];
}

/** At most 100 characters, which Discord allows. */
export function writeCustomId(
  component: string,
  owner: UserId,
  ...args: readonly string[]
): string {
  return [component, owner, ...args].join(':');
}

export function readCustomId(text: string): CustomId {
  const [component = '', owner = '', ...args] = text.split(':');
  return { component, owner, args };
}

/**
 * The arguments of a component that has several, by their names. Messages keep the ids that they were
 * sent with: a new argument comes last, and what an old id lacks reads as empty.
 */
function withArgs<const Name extends string>(component: string, ...names: readonly Name[]) {
  return {
    write(owner: UserId, args: Partial<Record<Name, string>>): string {
      const values = names.map((name) => args[name] ?? '');
      return writeCustomId(component, owner, ...values.slice(0, lastOf(values)));
    },
    read: (args: readonly string[]) =>
      Object.fromEntries(names.map((name, index) => [name, args[index] ?? ''])) as Readonly<
        Record<Name, string>
      >,
  };
}

/** How many there are up to the last that is not empty. */
const lastOf = (values: readonly string[]) => values.findLastIndex((value) => value !== '') + 1;

/** A page of a member's own list, of a type and perhaps of what is unused. */
export const LIST = withArgs('list', 'type', 'direction', 'id', 'unused');
/** One token or login, and the list that it was opened from. */
export const ONE = withArgs('one', 'type', 'id', 'unused');
export const RENAME = withArgs('rename', 'type', 'id', 'unused');
export const ASK_REVOKE = withArgs('ask', 'type', 'id', 'unused');
export const REVOKE = withArgs('revoke', 'type', 'id', 'extent');
export const SEARCH = withArgs('search', 'type', 'unused');
/** The token alone in its message, or all of it; and when that is deleted. */
export const ALONE = withArgs('alone', 'id', 'until');
export const HIDE = withArgs('hide', 'id', 'until');
export const NOTIFY = withArgs('notify', 'notice', 'state');
/** A page of what a member has, for staff. */
export const MEMBER_LIST = withArgs('adm-list', 'userId', 'direction', 'id');
export const INVENTORY = withArgs('inv', 'type', 'expiresBefore', 'unusedSince', 'after');
export const AUDIT = withArgs('aud', 'userId', 'action', 'since', 'before');
