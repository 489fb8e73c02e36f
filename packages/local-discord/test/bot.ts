import {
  Client,
  DiscordAPIError,
  type GatewayIntentBits,
  type Interaction,
  type RESTPostAPIApplicationCommandsJSONBody,
} from 'discord.js';
import type { LocalDiscord } from '../src/index.ts';

export type Handle = (interaction: Interaction) => Promise<unknown>;

/** A small bot on the real library. */
export class Bot implements AsyncDisposable {
  readonly client: Client;
  readonly failures: unknown[] = [];
  seen = 0;
  handle: Handle = async () => {};

  constructor(discord: LocalDiscord, intents: readonly GatewayIntentBits[] = []) {
    this.client = new Client({
      intents,
      rest: { api: discord.apiUrl, offset: 0 },
      allowedMentions: { parse: [] },
      // The library waits five seconds between two identifies.
      ws: { buildIdentifyThrottler: async () => ({ waitForIdentify: async () => {} }) },
    });
    this.client.on('interactionCreate', (interaction) => {
      this.seen += 1;
      this.handle(interaction).catch((error: unknown) => this.failures.push(error));
    });
    this.client.on('error', (error) => this.failures.push(error));
  }

  static async start(
    discord: LocalDiscord,
    commands: readonly RESTPostAPIApplicationCommandsJSONBody[],
  ): Promise<Bot> {
    const bot = new Bot(discord);
    await bot.login(discord);
    await bot.client.application?.commands.set(commands);
    await discord.waitForBot();
    return bot;
  }

  async login(discord: LocalDiscord): Promise<void> {
    const ready = new Promise<void>((resolve) => {
      this.client.once('clientReady', () => {
        resolve();
      });
    });
    await this.client.login(discord.botToken);
    await ready;
  }

  /** The codes of the errors that the handler ran into. */
  get codes(): unknown[] {
    return this.failures.map((error) => (error instanceof DiscordAPIError ? error.code : error));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.destroy();
  }
}
