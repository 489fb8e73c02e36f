#!/usr/bin/env node
import { spawn } from 'node:child_process';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { startLocalDiscord } from './index.ts';
import { Intent, Permission } from './numbers.ts';
import { openPage } from './page.ts';

const HELP = `local-discord: a Discord on this machine, for a bot under test

Usage: local-discord [options]

  --port <number>        where the API and the gateway listen; a free port unless told
  --page-port <number>   where the page listens; a free port unless told
  --privileged-intents   lets the bot have the members, presences and message content intents
  --open                 opens the page in the browser
  --help                 prints this

It prints what the bot needs as lines of an .env file, and the address of a page on which you act
for two people. Ctrl+C ends it and prints what Discord would have refused.
`;

const OPENERS: Readonly<Partial<Record<NodeJS.Platform, readonly string[]>>> = {
  darwin: ['open'],
  win32: ['rundll32', 'url.dll,FileProtocolHandler'],
};

try {
  await main();
} catch (error) {
  console.error(`local-discord: ${(error as Error).message}`);
  process.exitCode = 1;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      port: { type: 'string' },
      'page-port': { type: 'string' },
      'privileged-intents': { type: 'boolean', default: false },
      open: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  const port = portOf('--port', values.port);
  const pagePort = portOf('--page-port', values['page-port']);
  const stopped = untilStopped();

  await using discord = await startLocalDiscord({
    port,
    privilegedIntents: values['privileged-intents']
      ? Intent.GuildMembers | Intent.GuildPresences | Intent.MessageContent
      : 0,
  });
  const server = discord.addServer({
    name: 'Local server',
    botPermissions: Permission.Administrator,
  });
  const people = [
    discord.addMember({ username: 'ada', server }),
    discord.addMember({ username: 'sue', server, permissions: Permission.Administrator }),
  ];
  await using page = await openPage(discord, { server, people, port: pagePort });
  console.log(`DISCORD_API=${discord.apiUrl}
DISCORD_TOKEN=${discord.botToken}
CLIENT_ID=${discord.applicationId}
GUILD_ID=${server.id}

# The page: ${page.url}
# Ctrl+C ends it.`);
  if (values.open) openInBrowser(page.url);
  await stopped;
  process.stdout.write(`\n${discord.report()}`);
}

function portOf(option: string, text: string | undefined): number {
  if (text === undefined) return 0;
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port > 65_535) throw new Error(`${option} takes a port`);
  return port;
}

/** Until the process is told to end. */
function untilStopped(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  return promise;
}

function openInBrowser(url: string): void {
  const [command = '', ...args] = OPENERS[process.platform] ?? ['xdg-open'];
  const opener = spawn(command, [...args, url], { stdio: 'ignore', detached: true });
  opener.on('error', () => console.error(`Open the page yourself: ${command} was not found.`));
  opener.unref();
}
