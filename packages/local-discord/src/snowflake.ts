const DISCORD_EPOCH = 1_420_070_400_000n;

let last = 0n;

/** A new id in Discord's form: milliseconds since 2015 above 22 bits, unique and growing. */
export function snowflake(): string {
  const now = (BigInt(Date.now()) - DISCORD_EPOCH) << 22n;
  last = now > last ? now : last + 1n;
  return last.toString();
}
