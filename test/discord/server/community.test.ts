import { REST } from 'discord.js';
import { describe, expect, it } from 'vitest';
import { AppError } from '../../../src/core/errors.ts';
import { createFindMember, createFindServerRoles } from '../../../src/discord/server/community.ts';
import { ANA, BEN, createClock, SECOND } from '../../support/fixtures.ts';
import { createWire, discordError, type Responder } from '../../support/wire.ts';

const SERVER = '300000000000000003';

function setUp(respond: Responder) {
  const { sent, makeRequest } = createWire(respond);
  const api = 'https://discord.test/api';
  const rest = new REST({ api, makeRequest, retries: 0, offset: 0 }).setToken('bot-token');
  return { sent, findMember: createFindMember(rest, SERVER) };
}

const found = (userId: string) => ({ status: 200, body: { user: { id: userId }, roles: [] } });

function setUpRoles(respond: Responder) {
  const { sent, makeRequest } = createWire(respond);
  const api = 'https://discord.test/api';
  const rest = new REST({ api, makeRequest, retries: 0, offset: 0 }).setToken('bot-token');
  const clock = createClock();
  return { sent, clock, find: createFindServerRoles(rest, SERVER, clock) };
}

describe('who is in the community', () => {
  it('is who Discord finds in its server', async () => {
    const { findMember, sent } = setUp(() => found(ANA));
    expect(await findMember(ANA)).toEqual({ roles: [] });
    expect(sent).toEqual([
      { method: 'GET', path: `/guilds/${SERVER}/members/${ANA}`, body: undefined },
    ]);
  });

  it.each([
    ['a member', 10_007],
    ['a user', 10_013],
  ])('is not who is unknown to Discord as %s', async (_, code) => {
    const { findMember } = setUp(() => discordError(404, code));
    expect(await findMember(ANA)).toBeNull();
  });

  it('is asked each time, so that it holds at that moment', async () => {
    const there = new Set([ANA]);
    const { findMember, sent } = setUp(({ path }) => {
      const userId = path.slice(path.lastIndexOf('/') + 1);
      return there.has(userId) ? found(userId) : discordError(404, 10_007);
    });
    expect([await findMember(ANA), await findMember(BEN)]).toEqual([{ roles: [] }, null]);
    there.delete(ANA);
    there.add(BEN);
    expect([await findMember(ANA), await findMember(BEN)]).toEqual([null, { roles: [] }]);
    expect(sent).toHaveLength(4);
  });

  it.each([
    ['the server is unknown', discordError(404, 10_004)],
    ['the bot may not look', discordError(403, 50_001)],
    ["the bot's token is bad", discordError(401, 0)],
    ['the address is unknown', discordError(404, 0)],
    ['the request is taken for wrong', discordError(400, 50_035)],
    ['Discord fails', { status: 500 }],
    ['Discord is away', { status: 503 }],
  ])('is not known where %s, and nobody is taken for a stranger', async (_, answer) => {
    const { findMember } = setUp(() => answer);
    const error: unknown = await findMember(ANA).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(AppError);
    expect(error).toMatchObject({ code: 'upstream', retryAfterMs: 5_000 });
    expect((error as AppError).message).not.toMatch(new RegExp(`${ANA}|${SERVER}|bot-token`));
  });

  it('is not known where the connection breaks', async () => {
    const { findMember } = setUp(() => Promise.reject(new TypeError('fetch failed')));
    await expect(findMember(ANA)).rejects.toMatchObject({ code: 'upstream' });
  });
});

describe('which roles there are', () => {
  it('is what Discord says, asked once for many who lose one together', async () => {
    const { sent, clock, find } = setUpRoles(() => ({
      status: 200,
      body: [{ id: '7' }, { id: '8' }],
    }));
    const all = await Promise.all([find(), find(), find()]);
    expect(all.map((roles) => [...(roles ?? [])])).toEqual([
      ['7', '8'],
      ['7', '8'],
      ['7', '8'],
    ]);
    expect(sent).toEqual([{ method: 'GET', path: `/guilds/${SERVER}/roles`, body: undefined }]);
    clock.advance(5 * SECOND);
    await find();
    expect(sent).toHaveLength(2);
  });

  it.each([discordError(403, 50_001), discordError(500, 0)])(
    'is not known where Discord fails',
    async (answer) => {
      const { sent, clock, find } = setUpRoles(() => answer);
      for (let second = 0; second < 60; second += 1) {
        expect(await find()).toBeNull();
        clock.advance(SECOND);
      }
      expect(sent).toHaveLength(1);
      await find();
      expect(sent).toHaveLength(2);
    },
  );
});
