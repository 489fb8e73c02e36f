import {
  ApplicationCommandType,
  ContextMenuCommandBuilder,
  type Interaction,
  MessageFlags,
  SlashCommandBuilder,
} from 'discord.js';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  type LocalDiscord,
  type LocalMember,
  type LocalServer,
  startLocalDiscord,
} from '../src/index.ts';
import { Bot } from './bot.ts';

const COMMANDS = [
  new SlashCommandBuilder().setName('open').setDescription('Opens a modal'),
  new ContextMenuCommandBuilder().setName('Look up').setType(ApplicationCommandType.User),
].map((command) => command.toJSON());

const TEXT = { type: 4, custom_id: 'reason', style: 1 };
const LABELLED = { type: 18, label: 'Reason', component: TEXT };
const IN_A_ROW = { type: 1, components: [{ ...TEXT, label: 'Reason' }] };
const SELECT = {
  type: 3,
  custom_id: 'length',
  options: [
    { label: 'A day', value: '1d' },
    { label: 'A week', value: '7d', default: true },
  ],
};

let discord: LocalDiscord;
let server: LocalServer;
let ada: LocalMember;
let bot: Bot;
beforeAll(async () => {
  discord = await startLocalDiscord({ checkAnswers: true });
  server = discord.addServer();
  ada = discord.addMember({ username: 'ada', server });
  bot = await Bot.start(discord, COMMANDS);
});
afterAll(async () => {
  await bot[Symbol.asyncDispose]();
  await discord.stop();
});
afterEach(() => {
  // oxlint-disable-next-line vitest/no-standalone-expect -- it is what runs after each test
  expect([...discord.violations.splice(0), ...bot.failures.splice(0)]).toEqual([]);
});

/** Answers with a modal of those parts, and its submission with what discord.js read of it. */
const ask =
  (...components: object[]) =>
  async (interaction: Interaction): Promise<void> => {
    if (interaction.isCommand()) {
      await interaction.showModal({ customId: 'ban', title: 'Ban', components } as never);
    } else if (interaction.isModalSubmit()) {
      const read = interaction.fields.fields.map((field) => [
        field.customId,
        'values' in field ? field.values : 'value' in field ? field.value : null,
      ]);
      await interaction.reply({ content: JSON.stringify(read), flags: MessageFlags.Ephemeral });
    }
  };

/** The codes with which a modal of those parts is refused. */
async function refusal(modal: object): Promise<unknown> {
  let refused: unknown;
  bot.handle = async (interaction) => {
    if (!interaction.isCommand()) return;
    await interaction
      .showModal({ customId: 'ban', title: 'Ban', components: [LABELLED], ...modal } as never)
      .catch((error: { rawError: unknown }) => (refused = error.rawError));
    await interaction.reply('refused');
  };
  await ada.slash('open');
  discord.violations.splice(0);
  const text = JSON.stringify(refused);
  return [...text.matchAll(/"code":"([A-Z_]+)"/g)].map(([, code]) => code);
}

