/**
 * A local Discord: REST API v10 and gateway v10 on one loopback port, for bots that know no other.
 *
 *     await using discord = await startLocalDiscord();
 *     const server = discord.addServer();
 *     const ada = discord.addMember({ username: 'ada', server });
 *     // ... start the bot with `rest.api` = discord.apiUrl and discord.botToken ...
 *     await discord.waitForBot();
 *     const exchange = await ada.slash('token create', { name: 'ci' });
 *     exchange.text; exchange.ephemeral; ada.dms; discord.violations;
 *
 * - `LocalDiscord`: addServer, addMember, addApplication, waitForBot, report, fail, heal, dropGateway,
 *   askToReconnect, silenceGateway, ignoreGateway, dispatch, expire, forgeNextToken, stop; clientSecret,
 *   redirectUris, shards, requests, violations, commands, gatewayEvents.
 * - `LocalServer`: addRole, removeRole, addChannel, setRoles, setPermissions, kick, ban, unban; id,
 *   name, channelId, roles, owner, bans, botIsIn, botPermissions, auditLog, autoModeration.
 * - `LocalMember`: slash, autocomplete, menu, press, pressCustomId, select, submit, redeliver, say,
 *   join, leave, closeDms, openDms, authorize, authorizeAt, cancelAt; dms, dmHistory. An act is
 *   fulfilled once the interaction is settled: answered, or its deferral edited or deleted. It
 *   rejects with `Unanswered`, which carries the exchange, when the deadline passes without an
 *   acknowledgement or when nothing follows one. What Discord's client would not send is an error;
 *   `{ raw: true }` sends it. `say` throws `Blocked` where automatic moderation blocks.
 * - `Exchange` and `LocalMessage` stay current while the bot edits.
 *
 * Requests are held against Discord's published OpenAPI description where it is found
 * (`describedBy`), and always against the rules in message-rules.ts, commands.ts and
 * interactions.ts. A request that breaks them gets Discord's error and is listed in `violations`,
 * as are a first callback after the deadline, two messages for one nonce, and what breaks the
 * `houseRules`. `report()` is all of that, and every other refusal, as a text.
 *
 * OAuth2: members press Authorize, on `authorizeAt(url)` that of the very page to which a product
 * sends a browser. Codes live 10 minutes, serve once and are bound to the redirect URI, the
 * challenge and the application. `fail` reaches these routes like all others, by paths such as
 * `/oauth2/token` whatever stands before them in the URL; a fault without `afterEffect` leaves a
 * code as it was. `forgeNextToken` makes a token that lies in `GET /oauth2/@me`.
 *
 * Servers: who joins, leaves, is banned or unbanned and what automatic moderation does is told to
 * the sessions with the intents; privileged ones only where `privilegedIntents` enables them.
 * `botPermissions` and `botIsIn` say what the bot may do and where it is.
 *
 * Not played: message events (unless sent with `dispatch`), the ETF encoding, permissions for a
 * channel, bans and kicks by the bot, alerts and timeouts by automatic moderation and rules of its
 * other kinds, the client credentials grant, rate limits other than by `fail`.
 */
import type { APIApplicationCommand } from 'discord-api-types/v10';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ApplicationInit, LocalApplication } from './applications.ts';
import { Commands } from './commands.ts';
import { type Fault, Faults } from './faults.ts';
import { Gateway, type GatewayEvent } from './gateway.ts';
import type { HouseRules } from './house-rules.ts';
import { type Exchange, Interactions } from './interactions.ts';
import { LocalMember, type MemberInit } from './members.ts';
import { Messages } from './messages.ts';
import { OAuth2, type TokenLie } from './oauth2.ts';
import { report } from './report.ts';
import { type RecordedRequest, Rest } from './rest.ts';
import { Router } from './route.ts';
import { routes } from './routes.ts';
import type { LocalServer, ServerInit } from './server.ts';
import { World } from './world.ts';

