import { EventEmitter } from 'node:events';
import type { Client } from 'discord.js';
import { GatewayIntentBits } from 'discord.js';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createRoles } from '../../../src/core/policy/roles.ts';
import { createRoleEvents } from '../../../src/discord/gateway/role-events.ts';
import {
  createServerEvents,
  type RevokeOnLeave,
} from '../../../src/discord/gateway/server-events.ts';
import { createCoreHarness } from '../../support/core-harness.ts';
import { ANA, BEN, collectLog, communityMember, DAY, SECOND } from '../../support/fixtures.ts';
import { DEV, HOLDERS_POLICY, PATRON, see } from '../../support/roles.ts';

const SERVER = '300000000000000003';
const OTHER = '300000000000000004';
const unreachable = () => Promise.reject(new Error('nothing is asked of Discord here'));
const rest = {
  get: unreachable,
  post: unreachable,
  put: unreachable,
  patch: unreachable,
  delete: unreachable,
};

interface Options {
  readonly revokeOnLeave?: RevokeOnLeave;
  readonly hasRoles?: boolean;
  /** Interferes with what is written down. */
  readonly fails?: () => boolean;
}

const settled = () => new Promise((resolve) => setTimeout(resolve, 20));

/** Ana and Ben are developers with a token each, in a process that leads unless it is told otherwise. */
async function setUp({
  revokeOnLeave = 'leave',
  hasRoles = true,
  fails = () => false,
}: Options = {}) {
  const harness = createCoreHarness({
    policy: HOLDERS_POLICY,
    findMember: async () => communityMember(DEV),
    through: (store) => ({
      ...store,
      saveLook: async (...given) => {
        if (fails()) throw new Error('the database is away');
        return store.saveLook(...given);
      },
    }),
  });
  onTestFinished(() => harness.close());
  const { store, clock, accounts, core } = harness;
  const { log, lines } = collectLog();
  const state = { leads: true };
  const roles = createRoles({ store: core.store, clock, policy: HOLDERS_POLICY });
  const roleEvents = hasRoles ? createRoleEvents({ roles, clock }) : undefined;
  const events = createServerEvents({
    accounts,
    store,
    clock,
    rest,
    log,
    revokeOnLeave,
    serverId: () => SERVER,
    leads: () => state.leads,
    roleEvents,
    automodRule: undefined,
  });
  const ws = new EventEmitter();
  // Of a client's connection only its events are listened to.
  events.listen({ ws } as unknown as Pick<Client, 'ws'>);
  for (const userId of [ANA, BEN]) {
    await harness.token(userId, 'lamp', 9 * DAY);
    await see(store, userId, { roles: DEV, at: clock() }, clock());
  }
  clock.advance(SECOND);
  const emit = async (name: string, data: object) => {
    ws.emit(name, { guild_id: SERVER, ...data });
    await settled();
  };
  const rolesOf = async (...userIds: string[]) =>
    Promise.all(userIds.map(async (userId) => (await store.findAccount(userId))?.look?.roles));
  const live = async (userId: string) =>
    (await store.countLive(userId, clock())).reduce((sum, { count }) => sum + count, 0);
  return { ...harness, ws, events, roleEvents, state, emit, rolesOf, live, lines };
}

const user = (id: string) => ({ user: { id } });

