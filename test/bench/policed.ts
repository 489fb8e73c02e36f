import { createPolicy } from '../../src/core/policy/policy.ts';

const PATRON = '112233445566778899';

/** What the tokens of a database that is policed may do, and what their owners are. */
export const POLICY = createPolicy({
  roles: [
    { name: 'patron', id: PATRON },
    { name: 'dev', id: '998877665544332211' },
  ],
  holders: ['patron', 'dev'],
  scopes: [
    { name: 'lamps:read', says: 'See your lamps', given: true, roles: null, longestMs: null },
    { name: 'lamps:write', says: 'Switch them', given: false, roles: ['patron'], longestMs: null },
    { name: 'lamps:all', says: 'All lamps', given: false, roles: ['dev'], longestMs: null },
  ],
});

/** What such a row says: a scope that its owner's roles do not allow is in it too. */
export const SCOPE = 'lamps:all lamps:read lamps:write latchkey:read';
export const ROLES = POLICY.rolesText([PATRON]);
export const ASKED = '?scope=lamps:write';