export type { ApplicationInit, LocalApplication } from './applications.ts';
export type { Block } from './auto-moderation.ts';
export { describedBy } from './description.ts';
export type { Fault } from './faults.ts';
export type { GatewayEvent } from './gateway.ts';
export type { HouseRules } from './house-rules.ts';
export { type AcceptedCallback, type Exchange, Unanswered } from './interactions.ts';
export type { OptionValue } from './invocation.ts';
export {
  type AuthorizeInit,
  Blocked,
  LocalMember,
  type MemberInit,
  type Where,
} from './members.ts';
export {
  type LocalAttachment,
  type LocalButton,
  LocalMessage,
  type LocalSelect,
  type UploadedFile,
} from './messages.ts';
export type { ModalValue } from './modal.ts';
export type { TokenLie } from './oauth2.ts';
export type { RecordedRequest } from './rest.ts';
export { type Because, LocalServer, type ServerInit, type Somebody } from './server.ts';
export type { ClosedDmCode } from './world.ts';

export interface LocalDiscordOptions {
  /** How long a first callback may take: the three-second rule. */
  readonly deadlineMs?: number;
  /** How long an act may take until it is settled. */
  readonly settleMs?: number;
  readonly heartbeatMs?: number;
  /** Those that are switched on for the application; none unless told. Others are met with 4014. */
  readonly privilegedIntents?: number;
  /** A fixed port; a free one unless told. */
  readonly port?: number;
  /** Holds the answers of the local Discord itself against the description, too. */
  readonly checkAnswers?: boolean;
  readonly houseRules?: HouseRules;
}

