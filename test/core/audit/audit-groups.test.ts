import { describe, expect, it } from 'vitest';
import { actionsOf, groupsOf } from '../../../src/core/audit/audit-groups.ts';
import { AUDIT_ACTIONS } from '../../../src/core/audit/audit.ts';

describe('the kinds of event', () => {
  it('are in groups by the first word of their keys, one session or several', () => {
    const groups = groupsOf(AUDIT_ACTIONS);
    expect([...groups.keys()]).toEqual(
      expect.arrayContaining(['session', 'token', 'guard', 'account', 'staff']),
    );
    expect(groups.has('sessions')).toBe(false);
    expect(groups.get('session')).toEqual(
      expect.arrayContaining(['session.created', 'session.ended', 'sessions.ended']),
    );
    expect([...groups.values()].flat().toSorted()).toEqual(AUDIT_ACTIONS.toSorted());
  });

  it.each([
    ['token', AUDIT_ACTIONS.filter((action) => action.startsWith('token.'))],
    ['session.created', ['session.created']],
    ['sessions.ended', ['sessions.ended']],
    [' Account.Banned ', ['account.banned']],
  ])('are selected by %j', (typed, actions) => {
    expect(actionsOf(typed)).toEqual(actions);
    expect(actions.length).toBeGreaterThan(0);
  });

  it.each(['', 'x', 'session.', '.created', 'created', 'sess', '__proto__', 'session.created,'])(
    'are not selected by %j',
    (typed) => {
      expect(actionsOf(typed)).toEqual([]);
    },
  );

  it('keep a group apart that only ends like several of another', () => {
    const groups = groupsOf(['access.given', 'session.created', 'sessions.ended'] as never);
    expect([...groups.keys()]).toEqual(['access', 'session']);
  });
});
