import { describe, expect, it, onTestFinished } from 'vitest';
import {
  commands,
  components,
  messageCommands,
  staffCommands,
} from '../../src/discord/commands/index.ts';
import { writeCustomId } from '../../src/discord/custom-id.ts';
import { tokenMessage } from '../../src/discord/deliver.ts';
import { createDispatch } from '../../src/discord/dispatch.ts';
import { silentMeter } from '../../src/metrics.ts';
import { createBench } from '../support/bench.ts';
import { withoutStaff } from '../support/room.ts';
import {
  ANA,
  BEN,
  collectLog,
  createPostbox,
  member,
  STAFF,
  START,
  newBan,
} from '../support/fixtures.ts';
import { faultsOf, isPublished, publishedNote } from '../support/published.ts';
import {
  buttonsOf,
  createStaffed,
  idOfButton,
  type Person,
  SERVER,
  SUE,
} from '../support/staff-wire.ts';
import { CALLBACK, createInteractions, ORIGINAL, type Sent, WEBHOOK } from '../support/wire.ts';

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
  const bench = createBench({ maxApiTokens: 12 });
  const postbox = createPostbox();
  const interactions = createInteractions();
  onTestFinished(async () => {
    await interactions.close();
    await bench.close();
  });
  const { sessions, clock } = bench;
  const { log } = collectLog();
  const { deliver } = postbox;
  const dispatch = createDispatch({
    ...withoutStaff(bench),
    commands,
    components,
    log,
    sessions,
    clock,
    deliver,
    meter: silentMeter,
  });
  return { bench, interactions, dispatch, sent: interactions.wire.sent };
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

// A stranger's clone has no copy of the description; the title then says so.
describe.skipIf(!isPublished)(`what Discord has published${publishedNote}`, () => {
  it('would refuse a command, a message or an answer that is wrong', () => {
    const [command] = commands.map(({ data }) => structuredClone(data));
    expect(faultsOf('put', REGISTER, [{ ...command, name: 'x'.repeat(33) }])).not.toEqual([]);
    expect(faultsOf('put', REGISTER, [{ ...command, nam: 'x' }])).not.toEqual([]);
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
    const { bench } = setUp();
    const parcel = await bench.token(ANA, LONG);
    expect(faultsOf('post', MESSAGE, tokenMessage(parcel, 'https://api.example', START))).toEqual(
      [],
    );
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
    const { bench, interactions, dispatch, sent } = setUp();
    const root = await bench.token(ANA, LONG);
    for (let index = 0; index < 9; index += 1) {
      bench.clock.advance(1_000);
      await bench.sessions.create(member(ANA, root.session.id), {
        name: LONG,
        expiresAt: bench.clock() + 3_600_000,
      });
    }
    await dispatch(interactions.command('session', 'me'));
    await dispatch(interactions.command('session', 'list'));
    const [older = ''] = customIdsOf(sent.at(-1)?.body).filter((id) => id.includes(':after:'));
    await dispatch(interactions.button(older));
    const [newer = ''] = customIdsOf(sent.at(-1)?.body).filter((id) => id.includes(':before:'));
    await dispatch(interactions.button(newer));
    await dispatch(interactions.autocomplete('session', 'revoke', 'session', ''));
    await dispatch(interactions.command('token', 'create', { name: LONG, expires: '1y' }));
    await dispatch(interactions.command('token', 'create', { name: LONG, expires: '1y' }));
    await dispatch(interactions.command('token', 'create', { name: LONG, expires: '1y' }));
    await dispatch(interactions.select(writeCustomId('pick', ANA, 'all'), [root.session.id]));
    await dispatch(interactions.command('session', 'revoke', { session: root.session.id }));
    await dispatch(interactions.button(writeCustomId('revoke-made', ANA, root.session.id)));
    await dispatch(interactions.command('session', 'revoke-all'));
    await dispatch(interactions.button(writeCustomId('list', BEN, 'all', 'first')));
    await dispatch(interactions.button(writeCustomId('saved', ANA)));
    await bench.accounts.ban(STAFF, newBan(ANA));
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

  it('allows the commands of staff and those in the menu of a message', () => {
    const inServer = '/applications/{application_id}/guilds/{guild_id}/commands';
    for (const roleIds of [[], ['310000000000000001']]) {
      const data = staffCommands(roleIds).map((command) => withNumbers(command.data));
      expect(faultsOf('put', inServer, data)).toEqual([]);
    }
    const everywhere = [...commands, ...messageCommands].map(({ data }) => data);
    expect(faultsOf('put', REGISTER, everywhere)).toEqual([]);
    const [wrong] = messageCommands.map(({ data }) => ({ ...data, name: 'x'.repeat(33) }));
    expect(faultsOf('put', REGISTER, [wrong])).not.toEqual([]);
  });

  it('allows each answer to staff, with the longest names, reasons and ids', async () => {
    const stage = await createStaffed();
    onTestFinished(() => stage.close());
    const { admin, press, token, sent, clock, sessions, dispatch, complete } = stage;
    const ADA = '1'.repeat(20);
    const syd: Person = { ...SUE, id: '9'.repeat(20) };
    await admin('user', { user: ADA }, syd);
    await admin('revoke', { user: ADA }, syd);
    await admin('unban', { user: ADA }, syd);
    await admin('sessions', {}, syd);
    await admin('audit', {}, syd);
    const root = await token(ADA, LONG, 9_000 * 86_400_000);
    for (let index = 0; index < 9; index += 1) {
      clock.advance(1_000);
      await sessions.create(member(ADA, root.session.id), {
        name: LONG,
        expiresAt: clock() + 3_600_000,
      });
    }
    const dossier = await admin('user', { user: ADA }, syd);
    for (const { custom_id } of buttonsOf(dossier)) await press(custom_id, syd);
    const list = await press(idOfButton(dossier, 'All sessions'), syd);
    await press(idOfButton(list, 'Older ▶'), syd);
    const all = await admin('sessions', { type: 'api', expiring: '9000y', unused: '0s' }, syd);
    await press(idOfButton(all, 'Older ▶'), syd);
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
