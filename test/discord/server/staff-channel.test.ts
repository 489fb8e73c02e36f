import { PermissionFlagsBits } from 'discord.js';
import { describe, expect, it, onTestFinished } from 'vitest';
import { staffCommands } from '../../../src/discord/interactions/commands/index.ts';
import { readInvocation } from '../../../src/discord/interactions/invocation.ts';
import { createStaffChannel } from '../../../src/discord/server/staff-channel.ts';
import { openStore } from '../../../src/store/sqlite/file/open.ts';
import { collectLog } from '../../support/fixtures.ts';
import {
  answering,
  APPLICATION,
  createServerInteractions,
  ok,
  OTHER_CHANNEL,
  OTHER_THREAD,
  type Person,
  QUIET_SERVER,
  type Routes,
  SERVER,
  STAFF_CHANNEL,
  SUE,
  THREAD,
} from '../../support/discord-harness.ts';
import { discordError } from '../../support/wire.ts';

const OTHER_SERVER = '300000000000000009';
const KEEPERS = '310000000000000001';
const HELPERS = '310000000000000002';
const { ManageGuild, Administrator, ManageMessages } = PermissionFlagsBits;

const ANN = '100000000000000007';

const commandsOf = (server: string) => `/applications/${APPLICATION}/guilds/${server}/commands`;

interface SetUp {
  readonly routes?: Routes;
  readonly roleIds?: readonly string[];
  readonly channelId?: string | undefined;
}

function setUp({ routes = {}, roleIds = [], ...rest }: SetUp = {}) {
  const channelId = 'channelId' in rest ? rest.channelId : STAFF_CHANNEL;
  const store = openStore(':memory:');
  const interactions = createServerInteractions(answering({ ...QUIET_SERVER, ...routes }));
  const { log, lines } = collectLog();
  onTestFinished(async () => {
    await store.close();
  });
  const commands = staffCommands(roleIds);
  const room = createStaffChannel({
    rest: interactions.rest,
    store,
    log,
    channelId,
    roleIds,
    commands,
  });
  const requests = () => interactions.sent.map(({ method, path }) => `${method} ${path}`);
  const refusal = (person: Person) =>
    room.refusalFor(readInvocation(interactions.slash(person, 'admin', 'stats')));
  const warnings = () =>
    lines.filter((line) => (JSON.parse(line) as { level: number }).level === 40);
  return { store, room, requests, refusal, warnings, ...interactions };
}

const WRONG_PLACE = 'elsewhere';
const NOT_STAFF = 'not_staff';

describe('a staff command', () => {
  it.each<[string, Person, string | null]>([
    ['in the channel', SUE, null],
    ['in a thread of it', { ...SUE, channel: THREAD }, null],
    ['in another channel', { ...SUE, channel: OTHER_CHANNEL }, WRONG_PLACE],
    ['in a thread of another', { ...SUE, channel: OTHER_THREAD }, WRONG_PLACE],
    ['in another server', { ...SUE, server: OTHER_SERVER }, WRONG_PLACE],
    ['in a direct message', { ...SUE, server: null, channel: '5' }, WRONG_PLACE],
    ['in a direct message that is named as the channel', { ...SUE, server: null }, WRONG_PLACE],
  ])('%s of one of the staff is looked at each time', async (_, person, expected) => {
    const { room, refusal } = setUp();
    await room.open(APPLICATION);
    expect(await refusal(person)).toBe(expected);
  });

  it('is refused in a channel that the bot cannot see', async () => {
    const unseen = '400000000000000099';
    const { room, refusal } = setUp({
      routes: { [`GET /channels/${unseen}`]: discordError(403, 50_001) },
    });
    await room.open(APPLICATION);
    expect(await refusal({ ...SUE, channel: unseen })).toBe(WRONG_PLACE);
  });

  it('is refused everywhere before the channel is known, and where there is none', async () => {
    const unopened = setUp();
    expect(await unopened.refusal(SUE)).toBe(WRONG_PLACE);
    const none = setUp({ channelId: undefined });
    await none.room.open(APPLICATION);
    expect(await none.refusal(SUE)).toBe(WRONG_PLACE);
  });

  it('in a thread asks Discord once where that is', async () => {
    const { room, refusal, requests } = setUp();
    await room.open(APPLICATION);
    await refusal({ ...SUE, channel: THREAD });
    await refusal({ ...SUE, channel: THREAD });
    await refusal({ ...SUE, channel: OTHER_THREAD });
    await refusal({ ...SUE, channel: OTHER_THREAD });
    const asked = (id: string) => requests().filter((each) => each === `GET /channels/${id}`);
    expect(asked(THREAD)).toHaveLength(1);
    expect(asked(OTHER_THREAD)).toHaveLength(2);
  });
});

