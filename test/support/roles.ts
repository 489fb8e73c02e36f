import { SYSTEM } from '../../src/core/actor.ts';
import { judgeLook } from '../../src/core/policy/looks.ts';
import { createPolicy, type Policy } from '../../src/core/policy/policy.ts';
import type { RoleLook } from '../../src/core/policy/standing.ts';
import type { LookOutcome } from '../../src/core/policy/store.ts';
import type { Store } from '../../src/core/store.ts';
import type { Instant } from '../../src/core/time.ts';

export const PATRON = '112233445566778899';
export const DEV = '998877665544332211';

/** Only patrons and developers may hold tokens. */
export const HOLDERS_POLICY: Policy = createPolicy({
  roles: [
    { name: 'patron', id: PATRON },
    { name: 'dev', id: DEV },
  ],
  holders: ['patron', 'dev'],
  scopes: [],
});

/** A look as it comes from Discord, at this moment. */
export function see(
  store: Store,
  userId: string,
  look: RoleLook,
  now: Instant,
  policy = HOLDERS_POLICY,
): Promise<LookOutcome> {
  const act = { actor: SYSTEM, at: now };
  return store.saveLook(act, userId, judgeLook(policy, act, look));
}
