import { english } from '../../src/discord/words/words.ts';
import { idsOf, press, pressAll, RAW, replyOf } from './acts.ts';
import { DAY, type World } from './world.ts';

/** What the staff type and press, well and badly. */
export async function walkAsStaff({ ada, bob, sue, staff, later, until }: World): Promise<void> {
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
