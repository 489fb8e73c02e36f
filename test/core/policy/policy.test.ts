import { describe, expect, it } from 'vitest';
import {
  decideRotation,
  decideScopes,
  latestExpiry,
  loginScopes,
  requireHolder,
} from '../../../src/core/policy/grant.ts';
import { createPolicy, isOutdated, type ScopeRule } from '../../../src/core/policy/policy.ts';
import { parseScopes } from '../../../src/core/policy/scopes.ts';
import type { Grant } from '../../../src/core/policy/standing.ts';
import { DAY, HOUR, START } from '../../support/fixtures.ts';

const PATRON = '112233445566778899';
const DEV = '998877665544332211';

const scope = (name: string, more: Partial<ScopeRule> = {}): ScopeRule => ({
  name,
  says: name,
  given: false,
  roles: null,
  longestMs: null,
  approval: false,
  ...more,
});

const policy = createPolicy({
  roles: [
    { name: 'patron', id: PATRON },
    { name: 'dev', id: DEV },
  ],
  holders: ['patron', 'dev'],
  scopes: [
    scope('lamps:read', { given: true }),
    scope('lamps:write'),
    scope('lamps:all', { roles: ['dev'], longestMs: 30 * DAY }),
  ],
});
const ALL = 'lamps:all lamps:read lamps:write latchkey:read latchkey:write';

const login: Grant = { scopes: ALL.split(' '), type: 'login', expiresAt: START + HOUR };

describe('the scopes in a text', () => {
  it('are sorted, each once, with any number of spaces between', () => {
    expect(parseScopes('b  a b c:d ')).toEqual(['a', 'b', 'c:d']);
  });

  it.each([
    ['', 'scopes_missing'],
    ['   ', 'scopes_missing'],
    ['"a"', 'scope_malformed'],
    ['a,b', 'scope_malformed'],
    ['ä', 'scope_malformed'],
    ['x'.repeat(41), 'scope_malformed'],
    [Array.from({ length: 26 }, (_, index) => `s${index}`).join(' '), 'scopes_many'],
    ['a '.repeat(1_001), 'scopes_many'],
  ])('are refused in %j', (text, reason) => {
    expect(() => parseScopes(text)).toThrow(
      expect.objectContaining({ refusal: expect.objectContaining({ reason }) }),
    );
  });
});

describe('what a session is good for', () => {
  it('is what was written out, as far as the policy knows it and its owner’s roles allow it', () => {
    const written = 'gone lamps:all lamps:read';
    expect(policy.standing(written, PATRON)).toEqual({
      scopes: ['lamps:read'],
      scope: 'lamps:read',
      roles: ['patron'],
      roleNames: 'patron',
      members: '"scope":"lamps:read","roles":["patron"]',
      isSuspended: false,
    });
    expect(policy.standing(written, `${PATRON} ${DEV}`).scopes).toEqual([
      'lamps:all',
      'lamps:read',
    ]);
  });

  it('is what is given, if it was made before there was a policy; empty never means everything', () => {
    expect(policy.standing(null, PATRON).scopes).toEqual([
      'lamps:read',
      'latchkey:read',
      'latchkey:write',
    ]);
    expect(policy.standing('', PATRON).scopes).toEqual([]);
  });

  it('is nothing while its owner lacks every role that may hold tokens, once somebody has looked', () => {
    expect(policy.standing(ALL, '').isSuspended).toBe(true);
    expect(policy.standing(ALL, DEV).isSuspended).toBe(false);
    expect(policy.standing(ALL, null).isSuspended).toBe(false);
  });

  it('asks nothing of roles that no one looked at, but gives nothing that needs one', () => {
    expect(policy.standing(ALL, null).scopes).not.toContain('lamps:all');
  });

  it('does not take one role’s id for another’s', () => {
    expect(policy.standing(ALL, `${DEV}0`).roles).toEqual([]);
  });
});

const decide = (scopes: string | undefined, roles: string, parent: Grant | null = null) =>
  decideScopes(policy, { scopes: scopes?.split(' '), roles, parent });

