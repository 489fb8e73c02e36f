import { PermissionFlagsBits } from 'discord.js';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LocalMember, LocalMessage, LocalServer } from 'local-discord';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { setUp } from '../support/end-to-end.ts';
import { temporaryFolder } from '../support/fixtures.ts';
import { check, tokenIn } from '../support/tokens.ts';

const { Administrator, ManageGuild } = PermissionFlagsBits;

const folder = temporaryFolder();
let community!: LocalServer;

const stage = await setUp((local) => {
  community = local.addServer({ botPermissions: Administrator });
  const file = join(folder.path, 'policy.json');
  const policy = {
    scopes: {
      'lamps:read': { says: 'See your lamps', given: true },
      'lamps:all': { says: 'Switch all lamps', approval: true },
    },
  };
  writeFileSync(file, JSON.stringify(policy));
  return {
    POLICY_FILE: file,
    COMMUNITY_SERVER_ID: community.id,
    STAFF_CHANNEL_ID: community.channelId,
    MAX_API_TOKENS: '3',
  };
});
const { product, discord } = stage;
await vi.waitUntil(() => discord.guildCommands(community.id).length > 0, { timeout: 15_000 });

const staffMember = (username: string) =>
  discord.addMember({ username, server: community, permissions: ManageGuild });
const sue = staffMember('sue');

/** Without what keeps a character from formatting anything. */
const read = (text = '') => text.replaceAll('\\', '');

const member = (username: string) => discord.addMember({ username, server: community });

const ask = async (
  who: LocalMember,
  name: string,
  why = 'for the club',
  scopes = 'lamps:all lamps:read',
) => {
  const offered = await who.slash('token create', { name, scopes });
  const question = await who.press(offered.reply!, 'Ask the staff…');
  return who.submit(question, { why });
};

/** The post in the staff's channel about a request of that name. */
const postOf = (name: string): Promise<LocalMessage> =>
  vi.waitUntil(
    () => sue.sees(community.channelId).find(({ text }) => text.includes(`Name: ${name} `)),
    { timeout: 10_000 },
  );

afterAll(async () => {
  await stage[Symbol.asyncDispose]();
  folder.remove();
});

