import { PermissionFlagsBits } from 'discord.js';

const { ViewChannel, SendMessages, ReadMessageHistory, ManageMessages, BanMembers } =
  PermissionFlagsBits;

/**
 * What the bot asks for when it is invited: nothing, but for the staff's channel (its feed, and the
 * removal of messages with a leaked token) and for reading who is banned.
 */
export function permissionsFor({
  staffed,
  follows,
}: {
  staffed: boolean;
  follows: boolean;
}): bigint {
  return (
    (staffed ? ViewChannel | SendMessages | ReadMessageHistory | ManageMessages : 0n) |
    (follows ? BanMembers : 0n)
  );
}
