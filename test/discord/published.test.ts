import { english } from '../../src/discord/words/words.ts';
import { REST } from 'discord.js';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createOutboxRelay } from '../../src/core/outbox/outbox-relay.ts';
import {
  components,
  memberCommands,
  messageCommands,
  staffCommands,
} from '../../src/discord/interactions/commands/index.ts';
import { writeCustomId } from '../../src/discord/interactions/custom-id.ts';
import { createDispatch } from '../../src/discord/interactions/dispatch.ts';
import { createSendTestMessage, tokenMessage } from '../../src/discord/messages/deliver.ts';
import { createSendBatch } from '../../src/discord/messages/send-batch.ts';
import { silentMeter } from '../../src/metrics.ts';
import { createCoreHarness } from '../support/core-harness.ts';
import {
  ANA,
  BEN,
  collectLog,
  createPostbox,
  DAY,
  member,
  newBan,
  newSession,
  seededRandom,
  STAFF,
  START,
} from '../support/fixtures.ts';
import { faultsOf, isPublished, publishedNote } from '../support/published.ts';
import { withoutStaff } from '../support/without-staff.ts';
import {
  buttonsOf,
  createDiscordHarness,
  idOfButton,
  type Person,
  SERVER,
  SUE,
} from '../support/discord-harness.ts';
import {
  CALLBACK,
  createInteractions,
  createWire,
  message,
  ORIGINAL,
  type Sent,
  WEBHOOK,
} from '../support/wire.ts';

const commands = memberCommands(undefined);

const REGISTER = '/applications/{application_id}/commands';
const MESSAGE = '/channels/{channel_id}/messages';

/** The path of an answer to an interaction, as the description has it. */
const TEMPLATES: Readonly<Record<string, string>> = {
  [CALLBACK]: '/interactions/{interaction_id}/{interaction_token}/callback',
  [ORIGINAL]: '/webhooks/{webhook_id}/{webhook_token}/messages/@original',
  [WEBHOOK]: '/webhooks/{webhook_id}/{webhook_token}',
};

const LONG = '`'.repeat(80);

function setUp() {
  const harness = createCoreHarness({ maxApiTokens: 12 });
  const postbox = createPostbox();
  const interactions = createInteractions();
  onTestFinished(async () => {
    await harness.close();
  });
  const { sessions, tokens, clock } = harness;
  const { log } = collectLog();
  const { deliver } = postbox;
  const dispatch = interactions.answering(
    createDispatch({
      ...withoutStaff(harness),
      commands,
      components,
      log,
      sessions,
      tokens,
      clock,
      deliver: () => deliver,
      meter: silentMeter,
    }),
  );
  return { harness, interactions, dispatch, sent: interactions.wire.sent };
}

function faultsOfAnswers(sent: readonly Sent[]): string[] {
  return sent
    .filter(({ body }) => body !== undefined)
    .flatMap(({ method, path, body }) =>
      faultsOf(method.toLowerCase(), TEMPLATES[path] ?? path, withoutDefaults(body)).map(
        (fault) => `${method} ${TEMPLATES[path]}: ${fault}`,
      ),
    );
}

/** discord.js says two defaults in each message, also where Discord describes no such member. */
function withoutDefaults(body: unknown): unknown {
  const { tts, enforce_nonce, ...rest } = body as Record<string, unknown>;
  return { ...rest, ...(tts ? { tts } : {}), ...(enforce_nonce ? { enforce_nonce } : {}) };
}

/** Permissions are texts in Discord's reference, but numbers in its description. */
function withNumbers<Data extends { default_member_permissions?: unknown }>(data: Data) {
  const { default_member_permissions: bits, ...rest } = data;
  return bits === undefined ? rest : { ...rest, default_member_permissions: Number(bits) };
}

/** Discord counts all components of a message, those inside of others too. */
function countComponents(node: unknown): number {
  if (Array.isArray(node))
    return node.reduce<number>((sum, each) => sum + countComponents(each), 0);
  if (typeof node !== 'object' || node === null) return 0;
  const { components: inner, ...rest } = node as { components?: unknown; type?: number };
  return (rest.type === undefined ? 0 : 1) + countComponents(inner);
}

/** All that a member reads in a card; 4,000 characters are the most. */
function textOf(node: unknown): string {
  if (Array.isArray(node)) return node.map(textOf).join('');
  if (typeof node !== 'object' || node === null) return '';
  const { type, content, components: inner } = node as Record<string, unknown>;
  return `${type === 10 ? String(content) : ''}${textOf(inner)}`;
}

function customIdsOf(node: unknown): string[] {
  const found = JSON.stringify(node).matchAll(/"custom_id":"([^"]*)"/g);
  return Array.from(found, ([, customId = '']) => customId);
}

