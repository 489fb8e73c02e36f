import { MessageFlags } from 'discord.js';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Command, type Component, REMOVE } from '../../../src/discord/interactions/command.ts';
import { components, memberCommands } from '../../../src/discord/interactions/commands/index.ts';
import { writeCustomId } from '../../../src/discord/interactions/custom-id.ts';
import { createDispatch } from '../../../src/discord/interactions/dispatch.ts';
import { Declined } from '../../../src/discord/render/reply.ts';
import { silentMeter } from '../../../src/metrics.ts';
import { createCoreHarness } from '../../support/core-harness.ts';
import {
  ANA,
  BEN,
  collectLog,
  createPostbox,
  DAY,
  member,
  newBan,
  STAFF,
  START,
} from '../../support/fixtures.ts';
import { withoutStaff } from '../../support/without-staff.ts';
import {
  agreeable,
  CALLBACK,
  createInteractions,
  discordError,
  INTERACTION_ID,
  INTERACTION_TOKEN,
  ORIGINAL,
  type Responder,
  WEBHOOK,
} from '../../support/wire.ts';

const commands = memberCommands(undefined);

interface SetUp {
  readonly respond?: Responder;
  readonly userId?: string;
  /** What `/test run`, its autocomplete and the component `test` do. */
  readonly run?: () => Promise<string>;
}

/** The real dispatcher with the real commands, and one whose work is the test's. */
function setUp({ respond = agreeable, userId = ANA, run = async () => 'done' }: SetUp = {}) {
  const harness = createCoreHarness({ maxApiTokens: 2 });
  const postbox = createPostbox();
  const { log, lines } = collectLog();
  const interactions = createInteractions(respond, userId);
  onTestFinished(async () => {
    await harness.close();
  });
  const command: Command = {
    audience: 'member',
    data: { name: 'test', description: 'A test' },
    subcommands: { run },
    autocomplete: {
      'run option': async () => [{ name: await run(), value: 'value' }],
    },
  };
  const component: Component = { audience: 'member', name: 'test', run };
  const beside: Component = { audience: 'member', name: 'beside', reply: 'new', run };
  const removing: Component = {
    audience: 'member',
    name: 'remove',
    run: (): Promise<typeof REMOVE> => Promise.resolve(REMOVE),
  };
  const form: Component = {
    audience: 'member',
    name: 'form',
    modal: async ({ args }) => {
      if (args[0] === 'closed') throw new Declined(() => 'not now');
      return { title: 'A form', components: [] };
    },
    run: async ({ fields }) => `${await run()} ${fields.get('word') ?? 'without a word'}`,
  };
  const dispatch = interactions.answering(
    createDispatch({
      ...withoutStaff(harness),
      commands: [...commands, command],
      components: [...components, component, beside, removing, form],
      log,
      sessions: harness.sessions,
      tokens: harness.tokens,
      clock: harness.clock,
      deliver: () => postbox.deliver,
      meter: silentMeter,
    }),
  );
  return { harness, postbox, lines, interactions, dispatch, sent: interactions.wire.sent };
}

const EPHEMERAL = { type: 5, data: { flags: MessageFlags.Ephemeral } };
const UPDATE = { type: 6 };
const CARD = MessageFlags.IsComponentsV2;

const routes = (sent: readonly { method: string; path: string }[]) =>
  sent.map(({ method, path }) => `${method} ${path}`);

/** The lines that an operator sees by default, at least. */
const alarming = (lines: readonly string[]) =>
  lines.filter((line) => (JSON.parse(line) as { level: number }).level >= 40);

