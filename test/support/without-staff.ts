import { createNotices } from '../../src/core/accounts/notices.ts';
import { createOwnData } from '../../src/core/accounts/own-data.ts';
import { createHeldRoles } from '../../src/core/policy/held-roles.ts';
import { createRoles } from '../../src/core/policy/roles.ts';
import { createLeaks } from '../../src/core/sessions/leaks.ts';
import { createConfirmations } from '../../src/core/staff/confirmations.ts';
import { createStaff } from '../../src/core/staff/staff.ts';
import {
  messageCommands,
  staffCommands,
  userCommands,
} from '../../src/discord/interactions/commands/index.ts';
import { createDeleteReportedMessage } from '../../src/discord/messages/delete-reported-message.ts';
import type { Rest } from '../../src/discord/rest.ts';
import { createAutomodRule } from '../../src/discord/server/automod-rule.ts';
import { createStaffChannel } from '../../src/discord/server/staff-channel.ts';
import { english } from '../../src/discord/words/words.ts';
import type { CoreHarness } from './core-harness.ts';
import { collectLog, seededRandom } from './fixtures.ts';

const unreachable = () => Promise.reject(new Error('nothing is asked of Discord here'));

const REST: Rest = {
  get: unreachable,
  post: unreachable,
  put: unreachable,
  patch: unreachable,
  delete: unreachable,
};

/** What the dispatcher needs for staff, in a deployment that has no staff channel. */
export function withoutStaff({
  core: { store },
  lastUsed,
  clock,
  accounts,
  requests,
}: CoreHarness) {
  const { log } = collectLog();
  const rest = REST;
  const roleIds: readonly string[] = [];
  const commands = staffCommands(roleIds);
  const staffChannel = createStaffChannel({
    rest,
    store,
    log,
    channelId: undefined,
    roleIds,
    commands,
  });
  return {
    messageCommands,
    userCommands: userCommands(roleIds),
    accounts,
    requests,
    staff: createStaff({ store, lastUsed, clock }),
    heldRoles: createHeldRoles({ store, clock, policy: undefined, isStaffed: false }),
    confirmations: createConfirmations({ store, clock, random: seededRandom('questions') }),
    leaks: createLeaks({ store, clock, tokenPrefix: 'lk' }),
    automodRule: createAutomodRule({
      rest,
      store,
      clock,
      tokenPrefix: 'lk',
      serverId: staffChannel.serverId,
    }),
    staffChannel,
    deleteReportedMessage: createDeleteReportedMessage(rest, log),
    ownData: createOwnData({ store, clock }),
    notices: createNotices({ store, clock }),
    sendTestMessage: () => unreachable,
    showToken: unreachable,
    namesOf: async () => () => undefined,
    serverName: async () => 'Lighthouse',
    tokenUrl: 'https://api.test/lamps',
    appealUrl: undefined,
    policy: undefined,
    communityServerId: undefined,
    roles: createRoles({ store, clock, policy: undefined }),
    wordsFor: () => english,
    sendFile: unreachable,
  };
}