describe('without roles for staff', () => {
  it.each<[string, bigint, string | null]>([
    ['may manage the server', ManageGuild, null],
    ['is an administrator', Administrator, null],
    ['may do something else', ManageMessages, NOT_STAFF],
    ['may do nothing', 0n, NOT_STAFF],
  ])('who %s is looked at each time', async (_, permissions, expected) => {
    const { room, refusal } = setUp();
    await room.open(APPLICATION);
    expect(await refusal({ ...SUE, permissions })).toBe(expected);
  });
});

describe('with roles for staff', () => {
  it.each<[string, readonly string[], bigint, string | null]>([
    ['one of them', [HELPERS], 0n, null],
    ['both', [HELPERS, KEEPERS], 0n, null],
    ['another role', ['310000000000000003'], 0n, NOT_STAFF],
    ['no role but every permission', [], Administrator, NOT_STAFF],
  ])('who has %s is looked at each time', async (_, roles, permissions, expected) => {
    const { room, refusal } = setUp({ roleIds: [KEEPERS, HELPERS] });
    await room.open(APPLICATION);
    expect(await refusal({ ...SUE, roles, permissions })).toBe(expected);
  });
});

describe('opening the room', () => {
  it('registers the staff commands in its server and remembers which that is', async () => {
    const { room, requests, sent, store } = setUp();
    await room.open(APPLICATION);
    expect(room.serverId()).toBe(SERVER);
    expect(requests()).toEqual([
      `GET /channels/${STAFF_CHANNEL}`,
      `GET ${commandsOf(SERVER)}`,
      `PUT ${commandsOf(SERVER)}`,
    ]);
    expect(sent.at(-1)?.body).toEqual(staffCommands([]).map(({ data }) => data));
    expect(await store.findSetting('staff-server')).toBe(SERVER);
  });

  it('writes nothing where they are registered already', async () => {
    const present = staffCommands([]).map(({ data }) => ({ ...data, id: '1', version: '2' }));
    const { room, requests } = setUp({ routes: { [`GET ${commandsOf(SERVER)}`]: ok(present) } });
    await room.open(APPLICATION);
    expect(requests().filter((each) => each.startsWith('PUT'))).toEqual([]);
  });

  it('takes them out of the server in which they were', async () => {
    const { room, sent, store } = setUp();
    await store.saveSetting('staff-server', OTHER_SERVER);
    await room.open(APPLICATION);
    const puts = sent.filter(({ method }) => method === 'PUT');
    expect(puts.map(({ path }) => path)).toEqual([commandsOf(OTHER_SERVER), commandsOf(SERVER)]);
    expect(puts[0]?.body).toEqual([]);
    expect(await store.findSetting('staff-server')).toBe(SERVER);
  });

  it('takes them out where there is no channel any more, and asks nothing else', async () => {
    const { room, requests, store } = setUp({ channelId: undefined });
    await store.saveSetting('staff-server', SERVER);
    await room.open(APPLICATION);
    expect(requests()).toEqual([`PUT ${commandsOf(SERVER)}`]);
    expect(room.serverId()).toBeNull();
    expect(await store.findSetting('staff-server')).toBeUndefined();
    await room.open(APPLICATION);
    expect(requests()).toHaveLength(1);
  });

  it('does not mind that the bot is not in the server any more in which they were', async () => {
    const { room, store } = setUp({
      routes: { [`PUT ${commandsOf(OTHER_SERVER)}`]: discordError(403, 50_001) },
    });
    await store.saveSetting('staff-server', OTHER_SERVER);
    await room.open(APPLICATION);
    expect(await store.findSetting('staff-server')).toBe(SERVER);
  });

  it('fails, to be tried again, when Discord fails, and forgets nothing', async () => {
    const { room, store } = setUp({
      routes: { [`PUT ${commandsOf(OTHER_SERVER)}`]: { status: 500, body: {} } },
    });
    await store.saveSetting('staff-server', OTHER_SERVER);
    await expect(room.open(APPLICATION)).rejects.toBeInstanceOf(Error);
    expect(await store.findSetting('staff-server')).toBe(OTHER_SERVER);
    const other = setUp({
      routes: { [`GET /channels/${STAFF_CHANNEL}`]: { status: 503, body: {} } },
    });
    await other.store.saveSetting('staff-server', SERVER);
    await expect(other.room.open(APPLICATION)).rejects.toBeInstanceOf(Error);
    expect(await other.store.findSetting('staff-server')).toBe(SERVER);
  });

  it.each([
    ['a text channel', 0, true],
    ['an announcement channel', 5, true],
    ['a thread', 11, true],
    ['a private thread', 12, true],
    ['an announcement thread', 10, true],
    ['a direct message', 1, false],
    ['a voice channel', 2, false],
    ['a group', 3, false],
    ['a category', 4, false],
    ['a stage', 13, false],
    ['a forum', 15, false],
    ['a gallery', 16, false],
  ])('takes %s: %s %s', async (_, type, fits) => {
    const { room, warnings } = setUp({
      routes: {
        [`GET /channels/${STAFF_CHANNEL}`]: ok({ id: STAFF_CHANNEL, type, guild_id: SERVER }),
      },
    });
    await room.open(APPLICATION);
    expect(room.serverId()).toBe(fits ? SERVER : null);
    expect(warnings()).toHaveLength(fits ? 0 : 1);
  });

  it('says once, and in words, that the channel cannot be seen', async () => {
    const { room, warnings, requests } = setUp({
      routes: { [`GET /channels/${STAFF_CHANNEL}`]: discordError(404, 10_003, 'Unknown Channel') },
    });
    await room.open(APPLICATION);
    expect(warnings()).toHaveLength(1);
    expect(warnings()[0]).toContain('STAFF_CHANNEL_ID');
    expect(warnings()[0]).toContain('Unknown Channel');
    expect(requests().filter((each) => each.startsWith('PUT'))).toEqual([]);
  });
});

