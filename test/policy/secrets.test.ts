import { english } from '../../src/discord/words/words.ts';
import { REST } from 'discord.js';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { BlockList } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { hashToken, TOKEN_SHAPED } from '../../src/core/sessions/token.ts';
import { components, memberCommands } from '../../src/discord/interactions/commands/index.ts';
import { writeCustomId } from '../../src/discord/interactions/custom-id.ts';
import { createDispatch } from '../../src/discord/interactions/dispatch.ts';
import { createDeliver } from '../../src/discord/messages/deliver.ts';
import { createSendBatch } from '../../src/discord/messages/send-batch.ts';
import { pictureOf } from '../../src/discord/server/picture.ts';
import { createApi } from '../../src/http/api.ts';
import { silentMeter } from '../../src/metrics.ts';
import { openDatabase } from '../../src/store/sqlite/file/open.ts';
import { createCoreHarness } from '../support/core-harness.ts';
import {
  ANA,
  collectLog,
  DAY,
  idAt,
  newBan,
  seededRandom,
  STAFF,
  temporaryFolder,
} from '../support/fixtures.ts';
import { withoutStaff } from '../support/without-staff.ts';
import {
  agreeable,
  createInteractions,
  createWire,
  discordError,
  INTERACTION_TOKEN,
  message,
  type Responder,
} from '../support/wire.ts';

const commands = memberCommands(undefined);

const BOT_TOKEN = 'MTIz.bot.token-that-is-secret';

