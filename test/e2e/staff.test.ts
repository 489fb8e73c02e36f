import { PermissionFlagsBits } from 'discord.js';
import type { LocalServer } from 'local-discord';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { setUp } from '../support/end-to-end.ts';
import { check, idOf, newToken } from '../support/tokens.ts';

let server!: LocalServer;

const { discord, product, ...stage } = await setUp((local) => {
  server = local.addServer({
    name: 'Lighthouse',
    botPermissions: PermissionFlagsBits.Administrator,
  });
  return { STAFF_CHANNEL_ID: server.channelId };
});
await vi.waitUntil(() => discord.guildCommands(server.id).length > 0, { timeout: 15_000 });
const help = server.addChannel('help');
const sue = discord.addMember({
  username: 'sue',
  server,
  permissions: PermissionFlagsBits.ManageGuild,
});

afterAll(() => stage[Symbol.asyncDispose]());

const member = (username: string) => discord.addMember({ username, server });

/** What stands in the staff's channel. */
const feed = () =>
  discord.requests
    .filter(
      ({ path, method }) => method === 'POST' && path === `/channels/${server.channelId}/messages`,
    )
    .map(({ body }) => String((body as { content?: string }).content))
    .join('\n');

describe('/admin', () => {
  test('is registered in the server of the staff channel only', () => {
    expect(discord.commands.map(({ name }) => name)).not.toContain('admin');
    const [admin] = discord.guildCommands(server.id);
    expect(admin?.name).toBe('admin');
    expect(admin?.default_member_permissions).toBe(String(PermissionFlagsBits.ManageGuild));
    expect(discord.guildCommands(server.id).map(({ name }) => name)).toEqual(['admin', 'Look up']);
  });

  test('is refused in another channel, in another server and to who is not staff, and staff hear of it', async () => {
    const mallory = member('mallory');
    const other = discord.addServer();
    const boss = discord.addMember({
      username: 'boss',
      server: other,
      permissions: PermissionFlagsBits.Administrator,
    });
    for (const refused of [
      await sue.slash('admin stats', {}, { channelId: help.id }),
      await boss.slash('admin stats', {}, { raw: true }),
      await boss.slash('admin stats', {}, { raw: true, channelId: server.channelId }),
      await mallory.slash('admin user', { user: sue.id }, { raw: true }),
      await sue.slash('admin stats', {}, { in: 'dm', raw: true }),
    ]) {
      expect(refused.ephemeral).toBe(true);
      expect(refused.text).toMatch(/staff channel only|Only the staff/);
    }
    await expect.poll(feed).toContain(`<@${mallory.id}> (mallory) was refused \`/admin user\``);
    expect(
      await mallory.autocomplete('admin revoke', 'session', '', { user: sue.id }, { raw: true }),
    ).toEqual([]);
  });

  test('works in a thread of the staff channel, and not in one of another', async () => {
    const ours = server.addThread(server.channelId, 'case 1');
    const theirs = server.addThread(help.id, 'case 2');
    expect((await sue.slash('admin stats', {}, { channelId: ours.id })).text).toContain('Accounts');
    expect((await sue.slash('admin stats', {}, { channelId: theirs.id })).text).toContain('only');
  });

  test('shows everything about a member but tokens', async () => {
    const ada = member('ada');
    const token = await newToken(ada, 'deploy');
    await check(product, token);
    const shown = await sue.slash('admin user', { user: ada.id });
    expect(shown.ephemeral).toBe(true);
    expect(shown.text).toContain('**Active**');
    expect(shown.text).toContain('**deploy**');
    expect(shown.text).toContain(token.slice(-4));
    expect(shown.text).toMatch(/last used <t:/);
    expect(shown.text).toContain('created an API token');
    expect(shown.text).not.toContain(token);
    const list = await sue.press(shown.reply!, 'Tokens and logins');
    expect(list.text).toContain('1–1 of 1');
    expect((await sue.press(list.reply!, 'Back')).text).toContain('**Active**');
    const audit = await sue.press(shown.reply!, 'Audit');
    expect(audit.text).toContain('created an API token');
  });
});

