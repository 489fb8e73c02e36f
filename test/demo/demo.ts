/**
 * The life of a token, played by the real program against a local Discord: `npm run demo`.
 */
import {
  type Exchange,
  type LocalMember,
  type LocalMessage,
  startLocalDiscord,
} from 'local-discord';
import { styleText } from 'node:util';
import { HOUSE_RULES } from '../support/house-rules.ts';
import { startProduct } from '../support/product.ts';

await using discord = await startLocalDiscord({ houseRules: HOUSE_RULES });
const server = discord.addServer({ name: 'Lighthouse' });
const ada = discord.addMember({ username: 'ada', server });
const bob = discord.addMember({ username: 'bob', server });
bob.closeDms();

await using product = await startProduct(discord, {
  API_URL: 'https://api.lighthouse.example/v1/lamps',
});
await discord.waitForBot();

title('Ada asks for a token. Only she sees the answer.');
await slash(ada, 'token create', { name: 'deploy script', expires: '7d' });

title('The token comes in a direct message, and nowhere else.');
const dm = ada.dms[0]!;
show('Latchkey', dm, 'direct message');
const token = /lk_api_\w+/.exec(dm.content)?.[0] ?? '';

title('Her program sends it to your API, which asks Latchkey whether it is good.');
await http('GET', '/sessions/@me', token);

title('She deletes the message, and sees what is alive.');
await ada.press(dm, 'Saved, delete this message');
say('ada', `presses ${key('Saved, delete this message')} and the message is gone`);
await slash(ada, 'session list');

title('She revokes the token. From the next request on it is refused.');
const [choice] = await ada.autocomplete('session revoke', 'session', 'deploy');
say('ada', `types ${key('deploy')} and is offered: ${choice?.name}`);
await slash(ada, 'session revoke', { session: String(choice?.value) });
await http('GET', '/sessions/@me', token);

title('Bob takes no direct messages. No token is made that nobody has.');
await slash(bob, 'token create', { name: 'my bot', expires: '1y' });

await product.stop();
process.exitCode = discord.violations.length > 0 ? 1 : 0;
for (const violation of discord.violations) line(styleText('red', violation));
line();
line('That was the real program: the same commands work in your own server.');
line('README.md says how, from the Developer Portal to the first token.');

async function slash(member: LocalMember, command: string, options: Record<string, string> = {}) {
  const typed = Object.entries(options).map(
    ([name, value]) => `${styleText('dim', `${name}:`)} ${shorten(value)}`,
  );
  say(member.username, [styleText('cyan', `/${command}`), ...typed].join(' '));
  const exchange: Exchange = await member.slash(command, options);
  show('Latchkey', exchange.reply!, 'only you can see this');
}

async function http(method: string, path: string, sent: string): Promise<void> {
  const authorization = `Bearer ${sent}`;
  line(styleText('cyan', `  $ curl -H "Authorization: ${authorization}" ${product.url}${path}`));
  const response = await fetch(product.url + path, {
    method,
    headers: { Authorization: authorization },
  });
  const status = `${response.status} ${response.statusText}`;
  line(`    ${styleText(response.ok ? 'green' : 'red', status)}`);
  line(`    ${await response.text()}`);
}

function show(author: string, message: LocalMessage, remark: string): void {
  const lines = message.text.split('\n');
  say(author, styleText('dim', `(${remark})`));
  for (const each of lines) line(`    ${readable(each)}`);
}

function say(author: string, words: string): void {
  line(`  ${styleText('bold', author.padEnd(9))} ${words}`);
}

function title(words: string): void {
  line();
  line(styleText(['bold', 'underline'], words));
}

function key(words: string): string {
  return styleText('inverse', ` ${words} `);
}

/** What Discord would make of its markup. */
function readable(text: string): string {
  return text
    .replace(/<t:(\d+):R>/g, (_, seconds: string) => relative(Number(seconds)))
    .replace(/<t:(\d+):\w>/g, (_, seconds: string) =>
      new Date(Number(seconds) * 1000).toISOString().replace('T', ' ').slice(0, 16),
    )
    .replace(/<(\/[^:>]+):\d+>/g, (_, command: string) => styleText('cyan', command))
    .replace(/\|\|(.*?)\|\|/g, '$1')
    .replace(/\*\*(.*?)\*\*/g, (_, words: string) => styleText('bold', words))
    .replace(/^### /, '')
    .replace(/^-# /, '')
    .replace(/`([^`]+)`/g, '$1')
    .replace(/\\([!-/:-@[-`{-~])/g, '$1')
    .replace(/^\[(.*)\]$/, (_, label: string) => key(label));
}

function relative(seconds: number): string {
  const ahead = seconds - Date.now() / 1000;
  const days = Math.round(ahead / 86_400);
  if (Math.abs(days) >= 1) return days > 0 ? `in ${days} days` : `${-days} days ago`;
  return ahead > 0 ? 'in an hour' : 'just now';
}

function shorten(value: string): string {
  return /^[0-9a-f-]{36}$/.test(value) ? `${value.slice(0, 8)}…` : value;
}

function line(words = ''): void {
  console.log(words);
}
