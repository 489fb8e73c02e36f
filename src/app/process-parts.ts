import type { Config } from '../config.ts';
import type { Job } from '../core/jobs/scheduler.ts';
import type { Random } from '../core/sessions/token.ts';
import type { Store } from '../core/store.ts';
import type { Clock } from '../core/time.ts';
import { createCommandMentions } from '../discord/gateway/command-mentions.ts';
import { staffCommands, userCommands } from '../discord/interactions/commands/index.ts';
import type { Rest } from '../discord/rest.ts';
import { createStaffChannel } from '../discord/server/staff-channel.ts';
import type { Log } from '../log.ts';
import type { Meter } from '../metrics.ts';
import { type BotState, reportBot, watchBot } from './bot-state.ts';
import { type Core, createCore } from './core.ts';
import { createDiscord } from './discord.ts';
import { createFollowing } from './following.ts';
import { createJobs } from './jobs.ts';

export interface ProcessDeps {
  readonly config: Config;
  readonly store: Store;
  readonly rest: Rest;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly meter: Meter;
}

/** What the processes differ in, by `ROLE`. */
export interface ProcessParts {
  readonly core: Core;
  /** Chores that only one process does. */
  readonly jobs: readonly Job[];
  /** The way to Discord's gateway, or to who has it. */
  readonly bot: { start(): void; stop(): unknown };
  readonly botState: () => BotState;
  /** Hears when this process gets to be the one that does the chores. */
  readonly onLease: () => void;
}

/** The bot and its chores. */
export function withBot({
  leads,
  ...deps
}: ProcessDeps & { readonly leads: () => boolean }): ProcessParts {
  const { config, store, rest, clock, log } = deps;
  const { staff } = config;
  const mentions = createCommandMentions();
  const staffChannel = createStaffChannel({
    ...staff,
    rest,
    store,
    log,
    commands: [...staffCommands(staff.roleIds), ...userCommands(staff.roleIds)],
    onRegistered: (commands) => mentions.learn(commands),
  });
  const serverId = () => config.communityServerId ?? staffChannel.serverId();
  const core = createCore({ ...deps, serverId });
  const following = createFollowing({ ...deps, core });
  const discord = createDiscord({
    ...deps,
    core,
    following,
    staffChannel,
    mentions,
    serverId,
    leads,
  });
  const { bot, serverEvents } = discord;
  const trouble = () => bot.trouble();
  return {
    core,
    jobs: [
      ...createJobs({ core, store, clock, ...discord }),
      ...following.jobs(() => trouble() === null),
      reportBot(store, clock, trouble),
    ],
    bot,
    botState: () => ({ gatewayTrouble: trouble(), serverId: staffChannel.serverId() }),
    onLease(): void {
      if (config.role === 'bot') log.info('this bot follows the server and does the chores now');
      serverEvents.takeOver();
    },
  };
}

/** Neither: what the process with the bot knows is read from the database. */
export async function withoutBot(
  deps: ProcessDeps,
  monotonicNow: () => number,
): Promise<ProcessParts> {
  const { config, store } = deps;
  const watch = watchBot({ store, monotonicNow });
  await watch.start();
  const serverId = () => config.communityServerId ?? watch.state().serverId;
  return {
    core: createCore({ ...deps, serverId }),
    jobs: [],
    bot: { start() {}, stop: () => watch.stop() },
    botState: () => watch.state(),
    onLease() {},
  };
}