describe('a ban', () => {
  test('asks once, holds from the next request on, and comes back with the unban', async () => {
    const ada = member('ada');
    const token = await newToken(ada);
    const asked = await sue.slash('admin ban', { user: ada.id, reason: 'spam *everywhere*' });
    expect(asked.text).toContain('one session stops now and works again');
    expect((await check(product, token)).status).toBe(200);
    const done = await sue.press(asked.reply!, 'Ban');
    expect(done.text).toContain('Banned');
    expect((await check(product, token)).body).toMatchObject({ code: 'ApiBanned' });
    expect((await ada.slash('token create', { name: 'x', expires: '1h' })).text).toContain(
      'banned',
    );

    const shown = await sue.slash('admin user', { user: ada.id });
    expect(shown.text).toContain('**Banned**');
    expect(shown.text).toContain(String.raw`spam \*everywhere\*`);
    const lifted = await sue.press(shown.reply!, 'Lift the ban');
    expect(lifted.text).toContain('**Active**');
    expect((await check(product, token)).status).toBe(200);
    await expect.poll(feed).toContain(`<@${sue.id}> (sue) banned <@${ada.id}>`);
    await expect.poll(feed).toContain(`<@${sue.id}> (sue) unbanned <@${ada.id}>`);
  });

  test('can end the sessions for good: they are 403 while it lasts and 401 afterwards', async () => {
    const ada = member('ada');
    const token = await newToken(ada);
    const asked = await sue.slash('admin ban', { user: ada.id, sessions: 'end' });
    await sue.press(asked.reply!, 'Ban');
    expect((await check(product, token)).status).toBe(403);
    await sue.slash('admin unban', { user: ada.id });
    expect((await check(product, token)).status).toBe(401);
  });

  test('with a duration ends by itself, across a restart', async () => {
    const ada = member('ada');
    const token = await newToken(ada);
    const asked = await sue.slash('admin ban', { user: ada.id, duration: '3s' });
    await sue.press(asked.reply!, 'Ban');
    expect((await check(product, token)).status).toBe(403);
    await product.stop();
    await product.start();
    await expect
      .poll(async () => (await check(product, token)).status, { timeout: 6_000 })
      .toBe(200);
    await expect.poll(feed, { timeout: 15_000 }).toContain(`<@${ada.id}> (ada)'s ban is over`);
  });

  test('is not for oneself, for staff or for bots', async () => {
    const keepers = server.addRole('Keepers', PermissionFlagsBits.ManageGuild);
    const tom = discord.addMember({ username: 'tom', server, roles: [keepers.id] });
    const robot = discord.addMember({ username: 'robot', server, bot: true });
    for (const target of [sue, tom, robot]) {
      const refused = await sue.slash('admin ban', { user: target.id });
      expect(refused.text).toMatch(/yourself|is staff|Bots have no account/);
      expect(refused.reply?.buttons).toEqual([]);
    }
    const shown = await sue.slash('admin user', { user: tom.id });
    const opened = await sue.press(shown.reply!, 'Ban…');
    const sent = await sue.submit(opened, { reason: '', duration: '', sessions: ['keep'] });
    expect(sent.followups[0]?.text).toContain('is staff');
  });

  test('is given with its reason and length in a form, and its member is told both', async () => {
    const ada = member('ada');
    const token = await newToken(ada);
    const shown = await sue.slash('admin user', { user: ada.id });
    const opened = await sue.press(shown.reply!, 'Ban…');
    const form = { reason: 'spam', duration: '2 weeks', sessions: ['end'] };
    const asked = await sue.submit(opened, form);
    expect(asked.text).toContain('They are told: spam');
    expect((await check(product, token)).status).toBe(200);
    await sue.press(asked.reply!, 'Ban');
    expect((await check(product, token)).status).not.toBe(200);
    await expect.poll(() => ada.dms.at(-1)?.text).toContain('Reason: spam');
    expect(ada.dms.at(-1)?.text).toMatch(/Until <t:/);
  });

  test('leaves no 200 behind its answer, with fifty checks in flight', async () => {
    const ada = member('ada');
    const token = await newToken(ada);
    const asked = await sue.slash('admin ban', { user: ada.id });
    let answered = Infinity;
    const checks = Array.from({ length: 50 }, async () => {
      const results: [number, number][] = [];
      for (let index = 0; index < 10; index += 1) {
        const sentAt = performance.now();
        results.push([sentAt, (await check(product, token)).status]);
      }
      return results;
    });
    await sue.press(asked.reply!, 'Ban');
    answered = performance.now();
    const late = (await Promise.all(checks)).flat().filter(([sentAt]) => sentAt > answered);
    expect(late.filter(([, status]) => status === 200)).toEqual([]);
    expect((await check(product, token)).status).toBe(403);
  });
});

test('*Look up* in the menu of a member shows what /admin user does', async () => {
  const ada = member('ada');
  await newToken(ada, 'deploy');
  const looked = await sue.menu('Look up', ada);
  expect(looked.ephemeral).toBe(true);
  expect(looked.text).toBe((await sue.slash('admin user', { user: ada.id })).text);
  const refused = await member('mallory').menu('Look up', ada, { raw: true });
  expect(refused.text).toContain('Only the staff');
});

