import type { LocalDiscord, LocalMember } from 'local-discord';
import type { Product } from '../support/product.ts';
import { until } from './until.ts';

type Owing = Pick<Product, 'database'>;

/** Changes the product's database from outside, as time or another process would have. */
export async function alter({ database }: Owing, sql: string): Promise<void> {
  await database.query(sql);
}

const DAY_MS = 86_400_000;

/** As if all sessions had been made so many days earlier, and nobody had been reminded since. */
export function age(product: Owing, days: number): Promise<void> {
  const ms = days * DAY_MS;
  return alter(
    product,
    `update sessions set created_at = created_at - ${ms}, expires_at = expires_at - ${ms},
      remind_at = 1 where ended_at is null`,
  );
}

/** How many messages are owed, and how many deletions are due by now. */
export async function owed({ database }: Owing): Promise<number> {
  const [row] = await database.query(
    `select (select count(*) from outbox) +
      (select count(*) from deletions where attempts > 0 or due_at <= ${Date.now()}) as owed`,
  );
  return Number(row?.['owed']);
}

/** Until nothing is owed any more. */
export function paid(product: Owing): Promise<void> {
  return until('nothing is owed', async () => (await owed(product)) === 0);
}

/** Somebody finds the token in a message, of which its owner is told. */
export async function leak(
  discord: LocalDiscord,
  owner: LocalMember,
  token: string,
): Promise<void> {
  const server = discord.addServer();
  owner.join(server);
  const finder = discord.addMember({ username: 'finder', server });
  await finder.menu('Revoke leaked token', owner.say(token, { server }));
}

/** The direct messages that say so. */
export function told(member: LocalMember, words: string): readonly string[] {
  return member.dmHistory.map(({ text }) => text).filter((text) => text.includes(words));
}

/** The requests with which that was sent, whatever became of them. */
export function requestsFor(discord: LocalDiscord, method: string, path: RegExp) {
  return discord.requests.filter((request) => request.method === method && path.test(request.path));
}

/** What stands in a server's channel, as somebody who opens it sees it. */
export async function posts(
  { apiUrl, botToken }: LocalDiscord,
  channelId: string,
): Promise<readonly string[]> {
  const response = await fetch(`${apiUrl}/v10/channels/${channelId}/messages?limit=100`, {
    headers: { Authorization: `Bot ${botToken}` },
  });
  const messages = (await response.json()) as { content: string }[];
  return messages.map(({ content }) => content);
}
