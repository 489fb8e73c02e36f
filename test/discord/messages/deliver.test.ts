import { english } from '../../../src/discord/words/words.ts';
import { ComponentType, MessageFlags, REST } from 'discord.js';
import { describe, expect, it } from 'vitest';
import { AppError } from '../../../src/core/errors.ts';
import type { MintedToken } from '../../../src/core/sessions/minted-token.ts';
import { LAST_INSTANT } from '../../../src/core/sessions/session.ts';
import { TOKEN_SHAPED } from '../../../src/core/sessions/token.ts';
import {
  createDeleteOwnMessage,
  createDeliver,
  createRetract,
  createSendTestMessage,
  tokenMessage,
} from '../../../src/discord/messages/deliver.ts';
import { observeRefusals, restOptions } from '../../../src/discord/rest.ts';
import { createCoreHarness } from '../../support/core-harness.ts';
import { ANA, collectLog, DAY, HOUR, START } from '../../support/fixtures.ts';
import {
  type Answer,
  createWire,
  discordError,
  message,
  type Responder,
} from '../../support/wire.ts';

const CHANNEL = '500000000000000005';

async function newMinted(name = 'deploy'): Promise<MintedToken> {
  const harness = createCoreHarness();
  try {
    return await harness.token(ANA, name);
  } finally {
    await harness.close();
  }
}

const opened = { status: 200, body: { id: CHANNEL, type: 1 } };
const posted = { status: 200, body: { ...message, channel_id: CHANNEL } };

/** Opens the channel and answers the message as told. */
const onMessage =
  (answer: Responder): Responder =>
  (sent, call) =>
    sent.path === '/users/@me/channels' ? opened : answer(sent, call);

function setUp(respond: Responder, timeoutMs = 5_000) {
  const wire = createWire(respond);
  const { log, lines } = collectLog();
  const rest = new REST({
    ...restOptions('https://discord.test/api'),
    makeRequest: wire.makeRequest,
    retries: 0,
    offset: 0,
  }).setToken('bot-token');
  const deliver = createDeliver({ rest, log, timeoutMs })(english);
  const requests = () => wire.sent.map(({ method, path }) => `${method} ${path}`);
  return {
    deliver,
    wire,
    lines,
    requests,
    deleteMessage: createDeleteOwnMessage(rest),
    retract: createRetract(rest, () => english),
    sendTestMessage: createSendTestMessage(rest)(english),
  };
}

/** A conversation, newest first: with words of the member, the token that was lost, and another one. */
async function lose(answers: Partial<Record<string, Answer>> = {}) {
  const minted = await newMinted();
  const other = await newMinted();
  const { userId, id: sessionId } = minted.session;
  const theirs = { ...other, session: { ...other.session, id: 'x' } };
  const messages = [
    { ...message, content: 'hello', id: '3' },
    { ...message, ...tokenMessage(english, minted, null), id: '2' },
    { ...message, ...tokenMessage(english, theirs, null), id: '1' },
  ];
  const harness = setUp(
    ({ method, path }) =>
      answers[method] ??
      (path === '/users/@me/channels'
        ? opened
        : { status: 200, body: method === 'GET' ? messages : message }),
  );
  return { ...harness, minted, lost: { userId, sessionId } };
}

async function refusalOf(attempt: Promise<unknown>): Promise<AppError> {
  const error = await attempt.then(
    () => new Error('it was delivered'),
    (reason: unknown) => reason,
  );
  if (error instanceof AppError) return error;
  throw error;
}

