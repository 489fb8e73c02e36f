import { OWN_SCOPES } from '../../src/core/policy/policy.ts';
import { openWorld, SECOND, type World } from './world.ts';
import { walkToTheEndings } from './walk-endings.ts';
import { walkAsMember } from './walk-member.ts';
import { walkThroughNotices } from './walk-notices.ts';
import { POLICY, walkThroughRequests } from './walk-requests.ts';
import { walkAsStaff } from './walk-staff.ts';

/** Whatever stands in what the program sends and is nobody's sentence. */
export const VALUES = [
  'ada',
  'bob',
  'cy',
  'sue',
  'Lighthouse',
  'local-bot',
  'deploy script',
  'backup job',
  'raspberry pi',
  'banana',
  'Spam',
  'server-owner',
  'lampswitch',
  'lampview',
  'Switch all lamps',
  'See your lamps',
  // What scopes say is in the operator's language, and of our own two in English.
  ...OWN_SCOPES.map(({ says }) => says),
  'latchkey:read',
  'latchkey:write',
];

const TICK_MS = 100;

/** Goes through what members and staff can do, and answers with all that was sent to Discord. */
export async function walk(): Promise<readonly unknown[]> {
  return [...(await walkWithoutPolicy()), ...(await walkWithPolicy())];
}

async function walkWithoutPolicy(): Promise<readonly unknown[]> {
  await using world = await openWorld();
  // discord.js sends 50 requests within a second: on a clock that stands, no more would ever go out.
  const ticking = setInterval(() => world.later(SECOND), TICK_MS);
  using _ = { [Symbol.dispose]: () => clearInterval(ticking) };
  await walkAsMember(world);
  await walkThroughNotices(world);
  await walkAsStaff(world);
  await walkToTheEndings(world);
  return sentIn(world);
}

/** The same of what members ask the staff for, where there is a policy. */
async function walkWithPolicy(): Promise<readonly unknown[]> {
  await using world = await openWorld(POLICY);
  const ticking = setInterval(() => world.later(SECOND), TICK_MS);
  using _ = { [Symbol.dispose]: () => clearInterval(ticking) };
  await walkThroughRequests(world);
  return sentIn(world);
}

function sentIn({ discord: { requests, violations } }: World): readonly unknown[] {
  if (violations.length > 0) throw new Error(violations.join('\n'));
  return requests.map(({ body }) => body);
}
