import { type LocalDiscord, startLocalDiscord } from 'local-discord';
import { setMaxListeners } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { HOUSE_RULES } from '../support/house-rules.ts';
import { type Product, startProduct } from '../support/product.ts';
import type { Chance } from './chance.ts';
import { Holder, type Tally } from './holder.ts';

/** Nobody of the members is in anybody's way. */
export const UNLIMITED = {
  MAX_API_TOKENS: '100000',
  CREATIONS_PER_HOUR: '100000',
  FAILURES_PER_MINUTE: '1000000',
};

export interface TrialInit {
  readonly chance: Chance;
  readonly tally: Tally;
  readonly members: number;
  /** Whether each member always keeps a token to look with. */
  readonly keepsOne: boolean;
  /** How long a member rests between two acts, at most. */
  readonly restMs: number;
}

/** A local Discord, the product and members who use it all the time, until it is ended. */
export interface Trial extends AsyncDisposable {
  readonly discord: LocalDiscord;
  readonly product: Product;
  readonly holders: readonly Holder[];
  /** Resolves once the bot hears interactions. */
  online(): Promise<void>;
  /** Members act while `meanwhile` lasts; then the product is ended, and they come to rest. */
  round(meanwhile: () => Promise<void>, signal: NodeJS.Signals): Promise<number | null>;
  /** Starts it again. */
  start(): Promise<void>;
  /** What must not have happened, by members and by the rules of Discord. */
  faults(): readonly string[];
}

export async function startTrial({
  chance,
  tally,
  members,
  keepsOne,
  restMs,
}: TrialInit): Promise<Trial> {
  const discord = await startLocalDiscord({ houseRules: HOUSE_RULES });
  const product = await startProduct(discord, UNLIMITED).catch(async (error: unknown) => {
    await discord.stop();
    throw error;
  });
  let isOnline = false;
  let gone = newSignal();
  let ready = watch();

  async function watch(): Promise<void> {
    isOnline = false;
    await discord.waitForBot(30_000);
    isOnline = true;
  }

  const access = {
    url: () => product.url,
    online: () => isOnline,
    gone: () => gone.signal,
  };
  const holders = Array.from({ length: members }, (_, index) => {
    const member = discord.addMember({ username: `ada${index}`, server: discord.addServer() });
    return new Holder(member, access, { chance, tally, keepsOne });
  });

  async function goOn(holder: Holder): Promise<void> {
    while (!gone.signal.aborted) {
      await holder.act();
      await delay(chance.between(0, restMs));
    }
  }

  await ready;
  return {
    discord,
    product,
    holders,
    online: () => ready,
    async round(meanwhile, signal) {
      const acting = holders.map(goOn);
      await meanwhile();
      const code = await product.stop(signal);
      isOnline = false;
      gone.abort();
      await Promise.all(acting);
      return code;
    },
    async start() {
      await product.start();
      gone = newSignal();
      ready = watch();
      ready.catch(() => {});
    },
    faults: () => [...holders.flatMap(({ faults }) => faults), ...discord.violations],
    async [Symbol.asyncDispose]() {
      gone.abort();
      await product[Symbol.asyncDispose]();
      await discord.stop();
    },
  };
}

function newSignal(): AbortController {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal);
  return controller;
}
