import { PermissionFlagsBits } from 'discord.js';
import { startLocalDiscord } from 'local-discord';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import { createChance } from '../faults/chance.ts';
import { Holder, Tally } from '../faults/holder.ts';
import { UNLIMITED } from '../faults/trial.ts';
import { HOUSE_RULES } from '../support/house-rules.ts';
import { startPostgresPair } from '../support/postgres-pair.ts';
import { type Product, startProduct } from '../support/product.ts';

/** How often each is killed; `npm run test:postgres -- --long` has more. */
const ROUNDS = process.env['TEST_LONG'] === undefined ? 1 : 20;
const LIMIT_MS = 60_000 + 120_000 * ROUNDS;
const MEMBERS = 6;
const SOME_MS = 1_000;
const REST_MS = 100;

/** Resolves once it hears of interactions again. */
async function connected(bot: Product, before: number): Promise<void> {
  await vi.waitUntil(() => connectionsOf(bot) > before, { timeout: 60_000 });
}

function connectionsOf({ output }: Product): number {
  return output.filter((line) => line.includes('Invite the bot')).length;
}

test(
  `two processes with HTTP, two with the bot and the primary, each killed ${ROUNDS} times, do what members are told`,
  async () => {
    const chance = createChance();
    const tally = new Tally();
    await using pair = await startPostgresPair();
    const url = await pair.createDatabase();
    await using discord = Object.assign(await startLocalDiscord({ houseRules: HOUSE_RULES }), {
      [Symbol.asyncDispose]: () => discord.stop(),
    });
    const server = discord.addServer({ botPermissions: PermissionFlagsBits.Administrator });
    await using running = new AsyncDisposableStack();
    const start = async (role: 'http' | 'bot') => {
      const { channelId: STAFF_CHANNEL_ID } = server;
      const own = { ROLE: role, DATABASE_URL: url, STAFF_CHANNEL_ID };
      return running.use(await startProduct(discord, { ...UNLIMITED, ...own }));
    };
    const webs = [await start('http'), await start('http')];
    const bots = [await start('bot'), await start('bot')];
    await Promise.all(bots.map((bot) => connected(bot, 0)));

    const answering = new Set(webs);
    const gone = new AbortController().signal;
    const access = {
      url: () => chance.pick([...answering]).url,
      online: () => true,
      gone: () => gone,
      mayLackDatabase: true,
    };
    const holders = Array.from({ length: MEMBERS }, (_, index) => {
      const member = discord.addMember({ username: `ada${index}`, server });
      return new Holder(member, access, { chance, tally, keepsOne: false });
    });

    /** Members act before, while and after it happens, and then hold what is there against what they were told. */
    async function act(happens: () => Promise<void>): Promise<void> {
      const over = new AbortController();
      const acting = holders.map(async (holder) => {
        while (!over.signal.aborted) {
          await holder.act();
          await delay(chance.between(0, REST_MS));
        }
      });
      await delay(SOME_MS);
      await happens();
      await delay(SOME_MS);
      over.abort();
      await Promise.all(acting);
      await Promise.all(holders.map((holder) => holder.verify(false)));
    }

    for (let round = 0; round < ROUNDS; round += 1) {
      for (const web of webs) {
        await act(async () => {
          answering.delete(web);
          await web.stop('SIGKILL');
          await web.start();
          answering.add(web);
        });
      }
      for (const bot of bots) {
        const before = connectionsOf(bot);
        await act(async () => {
          await bot.stop('SIGKILL');
          await bot.start();
        });
        await connected(bot, before);
      }
      await act(() => pair.failOver());
      await pair.follow();
    }
    await Promise.all(holders.map((holder) => holder.verify(true)));

    const faults = [...holders.flatMap((holder) => holder.faults), ...discord.violations];
    expect({ seed: chance.seed, faults }).toEqual({ seed: chance.seed, faults: [] });
    const alarms = [...webs, ...bots].flatMap(({ output }) => output);
    expect(alarms.filter((line) => /"level":[56]0/.test(line))).toEqual([]);
    for (const kind of [/in Discord: done$/, /over HTTP: done$/]) {
      expect(tally.sum(kind)).toBeGreaterThan(MEMBERS);
    }
  },
  LIMIT_MS,
);
