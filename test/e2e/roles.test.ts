import { GatewayIntentBits, PermissionFlagsBits } from 'discord.js';
import type { LocalMember, LocalServer } from 'local-discord';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { setUp } from '../support/end-to-end.ts';
import { temporaryFolder } from '../support/fixtures.ts';
import { check, deliveriesTo, tokenIn } from '../support/tokens.ts';

const { Administrator } = PermissionFlagsBits;
const MANY = 500;
/** All of them, on a machine that does much else. */
const WITHIN = { timeout: 60_000, interval: 500 };

const folder = temporaryFolder();
let community!: LocalServer;
const role = { dev: '', patron: '', guest: '' };

const stage = await setUp(
  (local) => {
    community = local.addServer({ botPermissions: Administrator });
    role.patron = community.addRole('Patron').id;
    role.dev = community.addRole('Dev').id;
    role.guest = community.addRole('Guest').id;
    const file = join(folder.path, 'policy.json');
    const policy = {
      roles: role,
      holders: ['patron', 'dev', 'guest'],
      scopes: { 'lamps:all': { says: 'Switch all lamps', given: true, roles: ['dev'] } },
    };
    writeFileSync(file, JSON.stringify(policy));
    return {
      POLICY_FILE: file,
      COMMUNITY_SERVER_ID: community.id,
      STAFF_CHANNEL_ID: community.channelId,
      REVOKE_ON_LEAVE: 'leave',
    };
  },
  { privilegedIntents: GatewayIntentBits.GuildMembers },
);
const { product, discord } = stage;
await vi.waitUntil(() => discord.guildCommands(community.id).length > 0, { timeout: 15_000 });
const sue = discord.addMember({ username: 'sue', server: community, permissions: Administrator });

afterAll(async () => {
  await stage[Symbol.asyncDispose]();
  folder.remove();
});

const member = (username: string, ...roles: readonly string[]) =>
  discord.addMember({ username, server: community, roles });

/** A token that may do what is given. */
async function tokenOf(owner: LocalMember): Promise<string> {
  const { length: before } = owner.dms;
  const asked = await owner.slash('token create', { name: 'lamp' });
  if (owner.dms.length === before) await owner.press(asked.reply!, 'Create');
  return tokenIn(deliveriesTo(owner).at(-1));
}

const status = (token: string) => async () => (await check(product, token)).status;

/** What staff see in their channel, with the buttons that decide. */
const post = (part: string) =>
  sue
    .sees(community.channelId)
    .findLast(({ text }) => text.includes(part) && text.includes('[Apply]'));

