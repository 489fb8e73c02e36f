import type { LocalDiscord, LocalMember, LocalMessage } from 'local-discord';
import type { Product } from './product.ts';

const TOKEN = /[0-9A-Za-z]+_api_[0-9A-Za-z]{49}/;

/** The direct messages that have a token in them, whether they are still there or not; oldest first. */
export function deliveriesTo(member: LocalMember): readonly LocalMessage[] {
  return member.dmHistory.filter(({ content }) => TOKEN.test(content));
}

/** The token in a direct message; an error if there is none. */
export function tokenIn(message: LocalMessage | undefined): string {
  const token = TOKEN.exec(message?.content ?? '')?.[0];
  if (token === undefined) throw new Error(`no token in: ${message?.text}`);
  return token;
}

/** The newest token that was sent to a member, whatever became of the message. */
export function sentTo(discord: LocalDiscord, { dmChannelId }: LocalMember): string {
  const sent = discord.requests.findLast(
    ({ path, body }) =>
      path === `/channels/${dmChannelId}/messages` && TOKEN.test(JSON.stringify(body)),
  );
  return TOKEN.exec(JSON.stringify(sent?.body))?.[0] ?? '';
}

/** Asks for a token in Discord and returns what came by direct message. */
export async function newToken(
  member: LocalMember,
  name = 'token',
  expires = '1h',
): Promise<string> {
  const exchange = await member.slash('token create', { name, expires });
  if (exchange.text.includes('[Keep both]')) await member.press(exchange.reply!, 'Keep both');
  const message = member.dms.findLast(({ content }) => TOKEN.test(content));
  if (message === undefined) throw new Error(`no token was made: ${exchange.text}`);
  return tokenIn(message);
}

/** What the community's API would ask: is this token good? */
export async function check(product: Pick<Product, 'url'>, token: string) {
  const response = await fetch(`${product.url}/sessions/@me`, {
    headers: { Authorization: token },
  });
  const body = (await response.json()) as Record<string, unknown>;
  return { status: response.status, headers: response.headers, body };
}

/** The id of the session that a token opens. */
export async function idOf(product: Pick<Product, 'url'>, token: string): Promise<string> {
  return String((await check(product, token)).body['id']);
}