const memberWith = (roles: readonly string[], bot = false) => ({
  [`GET /guilds/${SERVER}/members/${ANN}`]: ok({ user: { id: ANN, bot }, roles }),
});
const serverWith = (roles: Readonly<Record<string, bigint>>, owner = '1') => ({
  [`GET /guilds/${SERVER}`]: ok({
    id: SERVER,
    owner_id: owner,
    roles: Object.entries(roles).map(([id, bits]) => ({ id, permissions: String(bits) })),
  }),
});

describe('whether somebody else is staff', () => {
  async function isStaff(routes: Routes, roleIds: readonly string[] = []) {
    const { room, requests } = setUp({ routes, roleIds });
    await room.open(APPLICATION);
    return { is: (await room.standingOf(ANN)) === 'staff', requests: requests() };
  }

  it.each<[string, boolean, Routes]>([
    [
      'a role may manage it',
      true,
      { ...memberWith([KEEPERS]), ...serverWith({ [KEEPERS]: ManageGuild }) },
    ],
    [
      'a role is for administrators',
      true,
      { ...memberWith([KEEPERS]), ...serverWith({ [KEEPERS]: Administrator }) },
    ],
    [
      'one of two roles may',
      true,
      {
        ...memberWith([HELPERS, KEEPERS]),
        ...serverWith({ [KEEPERS]: ManageGuild, [HELPERS]: 1n }),
      },
    ],
    [
      'a role that others have may',
      false,
      {
        ...memberWith([HELPERS]),
        ...serverWith({ [KEEPERS]: ManageGuild, [HELPERS]: ManageMessages }),
      },
    ],
    ['everyone may', true, { ...memberWith([]), ...serverWith({ [SERVER]: ManageGuild }) }],
    [
      'everyone may do something else',
      false,
      { ...memberWith([]), ...serverWith({ [SERVER]: ManageMessages }) },
    ],
    ['it is theirs', true, { ...memberWith([]), ...serverWith({ [SERVER]: 0n }, ANN) }],
    ['they are not in it', false, { ...serverWith({ [SERVER]: ManageGuild }) }],
  ])('is told by permissions: %s: %s', async (_, expected, routes) => {
    expect((await isStaff(routes)).is).toBe(expected);
  });

  it.each<[boolean, readonly string[]]>([
    [true, [KEEPERS]],
    [true, ['310000000000000003', HELPERS]],
    [false, ['310000000000000003']],
    [false, []],
  ])(
    'is told by roles where there are some, whatever they may: %s for %j',
    async (expected, roles) => {
      const routes = { ...memberWith(roles), ...serverWith({ [SERVER]: Administrator }, ANN) };
      const { is, requests } = await isStaff(routes, [KEEPERS, HELPERS]);
      expect(is).toBe(expected);
      expect(requests).not.toContain(`GET /guilds/${SERVER}`);
    },
  );

  it('is not asked of a bot, whatever its roles may do', async () => {
    const { room } = setUp({ routes: memberWith([KEEPERS], true), roleIds: [KEEPERS] });
    await room.open(APPLICATION);
    expect(await room.standingOf(ANN)).toBe('bot');
  });

  it('is not guessed where Discord does not say', async () => {
    const failure = { [`GET /guilds/${SERVER}/members/${ANN}`]: { status: 500, body: {} } };
    await expect(isStaff(failure)).rejects.toMatchObject({ code: 'upstream' });
    const refused = { [`GET /guilds/${SERVER}/members/${ANN}`]: discordError(403, 50_001) };
    await expect(isStaff(refused)).rejects.toMatchObject({ code: 'upstream' });
  });

  it('is not asked where there is no room', async () => {
    const { room, requests } = setUp({ channelId: undefined });
    await room.open(APPLICATION);
    expect(await room.standingOf(ANN)).toBe('member');
    expect(requests()).toEqual([]);
  });
});