describe('delivering a token', () => {
  it('opens the conversation, sends one message and says where it is', async () => {
    const minted = await newMinted();
    const { deliver, wire } = setUp(onMessage(() => posted));
    const receipt = await deliver(minted, null);
    expect(wire.sent.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'POST /users/@me/channels',
      `POST /channels/${CHANNEL}/messages`,
    ]);
    expect(wire.sent[0]?.body).toEqual({ recipient_id: ANA });
    expect(receipt.url).toBe(`https://discord.com/channels/@me/${CHANNEL}/${message.id}`);
    expect(receipt.messageRef).toBe(`${CHANNEL}/${message.id}`);
  });

  it.each([
    ['50007: closed to this member', discordError(403, 50_007), 'dm_closed'],
    ['50278: no server in common', discordError(403, 50_278), 'dm_closed'],
    ['40003: too many conversations', discordError(400, 40_003), 'undelivered'],
    ['an invalid body', discordError(400, 50_035), 'undelivered'],
    [
      'a bot without a token',
      { status: 401, body: { message: '401: Unauthorized', code: 0 } },
      'undelivered',
    ],
    ['500', { status: 500, body: { message: 'oops' } }, 'unconfirmed'],
    [
      '502 without a JSON body',
      { status: 502, headers: { 'content-type': 'text/html' } },
      'unconfirmed',
    ],
  ] as const)('fails with %s, and no error holds the token', async (_, answer, code) => {
    const minted = await newMinted();
    const { deliver } = setUp(onMessage(() => answer));
    const error = await refusalOf(deliver(minted, null));
    expect(error.code).toBe(code);
    expect(error.message).not.toContain(minted.token);
    expect(String(error.stack)).not.toContain(minted.token);
  });

  it('fails when the conversation cannot be opened, and sends no token', async () => {
    const minted = await newMinted();
    for (const [answer, code] of [
      [discordError(403, 50_007), 'dm_closed'],
      [discordError(403, 50_278), 'dm_closed'],
      [discordError(400, 40_003), 'undelivered'],
      [{ status: 500, body: { message: 'oops' } }, 'undelivered'],
    ] as const) {
      const { deliver, wire } = setUp(() => answer);
      expect((await refusalOf(deliver(minted, null))).code).toBe(code);
      expect(JSON.stringify(wire.sent)).not.toContain(minted.token);
    }
  });

  it('does not wait for a long rate limit', async () => {
    const minted = await newMinted();
    const headers = { 'retry-after': '900', 'x-ratelimit-scope': 'shared' };
    const body = { message: 'slow down', retry_after: 900, global: false };
    const { deliver } = setUp(onMessage(() => ({ status: 429, headers, body })));
    const began = performance.now();
    const error = await refusalOf(deliver(minted, null));
    expect(error.code).toBe('undelivered');
    expect(error.message).toBe('undelivered held');
    expect(performance.now() - began).toBeLessThan(2_000);
  });

  it('says that nobody knows when the connection breaks off after sending', async () => {
    const minted = await newMinted();
    const { deliver } = setUp(
      onMessage(() => {
        throw Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
      }),
    );
    const error = await refusalOf(deliver(minted, null));
    expect(error.code).toBe('unconfirmed');
    expect(error.refusal).toEqual({ code: 'unconfirmed', reason: 'token' });
  });

  it('gives up when Discord does not answer', async () => {
    const minted = await newMinted();
    const { deliver } = setUp(
      onMessage(() => new Promise(() => {})),
      50,
    );
    const began = performance.now();
    const error = await refusalOf(deliver(minted, null));
    expect(error.code).toBe('unconfirmed');
    expect(performance.now() - began).toBeLessThan(2_000);
  });

  it('logs nothing of the token when it fails, whatever is hung on the error', async () => {
    const minted = await newMinted();
    const { deliver } = setUp(onMessage(() => discordError(400, 50_035)));
    const error = await refusalOf(deliver(minted, null));
    const { log, lines } = collectLog();
    log.warn({ err: error }, 'an interaction was refused');
    expect(lines.join('')).not.toContain(minted.token);
    expect(lines.join('')).not.toMatch(TOKEN_SHAPED);
  });
});

describe('taking a token back', () => {
  it('puts in its place that it does not work, without the token or its button', async () => {
    const minted = await newMinted();
    const { deliver, wire } = setUp(onMessage(() => posted));
    const receipt = await deliver(minted, null);
    expect(await receipt.retract()).toBe(true);
    const { method, path, body } = wire.sent[2]!;
    expect(`${method} ${path}`).toBe(`PATCH /channels/${CHANNEL}/messages/${message.id}`);
    expect(body).toMatchObject({ components: [] });
    expect(JSON.stringify(body)).toContain("doesn't work");
    expect(JSON.stringify(body)).not.toContain(minted.token);
  });

  it('never throws, but tells the operator which session it was', async () => {
    const minted = await newMinted();
    const { deliver, lines } = setUp(({ method, path }) =>
      method === 'PATCH'
        ? discordError(404, 10_008)
        : path === '/users/@me/channels'
          ? opened
          : posted,
    );
    expect(await (await deliver(minted, null)).retract()).toBe(false);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain(minted.session.id);
    expect(lines[0]).not.toContain(minted.token);
  });
});