describe('what Discord tells of roles', () => {
  it('counts for the one member whom it is about', async () => {
    const { emit, rolesOf } = await setUp();
    await emit('GUILD_MEMBER_UPDATE', { ...user(ANA), roles: ['1', PATRON] });
    expect(await rolesOf(ANA, BEN)).toEqual([PATRON, DEV]);
    await emit('GUILD_MEMBER_UPDATE', { ...user(ANA), roles: [DEV] });
    expect(await rolesOf(ANA, BEN)).toEqual([DEV, DEV]);
  });

  it('counts in the order in which it is told, though all is of one instant', async () => {
    const { ws, rolesOf } = await setUp();
    for (const roles of [[], [DEV], [PATRON], [], [PATRON, DEV]]) {
      ws.emit('GUILD_MEMBER_UPDATE', { guild_id: SERVER, ...user(ANA), roles });
    }
    await settled();
    expect(await rolesOf(ANA)).toEqual([`${PATRON} ${DEV}`]);
  });

  it('means nothing in another server', async () => {
    const { emit, rolesOf, store } = await setUp();
    await emit('GUILD_MEMBER_UPDATE', { ...user(ANA), guild_id: OTHER, roles: [] });
    await emit('GUILD_ROLE_DELETE', { guild_id: OTHER, role_id: DEV });
    await emit('GUILD_MEMBER_REMOVE', { ...user(ANA), guild_id: OTHER });
    expect(await rolesOf(ANA)).toEqual([DEV]);
    expect(await store.findHeld()).toEqual([]);
  });

  it('holds a deleted role for all who have it', async () => {
    const { emit, rolesOf, store } = await setUp();
    await emit('GUILD_ROLE_DELETE', { role_id: DEV });
    expect(await rolesOf(ANA, BEN)).toEqual([DEV, DEV]);
    expect(await store.findHeld()).toMatchObject([{ held: '', count: 2 }]);
  });

  it('counts in a process that does no chores too', async () => {
    const { emit, rolesOf, state } = await setUp();
    state.leads = false;
    await emit('GUILD_MEMBER_UPDATE', { ...user(ANA), roles: [] });
    expect(await rolesOf(ANA)).toEqual(['']);
  });

  it('knows since when everything was heard of: the last session of the gateway, or what was lost', async () => {
    let isAway = false;
    const { emit, ws, roleEvents, clock, lines } = await setUp({ fails: () => isAway });
    expect(roleEvents?.heardSince()).toBeNull();
    ws.emit('READY', {});
    const first = clock();
    expect(roleEvents?.heardSince()).toBe(first);
    clock.advance(SECOND);
    await emit('GUILD_MEMBER_UPDATE', { ...user(ANA), roles: [] });
    expect(roleEvents?.heardSince()).toBe(first);
    isAway = true;
    await emit('GUILD_MEMBER_UPDATE', { ...user(ANA), roles: [DEV] });
    expect(roleEvents?.heardSince()).toBe(clock());
    expect(lines.join('')).toContain('an event of the server was lost');
  });
});

describe('a member who leaves', () => {
  it('loses their tokens, and hears nothing of their roles', async () => {
    const { emit, rolesOf, live, store, clock } = await setUp();
    await emit('GUILD_MEMBER_REMOVE', user(ANA));
    expect([await live(ANA), await rolesOf(ANA)]).toEqual([0, ['']]);
    const recipients: unknown[] = [];
    for (let n = 0; n < 9; n += 1) {
      const batch = await store.takeBatch(clock() + DAY, clock() + 9 * DAY, `b${n}`);
      if (batch !== null) recipients.push(batch.recipient);
    }
    expect(recipients).not.toContain(ANA);
  });

  it('and returns at once has the roles that they return with', async () => {
    const { ws, rolesOf } = await setUp();
    ws.emit('GUILD_MEMBER_REMOVE', { guild_id: SERVER, ...user(ANA) });
    ws.emit('GUILD_MEMBER_ADD', { guild_id: SERVER, ...user(ANA), roles: [PATRON] });
    await settled();
    expect(await rolesOf(ANA)).toEqual([PATRON]);
  });

  it.each([true, false])(
    'and returns before another process takes over keeps what they made since (roles count: %s)',
    async (hasRoles) => {
      const { emit, events, state, token, live, clock } = await setUp({ hasRoles });
      state.leads = false;
      await emit('GUILD_MEMBER_REMOVE', user(ANA));
      await emit('GUILD_MEMBER_REMOVE', user(BEN));
      clock.advance(SECOND);
      await emit('GUILD_MEMBER_ADD', { ...user(ANA), roles: [DEV] });
      await token(ANA);
      state.leads = true;
      events.takeOver();
      await settled();
      expect([await live(ANA), await live(BEN)]).toEqual([2, 0]);
    },
  );
});

describe('what Discord is asked to tell', () => {
  it.each([
    ['leave', true, ['GuildModeration', 'GuildMembers', 'Guilds']],
    ['leave', false, ['GuildModeration', 'GuildMembers']],
    ['ban', false, ['GuildModeration']],
    ['off', false, []],
  ] as const)(
    'with REVOKE_ON_LEAVE=%s, where roles count: %s',
    async (revokeOnLeave, hasRoles, names) => {
      const { events } = await setUp({ revokeOnLeave, hasRoles });
      expect(events.intents).toEqual(names.map((name) => GatewayIntentBits[name]));
    },
  );
});
