import { english } from '../../../src/discord/words/words.ts';
import { MessageFlags, REST, SnowflakeUtil } from 'discord.js';
import { describe, expect, it } from 'vitest';
import type { AppError } from '../../../src/core/errors.ts';
import type { AuditRowWithSession, Batch } from '../../../src/core/outbox/store.ts';
import { createSendBatch } from '../../../src/discord/messages/send-batch.ts';
import { restOptions } from '../../../src/discord/rest.ts';
import {
  ANA,
  BEN,
  createClock,
  HOUR,
  idAt,
  SECOND,
  seededRandom,
  START,
} from '../../support/fixtures.ts';
import { HOLDERS_POLICY } from '../../support/roles.ts';
import { createWire, discordError, message, type Responder } from '../../support/wire.ts';

const STAFF_CHANNEL = '400000000000000004';
const DM_CHANNEL = '500000000000000005';
const KEEPER = '900000000000000009';
const POST = `POST /channels/${STAFF_CHANNEL}/messages`;
const ID = idAt(START);

const row = (overrides: Partial<AuditRowWithSession> = {}): AuditRowWithSession => ({
  id: 1,
  at: START,
  actorKind: 'staff',
  actorId: KEEPER,
  actorSessionId: null,
  actorHint: null,
  requestId: 'r',
  action: 'account.banned',
  userId: ANA,
  sessionId: null,
  session: null,
  detail: { source: 'staff', reason: 'spam', until: null, ended: 0 },
  ...overrides,
});

const reported = row({
  actorKind: 'member',
  actorId: BEN,
  action: 'token.reported',
  detail: { hint: 'Zz09', ended: 1, channelId: '7' },
});

const batch = (overrides: Partial<Batch> = {}): Batch => ({
  id: ID,
  recipient: null,
  events: [row()],
  triedAt: null,
  attempts: 1,
  ...overrides,
});

const asked = row({
  actorKind: 'member',
  actorId: ANA,
  action: 'request.opened',
  detail: {
    request: ID,
    name: 'lamp',
    scope: 'lamps:all',
    why: 'for the club',
    expiresAt: START + HOUR,
    lapsesAt: START + HOUR,
  },
});

const toAna = (events: readonly AuditRowWithSession[] = [reported]) =>
  batch({ recipient: ANA, events });

interface Message {
  readonly content: string;
  readonly components: readonly { readonly components: readonly { content?: string }[] }[];
  readonly nonce: string;
  readonly enforce_nonce: boolean;
  readonly allowed_mentions: unknown;
  readonly flags: number;
}

const opened = { status: 200, body: { id: DM_CHANNEL, type: 1 } };
const posted = { status: 200, body: message };
const agreeing: Responder = ({ path }) => (path === '/users/@me/channels' ? opened : posted);

function setUp(respond: Responder = agreeing, channel: string | null = STAFF_CHANNEL) {
  const wire = createWire(respond);
  const options = restOptions('https://discord.test/api');
  const rest = new REST({ ...options, makeRequest: wire.makeRequest, retries: 0, offset: 0 });
  const clock = createClock();
  const post = createSendBatch({
    rest: rest.setToken('bot-token'),
    clock,
    staffChannelId: () => channel,
    wordsFor: () => english,
    namesOf: async () => () => undefined,
    appealUrl: undefined,
    policy: HOLDERS_POLICY,
  });
  const requests = () => wire.sent.map(({ method, path }) => `${method} ${path}`);
  const last = () => wire.sent.at(-1)?.body as Message;
  /** All that can be read of the last one. */
  const words = () =>
    last()
      .components.flatMap(({ components }) => components)
      .map(({ content = '' }) => content)
      .join('\n');
  return { post, clock, requests, last, words };
}