// A stranger's clone has no copy of the description: the limits are looked at all the same.
describe(`what Discord has published${publishedNote}`, () => {
  it.skipIf(!isPublished)('would refuse a command, a message or an answer that is wrong', () => {
    const [command] = commands.map(({ data }) => structuredClone(data));
    expect(faultsOf('put', REGISTER, [{ ...command, name: 'x'.repeat(33) }])).not.toEqual([]);
    expect(faultsOf('put', REGISTER, [{ ...command, nam: 'x' }])).not.toEqual([]);
    const [inMenu] = messageCommands.map(({ data }) => ({ ...data, name: 'x'.repeat(33) }));
    expect(faultsOf('put', REGISTER, [inMenu])).not.toEqual([]);
    expect(faultsOf('post', MESSAGE, { nonce: 'x'.repeat(26) })).not.toEqual([]);
    const callback = TEMPLATES[CALLBACK] ?? '';
    expect(faultsOf('post', callback, { type: 99 })).not.toEqual([]);
  });

  it('allows the commands', () => {
    expect(
      faultsOf(
        'put',
        REGISTER,
        commands.map(({ data }) => data),
      ),
    ).toEqual([]);
  });

  it('allows the direct message', async () => {
    const { harness } = setUp();
    const minted = await harness.token(ANA, LONG);
    expect(faultsOf('post', MESSAGE, tokenMessage(english, minted, START))).toEqual([]);
    expect(faultsOf('post', '/users/@me/channels', { recipient_id: ANA })).toEqual([]);
  });

  it('allows each answer to a member who has nothing', async () => {
    const { interactions, dispatch, sent } = setUp();
    await dispatch(interactions.command('session', 'me'));
    await dispatch(interactions.command('session', 'list'));
    await dispatch(interactions.command('session', 'list', { type: 'app_login' }));
    await dispatch(interactions.command('session', 'revoke', { session: 'x' }));
    await dispatch(interactions.command('session', 'revoke-all'));
    await dispatch(interactions.command('token', 'rotate', { token: 'x' }));
    await dispatch(interactions.command('token', 'create', { name: '\u202E', expires: 'never' }));
    await dispatch(interactions.autocomplete('session', 'revoke', 'session', 'x'));
    await dispatch(interactions.autocomplete('token', 'create', 'expires', 'x'.repeat(100)));
    expect(sent.length).toBeGreaterThan(14);
    expect(faultsOfAnswers(sent)).toEqual([]);
  });

  it('allows each answer to a member who has as much as possible, with the longest names', async () => {
    const { harness, interactions, dispatch, sent } = setUp();
    const root = await harness.token(ANA, LONG);
    for (let index = 0; index < 11; index += 1) {
      harness.clock.advance(1_000);
      await harness.tokens.create(member(ANA, root.session.id), {
        name: LONG,
        expiresAt: harness.clock() + 3_600_000,
      });
    }
    await dispatch(interactions.command('session', 'me'));
    await dispatch(interactions.command('session', 'list'));
    const manage = sent.at(-1)?.body;
    const [older = ''] = customIdsOf(manage).filter((id) => id.includes(':after:'));
    await dispatch(interactions.button(older));
    const [newer = ''] = customIdsOf(sent.at(-1)?.body).filter((id) => id.includes(':before:'));
    await dispatch(interactions.button(newer));
    await dispatch(interactions.autocomplete('session', 'revoke', 'session', ''));
    await dispatch(interactions.command('token', 'create', { name: `${LONG.slice(1)}x` }));
    await dispatch(interactions.command('token', 'create', { name: LONG, expires: '1y' }));
    for (const id of customIdsOf(sent.at(-1)?.body)) await dispatch(interactions.button(id));
    await dispatch(interactions.button(writeCustomId('how', ANA)));
    const [one = ''] = customIdsOf(manage).filter((id) => id.startsWith('one:'));
    await dispatch(interactions.button(one));
    for (const id of customIdsOf(sent.at(-1)?.body)) await dispatch(interactions.button(id));
    await dispatch(interactions.select(writeCustomId('pick', ANA, 'all'), [root.session.id]));
    await dispatch(interactions.command('session', 'revoke', { session: root.session.id }));
    await dispatch(interactions.button(writeCustomId('revoke-made', ANA, root.session.id)));
    await dispatch(interactions.command('session', 'revoke-all'));
    await dispatch(interactions.button(writeCustomId('list', BEN, 'all', 'first')));
    await dispatch(interactions.button(writeCustomId('saved', ANA)));
    await harness.accounts.ban(STAFF, newBan(ANA));
    await dispatch(interactions.command('session', 'me'));
    await dispatch(interactions.button(older));
    expect(older).not.toBe('');
    expect(newer).not.toBe('');
    expect(faultsOfAnswers(sent)).toEqual([]);
    for (const { body } of sent) {
      const { components: cards = [] } = (body ?? {}) as { components?: unknown[] };
      expect(countComponents(cards)).toBeLessThanOrEqual(40);
      expect(textOf(cards).length).toBeLessThanOrEqual(4_000);
      const customIds = customIdsOf(body ?? null);
      expect(new Set(customIds).size).toBe(customIds.length);
      for (const customId of customIds) expect(customId.length).toBeLessThanOrEqual(100);
    }
  });

  it('allows what a member hears of, with the longest names and as much as fits', async () => {
    const { harness, interactions, dispatch, sent } = setUp();
    const { store, clock } = harness;
    const by = { actor: member(ANA), at: START };
    const roomy = { maxApiTokens: 1_000, creationsPerHour: 1_000 };
    const posts = createWire(({ path }) =>
      path === '/users/@me/channels'
        ? { status: 200, body: { id: '5', type: 1 } }
        : { status: 200, body: message },
    );
    const rest = new REST({ makeRequest: posts.makeRequest, retries: 0 }).setToken('bot-token');
    const post = createSendBatch({
      rest,
      clock,
      staffChannelId: () => null,
      wordsFor: () => english,
      namesOf: async () => () => undefined,
      appealUrl: undefined,
    });
    const outboxRelay = createOutboxRelay({
      store,
      clock,
      random: seededRandom('post'),
      send: post,
      onFailure: (error) => expect(error).toBeUndefined(),
    });
    const expiresAt = START + 90 * DAY;
    const all = Array.from({ length: 9 }, () => newSession({ name: LONG, expiresAt }));
    for (const fresh of all) await store.add(by, fresh, roomy);
    const user = { id: ANA, username: 'ana' };
    const said = { user, scopes: ['identify'], expiresAt, checkedAt: START };
    for (const type of ['login', 'app_login'] as const) {
      const fresh = newSession({ type, name: null });
      await store.addLogin(by, fresh, said, 50);
    }
    const ids = all.map(({ session }) => session.id);
    await store.touch(
      by,
      ids.map((id) => [id, expiresAt - DAY] as const),
    );
    await store.remind({ ...by, at: expiresAt - 14 * DAY }, 100);
    clock.advance(76 * DAY);
    await outboxRelay.run();
    await store.remind({ ...by, at: expiresAt }, 100);
    await store.warnOfReuse({ ...by, at: expiresAt }, ids);
    clock.advance(14 * DAY);
    await outboxRelay.run();
    const other = newSession({ createdAt: clock(), name: LONG });
    await store.add({ ...by, at: clock() }, other, roomy);
    const finding = { as: 'reported', channelId: '5' } as const;
    await store.endFound({ ...by, at: clock() }, [other.tokenHash], finding);
    await outboxRelay.run();
    await createSendTestMessage(rest)(english)(ANA);
    const messages = posts.sent.filter(({ path }) => path.endsWith('/messages'));
    const words = JSON.stringify(messages);
    for (const told of [
      'first time',
      'New login',
      'expire soon',
      'It was still in use',
      'which you replaced',
      'revoked',
    ]) {
      expect(words).toContain(told);
    }
    for (const { body } of messages) {
      expect(faultsOf('post', MESSAGE, withoutDefaults(body))).toEqual([]);
      expect(countComponents(body)).toBeLessThanOrEqual(40);
      expect(textOf((body as { components?: unknown }).components).length).toBeLessThan(4_001);
    }
    const pressed = messages.flatMap(({ body }) => customIdsOf(body));
    expect(new Set(pressed.map((id) => id.split(':')[0]))).toEqual(
      new Set(['rotate', 'rotate-all', 'let-expire', 'not-me', 'notices']),
    );
    for (const id of pressed) {
      expect(id.length).toBeLessThanOrEqual(100);
      await dispatch(interactions.button(id));
    }
    expect(faultsOfAnswers(sent)).toEqual([]);
  });

  it('allows each answer about rotation and about what a member hears', async () => {
    const { harness, interactions, dispatch, sent } = setUp();
    const { session } = await harness.token(ANA, LONG, 90 * DAY);
    const rotate = (grace: string) =>
      dispatch(interactions.command('token', 'rotate', { token: session.id, grace }));
    await harness.store.saveDmStatus(ANA, START);
    for (const subcommand of ['me', 'notify']) {
      await dispatch(interactions.command('session', subcommand));
      for (const id of customIdsOf(sent.at(-1)?.body)) await dispatch(interactions.button(id));
    }
    await dispatch(interactions.button(writeCustomId('let-expire', ANA, session.id)));
    await dispatch(interactions.button(writeCustomId('rotate', ANA, session.id)));
    await rotate('7d');
    harness.clock.advance(11_000);
    await rotate('7d');
    harness.clock.advance(11_000);
    await rotate('never');
    await rotate('now');
    await dispatch(interactions.command('session', 'list'));
    await dispatch(interactions.button(writeCustomId('not-me', ANA, session.id)));
    await dispatch(interactions.button(writeCustomId('not-me', BEN, session.id)));
    expect(sent.length).toBeGreaterThan(28);
    expect(faultsOfAnswers(sent)).toEqual([]);
    for (const { body } of sent) {
      const { components: cards = [] } = (body ?? {}) as { components?: unknown[] };
      expect(countComponents(cards)).toBeLessThanOrEqual(40);
    }
  });

  it('allows the commands of staff and those in the menu of a message', () => {
    const inServer = '/applications/{application_id}/guilds/{guild_id}/commands';
    for (const roleIds of [[], ['310000000000000001']]) {
      const data = staffCommands(roleIds).map((command) => withNumbers(command.data));
      expect(faultsOf('put', inServer, data)).toEqual([]);
    }
    const everywhere = [...commands, ...messageCommands].map(({ data }) => data);
    expect(faultsOf('put', REGISTER, everywhere)).toEqual([]);
  });

  it('allows each answer to staff, with the longest names, reasons and ids', async () => {
    const stage = await createDiscordHarness();
    onTestFinished(() => stage.close());
    const { admin, press, token, sent, clock, tokens, dispatch, complete } = stage;
    const ADA = '1'.repeat(20);
    const syd: Person = { ...SUE, id: '9'.repeat(20) };
    await admin('user', { user: ADA }, syd);
    await admin('revoke', { user: ADA }, syd);
    await admin('unban', { user: ADA }, syd);
    await admin('sessions', {}, syd);
    await admin('audit', {}, syd);
    const root = await token(ADA, LONG, 9_000 * 86_400_000);
    for (let index = 0; index < 11; index += 1) {
      clock.advance(1_000);
      await tokens.create(member(ADA, root.session.id), {
        name: LONG,
        expiresAt: clock() + 3_600_000,
      });
    }
    const memberDetails = await admin('user', { user: ADA }, syd);
    for (const { custom_id } of buttonsOf(memberDetails)) await press(custom_id, syd);
    const list = await press(idOfButton(memberDetails, 'Tokens and logins'), syd);
    await press(idOfButton(list, 'Older'), syd);
    const all = await admin('sessions', { type: 'api', expiring: '9000y', unused: '0s' }, syd);
    await press(idOfButton(all, 'Older'), syd);
    const one = await admin('revoke', { user: ADA, session: root.session.id }, syd);
    await press(buttonsOf(one)[1]!.custom_id, syd);
    await admin('stats', {}, syd);
    await admin('guard', { action: 'status' }, syd);
    await admin('guard', { action: 'on' }, syd);
    const asked = await admin('ban', { user: ADA, reason: '*'.repeat(300), duration: '7d' }, syd);
    await press(idOfButton(asked, 'Ban'), syd);
    await press(idOfButton(asked, 'Ban'), syd);
    await press(idOfButton(asked, 'Cancel'), syd);
    await admin('user', { user: ADA }, syd);
    await admin('audit', { user: ADA }, { ...syd, permissions: 0n });
    for (const [subcommand, focused] of [
      ['ban', 'duration'],
      ['revoke', 'session'],
      ['sessions', 'expiring'],
      ['sessions', 'unused'],
      ['audit', 'since'],
    ] as const) {
      for (const typed of ['', '7d', 'x'.repeat(100), '`'.repeat(100)]) {
        const options = { user: ADA, [focused]: typed };
        await dispatch(complete(syd, 'admin', subcommand, { options, focused }));
      }
    }
    const answers = sent.filter(({ path }) => path in TEMPLATES);
    expect(answers.length).toBeGreaterThan(60);
    expect(faultsOfAnswers(answers)).toEqual([]);
    const rules = sent.filter(({ method, path }) => method === 'POST' && path.endsWith('/rules'));
    expect(rules).toHaveLength(1);
    const template = '/guilds/{guild_id}/auto-moderation/rules';
    expect(rules[0]?.path).toBe(template.replace('{guild_id}', SERVER));
    expect(faultsOf('post', template, rules[0]?.body)).toEqual([]);
  });
});