describe('a token follows the roles of its owner', () => {
  test('is refused as soon as the last role is lost, says so once, and works again with the role', async () => {
    const ada = member('ada', role.patron);
    const token = await tokenOf(ada);
    expect(await status(token)()).toBe(200);
    community.setRoles(ada.id, []);
    await expect.poll(status(token)).toBe(403);
    expect((await check(product, token)).body).toMatchObject({ code: 'Restricted' });
    await expect
      .poll(() => ada.dms.map(({ text }) => text).join('\n'))
      .toContain("Your tokens don't work for now");
    community.setRoles(ada.id, [role.patron]);
    await expect.poll(status(token)).toBe(200);
    community.setRoles(ada.id, []);
    await expect.poll(status(token)).toBe(403);
    const told = ada.dms.filter(({ text }) => text.includes("Your tokens don't work for now"));
    expect(told).toHaveLength(1);
  });

  test('loses a scope with the role that it needs, and has it again with that', async () => {
    const dev = member('dev', role.dev, role.patron);
    const token = await tokenOf(dev);
    const scopes = async () => (await check(product, token)).body['scope'];
    expect(await scopes()).toContain('lamps:all');
    community.setRoles(dev.id, [role.patron]);
    await expect.poll(scopes).not.toContain('lamps:all');
    expect((await check(product, token)).body['roles']).toEqual(['patron']);
    community.setRoles(dev.id, [role.dev]);
    await expect.poll(scopes).toContain('lamps:all');
  });

  test('ends when its owner leaves; what they make once they are back works', async () => {
    const ada = member('ada2', role.patron);
    const token = await tokenOf(ada);
    ada.leave(community);
    await expect.poll(status(token)).toBe(401);
    ada.join(community);
    community.setRoles(ada.id, [role.patron]);
    const next = await tokenOf(ada);
    expect(await status(next)()).toBe(200);
    expect(ada.dms.map(({ text }) => text).join('\n')).not.toContain("don't work for now");
  });

  test('works on when its role is deleted, until the staff say otherwise', async () => {
    const guests = Array.from({ length: 3 }, (_, n) => member(`guest${n}`, role.guest));
    const tokens: string[] = [];
    for (const guest of guests) tokens.push(await tokenOf(guest));
    community.removeRole(role.guest);
    await vi.waitUntil(() => post('lost guest') !== undefined, { timeout: 60_000 });
    expect(post('lost guest')?.text).toContain('3 members lost guest');
    for (const token of tokens) expect(await status(token)()).toBe(200);
    await guests[0]!.slash('session me');
    expect(await status(tokens[0]!)()).toBe(200);
    const shown = await sue.slash('admin user', { user: guests[0]!.id });
    expect(shown.text).toContain('**Lost, but held** guest');
    const stats = await sue.slash('admin stats');
    expect(stats.text).toContain('**Held** 3 members lost guest');
    const waited = await sue.press(post('lost guest')!, 'Wait 24 hours');
    expect(waited.text).toContain('3 members keep guest for 24 hours more');
    expect(await status(tokens[1]!)()).toBe(200);
    const applied = await sue.press(post('lost guest')!, 'Apply');
    expect(applied.text).toContain('It counts now that 3 members lost guest.');
    for (const token of tokens) expect(await status(token)()).toBe(403);
    const again = await sue.press(post('lost guest')!, 'Apply');
    expect(again.text).toContain('Nothing is held any more');
  }, 90_000);

  test('works on when five hundred lose a role at once, but for the first of them, until the staff say otherwise', async () => {
    const all = Array.from({ length: MANY }, (_, n) => member(`many${n}`, role.patron));
    const tokens: string[] = [];
    for (let n = 0; n < MANY; n += 20) {
      tokens.push(...(await Promise.all(all.slice(n, n + 20).map(tokenOf))));
    }
    for (const { id } of all) community.setRoles(id, []);
    const refused = async () => {
      const found: number[] = [];
      for (let n = 0; n < MANY; n += 50) {
        const some = tokens.slice(n, n + 50).map((token) => status(token)());
        found.push(...(await Promise.all(some)));
      }
      expect(found.filter((each) => each !== 200 && each !== 403)).toEqual([]);
      return found.filter((each) => each === 403).length;
    };
    const isTold = () => post('lost patron') !== undefined;
    while (!isTold()) {
      expect(await refused()).toBeLessThan(60);
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
    const held = async () => (await sue.slash('admin stats')).text;
    const before = await refused();
    expect(before).toBeGreaterThan(40);
    await expect.poll(held, WITHIN).toContain(`**Held** ${MANY - before} members lost patron`);
    // One of them has it back: nobody else has.
    community.setRoles(all.at(-1)!.id, [role.patron]);
    await expect.poll(held, WITHIN).toContain(`**Held** ${MANY - before - 1} members lost patron`);
    const tim = member('tim');
    const pressed = await tim.press(post('lost patron')!, 'Apply');
    expect(pressed.text).toContain('Only the staff can do that.');
    await sue.press(post('lost patron')!, 'Apply');
    expect(await refused()).toBe(MANY - 1);
    expect(await status(tokens.at(-1)!)()).toBe(200);
  }, 240_000);
});
