import type { LocalMember, LocalMessage } from 'local-discord';
import { english } from '../../src/discord/words/words.ts';
import { idsOf, press, pressInPlace, replyOf, tokenIn } from './acts.ts';
import { DAY, openWorld, SECOND, type World } from './world.ts';

/** Whatever stands in what the program sends and is nobody's sentence. */
export const VALUES = [
  'ada',
  'bob',
  'sue',
  'Lighthouse',
  'local-bot',
  'deploy script',
  'backup job',
  'raspberry pi',
  'banana',
  'Spam',
  'server-owner',
];

/** Goes through what members and staff can do, and answers with all that was sent to Discord. */
export async function walk(): Promise<readonly unknown[]> {
  await using world = await openWorld();
  await walkAsMember(world);
  await walkThroughNotices(world);
  await walkAsStaff(world);
  const { requests, violations } = world.discord;
  if (violations.length > 0) throw new Error(violations.join('\n'));
  return requests.map(({ body }) => body);
}

/** What Discord's client would not send is sent, too. */
const RAW = { raw: true } as const;

/** Each button, whatever the one before has made of it; a modal is sent as it is. */
async function pressAll(who: LocalMember, message: LocalMessage): Promise<void> {
  for (const id of idsOf(message)) {
    const pressed = await who.pressCustomId(id, message, RAW);
    if (pressed.modal !== undefined) await who.submit(pressed, { typed: 'pi', name: 'banana' });
  }
}

async function walkAsMember(world: World): Promise<void> {
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

async function walkThroughNotices(world: World): Promise<void> {
  const { ada, bob, apiUrl, until, later } = world;
  const told = (who: LocalMember, does: string, after: number) =>
    until(`a message to ${who.username} with ${does}`, () =>
      who.dms
        .slice(after)
        .find((message) => idsOf(message).some((id) => id.split(':')[0] === does)),
    );
  const call = (token: string, method = 'GET') =>
    fetch(`${apiUrl}/sessions/@me`, { method, headers: { authorization: `Bearer ${token}` } });

  later(DAY);
  const before = ada.dms.length;
  await ada.slash('token create', { name: 'banana', expires: '30d' });
  const token = tokenIn(ada.dms.at(-1) ?? ada.dms[before]!);
  await call(token);
  later(31 * SECOND);
  await pressAll(ada, await told(ada, 'not-me', before + 1));

  const since = bob.dms.length;
  later(16 * DAY);
  await pressAll(bob, await told(bob, 'rotate-all', since));
}

async function walkAsStaff({ ada, bob, sue, staff, later, until }: World): Promise<void> {
  const here = { channelId: staff, ...RAW };
  const admin = async (line: string, options = {}) =>
    replyOf(await sue.slash(`admin ${line}`, options, here));
  await ada.slash('token create', { name: 'deploy script' });
  await ada.slash('token create', { name: 'backup job' });
  const user = ada.id;
  const dossier = await admin('user', { user });
  await pressAll(sue, dossier);
  await pressAll(sue, replyOf(await sue.menu(english('command.look_up'), ada, here)));
  for (const type of ['login', 'api']) await pressAll(sue, await admin('sessions', { type }));
  await admin('sessions', { expiring: '200d', unused: '0d' });
  await admin('sessions', { expiring: 'banana' });
  await pressAll(sue, await admin('audit'));
  await admin('audit', { user, action: 'session.created', since: '90d' });
  await admin('audit', { action: 'banana' });
  await admin('stats');
  for (const format of ['csv', 'json']) await admin('export', { format });
  for (const action of ['status', 'on', 'on', 'status', 'off', 'off']) {
    await admin('guard', { action });
  }
  for (const [line, focused] of [
    ['admin ban', 'duration'],
    ['admin revoke', 'session'],
    ['admin sessions', 'expiring'],
    ['admin sessions', 'unused'],
    ['admin audit', 'action'],
    ['admin audit', 'since'],
  ] as const) {
    const others = line.endsWith('ban') || line.endsWith('revoke') ? { user } : {};
    for (const typed of ['', '7d', 'banana', '7', 'a']) {
      await sue.autocomplete(line, focused, typed, others, here);
    }
  }
  await admin('revoke', { user, session: 'banana' });
  await pressAll(sue, await admin('revoke', { user, session: 'backup job' }));
  await admin('unban', { user });
  await admin('ban', { user: sue.id });
  await admin('ban', { user, duration: 'banana' });
  await pressAll(sue, await admin('ban', { user, reason: 'Spam', duration: '7d' }));
  await press(sue, await admin('ban', { user, reason: 'Spam', duration: '7d' }), 'adm-do');
  await admin('user', { user });
  await admin('ban', { user });
  for (const line of ['session me', 'session list']) await ada.slash(line);
  await ada.slash('token create', { name: 'banana' });
  await until('the ban is told', () => ada.dms.find(({ text }) => text.includes('Spam')));
  await admin('unban', { user });
  await press(sue, await admin('ban', { user, sessions: 'end' }), 'adm-do');
  await admin('unban', { user });
  await admin('revoke', { user: bob.id });
  later(DAY);
  const posts = sue
    .sees(staff)
    .filter(({ ephemeral, authorId }) => !ephemeral && authorId !== sue.id);
  for (const post of posts.slice(-4)) {
    for (const { customId, options } of post.selects) {
      await sue.select(post, [options[0]!.value], customId);
    }
    for (const id of idsOf(post)) {
      const opened = await sue.pressCustomId(id, post, RAW);
      if (opened.modal === undefined) continue;
      await sue.submit(opened, { reason: 'Spam', duration: '7d', sessions: ['keep'] });
    }
  }
  await ada.slash('session forget', { confirm: 'ada' });
}
