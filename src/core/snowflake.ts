import type { Instant } from './time.ts';

/** The first second of 2015, from which Discord's ids count (Discord, "Snowflakes"). */
const DISCORD_EPOCH = Date.UTC(2015, 0, 1);

/** When what has this id was made; null if it is no id of Discord's. */
export function madeAt(snowflake: string): Instant | null {
  if (!/^\d{15,20}$/.test(snowflake)) return null;
  return Number(BigInt(snowflake) >> 22n) + DISCORD_EPOCH;
}

/** The smallest id of what is made at that instant; of the epoch for what is before it. */
export function snowflakeAt(at: Instant): string {
  return (BigInt(Math.max(at - DISCORD_EPOCH, 0)) << 22n).toString();
}
