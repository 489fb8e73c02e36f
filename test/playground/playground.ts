import { type LocalMember, type LocalMessage, startLocalDiscord } from 'local-discord';
import { openPage, type OpenPage } from 'local-discord/page';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startApp } from '../../src/app/app.ts';
import { readConfig } from '../../src/config.ts';
import { createLog } from '../../src/log.ts';
import { freePort } from '../support/free-port.ts';
import { HOUSE_RULES } from '../support/house-rules.ts';

const WEEK_MS = 7 * 86_400_000;
const MANAGE_SERVER = 1n << 5n;
const EVERYONE = (1n << 10n) | (1n << 11n) | (1n << 16n) | (1n << 31n);
const ADMINISTRATOR = 1n << 3n;
const DANGER = 4;
const TOKEN = 'lk_(?:login|app|api)_[0-9A-Za-z]{49}';

export interface Playground extends AsyncDisposable {
  readonly page: OpenPage;
  /** Where the real program answers HTTP. */
  readonly apiUrl: string;
}

/**
 * The real program in a local Discord that a browser shows. Its clock can be put forward here, and
 * only here; its database is gone when it stops.
 */
export async function openPlayground(port?: number): Promise<Playground> {
  await using parts = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'latchkey-playground-'));
  parts.defer(() => rm(folder, { recursive: true, force: true }));
  const discord = parts.use(await startLocalDiscord({ houseRules: HOUSE_RULES }));
  const server = discord.addServer({ name: 'Lighthouse', botPermissions: ADMINISTRATOR });
  const general = server.channelId;
  const staff = server.addChannel('staff').id;
  const ada = discord.addMember({ username: 'ada', server });
  const sue = discord.addMember({ username: 'sue', server, permissions: EVERYONE | MANAGE_SERVER });
  const bob = discord.addMember({ username: 'bob', server });

  const httpPort = await freePort();
  const apiUrl = `http://127.0.0.1:${httpPort}`;
  let aheadMs = 0;
  const clock = (): number => Date.now() + aheadMs;
  const config = readConfig({
    DISCORD_TOKEN: discord.botToken,
    DISCORD_API_URL: discord.apiUrl,
    DATABASE_URL: `file:${join(folder, 'latchkey.db')}`,
    HTTP_PORT: String(httpPort),
    STAFF_CHANNEL_ID: staff,
  });
  const log = createLog({ level: 'silent', secrets: config.secrets, write: () => {} });
  const app = await startApp(config, log, { clock });
  parts.defer(() => app.stop());
  await discord.waitForBot(30_000);
  await discord.waitForBot(30_000, server);

  let isDown = false;
  let token = '';
  let leak: LocalMessage | undefined;

  /** What an API behind Latchkey does with each request. */
  async function ask(sent: string): Promise<{ status: number; body: string }> {
    const response = await fetch(`${apiUrl}/sessions/@me`, {
      headers: { authorization: `Bearer ${sent.trim()}` },
    });
    const body = await response.text();
    page.tell({
      from: 'your API',
      to: 'Latchkey',
      method: 'GET',
      path: '/sessions/@me',
      status: response.status,
      body: `Authorization: Bearer ${sent.trim()} → ${body}`,
    });
    return { status: response.status, body };
  }

  async function create(): Promise<void> {
    await ada.slash('token create', { name: 'deploy script', expires: '30d' });
    token = newestToken(ada);
  }

  const steps = [
    {
      label: 'Create',
      says: 'ada asked for a token. It came to her in a direct message, and nowhere else.',
      async run() {
        await create();
        return [{ person: ada, channelId: ada.dmChannelId }];
      },
    },
    {
      label: 'Call',
      says: 'Her program sent the token to your API, which asked Latchkey: 200, it is hers.',
      async run() {
        await ask(token);
        return [{ person: ada, channelId: ada.dmChannelId }];
      },
    },
    {
      label: 'Leak',
      says: 'ada pasted the token into #general, where everybody can read it.',
      async run() {
        leak = ada.say(`why does ${token} not work?`, { channelId: general });
        return [ada, sue].map((person) => ({ person, channelId: general }));
      },
    },
    {
      label: 'Report',
      says: 'sue chose “Revoke leaked token” from the message’s menu. Your API now gets 401.',
      async run() {
        if (leak !== undefined) await sue.menu('Revoke leaked token', leak);
        await ask(token);
        return [{ person: sue, channelId: general }];
      },
    },
    {
      label: 'Ban',
      says: 'sue banned ada, and confirmed it. Nothing of ada’s works, and she gets no new token.',
      async run() {
        await create();
        const asked = await sue.slash('admin ban', { user: ada.id }, { channelId: staff });
        const confirm = asked.reply?.buttons.find(({ style }) => style === DANGER);
        if (asked.reply && confirm?.customId) await sue.press(asked.reply, confirm.customId);
        await ask(token);
        return [{ person: sue, channelId: staff }];
      },
    },
  ];

  const page = parts.use(
    await openPage(discord, {
      server,
      people: [ada, sue, bob],
      botName: 'Latchkey',
      secret: TOKEN,
      locales: ['en-US', 'de', 'fr', 'es-ES', 'ja'],
      clock,
      ...(port === undefined ? {} : { port }),
      steps,
      switches: [
        {
          label: 'Discord is down',
          isOn: () => isDown,
          flip() {
            isDown = !isDown;
            if (isDown) discord.fail({ path: /./, status: 503, times: Infinity });
            else discord.heal();
          },
        },
        {
          label: 'A week later',
          flip() {
            aheadMs += WEEK_MS;
          },
        },
      ],
      probe: { label: 'Does my API let it in?', placeholder: 'Paste a token', run: ask },
    }),
  );
  const running = parts.move();
  return { page, apiUrl, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

function newestToken(member: LocalMember): string {
  const texts = member.dms.map(({ text }) => new RegExp(TOKEN).exec(text)?.[0]);
  return texts.findLast((found) => found !== undefined) ?? '';
}
