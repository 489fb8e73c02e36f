import {
  ActionRowBuilder,
  ApplicationCommandType,
  AutoModerationActionType,
  AutoModerationRuleEventType,
  AutoModerationRuleTriggerType,
  ButtonBuilder,
  ButtonStyle,
  ContainerBuilder,
  ContextMenuCommandBuilder,
  GatewayIntentBits,
  type Interaction,
  InteractionContextType,
  MessageFlags,
  ModalBuilder,
  PermissionFlagsBits,
  SectionBuilder,
  SeparatorBuilder,
  SlashCommandBuilder,
  StringSelectMenuBuilder,
  TextDisplayBuilder,
  TextInputBuilder,
  TextInputStyle,
} from 'discord.js';
import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import { constants, createInflate } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import { Bot, type Handle } from './bot.ts';
import {
  describedBy,
  type LocalDiscord,
  type LocalDiscordOptions,
  type LocalMember,
  type LocalMessage,
  type LocalServer,
  startLocalDiscord,
  Unanswered,
} from '../src/index.ts';

const COMMANDS = [
  new SlashCommandBuilder()
    .setName('token')
    .setDescription('Tokens')
    .setContexts(InteractionContextType.Guild, InteractionContextType.BotDM)
    .addSubcommand((create) =>
      create
        .setName('create')
        .setDescription('Makes one')
        .addStringOption((name) =>
          name.setName('name').setDescription('Its name').setRequired(true).setMaxLength(10),
        )
        .addStringOption((kind) =>
          kind.setName('kind').setDescription('Its kind').setAutocomplete(true),
        )
        .addUserOption((owner) => owner.setName('for').setDescription('Its owner')),
    ),
  new SlashCommandBuilder()
    .setName('staff')
    .setDescription('For staff')
    .setDefaultMemberPermissions(PermissionFlagsBits.ManageGuild)
    .setContexts(InteractionContextType.Guild),
  new ContextMenuCommandBuilder().setName('Revoke').setType(ApplicationCommandType.Message),
].map((command) => command.toJSON());

function text(content: string): TextDisplayBuilder {
  return new TextDisplayBuilder().setContent(content);
}

function row(...buttons: ButtonBuilder[]): ActionRowBuilder<ButtonBuilder> {
  return new ActionRowBuilder<ButtonBuilder>().addComponents(buttons);
}

function button(customId: string, label: string): ButtonBuilder {
  return new ButtonBuilder().setCustomId(customId).setLabel(label).setStyle(ButtonStyle.Primary);
}

const houseRules = { privateAnswers: true, noPings: true };
const EPHEMERAL = { flags: MessageFlags.Ephemeral } as const;

/** Defers, then answers with components v2. */
const answer =
  (make: (interaction: Interaction) => Promise<string> | string = () => 'done'): Handle =>
  async (interaction) => {
    if (!interaction.isRepliable()) return;
    await interaction.deferReply(EPHEMERAL);
    await interaction.editReply({
      flags: MessageFlags.IsComponentsV2,
      components: [text(await make(interaction))],
    });
  };

