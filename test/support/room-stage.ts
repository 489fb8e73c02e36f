import { PermissionFlagsBits } from 'discord.js';
import type { LocalServer } from 'local-discord';
import { vi } from 'vitest';
import { setUp, type Stage } from './stage.ts';
import { check } from './use.ts';

const { Administrator } = PermissionFlagsBits;

/** A stage with a server whose first channel is the staff's. */
export interface Room extends Stage {
  readonly server: LocalServer;
}

export async function setUpRoom(
  environment: Record<string, string> = {},
  { botPermissions = Administrator, privilegedIntents = 0 } = {},
): Promise<Room> {
  let server!: LocalServer;
  const stage = await setUp(
    (local) => {
      server = local.addServer({ botPermissions });
      return { STAFF_CHANNEL_ID: server.channelId, ...environment };
    },
    { privilegedIntents },
  );
  await vi.waitUntil(() => stage.discord.guildCommands(server.id).length > 0);
  return { ...stage, server };
}

/** What a check of the token answers now. */
export const statusOf = (stage: Stage, token: string) => async () =>
  (await check(stage.product, token)).status;
