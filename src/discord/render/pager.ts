import type { SessionId } from '../../core/actor.ts';
import type { SessionPage } from '../../core/sessions/store.ts';
import type { Words } from '../words/words.ts';
import { button } from './render.ts';

/** Where a page of sessions stands among all, and the buttons that turn it; both name it by its ends. */
export function pager(
  words: Words,
  { sessions, newer, total }: SessionPage,
  turn: (direction: 'before' | 'after', id: SessionId) => string,
) {
  const [first, last] = [sessions[0], sessions.at(-1)];
  const until = newer + sessions.length;
  return {
    position: { first: newer + 1, last: until, total },
    turns: [
      ...(first !== undefined && newer > 0
        ? [button(words('button.newer'), turn('before', first.id))]
        : []),
      ...(last !== undefined && until < total
        ? [button(words('button.older'), turn('after', last.id))]
        : []),
    ],
  };
}
