import { each, eachAwaited } from '../candidates.ts';
import { databaseOf } from '../data.ts';
import { member, openOurs } from '../ours.ts';
import { openBare } from '../outline.ts';
import type { Section } from '../result.ts';
import { race, ratio, typical } from '../rounds.ts';
import { membersWithPage, PAGE, userId } from '../rows.ts';

export const lists: Section = {
  name: 'lists',
  async run({ usual, quick }) {
    const file = await databaseOf(usual);
    await using ours = openOurs(file);
    const bare = openBare(file);
    const users = Array.from({ length: membersWithPage(usual) }, (_, user) => userId(user));
    const laps = await race(
      [
        eachAwaited('list', users, (user) => ours.sessions.list(member(user), { limit: PAGE })),
        each('all', users, (user) => bare.page(user)),
      ],
      { rounds: quick ? 9 : 15, ms: 100, clock: 'cpu' },
    );
    bare.close();
    return [
      { goal: 'G14', value: ratio(laps, 'all', 'list') },
      { what: 'CPU: list', value: typical(laps, 'list'), unit: 'us' },
      { what: 'CPU: bare .all()', value: typical(laps, 'all'), unit: 'us' },
    ];
  },
};
