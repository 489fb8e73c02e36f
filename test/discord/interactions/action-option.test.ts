import { english } from '../../../src/discord/words/words.ts';
import { describe, expect, it } from 'vitest';
import { AUDIT_ACTIONS, type AuditAction } from '../../../src/core/audit/audit.ts';
import { findActions, suggestActions } from '../../../src/discord/interactions/action-option.ts';

/** As many as there may be some day. */
const MANY = ['session', 'sessions', 'token', 'device', 'scope'].flatMap((group) =>
  Array.from({ length: 13 }, (_, index) => `${group}.happened_${index}` as AuditAction),
);

describe('while a kind of event is typed', () => {
  it('groups come first, and of equals those that begin with what was typed', () => {
    const names = suggestActions(english, 'se', MANY).map(({ name }) => name);
    expect(names.slice(0, 3)).toEqual([
      'session: all 26 kinds',
      'session.happened_0',
      'session.happened_1',
    ]);
    expect(suggestActions(english, 'kens', ['tokens.made', 'kens.made'] as never)[0]?.value).toBe(
      'kens.made',
    );
  });

  it('a group of one kind is not offered besides that one', () => {
    expect(suggestActions(english, 'message', AUDIT_ACTIONS).map(({ value }) => value)).toEqual([
      'message.deleted',
    ]);
    expect(findActions('message')).toEqual(['message.deleted']);
  });

  it.each(['', 's', 'happened', 'session'])('%j fits into what Discord takes', (typed) => {
    for (const actions of [MANY, AUDIT_ACTIONS]) {
      const choices = suggestActions(english, typed, actions);
      expect(choices.length).toBeLessThanOrEqual(25);
      expect(new Set(choices.map(({ value }) => value)).size).toBe(choices.length);
      for (const { name, value } of choices) {
        expect(Math.max(name.length, value.length)).toBeLessThanOrEqual(100);
      }
    }
    const last = suggestActions(english, typed, MANY).at(-1);
    expect(last?.name).toMatch(/^… \d+ more: type a part of the name$/);
  });
});
