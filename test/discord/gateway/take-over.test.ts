import { type Client, GatewayDispatchEvents } from 'discord.js';
import { EventEmitter } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import { createServerEvents } from '../../../src/discord/gateway/server-events.ts';
import type { Rest } from '../../../src/discord/rest.ts';
import { createCoreHarness } from '../../support/core-harness.ts';
import { ANA, collectLog, SECOND, STAFF } from '../../support/fixtures.ts';

const SERVER = '800000000000000008';
const TAKEN_OVER = 60 * SECOND;

/** A process that follows the server once another no longer does; Discord lists `banned`. */
async function setUp(banned: readonly string[]) {
  const harness = createCoreHarness();
  onTestFinished(() => harness.close());
  const { accounts, clock, store, token, sessions } = harness;
  const { token: secret } = await token();
  const socket = new EventEmitter();
  let leads = false;
  let reads = 0;
  const get = async () => {
    reads += 1;
    return banned.map((id) => ({ user: { id } }));
  };
  const events = createServerEvents({
    accounts,
    store,
    clock,
    // Nothing but the list of bans is asked for.
    rest: { get } as unknown as Rest,
    log: collectLog().log,
    revokeOnLeave: 'leave',
    serverId: () => SERVER,
    leads: () => leads,
    roleEvents: undefined,
    automodRule: undefined,
  });
  // Of a client's connection only its events are listened to.
  events.listen({ ws: socket } as unknown as Client);
  await events.catchUp();
  return {
    accounts,
    clock,
    hear: (name: keyof typeof GatewayDispatchEvents, userId = ANA) =>
      socket.emit(GatewayDispatchEvents[name], { guild_id: SERVER, user: { id: userId } }),
    takeOver: () => {
      leads = true;
      events.takeOver();
    },
    reads: () => reads,
    standing: async () => (await sessions.verify(secret)).is,
  };
}

async function liftedByStaff(banned: readonly string[]) {
  const process = await setUp(banned);
  await process.accounts.unban(STAFF, ANA, null);
  expect(await process.standing()).toBe('valid');
  return process;
}

test('a ban that staff lifted, and that the server ended and set again before the take-over, counts', async () => {
  const { hear, takeOver, standing } = await liftedByStaff([ANA]);
  hear('GuildBanRemove');
  hear('GuildBanAdd');
  takeOver();
  await expect.poll(standing).toBe('banned');
});

test('a ban that staff lifted stays lifted where the take-over comes long after the events', async () => {
  const { clock, hear, takeOver, reads, standing } = await liftedByStaff([ANA]);
  hear('GuildBanRemove');
  clock.advance(TAKEN_OVER);
  takeOver();
  await expect.poll(reads).toBe(2);
  await new Promise(setImmediate);
  expect(await standing()).toBe('valid');
});

test('who left shortly before the take-over loses their tokens, who left long before does not', async () => {
  const soon = await setUp([]);
  soon.hear('GuildMemberRemove');
  soon.clock.advance(TAKEN_OVER - SECOND);
  soon.takeOver();
  await expect.poll(soon.standing).not.toBe('valid');
  const late = await setUp([]);
  late.hear('GuildMemberRemove');
  late.clock.advance(TAKEN_OVER);
  late.takeOver();
  expect(await late.standing()).toBe('valid');
});
