import {
  type Client,
  Collection,
  GatewayCloseCodes,
  GatewayIntentBits,
  RESTEvents,
} from 'discord.js';
import { type LocalDiscord, type LocalServer, startLocalDiscord } from 'local-discord';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { createBot } from '../../../src/discord/gateway/bot.ts';
import { registerCommands } from '../../../src/discord/gateway/register.ts';
import {
  components,
  memberCommands,
  messageCommands,
} from '../../../src/discord/interactions/commands/index.ts';
import { createDispatch } from '../../../src/discord/interactions/dispatch.ts';
import { readInvocation } from '../../../src/discord/interactions/invocation.ts';
import { createResponder } from '../../../src/discord/interactions/responder.ts';
import { createAnswerRest, createRest } from '../../../src/discord/rest.ts';
import { silentMeter } from '../../../src/metrics.ts';
import { createCoreHarness } from '../../support/core-harness.ts';
import { collectLog, createPostbox } from '../../support/fixtures.ts';
import { HOUSE_RULES } from '../../support/house-rules.ts';
import { withoutStaff } from '../../support/without-staff.ts';

const commands = memberCommands(undefined);

const MINUTE = 60_000;
const WITHIN_MS = 10_000;

/** The bot as it is put together, but for the staff, in a local Discord. */
async function setUp({ shards = 1 } = {}) {
  const privilegedIntents = GatewayIntentBits.GuildMembers;
  const discord = await startLocalDiscord({ privilegedIntents, houseRules: HOUSE_RULES });
  discord.shards = shards;
  const harness = createCoreHarness();
  const { log, lines } = collectLog();
  const { apiUrl, botToken: token } = discord;
  const rest = createRest(apiUrl, token);
  const clients: Client[] = [];
  const { sessions, tokens, clock } = harness;
  const { deliver } = createPostbox();
  const answering = createAnswerRest(apiUrl);
  const dispatch = createDispatch({
    ...withoutStaff(harness),
    commands,
    messageCommands,
    components,
    sessions,
    tokens,
    clock,
    deliver: () => deliver,
    log,
    meter: silentMeter,
  });
  const bot = createBot({
    token,
    apiUrl,
    // With these a server's bans and leaves come, which the library would keep too.
    intents: [GatewayIntentBits.GuildModeration, GatewayIntentBits.GuildMembers],
    permissions: 0n,
    answer: async (raw) => dispatch(readInvocation(raw), createResponder(answering, raw)),
    onClient: (client) => clients.push(client),
    async onReady({ id }) {
      const payload = [...commands, ...messageCommands].map(({ data }) => data);
      await registerCommands(rest, id, payload);
    },
    log,
  });
  onTestFinished(async () => {
    await bot.stop();
    await discord.stop();
    await harness.close();
  });
  bot.start();
  await discord.waitForBot(WITHIN_MS);
  await expect.poll(() => bot.trouble(), { timeout: WITHIN_MS }).toBeNull();
  return {
    discord,
    bot,
    answering,
    lines,
    /** The newest one. */
    client: () => clients.at(-1)!,
    people: (amount: number, server?: LocalServer) =>
      Array.from({ length: amount }, (_, index) =>
        discord.addMember({ username: `member${index}`, ...(server && { server }) }),
      ),
  };
}

/** A server for each shard. */
function onEachShard(discord: LocalDiscord, count: number): LocalServer[] {
  const servers = new Map<number, LocalServer>();
  while (servers.size < count) {
    const server = discord.addServer();
    servers.set(Number((BigInt(server.id) >> 22n) % BigInt(count)), server);
  }
  return [...servers.values()];
}

describe('many members who command at once', () => {
  it('are all answered, and no answer waits for the limit on requests', async () => {
    const { answering, people, discord } = await setUp();
    const waited = new Set<string>();
    answering.on(RESTEvents.RateLimited, ({ route }) => void waited.add(route));
    const answers = await Promise.all(
      people(80, discord.addServer()).map((each) => each.slash('session me')),
    );
    expect(new Set(answers.map(({ text }) => text.includes('Your account')))).toEqual(
      new Set([true]),
    );
    expect(waited).toEqual(new Set());
    expect(discord.violations).toEqual([]);
  });

  it('wait where Discord itself says so', async () => {
    const { answering, people, discord } = await setUp();
    let waited = 0;
    answering.on(RESTEvents.RateLimited, () => void (waited += 1));
    discord.fail({ path: /@original/, status: 429, retryAfter: 0.2, global: true });
    const answers = await Promise.all(people(20).map((each) => each.slash('session me')));
    expect(answers.every(({ text }) => text.includes('Your account'))).toBe(true);
    expect(waited).toBeGreaterThan(0);
  });
});

describe('what the library would keep', () => {
  it('of those who used the bot is nothing, whatever they used', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    onTestFinished(() => void vi.useRealTimers());
    const { client, people, discord } = await setUp();
    const server = discord.addServer();
    // As with the intent for servers, and as it may be without.
    discord.dispatch('GUILD_CREATE', server.describeWhole());
    await expect.poll(() => client().guilds.cache.size).toBe(1);
    const members = people(20, server);
    await Promise.all(
      members.map(async (each, index) => {
        await each.slash('session me');
        const { reply } = await each.slash('session notify', {}, { in: 'dm' });
        await each.press(reply!, 'Turn off');
        await each.autocomplete('session revoke', 'session', '');
        await each.menu('Revoke leaked token', each.say(`message ${index}`, { server }));
      }),
    );
    members.forEach((each, index) => (index % 2 === 0 ? server.ban(each) : each.leave(server)));
    // What is in order behind those events has been seen with them.
    await discord.addMember({ username: 'last', server }).slash('session me');
    const { users, guilds, channels, rest } = client();
    expect(sizes(guilds.cache.get(server.id)!)).toEqual({ members: 0, bans: 0 });
    expect(users.cache.size).toBe(0);
    const messages = channels.cache.flatMap((channel) =>
      'messages' in channel ? channel.messages.cache : new Collection(),
    );
    expect(messages.size).toBe(0);
    const queues = () => rest.handlers.filter(({ id }) => !id.endsWith(':burst'));
    await expect.poll(() => queues().every(({ inactive }) => inactive)).toBe(true);
    vi.advanceTimersByTime(MINUTE);
    expect(queues().size).toBe(0);
    expect(discord.violations).toEqual([]);
  });
});

describe('a bot in many servers', () => {
  it('comes on as many shards as Discord asks for, and is heard on each', async () => {
    const { discord, people } = await setUp({ shards: 2 });
    for (const server of onEachShard(discord, 2)) {
      const [ada] = people(1, server);
      expect((await ada!.slash('session me')).text).toContain('Your account');
    }
    const identified = discord.gatewayEvents.filter(({ kind }) => kind === 'identify');
    expect(identified).toHaveLength(2);
  });

  it('that has outgrown its shards comes again on more', async () => {
    const { discord, bot, people, client } = await setUp({ shards: 2 });
    const first = client();
    discord.shards = 3;
    discord.dropGateway({ code: GatewayCloseCodes.ShardingRequired });
    await expect.poll(() => client() !== first && bot.trouble(), { timeout: WITHIN_MS }).toBeNull();
    for (const server of onEachShard(discord, 3)) {
      const [ada] = people(1, server);
      expect((await ada!.slash('session me')).text).toContain('Your account');
    }
  });
});

function sizes({ members, bans }: { members: Sized; bans: Sized }) {
  return { members: members.cache.size, bans: bans.cache.size };
}

interface Sized {
  readonly cache: { readonly size: number };
}