describe('the scopes of a new token', () => {
  it('are those that are given, unless others are named', () => {
    expect(decide(undefined, PATRON)).toEqual(['lamps:read', 'latchkey:read', 'latchkey:write']);
    expect(decide('lamps:write lamps:all', DEV)).toEqual(['lamps:all', 'lamps:write']);
  });

  it('are never more than the token has that asks', () => {
    const narrow = { ...login, scopes: ['lamps:read', 'latchkey:write'] };
    expect(decide(undefined, PATRON, narrow)).toEqual(['lamps:read', 'latchkey:write']);
    expect(() => decide('lamps:read lamps:write', PATRON, narrow)).toThrow(
      expect.objectContaining({
        refusal: {
          code: 'insufficient_scope',
          needed: ['lamps:read', 'lamps:write'],
          missing: ['lamps:write'],
        },
      }),
    );
  });

  it.each([
    ['lamps:none', PATRON, 'scope_unknown'],
    ['lamps:all', PATRON, 'scope_role'],
    ['lamps:read', '', 'holders'],
    [undefined, '', 'holders'],
  ])('%j of a member with the roles %j are refused: %s', (scopes, roles, reason) => {
    expect(() => decide(scopes, roles)).toThrow(
      expect.objectContaining({ refusal: expect.objectContaining({ reason }) }),
    );
  });

  it('are none that staff approve, unless they do, also for a token that has it', () => {
    const asked = createPolicy({
      roles: [],
      holders: null,
      scopes: [scope('lamps:read', { given: true }), scope('lamps:all', { approval: true })],
    });
    const needsApproval = { code: 'restricted', reason: 'needs_approval', scope: 'lamps:all' };
    const wide = { ...login, scopes: ['lamps:all', 'lamps:read'] };
    for (const parent of [null, wide]) {
      const asking = { scopes: ['lamps:read', 'lamps:all'], roles: null, parent };
      expect(() => decideScopes(asked, asking)).toThrow(
        expect.objectContaining({ refusal: needsApproval }),
      );
    }
    const approved = { scopes: ['lamps:all'], roles: null, parent: null, isForStaff: true };
    expect(decideScopes(asked, approved)).toEqual(['lamps:all']);
    expect(loginScopes(asked)).toBe('lamps:read latchkey:read latchkey:write');
    expect(asked.needingApproval(['lamps:read', 'lamps:all', 'lamps:none'])).toEqual(['lamps:all']);
  });

  it('of a login are all, so that a role that comes later counts', () => {
    expect(loginScopes(policy)).toBe(ALL);
  });

  it('bound how long it lives, and so does an API token that makes it', () => {
    const api: Grant = { ...login, type: 'api', expiresAt: START + DAY };
    expect(latestExpiry(policy, ['lamps:read'], null, START)).toBe(Infinity);
    expect(latestExpiry(policy, ['lamps:all'], null, START)).toBe(START + 30 * DAY);
    expect(latestExpiry(policy, ['lamps:all'], api, START)).toBe(START + DAY);
    expect(latestExpiry(policy, ['lamps:read'], login, START)).toBe(Infinity);
  });
});

describe('who may hold tokens', () => {
  it('is who has one of the roles, and nobody of whom no role is known', () => {
    expect(() => requireHolder(policy, DEV)).not.toThrow();
    for (const roles of ['', null]) {
      expect(() => requireHolder(policy, roles)).toThrow(
        expect.objectContaining({ code: 'restricted' }),
      );
    }
  });
});

const rotate = (given: Partial<Parameters<typeof decideRotation>[1]>) =>
  decideRotation(policy, {
    replaced: { scope: 'lamps:read lamps:write' },
    scopes: undefined,
    parent: null,
    expiresAt: START + 90 * DAY,
    now: START,
    ...given,
  });

describe('a rotation', () => {
  it('keeps what the old one may do, and may narrow it', () => {
    expect(rotate({}).scope).toBe('lamps:read lamps:write');
    expect(rotate({ scopes: ['lamps:read'] }).scope).toBe('lamps:read');
  });

  it('writes out what was given, of one from before there was a policy', () => {
    expect(rotate({ replaced: { scope: null } }).scope).toBe(
      'lamps:read latchkey:read latchkey:write',
    );
  });

  it.each([
    ['that would widen', { scopes: ['lamps:all'] }, 'rotation_wider'],
    [
      'of one that would outlive the API token that asks',
      { parent: { ...login, type: 'api', expiresAt: START + DAY } as const },
      'outlives',
    ],
  ])('%s is refused', (_, given, reason) => {
    expect(() => rotate(given)).toThrow(
      expect.objectContaining({ refusal: expect.objectContaining({ reason }) }),
    );
  });

  it('of a wider token by a narrow one is refused with all that is missing', () => {
    const narrow = { ...login, scopes: ['latchkey:write'] };
    expect(() => rotate({ parent: narrow, scopes: ['lamps:read'] })).toThrow(
      expect.objectContaining({
        refusal: expect.objectContaining({ missing: ['lamps:read', 'lamps:write'] }),
      }),
    );
  });

  it('lives no longer than its scopes may', () => {
    expect(rotate({ replaced: { scope: 'lamps:all' } }).expiresAt).toBe(START + 30 * DAY);
  });
});

describe('a decision by a look at roles', () => {
  const look = { roles: DEV, at: START };

  it('is outdated by a newer look that found others, and by no other', () => {
    expect(isOutdated(look, { roles: '', at: START + 1 })).toBe(true);
    expect(isOutdated(look, { roles: DEV, at: START + 1 })).toBe(false);
    expect(isOutdated(look, { roles: '', at: START - 1 })).toBe(false);
    expect(isOutdated(look, null)).toBe(false);
    expect(isOutdated(null, look)).toBe(false);
  });
});