export class LocalDiscord implements AsyncDisposable {
  readonly violations: string[] = [];
  readonly #world = new World((event, data, intents) => {
    this.#gateway.dispatch(event, data, intents);
  });
  readonly #faults = new Faults();
  readonly #server: Server;
  readonly #gateway: Gateway;
  readonly #commands: Commands;
  readonly #messages: Messages;
  readonly #interactions: Interactions;
  readonly #oauth2: OAuth2;
  readonly #rest: Rest;
  readonly #listeners = new Set<() => void>();
  #stopped: Promise<void> | undefined;

  constructor(options: LocalDiscordOptions) {
    const blame = (violation: string): void => {
      this.violations.push(violation);
      changed();
    };
    const changed = (): void => {
      for (const listener of this.#listeners) listener();
    };
    const world = this.#world;
    this.#server = createServer((request, response) => {
      void this.#rest.serve(request, response);
    });
    this.#commands = new Commands(world.applicationId);
    this.#messages = new Messages(blame, changed, options.houseRules);
    this.#oauth2 = new OAuth2(world, blame);
    this.#interactions = new Interactions({
      world,
      messages: this.#messages,
      deadlineMs: options.deadlineMs ?? 3000,
      settleMs: options.settleMs ?? 10_000,
      privateAnswers: options.houseRules?.privateAnswers ?? false,
      report: blame,
    });
    this.#gateway = new Gateway(this.#server, {
      token: world.botToken,
      heartbeatMs: options.heartbeatMs ?? 41_250,
      report: blame,
      privilegedIntents: options.privilegedIntents ?? 0,
      servers: () =>
        [...world.servers.values()]
          .filter(({ botIsIn }) => botIsIn)
          .map((server) => server.describeWhole()),
      ready: () => ({
        user: { ...world.bot, verified: true, mfa_enabled: false, email: null },
        user_settings: {},
        relationships: [],
        private_channels: [],
        presences: [],
        guild_join_requests: [],
        geo_ordered_rtc_regions: [],
        application: { id: world.applicationId, flags: 0 },
        auth: {},
        _trace: ['["local-discord"]'],
      }),
    });
    this.#rest = new Rest({
      botToken: world.botToken,
      faults: this.#faults,
      checkAnswers: options.checkAnswers ?? false,
      report: blame,
      changed,
      router: new Router(
        routes({
          world,
          messages: this.#messages,
          interactions: this.#interactions,
          commands: this.#commands,
          gateway: this.#gateway,
          oauth2: this.#oauth2,
        }),
      ),
    });
  }

  /** The base for discord.js' `rest.api`; clients append `/v10`. */
  get apiUrl(): string {
    return `http://127.0.0.1:${this.port}/api`;
  }
  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }
  get botToken(): string {
    return this.#world.botToken;
  }
  get applicationId(): string {
    return this.#world.applicationId;
  }
  get clientSecret(): string {
    return this.#world.application.clientSecret;
  }
  /** Those registered for the application; push what a test needs. */
  get redirectUris(): string[] {
    return this.#world.application.redirectUris;
  }
  /** On how many shards the bot has to come: 1 unless set. Asked at each identify. */
  get shards(): number {
    return this.#gateway.shards;
  }
  set shards(count: number) {
    this.#gateway.shards = count;
  }
  get requests(): readonly RecordedRequest[] {
    return this.#rest.requests;
  }
  /** The global ones. */
  get commands(): readonly APIApplicationCommand[] {
    return this.#commands.list();
  }
  get gatewayEvents(): readonly GatewayEvent[] {
    return this.#gateway.events;
  }

  /** After each change of a message, each answered request and each violation; answers how to stop. */
  onChange(listener: () => void): () => void {
    const off = [this.#commands.onChange(listener), this.#gateway.onChange(listener)];
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
      for (const each of off) each();
    };
  }

  /** What the bot did that Discord would have refused, as a text for a person. */
  report(): string {
    return report(this);
  }

  /** Whether a bot has a session now. */
  get botIsOnline(): boolean {
    return this.#gateway.ready;
  }

  guildCommands(serverId: string): readonly APIApplicationCommand[] {
    return this.#commands.list(serverId);
  }

  addServer(init?: ServerInit): LocalServer {
    return this.#world.addServer(init);
  }

  addMember(init: MemberInit): LocalMember {
    return new LocalMember(
      {
        world: this.#world,
        messages: this.#messages,
        interactions: this.#interactions,
        commands: this.#commands,
        gateway: this.#gateway,
        oauth2: this.#oauth2,
      },
      init,
    );
  }

  /** An application of somebody else's, which members can authorize. */
  addApplication(init: ApplicationInit = {}): LocalApplication {
    return this.#world.addApplication(init);
  }

  /** The next access token that is made tells a lie about itself, as a forged one would. */
  forgeNextToken(lie: TokenLie): void {
    this.#oauth2.lie(lie);
  }

  /** Until a session is ready and commands are registered: in that server, or globally. */
  async waitForBot(timeoutMs = 10_000, server?: LocalServer): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const check = (): void => {
      if (this.#gateway.ready && this.#commands.areRegistered(server?.id)) resolve();
    };
    const timer = setTimeout(() => {
      const session = this.#gateway.ready ? 'a session is ready' : 'no session is ready';
      const commands = this.#commands.areRegistered(server?.id)
        ? 'commands are'
        : 'no commands are';
      reject(new Error(`no bot within ${timeoutMs} ms: ${session}, ${commands} registered`));
    }, timeoutMs);
    const unlisten = [this.#gateway.onChange(check), this.#commands.onChange(check)];
    check();
    try {
      await promise;
    } finally {
      clearTimeout(timer);
      for (const off of unlisten) off();
    }
  }

  /** Makes the next matching requests fail. Faults are met in the order in which they were set. */
  fail(fault: Fault): void {
    this.#faults.add(fault);
  }

  /** Forgets faults that were not met. */
  heal(): void {
    this.#faults.clear();
  }

  /** Closes all connections, with 4000 unless told. Not resumable: op 9 on the attempt. */
  dropGateway(options?: { resumable?: boolean; code?: number }): void {
    this.#gateway.drop(options);
  }

  /** Sends op 7 on all connections. */
  askToReconnect(): void {
    this.#gateway.askToReconnect();
  }

  /** Acknowledges no heartbeat on today's connections; a client that comes again is heard. */
  silenceGateway(): void {
    this.#gateway.silence();
  }

  /** So many connections from now on hear nothing at all, not even HELLO. */
  ignoreGateway(connections: number): void {
    this.#gateway.ignore(connections);
  }

  /** Sends any gateway event to the sessions whose intents include the given ones. */
  dispatch(event: string, data: unknown, intents = 0): void {
    this.#gateway.dispatch(event, data, intents);
  }

  /** As if an interaction's token were 15 minutes old, an OAuth2 code 10, an access token a week. */
  expire(what: Exchange | string): void {
    if (typeof what === 'string') this.#oauth2.expire(what);
    else this.#interactions.find(what).expired = true;
  }

  async listen(port: number): Promise<void> {
    this.#server.listen(port, '127.0.0.1');
    await once(this.#server, 'listening');
    this.#gateway.address = `ws://127.0.0.1:${this.port}`;
  }

  stop(): Promise<void> {
    return (this.#stopped ??= this.#stop());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #stop(): Promise<void> {
    this.#interactions.stop();
    await this.#gateway.stop();
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }
}

export async function startLocalDiscord(options: LocalDiscordOptions = {}): Promise<LocalDiscord> {
  const discord = new LocalDiscord(options);
  await discord.listen(options.port ?? 0);
  return discord;
}
