import type { SessionType } from '../../core/sessions/session.ts';
import type { Verdict } from '../../core/sessions/sessions.ts';
import { rfc3339 } from '../rfc3339.ts';

type Checked = Omit<Extract<Verdict, { is: 'valid' }>, 'is' | 'isSuperseded'>;

export interface CheckAnswer {
  /** A `SessionState`, as JSON. */
  readonly text: string;
  /** Of the text in UTF-8. */
  readonly bytes: number;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** What stands between the id of a session and its expiry. */
const AFTER_ID: Readonly<Record<SessionType, string>> = {
  login: afterId('login'),
  app_login: afterId('app_login'),
  api: afterId('api'),
};

/**
 * What a good token is answered with, for programs, and for proxies that copy headers: those are added, names
 * and values in turn. Each check waits for it, so it is put together from a few strings: `JSON.stringify`
 * takes twice as long. Nothing but the name of a token can need an escape, or have more than ASCII.
 */
export function checkAnswer(checked: Checked, headers: string[]): CheckAnswer {
  const { id, userId, type, expiresAt, standing, name, createdAt } = checked;
  const expiry = rfc3339(expiresAt);
  const state = '{"user_id":"' + userId + '","id":"' + id + AFTER_ID[type] + expiry + '"';
  if (standing === null) {
    headers.push('x-latchkey-session', id, 'x-latchkey-type', type, 'x-latchkey-user', userId);
    return plain(state + '}');
  }
  const { scope, roleNames, members } = standing;
  headers.push('x-latchkey-expires', expiry);
  headers.push('x-latchkey-roles', roleNames, 'x-latchkey-scope', scope);
  headers.push('x-latchkey-session', id, 'x-latchkey-type', type, 'x-latchkey-user', userId);
  const start = state + ',' + members + ',"name":';
  const end = ',"created_at":"' + rfc3339(createdAt) + '"}';
  if (name === null) return plain(start + 'null' + end);
  if (isPlain(name)) return plain(start + '"' + name + '"' + end);
  const text = start + JSON.stringify(name) + end;
  return { text, bytes: Buffer.byteLength(text) };
}

function plain(text: string): CheckAnswer {
  return { text, bytes: text.length };
}

/** Printable ASCII that needs no escape in JSON. Most names are so short that a pattern takes longer. */
function isPlain(name: string): boolean {
  for (let index = 0; index < name.length; index += 1) {
    const code = name.charCodeAt(index);
    if (code < 0x20 || code > 0x7e || code === QUOTE || code === BACKSLASH) return false;
  }
  return true;
}

function afterId(type: SessionType): string {
  return `","state":"normal","type":"${type}","expiry":"`;
}
