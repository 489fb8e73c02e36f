import type { LocalMember, LocalMessage } from 'local-discord';
import { type ShownMessage, stateOf } from 'local-discord/page';
import { can, newest, press, pressInPlace, replyOf, tokenIn } from '../scenes/acts.ts';
import { DAY, HOUR, MINUTE, openWorld } from '../scenes/world.ts';

/** A message as its reader sees it, and what the page needs to draw it. */
export interface Scene {
  readonly message: ShownMessage;
  readonly now: number;
  /** Who is mentioned, by id. */
  readonly names: Readonly<Record<string, string>>;
  readonly rooms: Readonly<Record<string, string>>;
}

/** The most telling messages, by the names of their pictures, each from the running program. */
export async function playScenes(): Promise<ReadonlyMap<string, Scene>> {
  await using world = await openWorld();
  const { discord, server, ada, bob, sue, general, staff, apiUrl, at, until } = world;
  const scenes = new Map<string, Scene>();

  function take(name: string, reader: LocalMember, { id, channelId }: LocalMessage): void {
    const state = stateOf({
      discord,
      server,
      people: [ada, bob, sue],
      botName: 'Latchkey',
      calls: [],
      divide: () => [],
    });
    const person = state.people.find((each) => each.id === reader.id);
    const message = person?.seen[channelId]?.find((each) => each.id === id);
    if (message === undefined) throw new Error(`${reader.username} does not see ${name}`);
    const rooms = Object.fromEntries(state.server.rooms.map((room) => [room.id, room.name]));
    // Its clock time says when it was taken.
    const now = world.now();
    scenes.set(name, { message: { ...message, at: now }, now, names: state.names, rooms });
  }

  const use = (message: LocalMessage) =>
    fetch(`${apiUrl}/sessions/@me`, { headers: { authorization: `Bearer ${tokenIn(message)}` } });
  const told = (who: LocalMember, title: string) =>
    until(`${who.username} is told: ${title}`, () =>
      who.dms.findLast(({ text }) => text.startsWith(`### ${title}`)),
    );

  // Some jobs wait until the clock has been right for an hour.
  at(2 * HOUR);
  const script = await create(ada, 'deploy script', '30d');
  take('token', ada, script);
  await pressInPlace(world, ada, script, 'alone');
  take('token-alone', ada, script);
  at(2 * HOUR + MINUTE);
  await create(ada, 'backup job', '30d');
  at(2 * HOUR + 2 * MINUTE);
  const station = await create(ada, 'weather station', '1y');

  at(5 * HOUR);
  await use(station);
  const noticed = await told(ada, 'First use\n**weather station**');
  at(5 * HOUR + 4 * MINUTE);
  take('first-use', ada, noticed);

  await use(script);
  await told(ada, 'First use\n**deploy script**');

  at(7 * HOUR);
  const phone = await create(ada, 'phone', '90d');
  at(8 * HOUR);
  const list = replyOf(await ada.slash('session list'));
  take('list', ada, list);
  await press(ada, list, 'one');
  take('one', ada, list);

  at(9 * HOUR);
  const post = bob.say(`${tokenIn(phone)} does not work, why?`, { channelId: general });
  await sue.menu('Revoke leaked token', post);
  const leaked = await told(ada, 'A token of yours leaked');
  const feed = await until('the feed tells of the leak', () =>
    sue.sees(staff).findLast((message) => can(message, 'feed-ban')),
  );
  at(9 * HOUR + 5 * MINUTE);
  take('leaked', ada, leaked);
  take('feed', sue, feed);
  take('dossier', sue, replyOf(await press(sue, feed, 'feed-user')));

  at(16 * DAY + 3 * HOUR);
  const reminder = await told(ada, '2 API tokens expire');
  at(16 * DAY + 3 * HOUR + 5 * MINUTE);
  take('expiring', ada, reminder);

  const opened = await press(sue, feed, 'feed-ban');
  const reason = 'Sold access to the lamps';
  const asked = await sue.submit(opened, { reason, duration: '7d', sessions: ['keep'] });
  await press(sue, replyOf(asked), 'adm-do');
  const banned = await told(ada, 'You are banned');
  at(16 * DAY + 3 * HOUR + 10 * MINUTE);
  take('banned', ada, banned);

  if (discord.violations.length > 0) throw new Error(discord.violations.join('\n'));
  return scenes;
}

/** The direct message with the new token. */
async function create(who: LocalMember, name: string, expires: string): Promise<LocalMessage> {
  await who.slash('token create', { name, expires });
  return newest(who);
}