describe('a command', () => {
  it('is acknowledged before its work begins, then answered in the same message', async () => {
    const order: string[] = [];
    const { dispatch, interactions, sent } = setUp({
      respond: (request, call) => {
        order.push(request.path === CALLBACK ? 'acknowledged' : 'answered');
        return agreeable(request, call);
      },
      run: async () => {
        order.push('worked');
        return 'done';
      },
    });
    await dispatch(interactions.command('test', 'run'));
    expect(order).toEqual(['acknowledged', 'worked', 'answered']);
    expect(routes(sent)).toEqual([`POST ${CALLBACK}`, `PATCH ${ORIGINAL}`]);
    expect(sent[0]?.body).toEqual(EPHEMERAL);
    expect(sent[1]?.body).toMatchObject({ content: 'done' });
  });

  it('waits for the acknowledgement to have arrived', async () => {
    const { promise: acknowledged, resolve: acknowledge } = Promise.withResolvers<void>();
    let worked = false;
    const { dispatch, interactions } = setUp({
      respond: async (request, call) => {
        if (request.path === CALLBACK) await acknowledged;
        return agreeable(request, call);
      },
      run: async () => {
        worked = true;
        return 'done';
      },
    });
    const work = dispatch(interactions.command('test', 'run'));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(worked).toBe(false);
    acknowledge();
    await work;
    expect(worked).toBe(true);
  });

  it.each([
    ['40060: acknowledged already', 400, 40_060],
    ['10062: too late', 404, 10_062],
  ])('does nothing at all after %s, and alarms nobody', async (_, status, code) => {
    let worked = false;
    const { dispatch, interactions, sent, lines } = setUp({
      respond: () => discordError(status, code),
      run: async () => {
        worked = true;
        return 'done';
      },
    });
    await dispatch(interactions.command('test', 'run'));
    await dispatch(interactions.button(writeCustomId('test', ANA)));
    expect(worked).toBe(false);
    expect(routes(sent)).toEqual([`POST ${CALLBACK}`, `POST ${CALLBACK}`]);
    expect(alarming(lines)).toEqual([]);
  });

  it('does nothing when Discord fails to take the acknowledgement, and the operator sees it', async () => {
    let worked = false;
    const { dispatch, interactions, sent, lines } = setUp({
      respond: () => ({ status: 500, body: { message: 'oops' } }),
      run: async () => {
        worked = true;
        return 'done';
      },
    });
    await dispatch(interactions.command('test', 'run'));
    expect(worked).toBe(false);
    expect(sent).toHaveLength(1);
    expect(alarming(lines)).toHaveLength(1);
    expect(lines.join('')).not.toContain(INTERACTION_TOKEN);
  });

  it('that fails shows a reference which the log has too, and nothing of the failure', async () => {
    const { dispatch, interactions, sent, lines } = setUp({
      run: () => Promise.reject(new TypeError('the secret plan')),
    });
    await dispatch(interactions.command('test', 'run'));
    const answer = JSON.stringify(sent[1]?.body);
    const [, reference = ''] = /`([^`]+)`/.exec(answer) ?? [];
    expect(reference).not.toBe('');
    expect(answer).not.toContain('secret plan');
    expect(alarming(lines)).toHaveLength(1);
    expect(lines.join('')).toContain(reference);
    expect(lines.join('')).toContain('the secret plan');
  });

  it('that is refused says why, and alarms nobody', async () => {
    const { dispatch, interactions, sent, lines } = setUp({
      run: () => Promise.reject(new Declined(() => 'Not like this.')),
    });
    await dispatch(interactions.command('test', 'run'));
    expect(sent[1]?.body).toMatchObject({ content: 'Not like this.' });
    expect(alarming(lines)).toEqual([]);
  });

  it.each([
    ['a command', 'unheard-of', 'x'],
    ['a subcommand', 'token', 'unheard-of'],
  ])('that is not known, by %s, is answered and does no harm', async (_, name, subcommand) => {
    const { dispatch, interactions, sent } = setUp();
    await dispatch(interactions.command(name, subcommand));
    expect(sent[0]?.body).toEqual(EPHEMERAL);
    expect(sent[1]?.body).toMatchObject({ content: expect.stringMatching(/again/) as string });
  });

  it('whose answer does not arrive fails quietly', async () => {
    const { dispatch, interactions, lines } = setUp({
      respond: (request, call) =>
        request.path === CALLBACK ? agreeable(request, call) : discordError(404, 10_008),
    });
    await expect(dispatch(interactions.command('test', 'run'))).resolves.toBeUndefined();
    expect(alarming(lines)).toEqual([]);
  });
});

describe('a button', () => {
  it('changes the message that it is on', async () => {
    const { dispatch, interactions, sent } = setUp();
    await dispatch(interactions.button(writeCustomId('test', ANA)));
    expect(routes(sent)).toEqual([`POST ${CALLBACK}`, `PATCH ${ORIGINAL}`]);
    expect(sent[0]?.body).toEqual(UPDATE);
    expect(sent[1]?.body).toMatchObject({ flags: CARD });
  });

  it('can remove its message', async () => {
    const { dispatch, interactions, sent } = setUp();
    await dispatch(interactions.button(writeCustomId('remove', ANA)));
    expect(routes(sent)).toEqual([`POST ${CALLBACK}`, `DELETE ${ORIGINAL}`]);
  });

  it.each([
    ["is somebody else's", writeCustomId('test', BEN), /someone else/],
    ['has no owner', 'test', /someone else/],
    ['is from another version', writeCustomId('unheard-of', ANA), /older version/],
    ['is named as every object has it', writeCustomId('constructor', ANA), /older version/],
    ['is empty', '', /older version/],
  ])('that %s does nothing and says so to the presser alone', async (_, customId, words) => {
    let worked = false;
    const { dispatch, interactions, sent } = setUp({
      run: async () => {
        worked = true;
        return 'done';
      },
    });
    await dispatch(interactions.button(customId));
    expect(worked).toBe(false);
    expect(routes(sent)).toEqual([`POST ${CALLBACK}`, `POST ${WEBHOOK}`]);
    const { content, flags } = sent[1]!.body as { content: string; flags: number };
    expect(content).toMatch(words);
    expect(flags & MessageFlags.Ephemeral).toBeTruthy();
  });

  it('that fails says so beside the message, with a reference', async () => {
    const { dispatch, interactions, sent, lines } = setUp({
      run: () => Promise.reject(new TypeError('the secret plan')),
    });
    await dispatch(interactions.button(writeCustomId('test', ANA)));
    const { content, flags } = sent[1]!.body as { content: string; flags: number };
    expect(flags & MessageFlags.Ephemeral).toBeTruthy();
    expect(content).toContain(INTERACTION_ID);
    expect(content).not.toContain('secret plan');
    expect(lines.join('')).toContain(INTERACTION_ID);
  });
});

describe('a button that answers beside its message', () => {
  it('is acknowledged with an answer of its own, which only its reader sees', async () => {
    const { dispatch, interactions, sent } = setUp();
    await dispatch(interactions.button(writeCustomId('beside', ANA)));
    expect(routes(sent)).toEqual([`POST ${CALLBACK}`, `PATCH ${ORIGINAL}`]);
    expect(sent[0]?.body).toEqual(EPHEMERAL);
    expect(sent[1]?.body).toMatchObject({ content: 'done' });
    expect(sent[1]?.body).not.toHaveProperty('components');
  });

  it.each([
    ['of somebody else', BEN, () => Promise.resolve('done'), 'belong to someone else'],
    ['that is refused', ANA, () => Promise.reject(new Declined(() => 'Not today.')), 'Not today.'],
    ['that fails', ANA, () => Promise.reject(new TypeError('oops')), INTERACTION_ID],
  ])('says in the same place why nothing was done: one %s', async (_, owner, run, words) => {
    const { dispatch, interactions, sent } = setUp({ run });
    await dispatch(interactions.button(writeCustomId('beside', owner)));
    expect(routes(sent)).toEqual([`POST ${CALLBACK}`, `PATCH ${ORIGINAL}`]);
    expect(sent[0]?.body).toEqual(EPHEMERAL);
    expect(sent[1]?.body).toMatchObject({ content: expect.stringContaining(words) });
  });

  it('does nothing where it could not be acknowledged', async () => {
    let worked = false;
    const { dispatch, interactions, sent, lines } = setUp({
      respond: () => discordError(400, 40_060),
      run: async () => {
        worked = true;
        return 'done';
      },
    });
    await dispatch(interactions.button(writeCustomId('beside', ANA)));
    expect([worked, sent.length, alarming(lines)]).toEqual([false, 1, []]);
  });
});

const respond: Responder = () => ({ status: 204 });

describe('autocomplete', () => {
  it('is answered at once with what the handler offers', async () => {
    const { dispatch, interactions, sent } = setUp({ respond });
    await dispatch(interactions.autocomplete('test', 'run', 'option', 'a'));
    expect(sent).toEqual([
      {
        method: 'POST',
        path: CALLBACK,
        body: { type: 8, data: { choices: [{ name: 'done', value: 'value' }] } },
      },
    ]);
  });

  it.each([
    ['fails', 'run', 'option'],
    ['is not there', 'run', 'another'],
    ['belongs to a subcommand that is not there', 'walk', 'option'],
  ])('is empty when its handler %s', async (_, subcommand, option) => {
    const { dispatch, interactions, sent } = setUp({
      respond,
      run: () => Promise.reject(new TypeError('oops')),
    });
    await dispatch(interactions.autocomplete('test', subcommand, option, 'a'));
    expect(sent.map(({ body }) => body)).toEqual([{ type: 8, data: { choices: [] } }]);
  });

  it('that comes too late is let go without an alarm', async () => {
    const { dispatch, interactions, lines } = setUp({ respond: () => discordError(404, 10_062) });
    await dispatch(interactions.autocomplete('test', 'run', 'option', 'a'));
    expect(alarming(lines)).toEqual([]);
  });

  it("offers the member's own live tokens, and nothing of a banned account", async () => {
    const { harness, dispatch, interactions, sent } = setUp({ respond });
    const mine = await harness.token(ANA, 'deploy');
    await harness.token(ANA, 'other');
    await harness.token(BEN, 'deploy too');
    const ask = async (command: string, subcommand: string, option: string) => {
      await dispatch(interactions.autocomplete(command, subcommand, option, 'DEPL'));
      const { data } = sent.at(-1)!.body as { data: { choices: { value: string }[] } };
      return data.choices.map(({ value }) => value);
    };
    expect(await ask('session', 'revoke', 'session')).toEqual([mine.session.id]);
    expect(await ask('token', 'rotate', 'token')).toEqual([mine.session.id]);
    await harness.accounts.ban(STAFF, newBan(ANA));
    expect(await ask('session', 'revoke', 'session')).toEqual([]);
  });
});

/** What the last answer says, whatever it looks like. */
const lastWords = (sent: readonly { body: unknown }[]) => JSON.stringify(sent.at(-1)?.body);

const formId = (...args: string[]) => writeCustomId('form', ANA, ...args);

const openedForm = (...args: string[]) => ({
  type: 9,
  data: { title: 'A form', components: [], custom_id: formId(...args) },
});

describe('a component with a modal', () => {
  it('opens it first of all, and runs when it is sent', async () => {
    const { dispatch, interactions, sent } = setUp();
    await dispatch(interactions.button(formId('one', 'two')));
    expect(sent.map(({ body }) => body)).toEqual([openedForm('one', 'two')]);
    await dispatch(interactions.modal(formId('one', 'two'), { word: 'typed' }));
    expect(routes(sent).slice(1)).toEqual([`POST ${CALLBACK}`, `PATCH ${ORIGINAL}`]);
    expect(sent[1]?.body).toEqual(UPDATE);
    expect(JSON.stringify(sent[2]?.body)).toContain('done typed');
  });

  it('opens none for whom it was not made, nor takes it from them', async () => {
    const { dispatch, interactions, sent } = setUp({
      userId: BEN,
      run: () => Promise.reject(new Error('it ran')),
    });
    await dispatch(interactions.button(formId()));
    expect(sent).toHaveLength(1);
    expect(sent[0]?.body).toMatchObject({ type: 4, data: { flags: MessageFlags.Ephemeral } });
    await dispatch(interactions.modal(formId(), { word: 'typed' }));
    expect(sent.at(-1)).toMatchObject({ path: WEBHOOK, body: { flags: MessageFlags.Ephemeral } });
    expect(JSON.stringify(sent)).not.toContain('it ran');
  });

  it('says at once, and to the presser alone, why it opens none', async () => {
    const { dispatch, interactions, sent } = setUp();
    await dispatch(interactions.button(formId('closed')));
    const data = { content: 'not now', flags: MessageFlags.Ephemeral };
    expect(sent.map(({ body }) => body)).toMatchObject([{ type: 4, data }]);
  });

  it('that opens too late does nothing', async () => {
    const { dispatch, interactions, sent, lines } = setUp({
      respond: () => discordError(404, 10_062),
    });
    await dispatch(interactions.button(formId()));
    expect(sent).toHaveLength(1);
    expect(alarming(lines)).toEqual([]);
  });
});

describe('the commands', () => {
  it.each([
    ['session', 'me', {}],
    ['session', 'list', {}],
    ['session', 'list', { type: 'login' }],
    ['session', 'revoke', { session: 'nonsense' }],
    ['session', 'revoke-all', {}],
    ['token', 'create', { name: 'deploy', expires: '7d' }],
    ['token', 'create', { name: 'a\u202Eb', expires: '7d' }],
    ['token', 'create', { name: 'deploy', expires: 'yesterday' }],
    ['token', 'rotate', { token: 'nonsense' }],
  ])('/%s %s %j: the first answer is ephemeral and no token is in any', async (...given) => {
    const [command, subcommand, options] = given;
    const { harness, postbox, dispatch, interactions, sent, lines } = setUp();
    const { token } = await harness.token();
    await dispatch(interactions.command(command, subcommand, options));
    expect(sent[0]).toMatchObject({ method: 'POST', path: CALLBACK, body: EPHEMERAL });
    expect(routes(sent).slice(1)).toEqual([`PATCH ${ORIGINAL}`]);
    expect(alarming(lines)).toEqual([]);
    for (const secret of [token, ...postbox.delivered.map((minted) => minted.token)]) {
      expect(JSON.stringify(sent)).not.toContain(secret);
      expect(lines.join('')).not.toContain(secret);
    }
  });

  it.each([
    ['session', 'me', {}],
    ['session', 'list', {}],
    ['session', 'revoke', { session: 'x' }],
    ['session', 'revoke-all', {}],
    ['token', 'create', { name: 'deploy', expires: '7d' }],
    ['token', 'rotate', { token: 'x' }],
  ])('/%s %s: a banned account gets one clear answer', async (command, subcommand, options) => {
    const { harness, postbox, dispatch, interactions, sent } = setUp();
    await harness.accounts.ban(STAFF, newBan(ANA));
    await dispatch(interactions.command(command, subcommand, options));
    expect(lastWords(sent)).toContain('You are banned here');
    expect(postbox.delivered).toEqual([]);
  });

  it('/token create delivers a token that works and links to the message', async () => {
    const { harness, postbox, dispatch, interactions, sent } = setUp();
    await dispatch(interactions.command('token', 'create', { name: ' deploy ', expires: '7d' }));
    const [minted] = postbox.delivered;
    expect(minted?.session).toMatchObject({ name: 'deploy', expiresAt: START + 7 * DAY });
    expect(await harness.sessions.verify(minted!.token)).toMatchObject({
      is: 'valid',
      userId: ANA,
    });
    // Typed in the conversation with the bot, where the token is.
    expect(lastWords(sent)).toContain('in the message below');
    expect(lastWords(sent)).toContain(`<t:${(START + 7 * DAY) / 1_000}:`);
  });

  it('/token create says that an expiry was capped', async () => {
    const { postbox, dispatch, interactions, sent } = setUp();
    const options = { name: 'deploy', expires: '292 million years' };
    await dispatch(interactions.command('token', 'create', options));
    expect(postbox.delivered[0]?.session.expiresAt).toBe(Date.UTC(9999, 11, 31, 23, 59, 59));
    expect(lastWords(sent)).toContain('latest');
  });

  it('/token create names the limit and offers the list', async () => {
    const { harness, postbox, dispatch, interactions, sent } = setUp();
    await harness.token();
    await harness.token();
    await dispatch(interactions.command('token', 'create', { name: 'x', expires: '7d' }));
    expect(postbox.delivered).toEqual([]);
    expect(lastWords(sent)).toMatch(/\b2\b/);
    expect(lastWords(sent)).toContain(`list:${ANA}:`);
  });

  it('/session me counts what was rotated apart from what fills the limit', async () => {
    const { harness, dispatch, interactions, sent } = setUp();
    const rotate = async (graceMs: number) => {
      const { session } = await harness.token();
      await harness.tokens.rotate(member(ANA), { id: session.id, graceMs });
    };
    await rotate(DAY);
    await dispatch(interactions.command('session', 'me'));
    expect(lastWords(sent)).toContain('1 of 2, plus 1 old one that still works');
    await harness.store.end({ actor: STAFF, at: START }, ANA, { allBut: null }, 'revoked');
    await rotate(0);
    await dispatch(interactions.command('session', 'me'));
    expect(lastWords(sent)).toContain('1 of 2');
    expect(lastWords(sent)).not.toContain('old one');
  });

  it("/session revoke with another member's id answers as for an unknown one", async () => {
    const { harness, dispatch, interactions, sent } = setUp();
    const { token, session } = await harness.token(BEN);
    await dispatch(interactions.command('session', 'revoke', { session: session.id }));
    const foreign = lastWords(sent);
    await dispatch(
      interactions.command('session', 'revoke', {
        session: '01890000-0000-7000-8000-000000000000',
      }),
    );
    expect(lastWords(sent)).toBe(foreign);
    expect(await harness.sessions.verify(token)).toMatchObject({ is: 'valid' });
  });

  it('/session revoke takes a typed id in upper case, and once', async () => {
    const { harness, dispatch, interactions, sent } = setUp();
    const { token, session } = await harness.token();
    const options = { session: ` ${session.id.toUpperCase()} ` };
    await dispatch(interactions.command('session', 'revoke', options));
    expect(await harness.sessions.verify(token)).toEqual({ is: 'invalid' });
    await dispatch(interactions.command('session', 'revoke', options));
    expect(lastWords(sent)).toContain('may have expired or been revoked');
  });

  it('/session revoke-all asks first; its button ends all, once, within five minutes', async () => {
    const { harness, dispatch, interactions, sent } = setUp();
    const { token } = await harness.token();
    await dispatch(interactions.command('session', 'revoke-all'));
    expect(await harness.sessions.verify(token)).toMatchObject({ is: 'valid' });
    const [customId = ''] = /revoke-all:[^"]+/.exec(lastWords(sent)) ?? [];
    expect(lastWords(sent)).toContain(`stops working <t:${START / 1_000 + 300}:R>`);
    harness.clock.advance(301_000);
    await dispatch(interactions.button(customId));
    expect(await harness.sessions.verify(token)).toMatchObject({ is: 'valid' });
    expect(lastWords(sent)).toContain('Nothing was revoked');
    harness.clock.advance(-2_000);
    await dispatch(interactions.button(customId));
    expect(await harness.sessions.verify(token)).toEqual({ is: 'invalid' });
    expect(lastWords(sent)).toMatch(/Revoked \*\*1 API token\*\*/);
  });

  it('a forged revoke-all button without a deadline ends nothing', async () => {
    const { harness, dispatch, interactions } = setUp();
    const { token } = await harness.token();
    for (const deadline of ['', '0', '-1']) {
      await dispatch(interactions.button(writeCustomId('revoke-all', ANA, deadline)));
    }
    expect(await harness.sessions.verify(token)).toMatchObject({ is: 'valid' });
  });

  it('the menu of the list asks, and its button ends the chosen one only', async () => {
    const { harness, dispatch, interactions, sent } = setUp();
    const [chosen, other] = [await harness.token(), await harness.token()];
    await dispatch(interactions.select(writeCustomId('pick', ANA, 'all'), [chosen.session.id]));
    const [customId = ''] = /revoke:[^"]+/.exec(lastWords(sent)) ?? [];
    expect(await harness.sessions.verify(chosen.token)).toMatchObject({ is: 'valid' });
    await dispatch(interactions.button(customId));
    expect(await harness.sessions.verify(chosen.token)).toEqual({ is: 'invalid' });
    expect(await harness.sessions.verify(other.token)).toMatchObject({ is: 'valid' });
  });

  it("no button with a foreign session's id reaches it", async () => {
    const { harness, dispatch, interactions } = setUp();
    const { token, session } = await harness.token(BEN);
    for (const customId of [
      writeCustomId('revoke', ANA, 'all', session.id, 'and-made'),
      writeCustomId('revoke-made', ANA, session.id),
      writeCustomId('revoke', BEN, 'all', session.id, 'only'),
    ]) {
      await dispatch(interactions.button(customId));
    }
    await dispatch(interactions.select(writeCustomId('pick', ANA, 'all'), [session.id]));
    expect(await harness.sessions.verify(token)).toMatchObject({ is: 'valid' });
  });
});