describe('a batch of events', () => {
  it('is one message in the channel of the staff, a line each, and pings nobody', async () => {
    const { post, requests, last } = setUp();
    const events = [row(), row({ action: 'account.unbanned', userId: BEN })];
    expect(await post(batch({ events }))).toBe('sent');
    expect(requests()).toEqual([POST]);
    const lines = last().content.split('\n');
    expect(lines).toHaveLength(2);
    expect(lines[0]).toContain(`<@${KEEPER}> banned <@${ANA}>`);
    expect(lines[1]).toContain(`unbanned <@${BEN}>`);
    expect(last()).toMatchObject({
      allowed_mentions: { parse: [] },
      flags: MessageFlags.SuppressEmbeds,
    });
  });

  it('bears a nonce by which Discord knows it again, of its own and no longer than it may be', async () => {
    const { post, last } = setUp();
    const nonces: string[] = [];
    for (let index = 0; index < 20; index += 1) {
      const own = batch({ id: idAt(START + index) });
      await post(own);
      const { nonce, enforce_nonce } = last();
      expect(nonce.length).toBeGreaterThan(0);
      expect(nonce.length).toBeLessThanOrEqual(25);
      expect(enforce_nonce).toBe(true);
      nonces.push(nonce);
      await post({ ...own, attempts: 2, triedAt: START });
      expect(last().nonce).toBe(nonce);
    }
    expect(new Set(nonces).size).toBe(20);
  });

  it('is tried again within a minute without a look back: the nonce suffices', async () => {
    const { post, clock, requests } = setUp();
    clock.advance(60 * SECOND - 1);
    await post(batch({ triedAt: START, attempts: 2 }));
    expect(requests()).toEqual([POST]);
  });

  it('is looked for after a minute, and not posted where it is', async () => {
    let there: readonly object[] = [];
    const first = setUp();
    await first.post(batch());
    const { content, components } = first.last();
    const { post, clock, requests } = setUp(({ method }) =>
      method === 'GET' ? { status: 200, body: there } : posted,
    );
    clock.advance(60 * SECOND);
    there = [
      { ...message, content: 'hello' },
      { ...message, content, components },
    ];
    expect(await post(batch({ triedAt: START, attempts: 2 }))).toBe('sent');
    expect(requests()).toEqual([`GET /channels/${STAFF_CHANNEL}/messages`]);
    const other = idAt(START, seededRandom('another'));
    expect(await post(batch({ id: other, triedAt: START, attempts: 2 }))).toBe('sent');
    expect(requests().slice(1)).toEqual([`GET /channels/${STAFF_CHANNEL}/messages`, POST]);
  });

  it('that asks the staff is a card with the ways to answer, and is found again by it', async () => {
    const first = setUp();
    expect(await first.post(batch({ events: [asked] }))).toBe('sent');
    const sent = first.last();
    expect(sent).toMatchObject({
      flags: MessageFlags.IsComponentsV2,
      allowed_mentions: { parse: [] },
      enforce_nonce: true,
    });
    expect(sent).not.toHaveProperty('content');
    expect(JSON.stringify(sent)).toContain(`feed-approve:staff:${ID}:`);
    const there = [{ ...message, components: sent.components }];
    const { post, clock, requests } = setUp(({ method }) =>
      method === 'GET' ? { status: 200, body: there } : posted,
    );
    clock.advance(60 * SECOND);
    expect(await post(batch({ events: [asked], triedAt: START, attempts: 2 }))).toBe('sent');
    expect(requests()).toEqual([`GET /channels/${STAFF_CHANNEL}/messages`]);
  });

  it('that asks the staff is obsolete once its member was forgotten', async () => {
    const { post, requests } = setUp();
    const { name: _name, why: _why, ...left } = asked.detail;
    const forgotten = { ...asked, userId: 'forgotten', detail: left };
    expect(await post(batch({ events: [forgotten] }))).toBe('obsolete');
    expect(requests()).toEqual([]);
  });

  it.each([
    ['an hour after the first attempt', HOUR, START + HOUR - SECOND],
    ['half a minute after the last one', 90 * SECOND, START + 60 * SECOND],
    ['once the clock has gone back behind it', -HOUR, START],
  ])('is looked for since the first attempt, %s', async (_, passed, triedAt) => {
    const since: string[] = [];
    const { post, clock, requests } = setUp(({ method, query }) => {
      if (method !== 'GET') return posted;
      since.push(query?.get('after') ?? '');
      return { status: 200, body: [] };
    });
    const now = clock.advance(passed);
    await post(batch({ triedAt, attempts: 3 }));
    expect(requests()).toEqual([`GET /channels/${STAFF_CHANNEL}/messages`, POST]);
    expect(since.map((id) => SnowflakeUtil.timestampFrom(id))).toEqual([
      Math.min(START, now) - 60 * SECOND,
    ]);
  });

  it.each([
    ['the longest reasons', 20, 'x'.repeat(300)],
    ['reasons that need escaping', 20, '*'.repeat(300)],
    ['no reasons', 20, null],
  ])('fits into a message with %s', async (_, amount, reason) => {
    const { post, last } = setUp();
    const detail = { source: 'staff', reason, until: START, ended: 99 };
    const events = Array.from({ length: amount }, () =>
      row({ userId: '1'.repeat(20), actorId: '2'.repeat(20), detail }),
    );
    await post(batch({ events }));
    const { content } = last();
    expect(content.length).toBeLessThanOrEqual(2_000);
    const shown = content.split('\n').filter((line) => line.startsWith('•')).length;
    expect(shown).toBeGreaterThan(0);
    const [, folded = '0'] = /… and (\d+) more/.exec(content) ?? [];
    expect(shown + Number(folded)).toBe(amount);
  });

  it('is done with where there is no channel', async () => {
    const { post, requests } = setUp(agreeing, null);
    expect(await post(batch())).toBe('obsolete');
    expect(requests()).toEqual([]);
  });

  it('is tried again later while it is not known where the channel is', async () => {
    const { makeRequest } = createWire(agreeing);
    const rest = new REST({ makeRequest, retries: 0 }).setToken('bot-token');
    const post = createSendBatch({
      rest,
      clock: createClock(),
      staffChannelId: () => {
        throw new Error('not yet');
      },
      wordsFor: () => english,
      namesOf: async () => () => undefined,
      appealUrl: undefined,
    });
    await expect(post(batch())).rejects.toThrow('not yet');
  });
});

