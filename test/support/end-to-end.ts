import { PermissionFlagsBits } from 'discord.js';
import {
  type LocalDiscord,
  type LocalDiscordOptions,
  type LocalMember,
  type LocalServer,
  startLocalDiscord,
} from 'local-discord';
import { expect, vi } from 'vitest';
import { HOUSE_RULES } from './house-rules.ts';
import { type Product, startProduct } from './product.ts';
import { check } from './tokens.ts';

const { Administrator } = PermissionFlagsBits;

/** A local Discord with the product in it. Leaving it asserts that no rule of Discord's was broken. */
export interface Stage extends AsyncDisposable {
  readonly discord: LocalDiscord;
  readonly product: Product;
  /** A member of a server of their own. */
  readonly member: (username: string) => LocalMember;
}

type Environment = Readonly<Record<string, string>>;

/** With a function, the environment may name what only the local Discord knows. */
export async function setUp(
  given: Environment | ((discord: LocalDiscord) => Environment) = {},
  options: LocalDiscordOptions = {},
): Promise<Stage> {
  const discord = await startLocalDiscord({ houseRules: HOUSE_RULES, ...options });
  const environment = typeof given === 'function' ? given(discord) : given;
  const product = await startProduct(discord, environment).catch(async (error: unknown) => {
    await discord.stop();
    throw error;
  });
  await discord.waitForBot(30_000);
  return {
    discord,
    product,
    member: (username) => discord.addMember({ username, server: discord.addServer() }),
    async [Symbol.asyncDispose]() {
      await product[Symbol.asyncDispose]();
      await discord.stop();
      expect(discord.violations).toEqual([]);
    },
  };
}

/** Status and reason of `GET /health`. */
export async function health(url: string): Promise<[number, string | undefined]> {
  const response = await fetch(`${url}/health`);
  const { reason } = (await response.json()) as { reason?: string };
  return [response.status, reason];
}

/** A stage with a server whose first channel is the staff's. */
export interface StaffedServer extends Stage {
  readonly server: LocalServer;
}

export async function setUpStaffChannel(
  environment: Record<string, string> = {},
  { botPermissions = Administrator, privilegedIntents = 0 } = {},
): Promise<StaffedServer> {
  let server!: LocalServer;
  const stage = await setUp(
    (local) => {
      server = local.addServer({ botPermissions });
      return { STAFF_CHANNEL_ID: server.channelId, ...environment };
    },
    { privilegedIntents },
  );
  await vi.waitUntil(() => stage.discord.guildCommands(server.id).length > 0, { timeout: 15_000 });
  return { ...stage, server };
}

/** What a check of the token answers now. */
export const statusOf = (stage: Stage, token: string) => async () =>
  (await check(stage.product, token)).status;
