import {
  ApplicationCommandType,
  Client,
  ContextMenuCommandBuilder,
  Events,
  type Interaction,
  MessageFlags,
  SlashCommandBuilder,
} from 'discord.js';
import { type LocalDiscord, startLocalDiscord } from 'local-discord';
import { openPage } from 'local-discord/page';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openBrowser } from './browser.ts';

const COMMANDS = [
  new SlashCommandBuilder().setName('ban').setDescription('Asks for all that a modal can ask for'),
  new SlashCommandBuilder().setName('late').setDescription('Asks after it has deferred'),
  new SlashCommandBuilder().setName('language').setDescription('Says the language of the client'),
  new SlashCommandBuilder().setName('secret').setDescription('Says a secret at the end'),
  new ContextMenuCommandBuilder().setName('Look up').setType(ApplicationCommandType.User),
];
const SECRET = 'secret_1234567890';

const text = (custom_id: string, more = {}) => ({ type: 4, custom_id, style: 1, ...more });
const labelled = (label: string, component: object) => ({ type: 18, label, component });
const options = ['1d', '7d'].map((value) => ({ label: `For ${value}`, value }));
const MODAL = {
  customId: 'ban',
  title: 'Ban somebody',
  components: [
    labelled('Reason', text('reason', { max_length: 20 })),
    { type: 1, components: [text('note', { label: 'Note', style: 2, required: false })] },
    labelled('How long', { type: 3, custom_id: 'length', options }),
    labelled('Whom', { type: 5, custom_id: 'whom' }),
    labelled('Sure', { type: 23, custom_id: 'sure' }),
  ],
} as never;

/** What discord.js read of a submitted modal. */
function read(interaction: Interaction): string {
  if (!interaction.isModalSubmit()) return '';
  return interaction.fields.fields
    .map((field) => {
      const value = 'values' in field ? field.values.join() : 'value' in field ? field.value : '';
      return `${field.customId}=${String(value)}`;
    })
    .join(' ');
}

const reply = (content: string) => ({ content, flags: MessageFlags.Ephemeral }) as const;

async function handle(interaction: Interaction): Promise<void> {
  if (interaction.isModalSubmit()) {
    await interaction.reply(reply(read(interaction)));
  } else if (interaction.isUserContextMenuCommand()) {
    await interaction.reply(reply(`It is ${interaction.targetUser.username}.`));
  } else if (interaction.isChatInputCommand()) {
    switch (interaction.commandName) {
      case 'ban':
        await interaction.showModal(MODAL);
        break;
      case 'late':
        await interaction.deferReply({ flags: MessageFlags.Ephemeral });
        interaction.deferred = false;
        await interaction.showModal(MODAL).catch(() => {});
        interaction.deferred = true;
        await interaction.editReply('That was too late.');
        break;
      case 'language':
        await interaction.reply(reply(interaction.locale));
        break;
      default:
        await interaction.reply(reply(`${'-'.repeat(1900)}${SECRET}`));
    }
  }
}

let browser: Browser;
beforeAll(async () => {
  browser = await openBrowser();
});
afterAll(() => browser.close());

let discord: LocalDiscord;
let page: Page;
beforeEach(async () => {
  await using parts = new AsyncDisposableStack();
  discord = parts.use(await startLocalDiscord());
  const server = discord.addServer({ name: 'Lighthouse' });
  const people = ['ada', 'sue'].map((username) => discord.addMember({ username, server }));
  const client = new Client({ intents: [], rest: { api: discord.apiUrl, offset: 0 } });
  parts.defer(() => client.destroy());
  client.once(Events.ClientReady, (ready) => void ready.application.commands.set(COMMANDS));
  client.on(Events.InteractionCreate, (interaction) => void handle(interaction));
  await client.login(discord.botToken);
  await discord.waitForBot();
  const opened = parts.use(
    await openPage(discord, {
      server,
      people,
      secret: 'secret_[0-9]{10}',
      locales: ['en-US', 'de'],
    }),
  );
  page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  parts.defer(() => page.close());
  await page.goto(opened.url);
  await page.locator('#side-1 .line').waitFor();
  const running = parts.move();
  return () => running.disposeAsync();
});

async function send(command: string): Promise<void> {
  await page.locator('#side-1 .line').fill(command);
  await page.locator('#side-1 .line').press('Enter');
  await page.locator('#side-1 .command .primary').click();
}

const lastMessage = () => page.locator('#side-1 .message .body').last().innerText();

describe('a modal', () => {
  it('is filled in with the fields of each kind', async () => {
    await send('/ban');
    const dialog = page.getByRole('dialog', { name: 'Ban somebody' });
    await dialog.getByLabel('Reason').fill('spam');
    await dialog.getByLabel('Note').fill('twice');
    await dialog.getByLabel('How long').selectOption('7d');
    await dialog.getByLabel('Whom').selectOption({ label: '@sue' });
    await dialog.getByLabel('Sure').check();
    await dialog.getByRole('button', { name: 'Submit' }).click();
    await dialog.waitFor({ state: 'detached' });
    await expect.poll(lastMessage).toContain('reason=spam note=twice length=7d whom=');
    expect(await lastMessage()).toContain('sure=true');
    expect(discord.violations).toEqual([]);
  });

  it('is not submitted while something is missing, and closes with Escape', async () => {
    await send('/ban');
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: 'Submit' }).click();
    expect(await dialog.getByLabel('Reason').evaluate((each) => each.matches(':invalid'))).toBe(
      true,
    );
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    expect(await page.locator('#side-1 .message').count()).toBe(0);
  });

  it('does not open after a deferred answer', async () => {
    await send('/late');
    await expect.poll(lastMessage).toContain('That was too late.');
    expect(await page.getByRole('dialog').count()).toBe(0);
    expect(discord.report()).toContain('Interaction has already been acknowledged. (40060)');
  });
});

describe('a person', () => {
  it('is looked up from the menu of their name', async () => {
    await page.locator('#side-2 .line').fill('hello');
    await page.locator('#side-2 .line').press('Enter');
    await page.locator('#side-1 button.author').click();
    await page.getByRole('menuitem', { name: 'Look up' }).click();
    await expect.poll(lastMessage).toContain('It is sue.');
  });

  it('switches the language of their client', async () => {
    await send('/language');
    await expect.poll(lastMessage).toContain('en-US');
    await page.locator('#side-1').getByLabel('Language').selectOption('de');
    await expect.poll(() => page.locator('#side-1').getByLabel('Language').inputValue()).toBe('de');
    await send('/language');
    await expect.poll(() => page.locator('#side-1 .message').count()).toBe(2);
    await expect.poll(lastMessage).toMatch(/\bde\b/);
  });
});

describe('what goes over the wire', () => {
  it('masks each secret that the page was told of', async () => {
    await send('/secret');
    await page.locator('.calls .secret').waitFor();
    expect(await page.locator('.calls').innerText()).not.toContain('secret_');
    expect(await page.locator('.calls .secret').innerText()).toBe('••••7890');
  });
});
