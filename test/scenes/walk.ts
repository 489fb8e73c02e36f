import { openWorld, SECOND } from './world.ts';
import { walkToTheEndings } from './walk-endings.ts';
import { walkAsMember } from './walk-member.ts';
import { walkThroughNotices } from './walk-notices.ts';
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
];

const TICK_MS = 100;

/** Goes through what members and staff can do, and answers with all that was sent to Discord. */
export async function walk(): Promise<readonly unknown[]> {
  await using world = await openWorld();
  // discord.js sends 50 requests within a second: on a clock that stands, no more would ever go out.
  const ticking = setInterval(() => world.later(SECOND), TICK_MS);
  using _ = { [Symbol.dispose]: () => clearInterval(ticking) };
  await walkAsMember(world);
  await walkThroughNotices(world);
  await walkAsStaff(world);
  await walkToTheEndings(world);
  const { requests, violations } = world.discord;
  if (violations.length > 0) throw new Error(violations.join('\n'));
  return requests.map(({ body }) => body);
}
