import { PermissionFlagsBits } from 'discord.js';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LocalServer } from 'local-discord';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { setUp } from '../support/end-to-end.ts';
import { temporaryFolder } from '../support/fixtures.ts';
import { check, tokenIn } from '../support/tokens.ts';

const { Administrator } = PermissionFlagsBits;

const folder = temporaryFolder();
let community!: LocalServer;
const role = { dev: '', patron: '' };

const { product, discord } = await setUp((local) => {
  community = local.addServer({ botPermissions: Administrator });
  role.patron = community.addRole('Patron').id;
  role.dev = community.addRole('Dev').id;
  const file = join(folder.path, 'policy.json');
  const policy = {
    roles: { patron: role.patron, dev: role.dev },
    holders: ['patron', 'dev'],
    scopes: {
      'lamps:read': { says: 'See your lamps', given: true },
      'lamps:write': { says: 'Switch your lamps' },
      'lamps:all': { says: 'Switch all lamps', roles: ['dev'], longest: '30d' },
    },
  };
  writeFileSync(file, JSON.stringify(policy));
  return {
    POLICY_FILE: file,
    COMMUNITY_SERVER_ID: community.id,
    STAFF_CHANNEL_ID: community.channelId,
  };
});

/** Without what keeps a character from formatting anything. */
const read = (text: string) => text.replaceAll('\\', '');

function member(username: string, ...roles: readonly string[]) {
  return discord.addMember({ username, server: community, roles });
}

afterAll(async () => {
  await product[Symbol.asyncDispose]();
  await discord.stop();
  folder.remove();
});

describe('a member whose community has a policy', () => {
  test('chooses what a token may do from a menu, with what is given ticked, and it may do that', async () => {
    const ada = member('ada', role.patron);
    const asked = await ada.slash('token create', { name: 'lamp' });
    expect(asked.text).toContain('What may **lamp** do?');
    const [menu] = asked.reply!.selects;
    expect(menu?.options.map(({ value }) => value)).toEqual([
      'lamps:read',
      'lamps:write',
      'latchkey:read',
      'latchkey:write',
    ]);
    expect(ada.dms).toEqual([]);
    const chosen = await ada.select(asked.reply!, ['lamps:read', 'lamps:write']);
    const created = await ada.press(chosen.reply!, 'Create');
    expect(created.text).toContain('It can: See your lamps and Switch your lamps.');
    const [dm] = ada.dms;
    expect(dm?.content).toContain('It can: See your lamps and Switch your lamps.');
    const checked = await check(product, tokenIn(dm));
    expect(checked.body).toMatchObject({ scope: 'lamps:read lamps:write', roles: ['patron'] });
  });

  test('types scopes, which are completed word by word, and is told of one that there is not', async () => {
    const dev = member('dev', role.dev);
    const first = await dev.autocomplete('token create', 'scopes', 'lamps:w');
    expect(first.map(({ value }) => value)).toEqual(['lamps:write']);
    const second = await dev.autocomplete('token create', 'scopes', 'lamps:write lamps:a');
    expect(second.map(({ value }) => value)).toEqual(['lamps:write lamps:all']);
    const made = await dev.slash('token create', { name: 'x', scopes: 'lamps:write lamps:all' });
    expect(made.text).toContain("That's sooner than you asked");
    const wrong = await dev.slash('token create', { name: 'y', scopes: 'lamps:none' });
    expect(wrong.text).toContain('There is no scope **lamps:none**');
  });

  test('sees no scope that needs another role, and is told which when naming it', async () => {
    const ada = member('ada2', role.patron);
    const named = await ada.slash('token create', { name: 'x', scopes: 'lamps:all' });
    expect(named.text).toContain("You'd need another role for the scope **lamps:all**");
    expect(named.text).toContain('dev');
    expect(ada.dms).toEqual([]);
  });

  test('loses the last role that may hold tokens, is refused from the next command on, and gets all back with it', async () => {
    const ada = member('ada3', role.patron);
    await ada.slash('token create', { name: 'lamp', scopes: 'lamps:read' });
    const token = tokenIn(ada.dms[0]);
    expect((await check(product, token)).status).toBe(200);
    community.setRoles(ada.id, []);
    const refused = await ada.slash('token create', { name: 'another', scopes: 'lamps:read' });
    expect(refused.text).toContain("with a role that you don't have now");
    expect(refused.text).toContain('patron');
    expect((await check(product, token)).body).toMatchObject({ code: 'Restricted' });
    expect((await ada.slash('session list')).text).toContain('lamp');
    community.setRoles(ada.id, [role.patron]);
    await ada.slash('session me');
    expect((await check(product, token)).status).toBe(200);
  });

  test('loses a role with the menu open, and the press gives nothing that needs it', async () => {
    const dev = member('dev2', role.dev);
    const asked = await dev.slash('token create', { name: 'lamp' });
    const chosen = await dev.select(asked.reply!, ['lamps:all']);
    community.setRoles(dev.id, [role.patron]);
    const pressed = await dev.press(chosen.reply!, 'Create');
    const [refused] = pressed.followups;
    expect(refused?.content).toContain("You'd need another role for the scope **lamps:all**");
    expect(dev.dms).toEqual([]);
  });

  test('asks in the conversation with the bot, where Discord is asked for the roles', async () => {
    const ada = member('ada4', role.patron);
    const asked = await ada.slash('token create', { name: 'lamp' }, { in: 'dm' });
    const made = await ada.press(asked.reply!, 'Create');
    expect(made.text).toContain('It can: See your lamps');
  });

  test('sees on the card of a token what it can do', async () => {
    const ada = member('ada5', role.patron);
    await ada.slash('token create', { name: 'lamp', scopes: 'lamps:write' });
    const list = await ada.slash('session list');
    expect(read(list.text)).toContain('-# lamps:write');
    const card = await ada.press(list.reply!, 'Manage');
    expect(card.text).toContain('It can: Switch your lamps.');
  });

  test('is shown to staff with the roles that count, with what their tokens may do, and when they can hold none', async () => {
    const sue = discord.addMember({
      username: 'sue',
      server: community,
      permissions: Administrator,
    });
    await vi.waitUntil(() => discord.guildCommands(community.id).length > 0, { timeout: 15_000 });
    const ada = member('ada6', role.patron);
    await ada.slash('token create', { name: 'lamp', scopes: 'lamps:write' });
    const shown = await sue.slash('admin user', { user: ada.id });
    expect(shown.text).toContain('Roles that count: patron · last seen');
    expect(read(shown.text)).toContain('-# lamps:write');
    expect(read(shown.text)).toMatch(/created an API token.* \(lamps:write\)/);
    community.setRoles(ada.id, []);
    await ada.slash('session me');
    const lost = await sue.slash('admin user', { user: ada.id });
    expect(lost.text).toContain('None of the roles that count · last seen');
    expect(lost.text).toContain('**Tokens refused** without one of these roles: patron and dev');
  });
});