describe('a scope that staff approve', () => {
  test('is marked in the menu, asked for with a reason, and in the token once staff approve', async () => {
    const ada = member('ada');
    const asked = await ada.slash('token create', { name: 'lamp' });
    const [menu] = asked.reply!.selects;
    expect(menu?.options.find(({ value }) => value === 'lamps:all')?.description).toBe(
      'lamps:all · needs approval',
    );
    const chosen = await ada.select(asked.reply!, ['lamps:all', 'lamps:read']);
    const offered = await ada.press(chosen.reply!, 'Create');
    expect(read(offered.text)).toContain('The staff have to approve **lamp** first');
    const question = await ada.press(offered.reply!, 'Ask the staff…');
    const sent = await ada.submit(question, { why: 'for *the* club' });
    expect(sent.text).toContain('I asked the staff for **lamp**');
    const post = await postOf('lamp');
    expect(read(post.text)).toContain('Why: for *the* club');
    expect(post.text).toContain('To approve: **Switch all lamps**');
    expect(ada.dms).toEqual([]);

    await sue.press(post, 'Approve');
    const [dm] = ada.dms;
    expect(dm?.content).toContain('The staff approved this one.');
    const { body } = await check(product, tokenIn(dm));
    expect(body).toMatchObject({ scope: 'lamps:all lamps:read', user_id: ada.id });
    await vi.waitUntil(() => post.text.includes('**Approved** by'));
    expect(post.buttons).toEqual([]);
    expect(post.text).not.toContain(tokenIn(dm));
    const audit = await sue.slash('admin user', { user: ada.id });
    expect(read(audit.text)).toContain('approved by');
    expect(read(audit.text)).toContain('for *the* club');
  });

  test('is denied with a reason, which its member reads', async () => {
    const ada = member('ada2');
    await ask(ada, 'denied');
    const post = await postOf('denied');
    const question = await sue.press(post, 'Deny…');
    await sue.submit(question, { reason: 'Not *yet*' });
    expect(read(post.text)).toContain('**Denied** by');
    const told = await vi.waitUntil(() => ada.dms[0], { timeout: 10_000 });
    expect(told.text).toContain('Your request was denied');
    expect(read(told.text)).toContain('Reason: Not *yet*');
    expect((await ada.slash('session me')).text).not.toContain('Waiting for the staff');
  });

  test('is gone on without, at once, before and after asking', async () => {
    const ada = member('ada3');
    const offered = await ada.slash('token create', {
      name: 'now',
      scopes: 'lamps:all lamps:read',
    });
    const made = await ada.press(offered.reply!, 'Go on without it');
    expect(made.text).toContain('It can: See your lamps.');
    expect((await check(product, tokenIn(ada.dms[0]))).body).toMatchObject({ scope: 'lamps:read' });
    const asked = await ask(ada, 'then');
    const second = await ada.press(asked.reply!, 'Go on without it');
    expect(second.text).toContain('It can: See your lamps.');
    expect((await ada.slash('session me')).text).toContain('Waiting for the staff');
  });

  test('that goes to closed direct messages waits, and is fetched with one press', async () => {
    const ada = member('ada4');
    await ask(ada, 'closed');
    const post = await postOf('closed');
    ada.closeDms();
    await sue.press(post, 'Approve');
    expect(read(post.text)).toContain("Discord doesn't let me message");
    const shown = await ada.slash('session me');
    expect(shown.text).toContain('**Approved** closed');
    const still = await ada.press(shown.reply!, 'Get the token');
    expect(still.text).toContain("I couldn't message you");
    ada.openDms();
    const fetched = await ada.press(still.reply!, 'Try again');
    expect(fetched.text).toContain('Your token **closed** is in your direct messages');
    const dm = ada.dms.find((each) => tokenIn(each) !== '');
    expect((await check(product, tokenIn(dm))).body).toMatchObject({
      scope: 'lamps:all lamps:read',
    });
    const twice = await ada.press(shown.reply!, 'Get the token');
    expect(twice.text).toContain('That request was answered already');
  });

  test('is approved by another of the staff only, and once', async () => {
    const tom = staffMember('tom');
    await ask(tom, 'own');
    const post = await postOf('own');
    const own = await tom.press(post, 'Approve');
    expect(own.followups[0]?.text).toContain("You can't approve your own request");
    expect(tom.dms).toEqual([]);
    const both = await Promise.all([
      sue.press(post, 'Approve'),
      staffMember('pat').press(post, 'Approve'),
    ]);
    const refusals = both.flatMap(({ followups }) => followups.map(({ text }) => text));
    expect(refusals).toEqual([expect.stringContaining('was answered already')]);
    expect(tom.dms).toHaveLength(1);
  });

  test('is not approved for who cannot have it any more, and staff read why', async () => {
    const ada = member('ada5');
    await ask(ada, 'full');
    const post = await postOf('full');
    for (const name of ['a', 'b', 'c']) {
      await ada.slash('token create', { name, scopes: 'lamps:read' });
    }
    const full = await sue.press(post, 'Approve');
    expect(read(full.followups[0]?.text)).toContain('has reached the limit of 3 active API tokens');
    const asked = await sue.slash('admin ban', { user: ada.id });
    await sue.press(asked.reply!, 'Ban');
    const refused = await sue.press(post, 'Approve');
    expect(read(refused.followups[0]?.text)).toContain('is banned here. Nothing was approved');
    expect(ada.dms.filter((each) => tokenIn(each) !== '')).toHaveLength(3);
  });

  test('is asked for three times at most, and a deleted post can be answered where staff look the member up', async () => {
    const ada = member('ada6');
    for (const name of ['one', 'two', 'three']) await ask(ada, name);
    const fourth = await ask(ada, 'four');
    expect(fourth.followups[0]?.text).toContain('3 requests of yours are open already');
    const dossier = await sue.slash('admin user', { user: ada.id });
    expect(read(dossier.text)).toContain('**Request** one');
    await ada.slash('session export');
    const [file] = ada.dms.at(-1)!.attachments;
    expect(JSON.parse(file!.text)).toMatchObject({
      requests: [{ name: 'one', why: 'for the club', approved_at: null }, {}, {}],
    });
    await sue.press(dossier.reply!, 'Approve');
    expect(ada.dms.at(-1)?.content).toContain('The staff approved this one.');
    await ada.slash('session forget', { confirm: 'ada6' });
    expect((await ada.slash('session me')).text).not.toContain('Waiting for the staff');
    expect((await sue.slash('admin stats')).text).toMatch(/waits? for the staff/);
  });

  test('is refused over HTTP, with the way to ask', async () => {
    const ada = member('ada7');
    await ask(ada, 'http', 'for the club', 'lamps:all latchkey:write');
    await sue.press(await postOf('http'), 'Approve');
    const response = await fetch(`${product.url}/sessions`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${tokenIn(ada.dms[0])}`,
        'content-type': 'application/json',
      },
      body: JSON.stringify({ name: 'child', type: 'api', expiry: 60, scope: 'lamps:all' }),
    });
    expect(response.status).toBe(403);
    expect(await response.json()).toEqual({
      code: 'Restricted',
      message:
        'Staff approve each token with the scope lamps:all. Its owner asks for one in Discord, with /token create.',
    });
  });
});
