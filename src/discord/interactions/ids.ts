import type { UserId } from '../../core/actor.ts';
import type { SessionQuery } from '../../core/sessions/store.ts';
import { parseUuid } from '../../core/uuid.ts';
import { outdated } from '../render/replies.ts';

/**
 * An id that a button or a menu carries.
 * @throws Declined if it is none: this version made no such button
 */
export function requireId(text: string | undefined): string {
  const id = parseUuid(text ?? '');
  if (id === null) throw outdated();
  return id;
}

/**
 * The id of a Discord user that a button carries.
 * @throws Declined if it is none
 */
export function requireUserId(text: string | undefined): UserId {
  if (text === undefined || !/^\d{17,20}$/.test(text)) throw outdated();
  return text;
}

/**
 * A whole number that a button carries in base 36, where it is short.
 * @throws Declined if it is none
 */
export function requireNumber(text: string): number {
  const number = /^[\da-z]{1,11}$/.test(text) ? Number.parseInt(text, 36) : NaN;
  if (!Number.isSafeInteger(number)) throw outdated();
  return number;
}

/** Where a button that turns a page goes on; to the first page without a direction. */
export function readCursor(
  direction: string | undefined,
  id: string | undefined,
): SessionQuery['cursor'] {
  if (direction === 'after') return { after: requireId(id) };
  if (direction === 'before') return { before: requireId(id) };
  return undefined;
}
