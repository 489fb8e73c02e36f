import {
  type APIInteraction,
  Client,
  DiscordjsError,
  DiscordjsErrorCodes,
  Events,
  GatewayCloseCodes,
  GatewayDispatchEvents,
  type GatewayIntentBits,
  InteractionType,
  OAuth2Scopes,
  Options,
  Status,
} from 'discord.js';
import { setTimeout as delay } from 'node:timers/promises';
import type { Application } from '../../core/accounts/authorization.ts';
import type { Log } from '../../log.ts';
import { restOptions } from '../rest.ts';

export interface BotDeps {
  readonly token: string;
  readonly apiUrl: string;
  readonly intents: readonly GatewayIntentBits[];
  /** What the bot may do where it is invited to. */
  readonly permissions: bigint;
  /** Does and answers what somebody asks for in Discord. */
  readonly answer: (interaction: APIInteraction) => Promise<void>;
  /** Gets each client before it connects, to listen to it. */
  readonly onClient: (client: Client) => void;
  /** What is to be done once connected, as the application that we are; tried until it succeeds. */
  readonly onReady: (application: Application) => Promise<void>;
  readonly log: Log;
}

const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 60_000;
/** How long a stop waits for what is being answered, and then for the connection to end. */
const ANSWERS_WITHIN_MS = 4_000;
const DISCONNECT_WITHIN_MS = 1_000;

/** The close code for a bot that has come to be in more servers than its shards may serve. */
const OUTGROWN: number = GatewayCloseCodes.ShardingRequired;

/** Close codes after which another attempt would end the same way. */
const REFUSED: Partial<Record<number, string>> = {
  [GatewayCloseCodes.AuthenticationFailed]: 'Discord does not accept DISCORD_TOKEN any more',
  [GatewayCloseCodes.InvalidShard]: 'Discord refused the shard',
  [OUTGROWN]: 'Discord wants more shards than it asked for',
  [GatewayCloseCodes.InvalidAPIVersion]: 'Discord has ended this version of its gateway',
  [GatewayCloseCodes.InvalidIntents]: 'Discord refused the intents',
  [GatewayCloseCodes.DisallowedIntents]:
    'REVOKE_ON_LEAVE=leave needs the Server Members Intent: turn it on, on the Bot page of the Developer Portal',
};

/** Nothing here reads what the library would keep of everybody who uses the bot. */
const KEEP_NOBODY = Options.cacheWithLimits({
  UserManager: 0,
  GuildMemberManager: 0,
  GuildBanManager: 0,
  MessageManager: 0,
});