describe('looking for a token that was lost', () => {
  it('finds its message by the button, and puts in its place that it does not work', async () => {
    const { retract, lost, wire, requests, minted } = await lose();
    expect(await retract(lost)).toBe(true);
    expect(requests()).toEqual([
      'POST /users/@me/channels',
      `GET /channels/${CHANNEL}/messages`,
      `PATCH /channels/${CHANNEL}/messages/2`,
    ]);
    expect(wire.sent[0]?.body).toEqual({ recipient_id: ANA });
    expect(wire.sent[2]?.body).toMatchObject({
      content: expect.stringContaining("doesn't work"),
      components: [],
    });
    expect(JSON.stringify(wire.sent)).not.toContain(minted.token);
  });

  it('changes nothing where it is not there', async () => {
    const { retract, lost, requests } = await lose();
    expect(await retract({ ...lost, sessionId: 'another' })).toBe(false);
    expect(requests()).toHaveLength(2);
  });

  it.each([
    ['was deleted meanwhile', 'PATCH', 404, 10_008],
    ['is where we can never reach it', 'GET', 403, 50_001],
  ])('is over where it %s', async (_, method, status, code) => {
    const { retract, lost } = await lose({ [method]: discordError(status, code) });
    expect(await retract(lost)).toBe(true);
  });

  it.each(['POST', 'GET', 'PATCH'])('is to be tried again where %s fails', async (method) => {
    const { retract, lost } = await lose({ [method]: { status: 500, body: {} } });
    await expect(retract(lost)).rejects.toBeInstanceOf(Error);
  });
});

describe('the message', () => {
  it('has the token alone on a line, hidden, and nowhere else', async () => {
    const minted = await newMinted();
    const { content = '' } = tokenMessage(english, minted, null);
    expect(content.split('\n')).toContain(`||${minted.token}||`);
    expect(content.split(minted.token)).toHaveLength(2);
  });

  it('is silent, shows no preview of a link and pings nobody', async () => {
    const { flags, allowed_mentions } = tokenMessage(english, await newMinted('@everyone'), null);
    expect(Number(flags) & MessageFlags.SuppressNotifications).toBeTruthy();
    expect(Number(flags) & MessageFlags.SuppressEmbeds).toBeTruthy();
    expect(allowed_mentions).toEqual({ parse: [] });
  });

  it('carries an enforced nonce of at most 25 characters, another one for each session', async () => {
    const harness = createCoreHarness();
    const one = tokenMessage(english, await harness.token(), null);
    const other = tokenMessage(english, await harness.token(), null);
    await harness.close();
    for (const { nonce, enforce_nonce } of [one, other]) {
      expect(enforce_nonce).toBe(true);
      expect(String(nonce).length).toBeGreaterThanOrEqual(16);
      expect(String(nonce).length).toBeLessThanOrEqual(25);
    }
    expect(one.nonce).not.toBe(other.nonce);
  });

  it('says what it is for, until when, how to use it and how to end it', async () => {
    const { content = '' } = tokenMessage(english, await newMinted('a *star*'), null);
    expect(content).toContain(String.raw`a \*star\*`);
    expect(content).toContain(`<t:${(START + DAY) / 1_000}:`);
    expect(content).toContain('in the `Authorization` header');
    expect(content).toContain('/session revoke');
  });

  it('says when it will be deleted, where it will be', async () => {
    const minted = await newMinted();
    const { content = '' } = tokenMessage(english, minted, START + HOUR);
    expect(content).toContain(`delete this message <t:${(START + HOUR) / 1_000}:R>.`);
    expect(tokenMessage(english, minted, null).content).not.toContain('delete this message');
  });

  it('says that it is the new one, where it takes the place of another', async () => {
    const { token, session } = await newMinted();
    const rotated = { token, session: { ...session, replaces: session.id } };
    expect(tokenMessage(english, rotated, null).content).toMatch(
      /^\*\*deploy\*\*, new API token, works until/,
    );
    expect(tokenMessage(english, { token, session }, null).content).toMatch(
      /^\*\*deploy\*\*, API token, works until/,
    );
  });

  it('has a button that shows the token alone and one that deletes it, each with whose and which it is', async () => {
    const minted = await newMinted();
    const { components = [] } = tokenMessage(english, minted, null);
    const subject = `${ANA}:${minted.session.id}`;
    expect(components).toMatchObject([
      {
        type: ComponentType.ActionRow,
        components: [
          { label: 'Show it alone, to copy', custom_id: `alone:${subject}` },
          { label: 'Saved, delete this message', custom_id: `saved:${subject}` },
        ],
      },
    ]);
  });

  it('stays within 2,000 characters with the longest name', async () => {
    const { content = '' } = tokenMessage(english, await newMinted('`'.repeat(80)), LAST_INSTANT);
    expect(content.length).toBeLessThanOrEqual(2_000);
  });
});