describe('a bot on the local Discord', () => {
  let discord: LocalDiscord;
  let bot: Bot;
  let server: LocalServer;
  let ada: LocalMember;

  beforeAll(async () => {
    discord = await startLocalDiscord({ checkAnswers: true, houseRules });
    server = discord.addServer();
    bot = await Bot.start(discord, COMMANDS);
  });
  afterAll(async () => {
    await bot[Symbol.asyncDispose]();
    await discord.stop();
  });
  beforeEach(() => {
    ada = discord.addMember({ username: 'ada', globalName: 'Ada', server });
  });
  afterEach(() => {
    discord.heal();
    const left = [...discord.violations.splice(0), ...bot.failures.splice(0)];
    if (left.length > 0) throw new Error(`unexpected: ${left.map(String).join('; ')}`);
  });

  /** The violations so far, which are then expected and forgotten. */
  const takeViolations = (): string[] => discord.violations.splice(0);
  const takeCodes = (): unknown[] => {
    const { codes } = bot;
    bot.failures.length = 0;
    return codes;
  };
  const dm = async (content: string, buttons: ButtonBuilder[] = []): Promise<LocalMessage> => {
    const user = await bot.client.users.fetch(ada.id);
    const sent = await user.send({
      content,
      components: buttons.length === 0 ? [] : [row(...buttons)],
    });
    const message = ada.dms.find(({ id }) => id === sent.id);
    if (message === undefined) throw new Error('the DM is not there');
    return message;
  };

  it('logs in and registers commands', () => {
    expect(bot.client.user?.id).toBe(discord.applicationId);
    expect(discord.commands.map(({ name }) => name)).toEqual(['token', 'staff', 'Revoke']);
    expect(
      discord.requests.every(({ headers }) => !JSON.stringify(headers).includes(discord.botToken)),
    ).toBe(true);
  });

  it('keeps the ids of commands that are registered again', async () => {
    const before = discord.commands.map(({ id, version }) => ({ id, version }));
    await bot.client.application?.commands.set(COMMANDS);
    expect(discord.commands.map(({ id, version }) => ({ id, version }))).toEqual(before);
    await bot.client.application?.commands.create(
      new SlashCommandBuilder().setName('here').setDescription('Only here'),
      server.id,
    );
    expect(discord.guildCommands(server.id).map(({ name }) => name)).toEqual(['here']);
    await bot.client.application?.commands.set([], server.id);
  });

  it('plays slash, deferral and components v2', async () => {
    const other = discord.addMember({ username: 'grace', server });
    bot.handle = async (interaction) => {
      if (!interaction.isChatInputCommand()) return;
      await interaction.deferReply(EPHEMERAL);
      const { options } = interaction;
      await interaction.editReply({
        flags: MessageFlags.IsComponentsV2,
        components: [
          new ContainerBuilder()
            .addTextDisplayComponents(
              text(`${options.getSubcommand()} ${options.getString('name')}`),
            )
            .addSeparatorComponents(new SeparatorBuilder())
            .addSectionComponents(
              new SectionBuilder()
                .addTextDisplayComponents(text(`for ${options.getUser('for')?.username}`))
                .setButtonAccessory(button('more', 'More')),
            )
            .addActionRowComponents(
              row(
                button('again', 'Again'),
                new ButtonBuilder()
                  .setLabel('Docs')
                  .setURL('https://example.com')
                  .setStyle(ButtonStyle.Link),
              ),
            ),
        ],
      });
    };
    const exchange = await ada.slash('token create', { name: 'ci', for: other.id });
    expect(exchange).toMatchObject({ ephemeral: true, callback: { type: 5 } });
    expect(exchange.text).toBe('create ci\nfor grace\n[More]\n[Again]\n[Docs]');
    expect(
      exchange.reply?.buttons.map(({ label, customId, url }) => [label, customId ?? url]),
    ).toEqual([
      ['More', 'more'],
      ['Again', 'again'],
      ['Docs', 'https://example.com'],
    ]);
    expect(exchange.reply?.flags).toBe(MessageFlags.Ephemeral | MessageFlags.IsComponentsV2);
    expect(exchange.callback?.ackMs).toBeLessThan(1000);
    expect(discord.requests.at(-1)).toMatchObject({ method: 'PATCH', status: 200 });
    expect(discord.requests.at(-1)?.path).toMatch(/@original$/);
  });

  it('says at once that there is no bot', async () => {
    await using empty = await startLocalDiscord();
    const nobody = empty.addMember({ username: 'nobody' });
    await expect(nobody.slash('x', {}, { raw: true })).rejects.toThrow('no session');
    await expect(empty.waitForBot(20)).rejects.toThrow('no session is ready, no commands are');
  });

  it('tells servers from DMs', async () => {
    bot.handle = answer(
      (interaction) => `${interaction.context} ${interaction.guildId} ${interaction.user.username}`,
    );
    expect((await ada.slash('token create', { name: 'a' })).text).toBe(`0 ${server.id} ada`);
    expect((await ada.slash('token create', { name: 'a' }, { in: 'dm' })).text).toBe('1 null ada');
    expect(ada.dms).toEqual([]);
  });

  it('refuses what the client would not send', async () => {
    const refused = [
      [ada.slash('nothing'), 'no command /nothing'],
      [ada.slash('token'), 'needs a subcommand'],
      [ada.slash('token create'), 'needs the option name'],
      [ada.slash('token create', { name: 'x'.repeat(11) }), '10 characters at most'],
      [ada.slash('token create', { name: 'x', size: 1 }), 'no option size'],
      [ada.slash('token create', { name: 5 }), 'takes a string'],
      [ada.slash('staff', {}, { in: 'dm' }), 'not offered in the DM'],
      [ada.slash('staff'), 'hidden from a member'],
      [ada.autocomplete('token create', 'name', 'x'), 'has no autocomplete'],
    ] as const;
    for (const [act, reason] of refused) await expect(act).rejects.toThrow(reason);
    bot.handle = answer((interaction) => (interaction.isCommand() ? interaction.commandName : ''));
    expect((await ada.slash('staff', {}, { raw: true })).text).toBe('staff');
    const boss = discord.addMember({ username: 'boss', server, permissions: 1n << 5n });
    expect((await boss.slash('staff')).text).toBe('staff');
  });

  it('plays DMs, edits and deletions', async () => {
    const message = await dm('hello', [button('bye', 'Bye')]);
    expect(message).toMatchObject({ text: 'hello\n[Bye]', channelId: ada.dmChannelId, edits: 0 });
    const user = await bot.client.users.fetch(ada.id);
    const found = await (await user.createDM()).messages.fetch(message.id);
    await found.edit('edited');
    expect(message).toMatchObject({ content: 'edited', edits: 1 });
    await found.delete();
    expect(ada.dms).toEqual([]);
    expect(ada.dmHistory.map(({ id, deleted }) => [id, deleted])).toEqual([[message.id, true]]);
    await expect(found.edit('late')).rejects.toMatchObject({ code: 10008 });
  });

  it('takes uploads', async () => {
    const user = await bot.client.users.fetch(ada.id);
    await user.send({ files: [{ name: 'export.json', attachment: Buffer.from('{"a":1}') }] });
    expect(ada.dms.at(-1)?.attachments).toMatchObject([
      { filename: 'export.json', text: '{"a":1}' },
    ]);
    expect(discord.requests.at(-1)).toMatchObject({
      body: { attachments: [{ id: '0' }] },
      files: [{ field: 'files[0]', name: 'export.json' }],
    });
  });

  it('makes one message of one enforced nonce', async () => {
    const user = await bot.client.users.fetch(ada.id);
    const before = ada.dms.length;
    const first = await user.send({ content: 'once', nonce: 'n1', enforceNonce: true });
    const second = await user.send({ content: 'once', nonce: 'n1', enforceNonce: true });
    expect(second.id).toBe(first.id);
    expect(ada.dms.slice(before).map(({ nonce }) => nonce)).toEqual(['n1']);
    await user.send({ content: 'twice', nonce: 'n1' });
    expect(takeViolations()).toEqual(['two messages for the nonce n1']);
  });

  it.each([50007, 50278] as const)('closes DMs with %i', async (code) => {
    ada.closeDms(code);
    const user = await bot.client.users.fetch(ada.id);
    await expect(user.send('hello')).rejects.toMatchObject({ code, status: 403 });
  });

  it('plays faults: 429, 5xx, lost answers', async () => {
    const user = await bot.client.users.fetch(ada.id);
    const path = /^\/channels\/\d+\/messages$/;
    const count = (): number =>
      discord.requests.filter((request) => path.test(request.path)).length;

    let before = count();
    discord.fail({ method: 'POST', path, status: 429, retryAfter: 0.05 });
    await user.send('limited');
    expect(count() - before).toBe(2);

    before = count();
    discord.fail({ path, status: 502 });
    await user.send('bad gateway');
    expect(count() - before).toBe(2);

    discord.fail({ path, status: 403, code: 50001, message: 'Missing Access' });
    await expect(user.send('refused')).rejects.toMatchObject({ code: 50001 });
    expect(ada.dms.at(-1)?.text).toBe('bad gateway');

    discord.fail({ path, status: 500, times: 4, afterEffect: true });
    await expect(
      user.send({ content: 'done and lost', nonce: 'n2', enforceNonce: true }),
    ).rejects.toMatchObject({ status: 500 });
    expect(ada.dms.filter((message) => message.text === 'done and lost')).toHaveLength(1);

    discord.fail({ path, hangUp: true, afterEffect: true });
    await expect(user.send('cut off')).rejects.toThrow('other side closed');
    expect(ada.dms.at(-1)?.text).toBe('cut off');
    expect(discord.requests.at(-1)?.status).toBeUndefined();

    before = count();
    discord.fail({ path, hangUp: 'reset' });
    await user.send('reset, and sent again');
    expect(count() - before).toBe(2);
  });

  it('plays buttons that change their message and buttons that answer', async () => {
    const message = await dm('choose', [button('update', 'Update'), button('reply', 'Reply')]);
    bot.handle = async (interaction) => {
      if (!interaction.isButton()) return;
      if (interaction.customId === 'reply') {
        await interaction.reply({ content: 'only for you', ...EPHEMERAL });
        await interaction.followUp({ content: 'and more', ...EPHEMERAL });
      } else {
        await interaction.deferUpdate();
        await interaction.editReply({
          content: `updated ${interaction.message.id}`,
          components: [],
        });
      }
    };
    const reply = await ada.press(message, 'Reply');
    expect(reply).toMatchObject({ ephemeral: true, text: 'only for you', callback: { type: 4 } });
    await vi.waitFor(() => {
      expect(reply.followups.map((followup) => followup.text)).toEqual(['and more']);
    });
    await expect(ada.press(message, 'Nothing')).rejects.toThrow('there are: Update, Reply');
    const update = await ada.press(message, 'update');
    expect(update.reply).toBe(message);
    expect(update).toMatchObject({ ephemeral: false, text: `updated ${message.id}` });
    expect(message.buttons).toEqual([]);

    bot.handle = answer((interaction) => (interaction.isButton() ? interaction.customId : ''));
    const mallory = discord.addMember({ username: 'mallory' });
    expect((await mallory.pressCustomId('forged', message)).text).toBe('forged');
  });

  it('plays selects', async () => {
    bot.handle = async (interaction) => {
      if (interaction.isStringSelectMenu()) {
        await interaction.update({ content: interaction.values.join('+'), components: [] });
      } else if (interaction.isChatInputCommand()) {
        const menu = new StringSelectMenuBuilder()
          .setCustomId('pick')
          .setPlaceholder('Pick')
          .setMaxValues(2)
          .addOptions({ label: 'A', value: 'a' }, { label: 'B', value: 'b', description: 'bee' });
        await interaction.reply({
          components: [new ActionRowBuilder<StringSelectMenuBuilder>().addComponents(menu)],
          ...EPHEMERAL,
        });
      }
    };
    const exchange = await ada.slash('token create', { name: 'a' });
    expect(exchange.text).toBe('[Pick]\nA\nB: bee');
    const message = exchange.reply!;
    await expect(ada.select(message, ['c'])).rejects.toThrow('no option c');
    expect((await ada.select(message, ['a', 'b'])).text).toBe('a+b');
    expect(message).toMatchObject({ text: 'a+b', ephemeral: true });
  });

  it('plays autocomplete', async () => {
    bot.handle = async (interaction) => {
      if (!interaction.isAutocomplete()) return;
      const { name, value } = interaction.options.getFocused(true);
      await interaction.respond([{ name: `${name} ${value}`, value }]);
    };
    expect(await ada.autocomplete('token create', 'kind', 'ap', { name: 'x' })).toEqual([
      { name: 'kind ap', value: 'ap' },
    ]);
    bot.handle = async (interaction) => {
      if (interaction.isAutocomplete()) await interaction.respond([{ name: '', value: 'x' }]);
    };
    void ada.autocomplete('token create', 'kind', '', {}, { until: 'sent' });
    await vi.waitFor(() => {
      expect(bot.codes).toEqual([50035]);
    });
    takeCodes();
    expect(takeViolations()).toHaveLength(1);
  });

  it('plays modals and message commands', async () => {
    bot.handle = async (interaction) => {
      if (interaction.isMessageContextMenuCommand()) {
        const input = new TextInputBuilder()
          .setCustomId('why')
          .setLabel('Why?')
          .setStyle(TextInputStyle.Short);
        await interaction.showModal(
          new ModalBuilder()
            .setCustomId(`revoke:${interaction.targetMessage.content}`)
            .setTitle('Revoke')
            .addComponents(new ActionRowBuilder<TextInputBuilder>().addComponents(input)),
        );
      } else if (interaction.isModalSubmit()) {
        await interaction.reply({
          content: `${interaction.customId} ${interaction.fields.getTextInputValue('why')}`,
          ...EPHEMERAL,
        });
      }
    };
    const opened = await ada.menu('Revoke', ada.say('leaked'));
    expect(opened.modal?.title).toBe('Revoke');
    expect((await ada.submit(opened, { why: 'because' })).text).toBe('revoke:leaked because');
  });

  it('takes one callback for one interaction', async () => {
    bot.handle = answer();
    const exchange = await ada.slash('token create', { name: 'a' });
    ada.redeliver(exchange);
    await vi.waitFor(() => {
      expect(bot.codes).toEqual([40060]);
    });
    takeCodes();
    expect(exchange.text).toBe('done');
  });

  it('knows the lives of interaction tokens', async () => {
    const webhook = `/webhooks/${discord.applicationId}` as const;
    const { rest } = bot.client;
    await expect(
      rest.post('/interactions/1/none/callback', { auth: false, body: { type: 5 } }),
    ).rejects.toMatchObject({ code: 10062, status: 404 });
    bot.handle = async (interaction) => {
      await rest.patch(
        `${webhook}/${interaction.isRepliable() ? interaction.token : ''}/messages/@original`,
        {
          auth: false,
          body: { content: 'early' },
        },
      );
    };
    await ada.slash('token create', { name: 'a' }, { until: 'sent' });
    await vi.waitFor(() => {
      expect(bot.codes).toEqual([10015]);
    });
    takeCodes();
    bot.handle = answer();
    const exchange = await ada.slash('token create', { name: 'a' });
    const ours = `${webhook}/${exchange.token}` as const;
    await expect(rest.get(`${ours}/messages/1`, { auth: false })).rejects.toMatchObject({
      code: 10008,
    });
    await rest.delete(`${ours}/messages/@original`, { auth: false });
    expect(exchange).toMatchObject({ text: '', reply: { deleted: true } });
    discord.expire(exchange);
    await expect(rest.post(ours, { auth: false, body: { content: 'x' } })).rejects.toMatchObject({
      code: 50027,
      status: 401,
    });
  });

  it('lists what breaks the rules', async () => {
    const channel = `/channels/${server.channelId}/messages` as const;
    const send = (body: object): Promise<unknown> =>
      bot.client.rest.post(channel, { body: { allowed_mentions: { parse: [] }, ...body } });
    const link = { type: 2, style: 5, label: 'x', url: 'https://example.com' };
    const refused = [
      [{ content: '' }, 50006],
      [{ content: 'x'.repeat(2001) }, 50035],
      [{ content: 5 }, 50035],
      [{ flags: 1 << 15, content: 'x', components: [{ type: 10, content: 'y' }] }, 50035],
      [{ components: [{ type: 10, content: 'y' }] }, 50035],
      [{ flags: 1 << 15, components: [{ type: 10, content: 'y'.repeat(4001) }] }, 50035],
      [{ flags: 1 << 15, components: Array.from({ length: 41 }, () => ({ type: 14 })) }, 50035],
      [{ components: [{ type: 1, components: [{ ...link, custom_id: 'x' }] }] }, 50035],
      [{ components: [{ type: 1, components: Array.from({ length: 6 }, () => link) }] }, 50035],
      [{ components: [{ type: 1, components: [button('a', 'A'), button('a', 'B')] }] }, 50035],
      [{ components: [{ type: 1, components: [{ type: 77 }] }] }, 50035],
    ] as const;
    for (const [body, code] of refused) {
      await expect(send(body)).rejects.toMatchObject({ code });
    }
    expect(takeViolations()).toHaveLength(refused.length);
    await send({ content: 'x', allowed_mentions: { parse: ['everyone'] } });
    await send({ content: '@everyone', allowed_mentions: null });
    expect(takeViolations()).toEqual([
      'a message could notify somebody: allowed_mentions.parse is ["everyone"]',
      'a message could notify somebody: @everyone without allowed_mentions',
    ]);
    bot.handle = async (interaction) => {
      if (interaction.isRepliable()) await interaction.reply('for all to see');
    };
    expect((await ada.slash('token create', { name: 'a' })).ephemeral).toBe(false);
    expect(takeViolations()).toEqual(['/token create: the first answer (type 4) is not ephemeral']);
  });

  it('answers as Discord does where nothing is', async () => {
    const { rest } = bot.client;
    const missing = [
      ['/nothing', 0],
      ['/channels/1', 10003],
      ['/guilds/1', 10004],
      [`/guilds/${server.id}/members/1`, 10013],
      [`/guilds/${server.id}/members/${discord.addMember({ username: 'x' }).id}`, 10007],
      ['/users/1', 10013],
    ] as const;
    for (const [path, code] of missing) {
      await expect(rest.get(path)).rejects.toMatchObject({ code, status: 404 });
    }
    const response = await fetch(`${discord.apiUrl}/v10/users/@me`, {
      headers: { authorization: 'Bot wrong' },
    });
    expect(response.status).toBe(401);
    expect(await response.json()).toEqual({ message: '401: Unauthorized', code: 0 });
  });

  // A stranger's clone has no copy of the description.
  it.skipIf(describedBy() === 'own rules only')(
    'answers as the published description says',
    async () => {
      const { rest } = bot.client;
      const paths = [
        '/gateway',
        '/gateway/bot',
        '/users/@me',
        '/applications/@me',
        '/oauth2/applications/@me',
        `/users/${ada.id}`,
        `/channels/${server.channelId}`,
        `/channels/${ada.dmChannelId}`,
        `/channels/${ada.dmChannelId}/messages`,
        `/guilds/${server.id}`,
        `/guilds/${server.id}/roles`,
        `/guilds/${server.id}/channels`,
        `/guilds/${server.id}/members/${ada.id}`,
        `/applications/${discord.applicationId}/commands`,
      ] as const;
      for (const path of paths) expect(await rest.get(path)).toBeDefined();
      bot.handle = async (interaction) => {
        if (interaction.isMessageComponent()) {
          await interaction.deferUpdate({ withResponse: true });
          await interaction.editReply({ content: 'y', components: [] });
          await interaction.followUp({ content: 'z', ...EPHEMERAL });
        } else if (interaction.isModalSubmit()) {
          await interaction.deferReply({ withResponse: true, ...EPHEMERAL });
          await interaction.editReply('x');
        } else if (interaction.isContextMenuCommand()) {
          const input = new TextInputBuilder()
            .setCustomId('why')
            .setLabel('Why?')
            .setStyle(TextInputStyle.Short);
          await interaction.showModal(
            new ModalBuilder()
              .setCustomId('modal')
              .setTitle('Why')
              .addComponents(new ActionRowBuilder<TextInputBuilder>().addComponents(input)),
            { withResponse: true },
          );
        } else if (interaction.isRepliable()) {
          const files = [{ name: 'x.txt', attachment: Buffer.from('x') }];
          const components = [row(button('x', 'X'))];
          await interaction.reply({ files, components, withResponse: true, ...EPHEMERAL });
          await interaction.fetchReply();
        }
      };
      const exchange = await ada.slash('token create', { name: 'a' });
      const pressed = await ada.press(exchange.reply!, 'X');
      await vi.waitFor(() => {
        expect(pressed.followups).toHaveLength(1);
      });
      await ada.submit(await ada.menu('Revoke', ada.say('leaked')), { why: 'x' });
      // Where an answer is not as described the local Discord says so here.
      expect(discord.violations).toEqual([]);
    },
  );
});

