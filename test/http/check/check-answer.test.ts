import { describe, expect, it } from 'vitest';
import { createPolicy } from '../../../src/core/policy/policy.ts';
import type { SessionId, UserId } from '../../../src/core/actor.ts';
import { checkAnswer } from '../../../src/http/check/check-answer.ts';
import { ANA } from '../../support/fixtures.ts';

const PATRON = '112233445566778899';
const policy = createPolicy({
  roles: [{ name: 'patron', id: PATRON }],
  holders: null,
  scopes: [
    { name: 'a/b:c', says: 'x', given: true, roles: null, longestMs: null, approval: false },
  ],
});
const standing = policy.standing(null, PATRON);
const [expiresAt, createdAt] = [1_800_000_000_123, 1_700_000_000_004];

const checked = (name: string | null, type: 'api' | 'app_login' | 'login' = 'api') => ({
  id: '0190d6a8-6f6b-7e1c-8f0e-0123456789ab' as SessionId,
  userId: ANA as UserId,
  type,
  expiresAt,
  createdAt,
  name,
  standing,
});

describe('the answer to a check', () => {
  it.each([
    null,
    '',
    'lamps',
    '"quoted"',
    'back\\slash',
    'two\nlines',
    '\u0000\u001f\u007f',
    'Küche',
    'ключ',
    '💡 lamps',
    '\u2028\u2029',
    '\ud800',
    'x'.repeat(80),
    '","scope":"lamps:all',
  ])('is JSON whatever the token is called: %j', (name) => {
    const { text, bytes } = checkAnswer(checked(name), []);
    const { id, userId, scope, roles } = { ...checked(name), ...standing };
    const state = {
      user_id: userId,
      id,
      state: 'normal',
      type: 'api',
      expiry: new Date(expiresAt).toISOString(),
      scope,
      roles,
      name,
      created_at: new Date(createdAt).toISOString(),
    };
    expect(text).toBe(JSON.stringify(state));
    expect(bytes).toBe(Buffer.byteLength(text));
  });

  it.each(['api', 'app_login', 'login'] as const)(
    'says nothing of scopes, roles and the name without a policy: %s',
    (type) => {
      const headers: string[] = [];
      const { text, bytes } = checkAnswer({ ...checked('"', type), standing: null }, headers);
      const { id, userId } = checked(null);
      const expiry = new Date(expiresAt).toISOString();
      expect(text).toBe(JSON.stringify({ user_id: userId, id, state: 'normal', type, expiry }));
      expect(bytes).toBe(text.length);
      expect(headers).toEqual([
        'x-latchkey-session',
        id,
        'x-latchkey-type',
        type,
        'x-latchkey-user',
        userId,
      ]);
    },
  );
});
