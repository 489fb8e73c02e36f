import { english } from '../../src/discord/words/words.ts';
import { press, pressAll, pressInPlace, RAW, replyOf, tokenIn } from './acts.ts';
import type { World } from './world.ts';

/** What a member types and presses, well and badly. */
export async function walkAsMember(world: World): Promise<void> {
  const { ada, bob, staff } = world;
  const say = async (line: string, options = {}) => replyOf(await ada.slash(line, options, RAW));
  await pressAll(ada, await say('session me'));
  for (const line of ['session list', 'session revoke-all']) await say(line);
  await pressAll(ada, await say('token create', { name: 'deploy script' }));
  const [first] = ada.dms;
  if (first === undefined) throw new Error('no token came');
  for (const does of ['alone', 'hide']) await pressInPlace(world, ada, first, does);
  for (const expires of ['30d', '9999-12-31', 'banana', '7', '2020-01-01', '2026-02-30', '0d']) {
    await say('token create', { name: 'backup job', expires });
    for (const typed of [expires, '']) {
      await ada.autocomplete('token create', 'expires', typed, { name: 'x' });
    }
  }
  await pressAll(ada, await say('token create', { name: 'deploy script' }));
  await say('token create', { name: 'x'.repeat(81).replaceAll('x', '9') });
  await say('token create', { name: tokenIn(first) });
  await pressAll(ada, await say('session me'));
  const list = await say('session list');
  await pressAll(ada, replyOf(await press(ada, list, 'one')));
  await pressAll(ada, list);
  for (const type of ['login', 'app_login', 'api']) await say('session list', { type });
  for (const typed of ['', 'pi', 'banana', 'deploy']) {
    await ada.autocomplete('session revoke', 'session', typed);
    await ada.autocomplete('token rotate', 'token', typed);
  }
  for (const token of ['banana', 'deploy script', 'backup job', 'job']) {
    await say('token rotate', { token });
    await say('token rename', { token, name: 'raspberry pi' });
    await say('session revoke', { session: token });
  }
  for (const grace of ['now', '24h', 'banana']) {
    await ada.slash('token rotate', { token: 'raspberry pi', grace }, RAW);
  }
  await pressAll(ada, await say('session notify'));
  await pressAll(ada, await say('session notify'));
  await say('session export');
  await say('session forget', { confirm: 'banana' });
  await ada.slash('admin stats', {}, { channelId: staff, ...RAW });

  const leak = ada.say(tokenIn(first));
  for (const each of [leak, ada.say('banana')]) {
    const report = english('command.report');
    await pressAll(bob, replyOf(await bob.menu(report, each)));
  }
  bob.closeDms();
  const closed = replyOf(await bob.slash('token create', { name: 'banana' }));
  await pressAll(bob, closed);
  await bob.slash('session me');
  bob.openDms();
  await pressAll(bob, closed);
  await bob.pressCustomId('list:1:all', closed, RAW);
  await bob.pressCustomId('banana', closed, RAW);
  for (let made = 0; made < 20; made += 1) {
    await bob.slash('token create', { name: `banana ${made}`, expires: '30d' });
  }
  const full = replyOf(await bob.slash('token create', { name: 'banana', expires: '30d' }));
  await pressAll(bob, full);
  await pressAll(bob, replyOf(await bob.slash('session list')));
}
