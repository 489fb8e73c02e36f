import { createPolicy } from '../../src/core/policy/policy.ts';

const PATRON = '112233445566778899';

const free = { given: false, longestMs: null, approval: false };

/** What the tokens of a database that is policed may do, and what their owners are. */
export const POLICY = createPolicy({
  roles: [
    { name: 'patron', id: PATRON },
    { name: 'dev', id: '998877665544332211' },
  ],
  holders: ['patron', 'dev'],
  scopes: [
    { ...free, name: 'lamps:read', says: 'See your lamps', given: true, roles: null },
    { ...free, name: 'lamps:write', says: 'Switch your lamps', roles: ['patron'] },
    { ...free, name: 'lamps:all', says: "Everyone's lamps", roles: ['dev'] },
  ],
});

/** What such a row says: a scope that its owner's roles do not allow is in it too. */
export const SCOPE = 'lamps:all lamps:read lamps:write latchkey:read';
export const ROLES = POLICY.rolesText([PATRON]);
export const ASKED = '?scope=lamps:write';
