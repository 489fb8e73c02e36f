import type { LocalMember, LocalMessage } from 'local-discord';
import { can, newest, press, pressInPlace, RAW, replyOf, tokenIn } from './acts.ts';
import { DAY, MINUTE, type World } from './world.ts';

export const POLICY = {
  scopes: {
    lampview: { says: 'See your lamps', given: true },
    lampswitch: { says: 'Switch all lamps', approval: true },
  },
};

const BOTH = 'lampswitch lampview';

/** What a member asks the staff for, what those answer, and what becomes of it. */
export async function walkThroughRequests(world: World): Promise<void> {
  const { discord, server, staff, sue, until, later } = world;
  const seen = new Set<LocalMessage>();
  const someone = () => discord.addMember({ username: 'cy', server });

  /** Asks, and answers with the post in the staff's channel. */
  async function ask(who: LocalMember, why = 'Spam', scopes = BOTH): Promise<LocalMessage> {
    const offered = replyOf(await who.slash('token create', { name: 'banana', scopes }, RAW));
    await who.submit(await press(who, offered, 'ask-staff'), { why }, RAW);
    const post = await until('the post about a request', () =>
      sue.sees(staff).find((message) => can(message, 'feed-approve') && !seen.has(message)),
    );
    seen.add(post);
    return post;
  }
  const approve = (post: LocalMessage) => press(sue, post, 'feed-approve');
  const told = (who: LocalMember, does: string) => {
    later(MINUTE);
    return until(`a message with ${does}`, () => who.dms.find((each) => can(each, does)));
  };

  const ada = someone();
  const menu = replyOf(await ada.slash('token create', { name: 'banana' }, RAW));
  const chosen = replyOf(await ada.select(menu, ['lampswitch', 'lampview']));
  const offered = replyOf(await press(ada, chosen, 'again'));
  const modal = await press(ada, offered, 'ask-staff');
  await ada.submit(modal, { why: ' ' }, RAW);
  await press(ada, offered, 'without');
  const token = tokenIn(newest(ada));
  const again = replyOf(await ada.slash('token create', { name: 'banana', scopes: BOTH }, RAW));
  if (can(again, 'again')) {
    const second = replyOf(await press(ada, again, 'again'));
    await ada.submit(await press(ada, second, 'ask-staff'), { why: token }, RAW);
  }

  // Denied, with a reason and without.
  const ben = someone();
  for (const reason of ['', 'Spam']) {
    const post = await ask(ben, 'Spam', 'lampswitch');
    await sue.submit(await press(sue, post, 'feed-deny'), { reason }, RAW);
    await told(ben, 'notices');
  }

  // Approved, and once more by who is too late.
  const post = await ask(ben);
  await sue.slash('admin stats', {}, { channelId: staff, ...RAW });
  await pressInPlace(world, sue, post, 'feed-approve');
  await sue.pressCustomId(`feed-approve:staff:${NO_REQUEST}`, post, RAW);

  // Approved, and fetched once direct messages are open.
  const cy = someone();
  const closed = await ask(cy);
  cy.closeDms();
  await approve(closed);
  const shown = replyOf(await cy.slash('session me'));
  await press(cy, shown, 'fetch');
  cy.openDms();
  await press(cy, shown, 'fetch');

  // Of one's own, of too many, of who is banned; one lapses.
  await approve(await ask(sue));
  const dee = someone();
  const posts = [await ask(dee), await ask(dee), await ask(dee)];
  const fourth = replyOf(await dee.slash('token create', { name: 'banana', scopes: BOTH }, RAW));
  await dee.submit(await press(dee, fourth, 'ask-staff'), { why: 'Spam' }, RAW);
  await dee.slash('session me');
  await sue.slash('admin user', { user: dee.id }, { channelId: staff, ...RAW });
  const ban = replyOf(await sue.slash('admin ban', { user: dee.id }, { channelId: staff, ...RAW }));
  await press(sue, ban, 'adm-do');
  for (const each of posts) await approve(each);

  const eve = someone();
  const late = await ask(eve);
  eve.closeDms();
  await approve(late);
  eve.openDms();
  later(8 * DAY);
  await until('what lapsed is told', () =>
    eve.dms.length > 0 && dee.dms.length > 0 ? true : undefined,
  );
  await sue.slash('admin user', { user: ben.id }, { channelId: staff, ...RAW });
  await sue.slash('admin audit', { action: 'request' }, { channelId: staff, ...RAW });
}

const NO_REQUEST = '019b7a3e-0000-7000-8000-000000000000';
