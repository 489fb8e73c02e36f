import { ApplicationCommandOptionType, ApplicationCommandType, InteractionType } from 'discord.js';
import { describe, expect, it } from 'vitest';
import { type Invocation, readInvocation } from '../../../src/discord/interactions/invocation.ts';
import { ANA, BEN } from '../../support/fixtures.ts';
import {
  createServerInteractions,
  SERVER,
  STAFF_CHANNEL,
  SUE,
} from '../../support/discord-harness.ts';
import { agreeable, createInteractions, message, type Payload } from '../../support/wire.ts';

const { slash, complete, button, modal, menu, userMenu } = createServerInteractions(agreeable);

function read<Kind extends Invocation['kind']>(payload: Payload, kind: Kind) {
  const invocation = readInvocation(payload);
  expect(invocation.kind).toBe(kind);
  return invocation as Extract<Invocation, { kind: Kind }>;
}

describe('what an interaction says of who asks', () => {
  it('is their id, name and language, and in a server their roles and permissions', () => {
    const person = { ...SUE, roles: ['7'], permissions: 1n << 40n, appPermissions: 8n };
    expect(readInvocation(slash(person, 'admin', 'stats'))).toMatchObject({
      user: { id: SUE.id, username: 'sue', isBot: false },
      locale: 'en-GB',
      channelId: STAFF_CHANNEL,
      serverId: SERVER,
      member: { roles: ['7'], permissions: 1n << 40n },
      isInBotDm: false,
      appPermissions: 8n,
    });
  });

  it('has no roles in a direct message', () => {
    expect(readInvocation(createInteractions().command('session', 'me'))).toMatchObject({
      user: { id: ANA },
      serverId: null,
      member: null,
      isInBotDm: true,
    });
  });
});

describe('a command', () => {
  it('has its options by their names, and null for what was not given', () => {
    const payload = slash(SUE, 'admin', 'ban', { options: { user: BEN, reason: 'spam' } });
    const { name, subcommand, options } = read(payload, 'command');
    expect([name, subcommand]).toEqual(['admin', 'ban']);
    expect(options.text('reason')).toBe('spam');
    expect(options.user('user')).toEqual({ id: BEN, username: 'target', isBot: false });
    expect(options.text('duration')).toBeNull();
    expect(options.user('duration')).toBeNull();
  });

  it('takes a user for no text, nor text for a user', () => {
    const payload = slash(SUE, 'admin', 'ban', { options: { user: BEN, reason: BEN } });
    const { options } = read(payload, 'command');
    expect(options.text('user')).toBeNull();
    expect(options.userId('reason')).toBeNull();
  });

  it.each(['__proto__', 'constructor', 'toString'])(
    'has no option %s of its own accord',
    (name) => {
      const { options } = read(slash(SUE, 'admin', 'ban', { options: { user: BEN } }), 'command');
      expect(options.text(name)).toBeNull();
      expect(options.user(name)).toBeNull();
    },
  );

  it('may be one without subcommands', () => {
    const payload = slash(SUE, 'admin', 'ban');
    const data = {
      id: '1',
      name: 'plain',
      type: ApplicationCommandType.ChatInput,
      options: [{ type: ApplicationCommandOptionType.String, name: 'word', value: 'x' }],
    };
    // A union that is spread loses what tells its members apart.
    const { subcommand, options } = read({ ...payload, data } as unknown as Payload, 'command');
    expect([subcommand, options.text('word')]).toEqual(['', 'x']);
  });

  it('that is being typed says which option, and what of it is there', () => {
    const given = { options: { user: BEN, session: 'la' }, focused: 'session' };
    const { focused, options } = read(complete(SUE, 'admin', 'revoke', given), 'autocomplete');
    expect(focused).toEqual({ name: 'session', typed: 'la' });
    expect(options.userId('user')).toBe(BEN);
  });

  it('in the menu of a message has the message as Discord tells it', () => {
    const poll = { question: { text: 'Which token?' } };
    const { message: target } = read(menu(SUE, 'Revoke leaked token', { poll }), 'message_command');
    expect(target).toMatchObject({ id: message.id, poll });
  });

  it('in the menu of a member has the member', () => {
    const { target } = read(userMenu(SUE, 'Look up', BEN), 'user_command');
    expect(target).toEqual({ id: BEN, username: 'target', isBot: false });
  });
});

describe('a component', () => {
  it('has what its custom id carries and the message on which it is', () => {
    const pressed = read(button(SUE, `ban:${SUE.id}:${BEN}`), 'component');
    expect(pressed.customId).toEqual({ component: 'ban', owner: SUE.id, args: [BEN] });
    expect(pressed.message).toMatchObject({ id: message.id, channelId: message.channel_id });
    expect(pressed.values).toEqual([]);
  });

  it('that is a menu has what was chosen', () => {
    const chosen = createInteractions().select('a:b', ['one', 'two']);
    expect(read(chosen, 'component').values).toEqual(['one', 'two']);
  });
});

describe('a modal', () => {
  it('has what was typed, under labels', () => {
    const sent = read(modal(SUE, `ban:${SUE.id}:${BEN}`, { reason: 'spam', until: '' }), 'modal');
    expect(sent.customId).toEqual({ component: 'ban', owner: SUE.id, args: [BEN] });
    expect([...sent.fields]).toEqual([
      ['reason', 'spam'],
      ['until', ''],
    ]);
  });

  it('has what was typed in rows, and what was chosen in a menu', () => {
    const components = [
      { type: 1, components: [{ type: 4, custom_id: 'reason', value: 'spam' }] },
      { type: 18, component: { type: 3, custom_id: 'sessions', values: ['revoke'] } },
    ];
    const payload = { ...modal(SUE, 'a:b', {}), data: { custom_id: 'a:b', components } };
    // The same.
    expect([...read(payload as unknown as Payload, 'modal').fields]).toEqual([
      ['reason', 'spam'],
      ['sessions', 'revoke'],
    ]);
  });
});

it('what Discord may add later is of an unknown kind', () => {
  const payload: object = { ...slash(SUE, 'admin', 'stats'), type: 99 };
  expect(readInvocation(payload as Payload).kind).toBe('unknown');
  expect(readInvocation({ ...payload, type: InteractionType.Ping } as Payload).kind).toBe(
    'unknown',
  );
});
