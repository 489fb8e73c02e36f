import type { Config } from '../config.ts';
import { findApplication, saveApplication } from '../core/accounts/authorization.ts';
import { createNotices } from '../core/accounts/notices.ts';
import { createOwnData } from '../core/accounts/own-data.ts';
import { createDeletions } from '../core/outbox/deletions.ts';
import { createOutboxRelay } from '../core/outbox/outbox-relay.ts';
import type { Random } from '../core/sessions/token.ts';
import { createConfirmations } from '../core/staff/confirmations.ts';
import { createStaff } from '../core/staff/staff.ts';
import type { Store } from '../core/store.ts';
import type { Clock } from '../core/time.ts';
import { describeApplication } from '../discord/gateway/application.ts';
import { createBot } from '../discord/gateway/bot.ts';
import type { CommandMentions } from '../discord/gateway/command-mentions.ts';
import { permissionsFor } from '../discord/gateway/permissions.ts';
import { registerCommands } from '../discord/gateway/register.ts';
import { createServerEvents } from '../discord/gateway/server-events.ts';
import {
  components,
  memberCommands,
  messageCommands,
  staffCommands,
  userCommands,
} from '../discord/interactions/commands/index.ts';
import { createDispatch } from '../discord/interactions/dispatch.ts';
import { readInvocation } from '../discord/interactions/invocation.ts';
import { createResponder } from '../discord/interactions/responder.ts';
import { createDeleteReportedMessage } from '../discord/messages/delete-reported-message.ts';
import {
  createDeleteOwnMessage,
  createDeliver,
  createRetract,
  createSendFile,
  createSendTestMessage,
  createShowToken,
} from '../discord/messages/deliver.ts';
import { createSendBatch } from '../discord/messages/send-batch.ts';
import { createAnswerRest, type Rest } from '../discord/rest.ts';
import { createAutomodRule } from '../discord/server/automod-rule.ts';
import { createNamesOf } from '../discord/server/member-names.ts';
import { createServerName } from '../discord/server/server-name.ts';
import type { StaffChannel } from '../discord/server/staff-channel.ts';
import { createLanguages } from '../discord/words/words.ts';
import type { Log } from '../log.ts';
import type { Meter } from '../metrics.ts';
import { type Core, followsServer } from './core.ts';
import type { Following } from './following.ts';

export interface DiscordDeps {
  readonly config: Config;
  readonly core: Core;
  readonly store: Store;
  readonly rest: Rest;
  readonly following: Following;
  readonly staffChannel: StaffChannel;
  readonly mentions: CommandMentions;
  /** The server whose bans count; null while it is not known. */
  readonly serverId: () => string | null;
  /** Whether this process follows the server. */
  readonly leads: () => boolean;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly meter: Meter;
}

/** The bot, and what it does by itself: sending what is owed, and deleting messages with tokens. */
export function createDiscord(deps: DiscordDeps) {
  const { config, core, store, rest, staffChannel, serverId, leads, mentions, following } = deps;
  const { clock, random, log, meter } = deps;
  const { tokenPrefix, tokenUrl, appealUrl, revokeOnLeave, staff: staffConfig } = config;
  const { token, apiUrl } = config.discord;
  const hasStaffChannel = staffConfig.channelId !== undefined;
  const follows = followsServer(config);

  const wordsFor = createLanguages(mentions.mention);
  const namesOf = createNamesOf(rest, clock);
  const automodRule = createAutomodRule({ rest, store, clock, tokenPrefix, serverId });
  const commands = memberCommands(config.policy);
  const dispatch = createDispatch({
    ...core,
    commands: [...commands, ...staffCommands(staffConfig.roleIds)],
    messageCommands,
    userCommands: userCommands(staffConfig.roleIds),
    components,
    staff: createStaff({ store, lastUsed: core.lastUsed, clock }),
    confirmations: createConfirmations({ store, clock, random }),
    automodRule,
    staffChannel,
    ownData: createOwnData({ store, clock }),
    notices: createNotices({ store, clock }),
    sendTestMessage: createSendTestMessage(rest),
    deliver: createDeliver({ rest, log, policy: config.policy }),
    showToken: createShowToken(rest, tokenPrefix, config.policy),
    namesOf,
    serverName: createServerName(rest, serverId, clock),
    tokenUrl,
    appealUrl,
    sendFile: createSendFile(rest),
    deleteReportedMessage: createDeleteReportedMessage(rest, log),
    policy: config.policy,
    roles: core.roles,
    heldRoles: following.heldRoles,
    communityServerId: config.communityServerId,
    clock,
    wordsFor,
    log,
    meter,
  });
  const serverEvents = createServerEvents({
    accounts: core.accounts,
    store,
    clock,
    rest,
    log,
    revokeOnLeave: follows ? revokeOnLeave : 'off',
    serverId,
    leads,
    roleEvents: following.roleEvents,
    automodRule: hasStaffChannel ? automodRule : undefined,
  });
  const answers = createAnswerRest(apiUrl);
  const bot = createBot({
    token,
    apiUrl,
    intents: serverEvents.intents,
    permissions: permissionsFor({ staffed: hasStaffChannel, follows }),
    answer: async (raw) => dispatch(readInvocation(raw), createResponder(answers, raw)),
    onClient: (client) => serverEvents.listen(client),
    async onReady(application) {
      // Enough to log in with, until Discord has told the rest.
      const known = await findApplication(store);
      if (known?.id !== application.id) await saveApplication(store, application);
      const payload = [...commands, ...messageCommands].map(({ data }) => data);
      const registered = await registerCommands(rest, application.id, payload);
      mentions.learn(registered.commands);
      log.info(registered.wrote ? 'commands registered with Discord' : 'commands are up to date');
      await saveApplication(store, await describeApplication(rest, application));
      await staffChannel.open(application.id);
      await serverEvents.catchUp();
    },
    log,
  });

  /** Aloud at the first attempt and at the last. */
  const tellOfFailure =
    (what: string) =>
    (err: unknown, { attempts }: { readonly attempts: number }, givenUp: boolean): void => {
      const level = attempts === 1 || givenUp ? 'warn' : 'debug';
      log[level]({ err, attempts, givenUp }, what);
    };
  const outboxRelay = createOutboxRelay({
    store,
    clock,
    random,
    send: createSendBatch({
      policy: config.policy,
      rest,
      clock,
      staffChannelId: () => staffChannel.feedChannelId(),
      // English for everybody, as long as there is no other language.
      wordsFor: () => wordsFor(undefined),
      namesOf,
      appealUrl,
    }),
    onFailure: tellOfFailure('a message could not be posted'),
  });
  const deletions = createDeletions({
    store,
    clock,
    deleteMessage: createDeleteOwnMessage(rest),
    retract: createRetract(rest, () => wordsFor(undefined)),
    onFailure: tellOfFailure('a message with a token could not be deleted or taken back'),
  });
  return { bot, serverEvents, outboxRelay, deletions };
}
