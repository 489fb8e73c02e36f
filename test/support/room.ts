import { createNotices } from '../../src/core/accounts/notices.ts';
import { createOwnData } from '../../src/core/accounts/own-data.ts';
import { createLeaks } from '../../src/core/sessions/leaks.ts';
import { createQuestions } from '../../src/core/staff/confirmations.ts';
import { createStaff } from '../../src/core/staff/staff.ts';
import { messageCommands, staffCommands } from '../../src/discord/interactions/commands/index.ts';
import { createRemove } from '../../src/discord/messages/remove.ts';
import type { Rest } from '../../src/discord/rest.ts';
import { createGuard } from '../../src/discord/server/automod-rule.ts';
import { createStaffRoom } from '../../src/discord/server/staff-channel.ts';
import type { Bench } from './bench.ts';
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
export function withoutStaff({ store, lastUsed, clock, accounts }: Bench) {
  const { log } = collectLog();
  const rest = REST;
  const roleIds: readonly string[] = [];
  const commands = staffCommands(roleIds);
  const staffRoom = createStaffRoom({ rest, store, log, channelId: undefined, roleIds, commands });
  return {
    messageCommands,
    accounts,
    staff: createStaff({ store, lastUsed, clock }),
    questions: createQuestions({ store, clock, random: seededRandom('questions') }),
    leaks: createLeaks({ store, clock, tokenPrefix: 'lk' }),
    guard: createGuard({ rest, store, clock, tokenPrefix: 'lk', serverId: staffRoom.serverId }),
    staffRoom,
    remove: createRemove(rest, log),
    ownData: createOwnData({ store, clock }),
    notices: createNotices({ store, clock }),
    greet: unreachable,
    sendFile: unreachable,
  };
}
