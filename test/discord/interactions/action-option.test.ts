import { english } from '../../../src/discord/words/words.ts';
import { describe, expect, it } from 'vitest';
import { AUDIT_ACTIONS } from '../../../src/core/audit/audit.ts';
import { findActions, suggestActions } from '../../../src/discord/interactions/action-option.ts';

describe('while a kind of event is typed', () => {
  it('groups come first, and of equals those that begin with what was typed', () => {
    const found = suggestActions(english, 'a token', AUDIT_ACTIONS);
    expect(found[0]?.name).toMatch(/^a token/);
    expect(suggestActions(english, '')[0]?.name).toBe('Tokens and logins: all 5 kinds');
    expect(suggestActions(english, 'what happens')[0]?.value).toBe('token');
    expect(suggestActions(english, 'a ban').map(({ value }) => value)).toEqual(['account.banned']);
  });

  it('a group of one kind is not offered besides that one', () => {
    expect(suggestActions(english, 'message.', AUDIT_ACTIONS).map(({ value }) => value)).toEqual([
      'message.deleted',
    ]);
    expect(findActions('message')).toEqual(['message.deleted']);
  });

  it.each(['', 's', 'token', 'session'])('%j fits into what Discord takes', (typed) => {
    const choices = suggestActions(english, typed);
    expect(choices.length).toBeLessThanOrEqual(25);
    expect(new Set(choices.map(({ value }) => value)).size).toBe(choices.length);
    for (const { name, value } of choices) {
      expect(Math.max(name.length, value.length)).toBeLessThanOrEqual(100);
    }
  });

  it('more than Discord takes end with how many there are', () => {
    expect(suggestActions(english, '').at(-1)?.name).toMatch(
      /^… \d+ more: type a part of the name$/,
    );
  });
});