describe('staff revoke', () => {
  test('one session of a member, with what it created', async () => {
    const ada = member('ada');
    const parent = await newToken(ada, 'parent');
    const created = await fetch(`${product.url}/sessions`, {
      method: 'POST',
      headers: { Authorization: parent, 'Content-Type': 'application/json' },
      body: JSON.stringify({ name: 'child', type: 'api', expiry: 600 }),
    });
    const { token: child } = (await created.json()) as { token: string };
    const choices = await sue.autocomplete('admin revoke', 'session', 'par', { user: ada.id });
    expect(choices).toHaveLength(1);
    const asked = await sue.slash('admin revoke', {
      user: ada.id,
      session: String(choices[0]?.value),
    });
    await sue.press(asked.reply!, 'Revoke it and 1 made with it');
    expect((await check(product, parent)).status).toBe(401);
    expect((await check(product, child)).status).toBe(401);
  });

  test("never another member's session under this one's name", async () => {
    const [ada, eve] = [member('ada'), member('eve')];
    const token = await newToken(eve);
    const session = await idOf(product, token);
    const asked = await sue.slash('admin revoke', { user: ada.id, session });
    expect(asked.text).toContain('may have expired');
    expect((await check(product, token)).status).toBe(200);
  });

  test('everything of a member, once; a demoted member of the staff nothing', async () => {
    const ada = member('ada');
    const tokens = [await newToken(ada), await newToken(ada)];
    const tim = discord.addMember({
      username: 'tim',
      server,
      permissions: PermissionFlagsBits.ManageGuild,
    });
    const asked = await tim.slash('admin revoke', { user: ada.id });
    expect(asked.text).toContain('2 sessions');
    server.setPermissions(tim.id, 0n);
    const refused = await tim.press(asked.reply!, 'Revoke everything');
    expect(refused.followups[0]?.text).toContain('Only the staff');
    expect((await check(product, tokens[0]!)).status).toBe(200);

    const again = await sue.slash('admin revoke', { user: ada.id });
    const foreign = await sue.pressCustomId(
      asked.reply!.buttons[0]!.customId!.replace(tim.id, sue.id),
      again.reply!,
    );
    expect(foreign.followups[0]?.text).toContain('Nothing was done');
    await sue.press(again.reply!, 'Revoke everything');
    for (const token of tokens) expect((await check(product, token)).status).toBe(401);
    await expect.poll(feed).toContain(`<@${sue.id}> (sue) revoked 2 sessions of <@${ada.id}>`);
  });
});

describe('staff look', () => {
  test('at all sessions, by type, by what expires and by what is not used', async () => {
    const ada = member('ada');
    for (let index = 0; index < 9; index += 1) await newToken(ada, `old ${index}`, '300d');
    await newToken(ada, 'soon', '1h');
    const all = await sue.slash('admin sessions');
    expect(all.text).toContain(`<@${ada.id}>`);
    const older = await sue.press(all.reply!, 'Older');
    expect((await sue.press(older.reply!, 'Newest')).text).toContain('soon');
    const soon = await sue.slash('admin sessions', { type: 'api', expiring: '2h' });
    expect(soon.text).toContain('soon');
    expect(soon.text).not.toContain('old 1');
    expect((await sue.slash('admin sessions', { unused: '1d' })).text).toContain('no such tokens');
  });

  test('at the audit, by member, action and time', async () => {
    const ada = member('ada');
    const token = await newToken(ada);
    await ada.slash('session revoke', { session: await idOf(product, token) });
    const audit = await sue.slash('admin audit', { user: ada.id, since: '1h' });
    expect(audit.text).toContain('created an API token');
    expect(audit.text).toContain('revoked their own session');
    const some = await sue.slash('admin audit', { user: ada.id, action: 'session.ended' });
    expect(some.text).not.toContain('created an API token');
  });

  test('at the inventory as a file that no spreadsheet takes for formulas', async () => {
    const ada = member('ada');
    await newToken(ada, '=HYPERLINK("http://evil","x")');
    const csv = await sue.slash('admin export');
    const [file] = csv.reply!.attachments;
    expect(file?.filename).toBe('sessions.csv');
    expect(file?.text).toContain(`"'=HYPERLINK(""http://evil"",""x"")"`);
    const json = await sue.slash('admin export', { format: 'json' });
    const rows = JSON.parse(json.reply!.attachments[0]!.text) as { user_id: string }[];
    expect(rows.map(({ user_id }) => user_id)).toContain(ada.id);
    await expect.poll(feed).toContain("exported all members' tokens and logins");
  });
});