describe('deleting a message with a token', () => {
  const place = `${CHANNEL}/${message.id}`;

  it('deletes the one that was delivered', async () => {
    const { deliver, deleteMessage, requests } = setUp(
      onMessage(({ method }) => (method === 'DELETE' ? { status: 204 } : posted)),
    );
    await deleteMessage((await deliver(await newMinted(), START)).messageRef);
    expect(requests().at(-1)).toBe(`DELETE /channels/${CHANNEL}/messages/${message.id}`);
  });

  it.each([
    ['10008: it was deleted already', 404, 10_008],
    ['10003: its conversation is gone', 404, 10_003],
    ['50001: we can never reach it again', 403, 50_001],
  ])('is done after %s', async (_, status, code) => {
    const { deleteMessage, requests } = setUp(() => discordError(status, code));
    await deleteMessage(place);
    expect(requests()).toHaveLength(1);
  });

  it.each([
    ['500', { status: 500, body: { message: 'oops' } }],
    ['a wrong token of the bot', { status: 401, body: { message: '401: Unauthorized', code: 0 } }],
    ['a permission that is missing', discordError(403, 50_013)],
    ['a request that Discord does not understand', discordError(400, 50_035)],
  ])('may succeed another time after %s', async (_, answer) => {
    await expect(setUp(() => answer).deleteMessage(place)).rejects.toBeInstanceOf(Error);
  });

  it('may succeed another time after a connection that broke', async () => {
    const { deleteMessage } = setUp(() => Promise.reject(new Error('ECONNRESET')));
    await expect(deleteMessage(place)).rejects.toThrow('ECONNRESET');
  });

  it('says how long to wait where Discord holds it back, and does not wait itself', async () => {
    const headers = { 'retry-after': '900', 'x-ratelimit-scope': 'shared' };
    const body = { message: 'slow down', retry_after: 900, global: false };
    const { deleteMessage } = setUp(() => ({ status: 429, headers, body }));
    const error = await refusalOf(deleteMessage(place));
    expect(error.code).toBe('upstream');
    expect(error.retryAfterMs).toBeGreaterThanOrEqual(900_000);
    expect(error.retryAfterMs).toBeLessThan(910_000);
  });
});

describe('a greeting', () => {
  it('is a direct message without a token', async () => {
    const { sendTestMessage, requests, wire } = setUp(onMessage(() => posted));
    await sendTestMessage(ANA);
    expect(requests()).toEqual(['POST /users/@me/channels', `POST /channels/${CHANNEL}/messages`]);
    expect(wire.sent[0]?.body).toEqual({ recipient_id: ANA });
    expect(wire.sent[1]?.body).toEqual({ content: expect.stringContaining('message you again') });
  });

  it('of which nobody knows whether it arrived says that, and nothing of a token', async () => {
    const { sendTestMessage } = setUp(onMessage(() => ({ status: 500, body: {} })));
    const error = await refusalOf(sendTestMessage(ANA));
    expect(error.code).toBe('unconfirmed');
    expect(error.refusal).toEqual({ code: 'unconfirmed', reason: 'message' });
    expect(error.message).not.toMatch(/token|created/);
  });

  it.each([
    [discordError(403, 50_007), 'dm_closed'],
    [discordError(400, 40_003), 'undelivered'],
    [{ status: 500, body: {} }, 'undelivered'],
  ] as const)('that fails says so, and nothing of a token: %j', async (answer, code) => {
    const { sendTestMessage } = setUp(() => answer);
    const error = await refusalOf(sendTestMessage(ANA));
    expect(error.code).toBe(code);
    expect(error.message).not.toMatch(/token|created/);
  });
});

describe('heedRefusals', () => {
  it.each([
    [50_007, 1],
    [50_278, 1],
    [50_035, 0],
    [20_026, 0],
  ])('hears that a member takes no messages, and of no other failure: %i', async (code, heard) => {
    let count = 0;
    const wire = createWire(onMessage(() => discordError(403, code)));
    const options = { ...restOptions('https://discord.test/api'), makeRequest: wire.makeRequest };
    const rest = new REST({ ...options, retries: 0, offset: 0 }).setToken('bot-token');
    const heeding = observeRefusals(rest, () => (count += 1));
    await expect(createSendTestMessage(heeding)(english)(ANA)).rejects.toThrow(AppError);
    expect(count).toBe(heard);
  });
});