describe('a modal', () => {
  it('takes texts in labels and in rows', async () => {
    bot.handle = ask(LABELLED, {
      type: 1,
      components: [{ ...TEXT, custom_id: 'more', label: 'More', required: false }],
    });
    const opened = await ada.slash('open');
    expect(opened.modal?.title).toBe('Ban');
    const answered = await ada.submit(opened, { reason: 'spam' });
    expect(JSON.parse(answered.text)).toEqual([
      ['reason', 'spam'],
      ['more', ''],
    ]);
  });

  it('takes choices in labels, those set from the start unless others are chosen', async () => {
    bot.handle = ask(
      { type: 18, label: 'How long', component: SELECT },
      { type: 18, label: 'Whom', component: { type: 5, custom_id: 'whom' } },
    );
    const opened = await ada.slash('open');
    const answered = await ada.submit(opened, { whom: [ada.id] });
    expect(JSON.parse(answered.text)).toEqual([
      ['length', ['7d']],
      ['whom', [ada.id]],
    ]);
    const again = await ada.submit(await ada.slash('open'), { whom: [ada.id], length: ['1d'] });
    expect(JSON.parse(again.text)).toContainEqual(['length', ['1d']]);
  });

  it('is submitted only as a client would', async () => {
    const short = { ...TEXT, min_length: 2, max_length: 4 };
    bot.handle = ask(
      { type: 18, label: 'Reason', component: short },
      { type: 18, label: 'How long', component: SELECT },
    );
    const opened = await ada.slash('open');
    await expect(ada.submit(opened, {})).rejects.toThrow('reason cannot be empty');
    await expect(ada.submit(opened, { reason: 'x' })).rejects.toThrow('2 characters at least');
    await expect(ada.submit(opened, { reason: 'xxxxx' })).rejects.toThrow('4 characters at most');
    await expect(ada.submit(opened, { reason: 'xxx', length: ['9d'] })).rejects.toThrow(
      'has no option 9d',
    );
    await expect(ada.submit(opened, { reason: 'xxx', other: '' })).rejects.toThrow(
      'has no field other',
    );
    const forged = await ada.submit(opened, { reason: 'x', length: ['9d'] }, { raw: true });
    expect(JSON.parse(forged.text)).toEqual([
      ['reason', 'x'],
      ['length', ['9d']],
    ]);
  });

  it('is refused once the interaction is deferred', async () => {
    bot.handle = async (interaction) => {
      if (!interaction.isCommand()) return;
      await interaction.deferReply();
      interaction.deferred = false;
      await interaction.showModal({
        customId: 'ban',
        title: 'Ban',
        components: [LABELLED],
      } as never);
    };
    const opened = await ada.slash('open', {}, { until: 'sent' });
    await expect.poll(() => bot.failures.length).toBe(1);
    expect(bot.codes).toEqual([40060]);
    bot.failures.length = 0;
    expect(opened.modal).toBeUndefined();
    expect(discord.report()).toContain('Interaction has already been acknowledged. (40060)');
  });

  it.each([
    ['without a title', { title: '' }],
    ['with a long title', { title: 'x'.repeat(46) }],
    ['without a part', { components: [] }],
    ['of six parts', { components: Array.from({ length: 6 }, () => LABELLED) }],
    ['with a button', { components: [{ type: 1, components: [{ type: 2, style: 1 }] }] }],
    ['with a text without a label', { components: [{ type: 1, components: [TEXT] }] }],
    [
      'with two labels for one text',
      { components: [{ ...LABELLED, component: IN_A_ROW.components[0] }] },
    ],
    ['with a long label', { components: [{ ...LABELLED, label: 'x'.repeat(46) }] }],
    [
      'with a long default',
      { components: [{ ...LABELLED, component: { ...TEXT, max_length: 2, value: 'xxx' } }] },
    ],
    ['with two fields of one id', { components: [LABELLED, IN_A_ROW] }],
    [
      'with a select without options',
      { components: [{ ...LABELLED, component: { ...SELECT, options: [] } }] },
    ],
  ])('%s is refused', async (_name, modal) => {
    expect(await refusal(modal)).not.toEqual([]);
  });
});

describe('a command of a person’s menu', () => {
  it('carries the person, and may be answered with a modal', async () => {
    const bob = discord.addMember({ username: 'bob', server });
    const seen: unknown[] = [];
    bot.handle = async (interaction) => {
      if (interaction.isUserContextMenuCommand()) {
        seen.push(interaction.targetUser.username, interaction.targetMember !== null);
      }
      await ask(IN_A_ROW)(interaction);
    };
    const opened = await ada.menu('Look up', bob);
    expect(seen).toEqual(['bob', true]);
    expect((await ada.submit(opened, { reason: 'why not' })).text).toContain('why not');
  });
});