describe('Revoke leaked token', () => {
  test('ends it and what it created, tells the owner, removes the message, and tells the reporter nothing', async () => {
    const [ada, rita] = [member('ada'), member('rita')];
    const token = await newToken(ada);
    const posted = ada.say(`help, why does ${token} not work?`, { channelId: help.id });
    const reported = await rita.menu('Revoke leaked token', posted);
    expect(reported.ephemeral).toBe(true);
    expect((await check(product, token)).status).toBe(401);
    expect(posted.deleted).toBe(true);
    await expect.poll(() => ada.dms.at(-1)?.text ?? '').toContain('so I revoked it');
    expect(ada.dms.at(-1)?.text).toContain(token.slice(-4));
    expect(ada.dms.at(-1)?.text).not.toContain(token);
    await expect.poll(feed).toContain(`<@${rita.id}> (rita) reported <@${ada.id}> (ada)'s token`);

    const posted2 = ada.say(token, { channelId: help.id });
    const again = await rita.menu('Revoke leaked token', posted2);
    expect(again.text).toBe(reported.text);
    const none = await rita.menu('Revoke leaked token', ada.say('hello', { channelId: help.id }));
    expect(none.text).toContain('found no token');
  });

  test('finds it in a poll', async () => {
    const [ada, rita] = [member('ada'), member('rita')];
    const token = await newToken(ada);
    const posted = ada.say('vote', { channelId: help.id });
    Object.assign(posted.raw, {
      poll: {
        question: { text: 'Which lamp?' },
        answers: [{ answer_id: 1, poll_media: { text: token } }],
        expiry: null,
        allow_multiselect: false,
        layout_type: 1,
      },
    });
    const reported = await rita.menu('Revoke leaked token', posted);
    expect(reported.text).toMatch(/^Thank you/);
    expect((await check(product, token)).status).toBe(401);
  });

  test('takes fifty strings of the shape of tokens', async () => {
    const [ada, rita] = [member('ada'), member('rita')];
    const token = await newToken(ada);
    const many = Array.from({ length: 25 }, (_, index) => `${token.slice(0, -2)}${10 + index}`);
    const posted = ada.say([...many, token].join(' '), { channelId: help.id });
    await rita.menu('Revoke leaked token', posted);
    expect((await check(product, token)).status).toBe(401);
  });
});

describe('the guard', () => {
  test('blocks a message with a token before anybody sees it; the staff hear who and where', async () => {
    const ada = member('ada');
    const token = await newToken(ada);
    expect((await sue.slash('admin guard', { action: 'status' })).text).toContain('**off**');
    expect((await sue.slash('admin guard', { action: 'on' })).text).toContain('is on');
    expect((await sue.slash('admin guard', { action: 'on' })).text).toContain('already');
    expect(() => ada.say(`my token is ${token}`, { channelId: help.id })).toThrow(/API token/);
    ada.say('my token is secret', { channelId: help.id });
    await expect.poll(feed).toContain(`blocked a message with a token from <@${ada.id}>`);
    const status = await sue.slash('admin guard', { action: 'status' });
    expect(status.text).toContain('**on**');
    expect(status.text).toContain('room for');
    await sue.slash('admin guard', { action: 'off' });
    ada.say(`my token is ${token}`, { channelId: help.id });
  });

  test('says which permission it lacks', async () => {
    server.botPermissions = PermissionFlagsBits.ViewChannel | PermissionFlagsBits.SendMessages;
    const refused = await sue.slash('admin guard', { action: 'on' });
    expect(refused.text).toContain('Manage Server');
    server.botPermissions = PermissionFlagsBits.Administrator;
  });
});

test('the staff never see a token', async () => {
  const ada = member('ada');
  await newToken(ada);
  const asked = await sue.slash('admin revoke', { user: ada.id });
  await sue.press(asked.reply!, 'Revoke everything');
  await expect.poll(feed).toContain(`revoked <@${ada.id}> (ada)'s session`);
  const toMembers = new RegExp(`^/channels/(?!${server.channelId})\\d+/messages$`);
  const seen = discord.requests
    .filter(({ path }) => !toMembers.test(path))
    .map(({ body, path }) => path + JSON.stringify(body ?? ''))
    .join('\n');
  expect(seen).not.toMatch(/lk_(?:login|app|api)_[0-9A-Za-z]{49}/);
});