describe('a notice', () => {
  it('goes to its owner in a direct message, by the last four characters', async () => {
    const { post, requests, last, words } = setUp();
    expect(await post(toAna())).toBe('sent');
    expect(requests()).toEqual([
      'POST /users/@me/channels',
      `POST /channels/${DM_CHANNEL}/messages`,
    ]);
    expect(words()).toContain('…Zz09');
    expect(words()).toContain('<#7>');
    expect(words()).not.toContain(BEN);
    expect(last()).toMatchObject({ allowed_mentions: { parse: [] }, enforce_nonce: true });
  });

  it('names no place where there is none, or more than one', async () => {
    const { post, words } = setUp();
    const detail = { hint: 'Zz09', ended: 4, channelId: null };
    await post(toAna([row({ action: 'token.reported', detail })]));
    expect(words()).toContain('everything made with it');
    expect(words()).not.toContain('<#');
    const inTwo = ['7', '8'].map((channelId) =>
      row({ action: 'token.reported', detail: { ...detail, channelId } }),
    );
    await post(toAna(inTwo));
    expect(words()).toContain('Your tokens');
    expect(words()).not.toContain('<#');
  });
});

describe('what Discord answers', () => {
  it.each([
    ['50007: closed to this member', discordError(403, 50_007)],
    ['50278: no server in common', discordError(403, 50_278)],
    ['10013: no such user', discordError(404, 10_013)],
  ])('is hopeless with %s', async (_, answer) => {
    for (const path of ['/users/@me/channels', `/channels/${DM_CHANNEL}/messages`]) {
      const { post } = setUp((sent, call) => (sent.path === path ? answer : agreeing(sent, call)));
      expect(await post(toAna())).toBe('undeliverable');
    }
  });

  it.each([
    ['50007: closed to this member', discordError(403, 50_007)],
    ['50278: no server in common', discordError(403, 50_278)],
  ])(
    'is nothing to remember with %s, where it is a ban or a lost role that could not be told',
    async (_, answer) => {
      const detail = { source: 'server', reason: null, until: null, ended: 0 };
      const bySystem = { actorKind: 'system', actorId: null } as const;
      const ban = toAna([row({ ...bySystem, detail })]);
      const roles = toAna([row({ ...bySystem, action: 'roles.changed', detail: { told: true } })]);
      for (const path of ['/users/@me/channels', `/channels/${DM_CHANNEL}/messages`]) {
        const { post } = setUp((sent, call) =>
          sent.path === path ? answer : agreeing(sent, call),
        );
        for (const each of [ban, roles]) expect(await post(each)).toBe('obsolete');
      }
    },
  );

  it.each([
    ['a failure', { status: 500, body: {} }],
    ['a channel that is gone', discordError(404, 10_003)],
    ['a permission that is missing', discordError(403, 50_013)],
    ['an access that is missing', discordError(403, 50_001)],
  ])('may be another after %s', async (_, answer) => {
    await expect(setUp(() => answer).post(batch())).rejects.toBeInstanceOf(Error);
  });

  it('is that it takes no more for now: then another attempt waits as long as it says', async () => {
    const headers = { 'retry-after': '900', 'x-ratelimit-scope': 'shared' };
    const body = { message: 'slow down', retry_after: 900, global: false };
    const { post } = setUp(() => ({ status: 429, headers, body }));
    const error = (await post(batch()).catch((thrown: unknown) => thrown)) as AppError;
    expect(error.code).toBe('upstream');
    expect(error.retryAfterMs).toBeGreaterThanOrEqual(900_000);
    expect(error.retryAfterMs).toBeLessThan(910_000);
  });

  it('may be another after a connection that broke', async () => {
    const { post } = setUp(() => Promise.reject(new Error('ECONNRESET')));
    await expect(post(batch())).rejects.toThrow('ECONNRESET');
  });
});