/** The bot's presence in Discord. It keeps trying to connect; nothing else waits for it. */
export function createBot(deps: BotDeps) {
  const { token, apiUrl, intents, permissions, answer, onClient, onReady, log } = deps;
  const stopping = new AbortController();
  const underWay = new Set<Promise<void>>();
  let client: Client | undefined;
  let refused: string | undefined;

  function createClient(): Client {
    // Interactions arrive without any intent.
    const fresh = new Client({
      intents,
      shards: 'auto',
      // It sends one request, for the gateway's address.
      rest: restOptions(apiUrl),
      makeCache: KEEP_NOBODY,
    });
    fresh.ws.on(GatewayDispatchEvents.InteractionCreate, take);
    fresh.once(Events.ClientReady, ({ application: { id }, user }) => {
      void introduce({ id, name: user.username });
    });
    fresh.on(Events.Error, (err) => log.warn({ err }, 'the Discord client reported an error'));
    fresh.on(Events.ShardError, (err) => log.warn({ err }, 'the connection to Discord failed'));
    fresh.on(Events.ShardReconnecting, () => {
      if (!stopping.signal.aborted) log.info('connecting to Discord again');
    });
    fresh.on(Events.ShardResume, () => log.info('connected to Discord again'));
    fresh.on(Events.ShardDisconnect, ({ code }) => {
      if (code === OUTGROWN && fresh.readyAt !== null) void reshard(fresh);
      else refuse(REFUSED[code] ?? `close code ${code}`);
    });
    onClient(fresh);
    return fresh;
  }

  function take(interaction: APIInteraction): void {
    if (!stopping.signal.aborted) {
      const work = answer({ ...interaction })
        .catch((err: unknown) => log.error({ err }, 'an interaction could not be read'))
        .finally(() => underWay.delete(work));
      underWay.add(work);
    }
    // The library makes objects of its own of each, fails at a poll that it does not know, and loses it there.
    interaction.type = InteractionType.Ping;
  }

  function refuse(reason: string): void {
    refused = reason;
    log.error(`${reason}. The bot stays offline until you correct that and restart; HTTP goes on.`);
  }

  /** A new client asks Discord how many shards it takes by now. */
  async function reshard(outgrown: Client): Promise<void> {
    // Each of its shards says so.
    if (client !== outgrown) return;
    client = undefined;
    log.info('the bot is in more servers than its shards may serve: connecting anew');
    await outgrown.destroy();
    await connect();
  }

  /** Resolves once connected, refused or stopped. */
  async function connect(): Promise<void> {
    for (let wait = FIRST_RETRY_MS; !stopping.signal.aborted; wait *= 2) {
      client = createClient();
      try {
        await client.login(token);
        // Whoever stopped us meanwhile had nothing to disconnect yet.
        if (stopping.signal.aborted) await client.destroy();
        return;
      } catch (error) {
        if (stopping.signal.aborted || refused !== undefined) return;
        if (isTokenRefusal(error)) {
          return refuse('Discord does not accept DISCORD_TOKEN: copy the token from the Bot page');
        }
        const seconds = Math.round(Math.min(wait, LONGEST_RETRY_MS) / 1000);
        log.warn(`Discord cannot be reached (${reasonOf(error)}); next attempt in ${seconds} s`);
        await pause(Math.min(wait, LONGEST_RETRY_MS));
      }
    }
  }

  /** Tells the operator how members get to see the bot, and Discord what it needs to know. */
  async function introduce(application: Application): Promise<void> {
    log.info(`Invite the bot: ${inviteUrl(application.id, permissions)}`);
    log.info('Then type /token create in your server.');
    for (let wait = FIRST_RETRY_MS; !stopping.signal.aborted; wait *= 2) {
      try {
        return await onReady(application);
      } catch (error) {
        log.warn(`Setup with Discord failed (${reasonOf(error)}); trying again`);
        await pause(Math.min(wait, LONGEST_RETRY_MS));
      }
    }
  }

  async function pause(ms: number): Promise<void> {
    // Rejects when we stop, which the caller's loop looks at next.
    await delay(ms, undefined, { signal: stopping.signal }).catch(() => {});
  }

  return {
    start(): void {
      void connect();
    },

    /** Null while interactions arrive, else the reason why they do not. */
    trouble(): string | null {
      if (refused !== undefined) return refused;
      const shards = client?.ws.shards;
      const ready = shards !== undefined && shards.size > 0;
      return ready && shards.every(({ status }) => status === Status.Ready)
        ? null
        : 'not connected to Discord';
    },

    /** Takes no more interactions, lets those under way end, and disconnects. */
    async stop(): Promise<void> {
      stopping.abort();
      await Promise.race([Promise.allSettled(underWay), timeout(ANSWERS_WITHIN_MS)]);
      // One that is about to connect cannot be destroyed before it has.
      await Promise.race([client?.destroy(), timeout(DISCONNECT_WITHIN_MS)]);
    },
  };
}

export type Bot = ReturnType<typeof createBot>;

function timeout(ms: number): Promise<void> {
  return delay(ms, undefined, { ref: false });
}

function inviteUrl(applicationId: string, permissions: bigint): string {
  const query = new URLSearchParams({
    client_id: applicationId,
    scope: [OAuth2Scopes.Bot, OAuth2Scopes.ApplicationsCommands].join(' '),
    permissions: permissions.toString(),
  });
  return `https://discord.com/oauth2/authorize?${query.toString()}`;
}

function isTokenRefusal(error: unknown): boolean {
  return (
    (error instanceof DiscordjsError && error.code === DiscordjsErrorCodes.TokenInvalid) ||
    (error instanceof Error && error.message === 'Authentication failed')
  );
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  return cause instanceof Error ? `${error.message}: ${cause.message}` : error.message;
}
