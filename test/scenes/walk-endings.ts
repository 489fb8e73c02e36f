import { can, idsOf, press, pressAll, RAW, replyOf, tokenIn } from './acts.ts';
import { DAY, type World } from './world.ts';

/** How a member's tokens end, and what is found and shown of many. */
export async function walkToTheEndings(world: World): Promise<void> {
  const { discord, server, staff, sue, apiUrl, later } = world;
  const cy = discord.addMember({ username: 'cy', server });
  const create = async (name: string, options = {}) => {
    await cy.slash('token create', { name, ...options }, { in: 'dm', ...RAW });
    return cy.dms.map(tokenIn).findLast((token) => token !== '') ?? '';
  };
  const makeWith = (token: string) =>
    fetch(`${apiUrl}/sessions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'raspberry pi', type: 'api', expiry: 864_000 }),
    });
  const revoke = async (session: string) => replyOf(await cy.slash('session revoke', { session }));

  await create('banana', { expires: '9999-12-31' });
  await cy.slash('token rotate', { token: 'banana', grace: '24h' }, { in: 'dm', ...RAW });
  await cy.slash('token rotate', { token: 'banana' });
  await cy.slash('token rotate', { token: 'nan' });
  await pressAll(cy, await revoke('banana'));
  for (const count of [1, 2]) {
    const parent = await create('backup job');
    for (let made = 0; made < count; made += 1) await makeWith(parent);
    await pressAll(cy, await revoke('backup job'));
  }
  const parent = await create('deploy script');
  for (let made = 0; made < 2; made += 1) await makeWith(parent);
  const list = replyOf(await cy.slash('session list'));
  const each = idsOf(list).filter((id) => id.startsWith('one:'));
  for (const id of each.toReversed()) {
    const one = replyOf(await cy.pressCustomId(id, list, RAW));
    if (can(one, 'ask')) await pressAll(cy, replyOf(await press(cy, one, 'ask')));
  }
  await create('deploy script');
  await pressAll(cy, replyOf(await cy.slash('session revoke-all')));

  for (let made = 0; made < 12; made += 1) await create(`banana ${made}`);
  const many = replyOf(await cy.slash('session list'));
  const search = idsOf(many).find((id) => id.startsWith('search:')) ?? '';
  for (const typed of ['banana', '11', 'Spam']) {
    await cy.submit(await cy.pressCustomId(search, many, RAW), { typed }, RAW);
  }
  later(31 * DAY);
  await pressAll(cy, replyOf(await cy.slash('session list')));

  const here = { channelId: staff, ...RAW };
  const all = await sue.slash('admin revoke', { user: cy.id }, here);
  await pressAll(sue, replyOf(all));
  for (const user of [sue.id, cy.id]) await sue.slash('admin revoke', { user }, here);
  await sue.slash('admin user', { user: sue.id }, here);
  await sue.slash('admin stats');
  await sue.slash('admin ban', { user: cy.id, reason: parent }, here);
  await sue.slash('admin audit', { action: 'login.refused' }, here);
  await cy.slash('session export');
}
