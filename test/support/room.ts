import { createLeaks } from '../../src/core/leaks.ts';
import { createNotices } from '../../src/core/notices.ts';
import { createOwnData } from '../../src/core/own-data.ts';
import { createQuestions } from '../../src/core/questions.ts';
import { createStaff } from '../../src/core/staff.ts';
import { messageCommands, staffCommands } from '../../src/discord/commands/index.ts';
import { createGuard } from '../../src/discord/guard.ts';
import { createRemove } from '../../src/discord/remove.ts';
import type { Rest } from '../../src/discord/rest.ts';
import { createStaffRoom } from '../../src/discord/staff-room.ts';
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