/** Uses every verb, by Discord and by HTTP, in success and in failure; returns what was made. */
async function live(path: string) {
  const harness = createCoreHarness({ path, maxApiTokens: 6 });
  const { log, lines } = collectLog([BOT_TOKEN]);
  const { sessions, clock, store, accounts } = harness;
  const outcome = { answer: { status: 200, body: message } as Awaited<ReturnType<Responder>> };
  const direct = createWire(({ path: route }) =>
    route === '/users/@me/channels'
      ? { status: 200, body: { id: message.channel_id, type: 1 } }
      : outcome.answer,
  );
  const rest = new REST({ makeRequest: direct.makeRequest, retries: 0, offset: 0 });
  const deliver = createDeliver({
    rest: rest.setToken(BOT_TOKEN),
    log,
  });
  const interactions = createInteractions(agreeable);
  const dispatch = interactions.answering(
    createDispatch({
      ...withoutStaff(harness),
      commands,
      components,
      log,
      sessions,
      tokens: harness.tokens,
      clock,
      deliver,
      meter: silentMeter,
    }),
  );
  const healthChecks = {
    database: () => store.ping(),
    isWritable: () => store.isWritable(),
    gateway: () => null,
    log,
  };
  const api = createApi({
    pictureOf,
    sessions,
    tokens: harness.tokens,
    leaks: harness.leaks,
    logins: undefined,
    clock,
    healthChecks,
    log,
    meter: silentMeter,
    publicUrl: 'https://latchkey.example',
    introspectionSecret: undefined,
    failuresPerMinute: 1_000_000,
    trustedProxies: new BlockList(),
    corsOrigins: [],
  });
  const answers: string[] = [];
  const notices: string[] = [];
  const random = seededRandom('batches');
  const posts = createWire(() => ({ status: 200, body: message }));
  const post = createSendBatch({
    rest: new REST({ makeRequest: posts.makeRequest, retries: 0 }).setToken(BOT_TOKEN),
    clock,
    staffChannelId: () => '5',
    wordsFor: () => english,
    namesOf: async () => () => undefined,
    appealUrl: undefined,
  });

  const create = { name: 'deploy', expires: '7d' };
  await dispatch(interactions.command('token', 'create', create));
  await dispatch(interactions.command('token', 'create', { ...create, name: 'second' }));
  const failures: Awaited<ReturnType<Responder>>[] = [
    discordError(403, 50_007),
    discordError(400, 50_035),
    { status: 500, body: { message: 'oops' } },
  ];
  for (const [index, answer] of failures.entries()) {
    outcome.answer = answer;
    await dispatch(interactions.command('token', 'create', { ...create, name: `${index}` }));
  }
  outcome.answer = { status: 200, body: message };
  const { sessions: own } = await store.page({ userId: ANA, now: clock() });
  const [first] = own;
  await dispatch(interactions.command('token', 'rotate', { token: first?.id ?? '' }));
  await dispatch(interactions.command('session', 'list'));
  await dispatch(interactions.autocomplete('session', 'revoke', 'session', 'd'));

  const delivered = () =>
    Array.from(JSON.stringify(direct.sent).matchAll(TOKEN_SHAPED), ([token]) => token);
  const good = delivered().at(-1) ?? '';
  const call = async (method: string, address: string, authorization: string, body?: unknown) => {
    const response = await api.request(address, {
      method,
      headers: { Authorization: authorization, 'Content-Type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (method !== 'POST') answers.push(text);
    return text;
  };
  const made = JSON.parse(
    await call('POST', '/sessions', good, { name: 'by HTTP', type: 'api', expiry: 60 }),
  ) as { token: string; id: string };
  await call('GET', '/sessions/@me', made.token);
  // A rotation with a grace, its repetition, a refused one, and uses after it.
  const rotated: string[] = [];
  const rotation = `/sessions/${made.id}/rotate`;
  for (const grace of ['1h', '1h', 'never', 0]) {
    const text = await call('POST', rotation, good, { grace });
    const { token } = JSON.parse(text) as { token?: string };
    if (token === undefined) answers.push(text);
    else rotated.push(token);
    clock.advance(11_000);
  }
  await call('GET', '/sessions/@me', made.token);
  await call('GET', '/sessions/@me', rotated[0] ?? '');
  await call('GET', '/sessions/@me', rotated.at(-1) ?? '');
  await call('POST', rotation, rotated.at(-1) ?? '', { grace: made.token });
  await call('GET', '/sessions?state=all', good);
  await call('GET', '/sessions', `Bearer ${good}`);
  await call('GET', `/sessions?token=${good}`, good);
  await call('GET', `/${good}`, good);
  await call('DELETE', `/sessions/${made.token}`, good);
  await call('DELETE', `/sessions/${made.id}`, good);
  await harness.lastUsed.flush();
  await store.remind({ actor: STAFF, at: clock() + 6 * DAY }, 100);
  for (const at of [clock(), clock() + 6 * DAY]) {
    for (;;) {
      const batch = await store.takeBatch(at, at + DAY, idAt(at, random));
      if (batch === null) break;
      notices.push(await post(batch));
      await store.dropBatch(batch.id);
    }
  }
  await dispatch(interactions.command('session', 'notify'));
  await dispatch(interactions.button(writeCustomId('rotate', ANA, first?.id ?? '')));
  await dispatch(interactions.button(writeCustomId('not-me', ANA, made.id)));
  await dispatch(interactions.command('session', 'revoke', { session: good }));
  await dispatch(interactions.button(writeCustomId('revoke-all', ANA, '9999999999')));
  await dispatch(interactions.command('token', 'create', create));
  await dispatch(interactions.command('token', 'create', create));
  await accounts.ban(STAFF, newBan(ANA, 'spam'));
  await call('GET', '/sessions/@me', delivered().at(-1) ?? '');
  await dispatch(interactions.command('session', 'me'));
  // The database goes away under them.
  const broken = delivered().at(-1) ?? '';
  await store.close();
  await call('GET', '/sessions/@me', broken);
  await dispatch(interactions.command('session', 'list'));

  const tokens = [...new Set([...delivered(), made.token, ...rotated])];
  answers.push(JSON.stringify(posts.sent));
  return { tokens, notices, lines, answers, replies: JSON.stringify(interactions.wire.sent) };
}

describe('after everything that a member can do', () => {
  it('no token is anywhere but in the message or the reply that delivered it', async () => {
    const folder = temporaryFolder();
    onTestFinished(() => folder.remove());
    const path = join(folder.path, 'latchkey.db');
    // A second connection keeps the write-ahead log, so that this test can look into it too.
    const witness = openDatabase(path);
    const { tokens, notices, lines, answers, replies } = await live(path);
    const kept = readdirSync(folder.path).map((name) => readFileSync(join(folder.path, name)));
    const tables = witness
      .prepare<[], string>("select name from sqlite_schema where type = 'table'")
      .pluck()
      .all();
    const rows = JSON.stringify(
      tables.map((table) => witness.prepare(`select * from "${table}"`).all()),
      (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value),
    );
    const events = witness.prepare('select * from audit_events').all();
    witness.close();

    expect(tokens.length).toBeGreaterThanOrEqual(10);
    expect(notices.length).toBeGreaterThanOrEqual(3);
    expect(kept).toHaveLength(3);
    expect(lines.length).toBeGreaterThan(3);
    expect(events.length).toBeGreaterThan(8);
    const log = lines.join('');
    for (const token of tokens) {
      const secret = token.slice(7, 50);
      for (const bytes of kept) expect(bytes.includes(secret)).toBe(false);
      for (const text of [rows, log, replies, ...answers]) expect(text).not.toContain(secret);
      // Nor may a log or an audit row lead to the row of a token.
      const hash = createHash('sha256').update(token).digest();
      expect(hash).toEqual(hashToken(token));
      for (const form of ['hex', 'base64', 'base64url'] as const) {
        expect(log).not.toContain(hash.toString(form));
        expect(JSON.stringify(events)).not.toContain(hash.toString(form));
      }
    }
    for (const text of [rows, log, replies, ...answers]) expect(text).not.toMatch(TOKEN_SHAPED);
    for (const text of [rows, log, ...answers]) {
      expect(text).not.toContain(BOT_TOKEN);
      expect(text).not.toContain(INTERACTION_TOKEN);
    }
  });
});