describe('OAuth2', () => {
  const redirectUri = 'https://app.example/callback?from=discord';
  let discord: LocalDiscord;
  let ada: LocalMember;

  beforeAll(async () => {
    discord = await startLocalDiscord({ checkAnswers: true });
    discord.redirectUris.push(redirectUri);
    ada = discord.addMember({ username: 'ada', globalName: 'Ada' });
  });
  afterAll(() => discord.stop());
  afterEach(() => {
    discord.heal();
    const left = discord.violations.splice(0);
    if (left.length > 0) throw new Error(`unexpected: ${left.join('; ')}`);
  });

  interface Reply {
    readonly status: number;
    readonly body: Record<string, unknown>;
  }
  const ask = async (path: string, init: RequestInit = {}): Promise<Reply> => {
    const response = await fetch(`${discord.apiUrl}${path}`, init);
    return { status: response.status, body: (await response.json()) as Reply['body'] };
  };
  const asBearer = (path: string, token: unknown): Promise<Reply> =>
    ask(path, { headers: { authorization: `Bearer ${String(token)}` } });
  const client = (): Record<string, string> => ({
    client_id: discord.applicationId,
    client_secret: discord.clientSecret,
  });
  const post = (form: Record<string, string>, path = '/oauth2/token'): Promise<Reply> =>
    ask(path, { method: 'POST', body: new URLSearchParams(form) });
  const exchange = (code: string, more: Record<string, string> = {}): Promise<Reply> =>
    post({
      ...client(),
      grant_type: 'authorization_code',
      code,
      redirect_uri: redirectUri,
      ...more,
    });
  const authorize = (scopes?: string[]): string =>
    ada.authorize({ redirectUri, ...(scopes === undefined ? {} : { scopes }) }).code;
  const consentUrl = (query: Record<string, string> = {}): string => {
    const parameters = {
      response_type: 'code',
      client_id: discord.applicationId,
      redirect_uri: redirectUri,
      scope: 'identify',
      ...query,
    };
    return `${discord.apiUrl}/oauth2/authorize?${new URLSearchParams(parameters).toString()}`;
  };
  const invalidCode = {
    status: 400,
    body: { error: 'invalid_grant', error_description: 'Invalid "code" in request.' },
  };

  it('plays the code grant from the consent page to the user', async () => {
    const url = consentUrl({ state: 'a b', scope: 'identify guilds' });
    const page = await fetch(url);
    expect(page.headers.get('content-type')).toMatch('text/html');
    expect(await page.text()).toContain('local-bot wants to access your account');
    const callback = new URL(ada.authorizeAt(url));
    expect(callback.href).toMatch(/^https:\/\/app\.example\/callback\?from=discord&code=\w{30}&/);
    expect(callback.searchParams.get('state')).toBe('a b');
    const { status, body } = await exchange(callback.searchParams.get('code')!);
    expect([status, body]).toEqual([
      200,
      {
        token_type: 'Bearer',
        access_token: expect.stringMatching(/^\w{30}$/),
        expires_in: 604_800,
        refresh_token: expect.stringMatching(/^\w{30}$/),
        scope: 'identify guilds',
      },
    ]);
    for (const path of ['/oauth2/@me', '/v10/oauth2/@me']) {
      expect(await asBearer(path, body['access_token'])).toMatchObject({
        status: 200,
        body: {
          application: { id: discord.applicationId, name: 'local-bot', bot_public: true },
          scopes: ['identify', 'guilds'],
          expires: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00$/),
          user: { id: ada.id, username: 'ada', global_name: 'Ada' },
        },
      });
    }
    const me = await asBearer('/v10/users/@me', body['access_token']);
    expect(me).toMatchObject({ status: 200, body: { id: ada.id } });
    expect(me.body).not.toHaveProperty('email');
  });

  it('shows an error where the consent page would', async () => {
    const refused = [
      [{ client_id: '1' }, 'Unknown Application'],
      [{ redirect_uri: `${redirectUri}/` }, 'Invalid OAuth2 redirect_uri'],
      [{ response_type: 'token' }, 'response_type'],
      [{ scope: '' }, 'scope is invalid'],
      [{ scope: 'identify everything' }, 'scope is invalid'],
      [{ code_challenge: 'short', code_challenge_method: 'S256' }, 'Invalid code_challenge'],
      [{ code_challenge: 'x'.repeat(43), code_challenge_method: 'S1' }, 'code_challenge_method'],
    ] as const;
    for (const [query, reason] of refused) {
      const url = consentUrl(query);
      const page = await fetch(url.replace('/api/', '/'));
      expect([page.status, await page.text()]).toEqual([400, expect.stringContaining(reason)]);
      expect(() => ada.authorizeAt(url)).toThrow(reason);
    }
    const canceled = new URL(ada.cancelAt(consentUrl({ state: 's' }))).searchParams;
    expect([canceled.get('error'), canceled.get('state')]).toEqual(['access_denied', 's']);
  });

  it('knows the lives of codes', async () => {
    const used = authorize();
    const basic = `${discord.applicationId}:${discord.clientSecret}`;
    const form = { grant_type: 'authorization_code', code: used, redirect_uri: redirectUri };
    const byHeader = await ask('/v10/oauth2/token', {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from(basic).toString('base64')}` },
      body: new URLSearchParams(form),
    });
    expect(byHeader.status).toBe(200);
    expect(await exchange(used)).toEqual(invalidCode);
    const expired = authorize();
    discord.expire(expired);
    expect(await exchange(expired)).toEqual(invalidCode);
    const other = discord.addApplication({ redirectUris: [redirectUri] });
    const foreign = ada.authorize({ redirectUri, applicationId: other.id, state: 's' });
    expect(foreign.state).toBe('s');
    expect(await exchange(foreign.code)).toEqual(invalidCode);
    expect(await exchange(authorize(), { redirect_uri: 'https://app.example' })).toMatchObject({
      status: 400,
      body: { error: 'invalid_grant' },
    });
  });

  it('refuses what is no token request', async () => {
    const refused = [
      [{ client_secret: 'wrong' }, 401, { error: 'invalid_client' }],
      [{ client_id: '1' }, 401, { error: 'invalid_client' }],
      [{ grant_type: 'magic' }, 400, { error: 'unsupported_grant_type' }],
      [{ grant_type: 'refresh_token', refresh_token: 'x' }, 400, { error: 'invalid_grant' }],
    ] as const;
    for (const [more, status, body] of refused) {
      expect(await exchange(authorize(), more)).toMatchObject({ status, body });
    }
    const json = await ask('/oauth2/token', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ...client(), grant_type: 'authorization_code', code: authorize() }),
    });
    expect(json).toMatchObject({ status: 400, body: { error: 'unsupported_grant_type' } });
    expect(discord.violations.splice(0)).toHaveLength(1);
  });

  it('binds codes to their challenge', async () => {
    const verifier = 'v'.repeat(43);
    const s256 = createHash('sha256').update(verifier).digest('base64url');
    for (const [codeChallenge, codeChallengeMethod] of [
      [s256, 'S256'],
      [verifier, 'plain'],
    ] as const) {
      const { code } = ada.authorize({ redirectUri, codeChallenge, codeChallengeMethod });
      const wrong = { status: 400, body: { error: 'invalid_grant' } };
      expect(await exchange(code)).toMatchObject(wrong);
      expect(await exchange(code, { code_verifier: 'w'.repeat(43) })).toMatchObject(wrong);
      expect(await exchange(code, { code_verifier: verifier })).toMatchObject({ status: 200 });
    }
  });

  it('refreshes, expires and revokes tokens', async () => {
    const first = (await exchange(authorize())).body;
    const refresh = { grant_type: 'refresh_token', refresh_token: String(first['refresh_token']) };
    const second = await post({ ...client(), ...refresh });
    expect(second).toMatchObject({ status: 200, body: { scope: 'identify' } });
    expect((await post({ ...client(), ...refresh })).body).toEqual({ error: 'invalid_grant' });

    const unauthorized = { status: 401, body: { message: '401: Unauthorized', code: 0 } };
    discord.expire(String(first['access_token']));
    expect(await asBearer('/oauth2/@me', first['access_token'])).toEqual(unauthorized);

    const { access_token: token } = second.body;
    const revocation = {
      ...client(),
      token: String((await exchange(authorize())).body['refresh_token']),
    };
    expect(await post({ ...revocation, client_secret: 'x' }, '/oauth2/token/revoke')).toMatchObject(
      { status: 401 },
    );
    expect((await asBearer('/oauth2/@me', token)).status).toBe(200);
    expect(await post(revocation, '/v10/oauth2/token/revoke')).toEqual({ status: 200, body: {} });
    expect(await asBearer('/oauth2/@me', token)).toEqual(unauthorized);
    expect(await asBearer('/v10/users/@me', discord.botToken)).toEqual(unauthorized);
    expect((await ask('/oauth2/@me')).status).toBe(401);
  });

  it('plays tokens that are not what they should be', async () => {
    const other = discord.addApplication({ name: 'Evil' });
    const robot = discord.addMember({ username: 'robot', bot: true });
    const lies = [
      [{ application: other }, { application: { id: other.id, name: 'Evil' } }],
      [{ user: robot.user }, { user: { id: robot.id, bot: true } }],
      [{ expires: new Date(0) }, { expires: '1970-01-01T00:00:00.000000+00:00' }],
      [{}, { application: { id: discord.applicationId }, user: { id: ada.id } }],
    ] as const;
    for (const [lie, told] of lies) {
      discord.forgeNextToken(lie);
      const { body } = await exchange(authorize());
      expect((await asBearer('/oauth2/@me', body['access_token'])).body).toMatchObject(told);
    }
    const { body } = await exchange(authorize(['guilds']));
    expect((await asBearer('/oauth2/@me', body['access_token'])).body).not.toHaveProperty('user');
    expect((await asBearer('/v10/users/@me', body['access_token'])).status).toBe(401);
    const { code } = robot.authorize({ redirectUri });
    expect((await exchange(code)).status).toBe(200);
  });

  it('fails where it is told to, with the code good unless it was consumed', async () => {
    const path = /^\/oauth2\/token$/;
    const code = authorize();
    discord.fail({ path, status: 429, retryAfter: 0.5 });
    expect(await exchange(code)).toMatchObject({ status: 429, body: { retry_after: 0.5 } });
    discord.fail({ path, status: 503 });
    expect((await exchange(code)).status).toBe(503);
    discord.fail({ path, hangUp: true });
    await expect(exchange(code)).rejects.toThrow('fetch failed');
    discord.fail({ path, status: 502, body: '<html>Bad gateway</html>' });
    await expect(exchange(code)).rejects.toThrow('not valid JSON');
    discord.fail({ path, status: 200, body: { nonsense: true } });
    expect((await exchange(code)).body).toEqual({ nonsense: true });
    discord.fail({ path, status: 500, afterEffect: true });
    expect((await exchange(code)).status).toBe(500);
    expect(await exchange(code)).toEqual(invalidCode);

    const { access_token: token } = (await exchange(authorize())).body;
    discord.fail({ path: /^\/oauth2\/@me$/, delayMs: 50, status: 401 });
    const before = Date.now();
    expect((await asBearer('/oauth2/@me', token)).status).toBe(401);
    expect(Date.now() - before).toBeGreaterThanOrEqual(45);
  });
});

describe('servers', () => {
  const { Guilds, GuildMembers, GuildModeration, MessageContent } = GatewayIntentBits;
  const { AutoModerationConfiguration, AutoModerationExecution } = GatewayIntentBits;
  const { ManageGuild, BanMembers, ViewAuditLog, ManageMessages } = PermissionFlagsBits;
  const { ViewChannel, SendMessages } = PermissionFlagsBits;
  const usual = ViewChannel | SendMessages;
  let discord: LocalDiscord;
  let bot: Bot;
  let server: LocalServer;
  let ada: LocalMember;
  const events: { t: string; d: Record<string, unknown> }[] = [];

  beforeAll(async () => {
    discord = await startLocalDiscord({
      checkAnswers: true,
      privilegedIntents: GuildMembers,
    });
    bot = new Bot(discord, [
      Guilds,
      GuildMembers,
      GuildModeration,
      AutoModerationConfiguration,
      AutoModerationExecution,
    ]);
    bot.client.on('raw', (event: (typeof events)[number]) => events.push(event));
    await bot.login(discord);
  });
  afterAll(async () => {
    await bot[Symbol.asyncDispose]();
    await discord.stop();
  });
  beforeEach(async () => {
    server = discord.addServer({ name: 'Home' });
    ada = discord.addMember({ username: 'ada', server });
    server.botPermissions = usual | ManageGuild | BanMembers | ViewAuditLog;
    await vi.waitUntil(() => bot.client.guilds.cache.get(server.id)?.members.cache.has(ada.id));
    events.length = 0;
  });
  afterEach(() => {
    const left = discord.violations.splice(0);
    if (left.length > 0) throw new Error(`unexpected: ${left.join('; ')}`);
  });

  const get = (path: string): Promise<unknown> =>
    bot.client.rest.get(`/guilds/${server.id}${path}`);
  const seen = async (...names: string[]): Promise<Record<string, unknown>[]> => {
    await vi.waitFor(() => {
      expect(events.map(({ t }) => t)).toEqual(expect.arrayContaining(names));
    });
    return names.map((name) => events.findLast(({ t }) => t === name)!.d);
  };

  it('are told to those who have the intent', async () => {
    expect(bot.client.guilds.cache.get(server.id)).toMatchObject({
      name: 'Home',
      memberCount: 2,
    });
    const second = discord.addServer({ name: 'Second' });
    expect(await seen('GUILD_CREATE')).toMatchObject([{ id: second.id, unavailable: false }]);
    second.botIsIn = false;
    expect(await seen('GUILD_DELETE')).toEqual([{ id: second.id }]);
  });

  it('say who joins and who leaves', async () => {
    const grace = discord.addMember({ username: 'grace', server });
    expect(await seen('GUILD_MEMBER_ADD')).toMatchObject([
      { guild_id: server.id, user: { id: grace.id } },
    ]);
    expect(await get(`/members/${grace.id}`)).toMatchObject({ user: { id: grace.id } });
    grace.leave(server);
    expect(await seen('GUILD_MEMBER_REMOVE')).toMatchObject([{ user: { id: grace.id } }]);
    await expect(get(`/members/${grace.id}`)).rejects.toMatchObject({ code: 10007, status: 404 });
  });

  it("change a member's roles, one at a time", async () => {
    const [dev, patron] = [server.addRole('Dev'), server.addRole('Patron')];
    server.setRoles(ada.id, [dev.id, patron.id]);
    expect(await seen('GUILD_MEMBER_UPDATE')).toMatchObject([
      { guild_id: server.id, user: { id: ada.id }, roles: [dev.id, patron.id], nick: null },
    ]);
    server.setRoles('900000000000000000', [dev.id]);
    expect(events.filter(({ t }) => t === 'GUILD_MEMBER_UPDATE')).toHaveLength(1);
  });

  it('delete a role, which its members lose without an event of their own', async () => {
    const [dev, patron] = [server.addRole('Dev'), server.addRole('Patron')];
    server.setRoles(ada.id, [dev.id, patron.id]);
    await seen('GUILD_MEMBER_UPDATE');
    events.length = 0;
    server.removeRole(dev.id);
    expect(await seen('GUILD_ROLE_DELETE')).toEqual([{ guild_id: server.id, role_id: dev.id }]);
    expect(events.map(({ t }) => t)).toEqual(['GUILD_ROLE_DELETE']);
    expect(await get(`/members/${ada.id}`)).toMatchObject({ roles: [patron.id] });
    expect(await get('/roles')).toEqual([
      expect.objectContaining({ name: '@everyone' }),
      expect.objectContaining({ id: patron.id }),
    ]);
    expect(() => server.removeRole(dev.id)).toThrow('no such role');
    expect(() => server.removeRole(server.id)).toThrow('no such role');
  });

  it('ban and unban', async () => {
    const grace = discord.addMember({ username: 'grace', server });
    const boss = discord.addMember({ username: 'boss', server });
    server.ban(grace, { by: boss, reason: 'spam' });
    const told = await seen('GUILD_BAN_ADD', 'GUILD_MEMBER_REMOVE', 'GUILD_AUDIT_LOG_ENTRY_CREATE');
    expect(told).toMatchObject([
      { guild_id: server.id, user: { id: grace.id } },
      { user: { id: grace.id } },
      { action_type: 22, user_id: boss.id, target_id: grace.id, reason: 'spam' },
    ]);
    expect(() => {
      grace.join(server);
    }).toThrow('is banned');
    const stranger = discord.addMember({ username: 'stranger' });
    server.ban(stranger);
    const ban = { user: { id: grace.id }, reason: 'spam' };
    expect(await get(`/bans/${grace.id}`)).toMatchObject(ban);
    expect(await get('/bans?limit=1')).toMatchObject([ban]);
    const next = [{ user: { id: stranger.id }, reason: null }];
    expect(await get(`/bans?limit=1&after=${grace.id}`)).toMatchObject(next);
    expect(await get('/audit-logs?action_type=22&limit=1')).toMatchObject({
      audit_log_entries: [{ target_id: stranger.id, user_id: server.owner.id }],
    });
    server.unban(grace);
    await seen('GUILD_BAN_REMOVE');
    await expect(get(`/bans/${grace.id}`)).rejects.toMatchObject({ code: 10026, status: 404 });
    grace.join(server);
    server.kick(grace);
    expect(server.has(grace.id)).toBe(false);
  });

  it('hold the bot to its permissions', async () => {
    const { rest } = bot.client;
    const said = ada.say('hello');
    const channel = `/channels/${server.channelId}` as const;
    const body = { content: 'x', allowed_mentions: { parse: [] } };
    server.botPermissions = usual;
    const refused = [
      () => get('/bans'),
      () => get(`/bans/${ada.id}`),
      () => get('/auto-moderation/rules'),
      () => get('/audit-logs'),
      () => rest.delete(`${channel}/messages/${said.id}`),
    ];
    for (const act of refused) await expect(act()).rejects.toMatchObject({ code: 50013 });
    server.botPermissions = ViewChannel;
    await expect(rest.post(`${channel}/messages`, { body })).rejects.toMatchObject({ code: 50013 });
    server.botPermissions = 0n;
    await expect(rest.post(`${channel}/messages`, { body })).rejects.toMatchObject({ code: 50001 });
    await expect(rest.get(`${channel}/messages`)).rejects.toMatchObject({ code: 50001 });
    server.botPermissions = usual | ManageMessages;
    await rest.delete(`${channel}/messages/${said.id}`);
    expect(said.deleted).toBe(true);

    const foreign = discord.addServer({ botIsIn: false });
    for (const path of ['members/1', 'bans', 'roles'] as const) {
      await expect(rest.get(`/guilds/${foreign.id}/${path}`)).rejects.toMatchObject({
        code: 50001,
        status: 403,
      });
    }
    await expect(rest.get(`/guilds/${foreign.id}`)).rejects.toMatchObject({ code: 10004 });
    await expect(rest.get('/guilds/1/members/1')).rejects.toMatchObject({ code: 10004 });
  });

  it('moderate what members say', async () => {
    const rules = bot.client.guilds.cache.get(server.id)!.autoModerationRules;
    const rule = await rules.create({
      name: 'Tokens',
      reason: 'leaks',
      eventType: AutoModerationRuleEventType.MessageSend,
      triggerType: AutoModerationRuleTriggerType.Keyword,
      triggerMetadata: {
        keywordFilter: ['cat*'],
        regexPatterns: [String.raw`[a-z]+_api_[0-9A-Za-z]{4}`],
        allowList: ['catalog'],
      },
      actions: [
        { type: AutoModerationActionType.BlockMessage, metadata: { customMessage: 'Revoke it' } },
      ],
    });
    expect(rule.enabled).toBe(false);
    expect(ada.say('x_api_0aA9').content).toBe('x_api_0aA9');
    await rules.edit(rule, { enabled: true });
    expect(await get(`/auto-moderation/rules/${rule.id}`)).toMatchObject({ enabled: true });
    expect(await get('/auto-moderation/rules')).toHaveLength(1);
    for (const [said, keyword] of [
      ['here: x_api_0aA9!', '[a-z]+_api_[0-9A-Za-z]{4}'],
      ['a CATapult', 'cat*'],
    ] as const) {
      const blocked = expect.objectContaining({ code: 200_000, customMessage: 'Revoke it' });
      expect(() => ada.say(said)).toThrow(blocked);
      expect((await seen('AUTO_MODERATION_ACTION_EXECUTION')).at(-1)).toMatchObject({
        guild_id: server.id,
        rule_id: rule.id,
        rule_trigger_type: 1,
        user_id: ada.id,
        channel_id: server.channelId,
        action: { type: 1, metadata: { custom_message: 'Revoke it' } },
        matched_keyword: keyword,
        content: '',
        matched_content: '',
      });
      events.length = 0;
    }
    for (const said of ['a catalog', 'educate', 'X_API_0'])
      expect(ada.say(said).deleted).toBe(false);
    const boss = discord.addMember({ username: 'boss', server, permissions: ManageGuild });
    expect(boss.say('x_api_0aA9').content).toBe('x_api_0aA9');
    expect(ada.say('x_api_0aA9', { in: 'dm' }).content).toBe('x_api_0aA9');
    await rules.edit(rule, { exemptChannels: [server.channelId] });
    expect(ada.say('x_api_0aA9').content).toBe('x_api_0aA9');
    await rules.delete(rule);
    await seen('AUTO_MODERATION_RULE_DELETE');
    await expect(get(`/auto-moderation/rules/${rule.id}`)).rejects.toMatchObject({ status: 404 });
    expect(await get('/audit-logs?action_type=140')).toMatchObject({
      audit_log_entries: [{ target_id: rule.id, reason: 'leaks' }],
    });
    expect(await get('/audit-logs?action_type=143')).toMatchObject({
      audit_log_entries: Array.from({ length: 2 }, () => ({ target_id: ada.id })),
    });
  });

  it('have limits for rules', async () => {
    const path = `/guilds/${server.id}/auto-moderation/rules` as const;
    const create = (metadata: object = {}, message = ''): Promise<unknown> =>
      bot.client.rest.post(path, {
        body: {
          name: 'Rule',
          event_type: 1,
          trigger_type: 1,
          trigger_metadata: { keyword_filter: ['x'], ...metadata },
          actions: [{ type: 1, metadata: { custom_message: message } }],
        },
      });
    const refused = [
      create({ regex_patterns: Array.from({ length: 11 }, () => 'x') }),
      create({ regex_patterns: ['x'.repeat(261)] }),
      create({ regex_patterns: ['(?=x)'] }),
      create({ regex_patterns: ['('] }),
      create({ keyword_filter: ['x'.repeat(61)] }),
      create({}, 'x'.repeat(151)),
    ];
    for (const act of refused) await expect(act).rejects.toMatchObject({ code: 50035 });
    await create({ regex_patterns: Array.from({ length: 10 }, () => 'x'.repeat(260)) });
    for (let made = 1; made < 6; made += 1) await create();
    await expect(create()).rejects.toThrow('Maximum number of rules with trigger type 1 is 6');
    expect(discord.violations.splice(0)).toHaveLength(refused.length + 1);
  });

  it('give content to those who may have it', async () => {
    await using other = await startLocalDiscord({ privilegedIntents: MessageContent });
    await using reader = new Bot(other, [AutoModerationExecution, MessageContent]);
    const executions: unknown[] = [];
    reader.client.on('raw', ({ t, d }: (typeof events)[number]) => {
      if (t === 'AUTO_MODERATION_ACTION_EXECUTION') executions.push(d);
    });
    await reader.login(other);
    const home = other.addServer({ botPermissions: ManageGuild });
    await reader.client.rest.post(`/guilds/${home.id}/auto-moderation/rules`, {
      body: {
        name: 'Rule',
        event_type: 1,
        trigger_type: 1,
        trigger_metadata: { keyword_filter: ['secret'] },
        actions: [{ type: 2, metadata: { channel_id: home.channelId } }],
        enabled: true,
      },
    });
    const said = other.addMember({ username: 'grace', server: home }).say('a Secret thing');
    expect(said.content).toBe('a Secret thing');
    await vi.waitFor(() => {
      expect(executions).toMatchObject([{ content: said.content, matched_content: 'Secret' }]);
    });
  });

  it('are closed to intents that are not enabled', async () => {
    await using refused = new Bot(discord, [GuildMembers, MessageContent]);
    await expect(refused.client.login(discord.botToken)).rejects.toThrow('disallowed intents');
    await vi.waitFor(() => {
      expect(discord.gatewayEvents.at(-1)).toMatchObject({ kind: 'close', code: 4014 });
    });
  });
});

describe('the three-second rule', () => {
  it('refuses a late first callback', async () => {
    await using discord = await startLocalDiscord({ deadlineMs: 150, settleMs: 400 });
    await using bot = await Bot.start(discord, COMMANDS);
    const ada = discord.addMember({ username: 'ada' });
    discord.fail({ path: /callback$/, delayMs: 250 });
    bot.handle = answer();
    const late = ada.slash('token create', { name: 'a' });
    await expect(late).rejects.toThrow('/token create: the application did not respond within 150');
    await expect(late).rejects.toBeInstanceOf(Unanswered);
    await vi.waitFor(() => {
      expect(bot.codes).toEqual([10062]);
    });
    expect(discord.violations).toEqual([expect.stringContaining('first callback after')]);
    bot.handle = async (interaction) => {
      if (interaction.isRepliable()) await interaction.deferReply(EPHEMERAL);
    };
    await expect(ada.slash('token create', { name: 'a' })).rejects.toThrow('not answered within');
  });
});

interface Game {
  readonly discord: LocalDiscord;
  readonly bot: Bot;
  readonly ada: LocalMember;
}

async function play(options: LocalDiscordOptions = {}): Promise<Game> {
  const discord = await startLocalDiscord(options);
  const ada = discord.addMember({ username: 'ada' });
  const bot = await Bot.start(discord, COMMANDS);
  bot.handle = answer();
  return { discord, bot, ada };
}

async function stop({ discord, bot }: Game): Promise<void> {
  await bot.client.destroy();
  await discord.stop();
  const left = [...discord.violations, ...bot.failures];
  if (left.length > 0) throw new Error(`unexpected: ${left.map(String).join('; ')}`);
}

function kinds(discord: LocalDiscord): string[] {
  return discord.gatewayEvents.map(({ kind }) => kind).filter((kind) => kind !== 'heartbeat');
}

describe('the gateway', () => {
  it.concurrent('replays what a dropped client missed', async () => {
    const game = await play();
    const { discord, ada } = game;
    discord.dropGateway();
    expect((await ada.slash('token create', { name: 'a' })).text).toBe('done');
    expect(kinds(discord)).toEqual(['connect', 'identify', 'close', 'connect', 'resume']);
    expect(discord.gatewayEvents.at(-1)).toMatchObject({ resumed: true });
    await stop(game);
  });

  it.concurrent('plays an invalid session', async () => {
    const game = await play();
    const { discord, ada } = game;
    discord.dropGateway({ resumable: false });
    await vi.waitFor(
      () => {
        expect(kinds(discord).filter((kind) => kind === 'identify')).toHaveLength(2);
      },
      { timeout: 4000 },
    );
    expect(discord.gatewayEvents.find(({ kind }) => kind === 'resume')?.resumed).toBe(false);
    expect((await ada.slash('token create', { name: 'a' })).text).toBe('done');
    await stop(game);
  });

  it.concurrent('asks to reconnect', async () => {
    const game = await play();
    const { discord, ada } = game;
    discord.askToReconnect();
    await vi.waitFor(
      () => {
        expect(kinds(discord)).toContain('resume');
      },
      { timeout: 3000 },
    );
    expect((await ada.slash('token create', { name: 'a' })).text).toBe('done');
    await stop(game);
  });

  it.concurrent('can fall silent', async () => {
    const game = await play({ heartbeatMs: 200 });
    const { discord, ada } = game;
    discord.silenceGateway();
    await vi.waitFor(
      () => {
        expect(kinds(discord)).toContain('resume');
      },
      { timeout: 3000 },
    );
    expect((await ada.slash('token create', { name: 'a' })).text).toBe('done');
    await stop(game);
  });

  it.concurrent('serves two processes, of which one answers', async () => {
    const game = await play();
    const { discord, bot, ada } = game;
    await using second = await Bot.start(discord, COMMANDS);
    second.handle = answer();
    expect((await ada.slash('token create', { name: 'a' })).text).toBe('done');
    await vi.waitFor(() => {
      expect([...bot.codes, ...second.codes]).toEqual([40060]);
    });
    expect([bot.seen, second.seen]).toEqual([1, 1]);
    bot.failures.length = 0;
    await stop(game);
  });

  it.concurrent('refuses a wrong token', async () => {
    await using discord = await startLocalDiscord();
    const socket = new WebSocket(`${discord.apiUrl.replace('http', 'ws')}?v=10&encoding=json`);
    const code = await new Promise((resolve) => {
      socket.once('message', () => {
        socket.send(JSON.stringify({ op: 2, d: { token: 'no', intents: 0, properties: {} } }));
      });
      socket.once('close', resolve);
    });
    expect(code).toBe(4004);
  });

  it.concurrent('compresses for those who ask for it', async () => {
    await using discord = await startLocalDiscord();
    const socket = new WebSocket(
      `${discord.apiUrl.replace('http', 'ws')}?v=10&encoding=json&compress=zlib-stream`,
    );
    const inflate = createInflate({ finishFlush: constants.Z_SYNC_FLUSH });
    const message = new Promise<string>((resolve) => {
      inflate.once('data', (chunk: Buffer) => {
        resolve(chunk.toString());
      });
    });
    socket.once('message', (data: Buffer) => {
      expect(data.subarray(-4).toString('hex')).toBe('0000ffff');
      inflate.write(data);
    });
    expect(JSON.parse(await message)).toMatchObject({ op: 10 });
    socket.close();
  });
});
