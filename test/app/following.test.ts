import { describe, expect, it, onTestFinished } from 'vitest';
import { createFollowing } from '../../src/app/following.ts';
import type { Config } from '../../src/config.ts';
import { createClockStability } from '../../src/core/jobs/clock-stability.ts';
import { createScheduler } from '../../src/core/jobs/scheduler.ts';
import { createRoles } from '../../src/core/policy/roles.ts';
import type { RevokeOnLeave } from '../../src/discord/gateway/server-events.ts';
import { createCoreHarness } from '../support/core-harness.ts';
import { collectLog, communityMember, HOUR, SECOND } from '../support/fixtures.ts';
import { DEV, HOLDERS_POLICY, see } from '../support/roles.ts';

const findMember = async () => communityMember(DEV);

function setUp(revokeOnLeave: RevokeOnLeave, policy: typeof HOLDERS_POLICY | undefined) {
  const harness = createCoreHarness({ policy, findMember });
  onTestFinished(() => harness.close());
  const { store, clock } = harness;
  const asked: string[] = [];
  const roles = createRoles({ store, clock, policy });
  const core = {
    roles,
    findMember: roles.keeping(async (userId) => {
      asked.push(userId);
      return communityMember(DEV);
    }),
  };
  // All of it that is read there.
  const config = { policy, revokeOnLeave, communityServerId: '3', staff: {} } as unknown as Config;
  const { log } = collectLog();
  return { ...harness, asked, ...createFollowing({ config, core, store, clock, log }) };
}

describe('following roles', () => {
  it('is nothing without a policy', () => {
    const { jobs, roleEvents } = setUp('leave', undefined);
    expect([jobs(() => true), roleEvents]).toEqual([[], undefined]);
  });

  it.each([
    ['leave', true],
    ['ban', false],
    ['off', false],
  ] as const)('with REVOKE_ON_LEAVE=%s hears of members: %s', (revokeOnLeave, hears) => {
    const { jobs, roleEvents } = setUp(revokeOnLeave, HOLDERS_POLICY);
    expect(roleEvents !== undefined).toBe(hears);
    expect(jobs(() => true)).toHaveLength(3);
  });

  it('looks at one member a second, and at nobody once it is stopped', async () => {
    const { jobs, token, store, clock, asked } = setUp('ban', HOLDERS_POLICY);
    for (let n = 0; n < 6; n += 1) {
      const userId = `10000000000000010${n}`;
      const { session } = await token(userId);
      await see(store, userId, { roles: DEV, at: clock() }, clock());
      clock.advance(SECOND);
      await store.touch({ actor: { kind: 'system' }, at: clock() }, [[session.id, clock()]]);
    }
    clock.advance(HOUR);
    const scheduler = createScheduler({
      store,
      clock,
      holder: 'this process',
      random: () => 1,
      clockStability: createClockStability({ store, clock, monotonicNow: clock }),
      jobs: jobs(() => true).filter(({ name }) => name === 'roles'),
      onError: (error) => {
        throw error;
      },
    });
    for (let second = 1; second <= 4; second += 1) {
      await Promise.all([scheduler.tick(), scheduler.tick()]);
      expect(asked).toHaveLength(second);
      clock.advance(SECOND);
    }
    await scheduler.stop();
    await scheduler.tick();
    expect(asked).toHaveLength(4);
  });
});
