/**
 * A page that shows a local Discord in a browser, and lets its reader act for the people in it.
 *
 * Whoever reaches it can act for all of them and sees what the bot sends, so it listens on loopback
 * only, answers below a random path, and refuses requests under another name (DNS rebinding) or from
 * another page (cross-site requests).
 */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { LocalDiscord } from './index.ts';
import { asObject, asString, isObject, type Json } from './json.ts';
import type { LocalMember } from './members.ts';
import { act, BadAct, type Stage } from './page-acts.ts';
import { type Call, stateOf } from './page-state.ts';
import { createDivide } from './secrets.ts';
import type { LocalServer } from './server.ts';

export { type ShownMessage, stateOf } from './page-state.ts';

const ASSETS: Readonly<Record<string, string>> = {
  'index.html': 'text/html; charset=utf-8',
  'page.css': 'text/css; charset=utf-8',
  'main.js': 'text/javascript; charset=utf-8',
  'choices.js': 'text/javascript; charset=utf-8',
  'elements.js': 'text/javascript; charset=utf-8',
  'markup.js': 'text/javascript; charset=utf-8',
  'message.js': 'text/javascript; charset=utf-8',
  'composer.js': 'text/javascript; charset=utf-8',
  'modal.js': 'text/javascript; charset=utf-8',
  'wire.js': 'text/javascript; charset=utf-8',
};
const FOLDER = new URL('../page/', import.meta.url);
const LONGEST_ACT = 65_536;
const MOST_READERS = 16;
const MOST_CALLS = 80;
const TELL_AFTER_MS = 40;

const HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

/** Which channel to bring before whose eyes. */
export interface Look {
  readonly person: LocalMember;
  readonly channelId: string;
}

/** A step of a guided tour, done for the reader. */
export interface Step {
  readonly label: string;
  /** What comes of it, in a sentence. */
  readonly says: string;
  run(): Promise<readonly Look[]>;
}

/** A button that changes the world. */
export interface Switch {
  readonly label: string;
  /** Whether it is on now; one without a state just acts. */
  readonly isOn?: () => boolean;
  flip(): void | Promise<void>;
}

/** A box that takes a text, and what came of it. */
export interface Probe {
  readonly label: string;
  readonly placeholder: string;
  run(text: string): Promise<{ readonly status: number; readonly body: string }>;
}

export interface PageOptions {
  readonly server: LocalServer;
  /** Who can be acted for; the first two are shown side by side. */
  readonly people: readonly LocalMember[];
  readonly botName?: string;
  readonly steps?: readonly Step[];
  readonly switches?: readonly Switch[];
  readonly probe?: Probe;
  /**
   * What is masked in the calls until it is pressed, besides the bot's token and the client secret: a
   * regular expression's source.
   */
  readonly secret?: string;
  /** Languages that the people's clients can be switched to. */
  readonly locales?: readonly string[];
  /** The time that the page counts from. */
  readonly clock?: () => number;
  /** A fixed port; a free one unless told. */
  readonly port?: number;
}

export interface OpenPage extends AsyncDisposable {
  readonly url: string;
  /** Tells the page of a call that did not go to Discord. */
  tell(call: Omit<Call, 'at'>): void;
  stop(): Promise<void>;
}

/** Opens the page on a loopback port. */
export async function openPage(discord: LocalDiscord, options: PageOptions): Promise<OpenPage> {
  const { server: discordServer, people, botName = 'Bot', steps = [], switches = [] } = options;
  const { probe, clock = Date.now } = options;
  const path = `/${randomBytes(16).toString('base64url')}/`;
  const readers = new Set<ServerResponse>();
  const calls: Call[] = [];
  const done: boolean[] = steps.map(() => false);
  const divide = createDivide([discord.botToken, discord.clientSecret], options.secret);
  const stage: Stage = { discord, people, modals: new Map() };
  let looks: readonly { person: string; channel: string }[] = [];
  let timer: NodeJS.Timeout | undefined;

  function state(): string {
    return JSON.stringify({
      ...stateOf({ discord, server: discordServer, people, botName, calls, divide }),
      botName,
      now: clock(),
      steps: steps.map(({ label, says }, index) => ({ label, says, isDone: done[index] })),
      switches: switches.map(({ label, isOn }) => ({ label, isOn: isOn?.() ?? null })),
      probe: probe === undefined ? null : { label: probe.label, placeholder: probe.placeholder },
      locales: options.locales ?? [],
      looks,
    });
  }

  /** A burst of changes is told at once. */
  function changed(): void {
    timer ??= setTimeout(() => {
      timer = undefined;
      if (readers.size === 0) return;
      const event = `data: ${state()}\n\n`;
      for (const reader of readers) reader.write(event);
    }, TELL_AFTER_MS);
  }

  function tell(call: Omit<Call, 'at'>): void {
    calls.push({ ...call, at: Date.now() });
    calls.splice(0, calls.length - MOST_CALLS);
    changed();
  }

  async function perform(asked: Json): Promise<Json> {
    const index = Number(asked['index']);
    switch (asked['do']) {
      case 'step': {
        const step = steps[index];
        if (step === undefined) throw new BadAct('There is no such step.');
        looks = (await step.run()).map((look) => ({
          person: look.person.id,
          channel: look.channelId,
        }));
        done[index] = true;
        return { looks, says: step.says };
      }
      case 'switch':
        await switches[index]?.flip();
        return {};
      case 'probe': {
        if (probe === undefined) throw new BadAct('There is nothing to ask.');
        const { status, body } = await probe.run(asString(asked['text']) ?? '');
        return { status, body: divide(body) };
      }
      default:
        return act(stage, asked);
    }
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { port } = server.address() as AddressInfo;
    const hosts = [`127.0.0.1:${port}`, `localhost:${port}`];
    const { host = '', origin } = request.headers;
    if (!hosts.includes(host)) return refuse(response, 421, 'Not the name of this page.');
    if (origin !== undefined && origin !== `http://${host}`) {
      return refuse(response, 403, 'Not from this page.');
    }
    const pathname = (request.url ?? '').split('?', 1)[0] ?? '';
    if (!pathname.startsWith(path)) return refuse(response, 404, 'Nothing here.');
    const name = pathname.slice(path.length) || 'index.html';

    if (request.method === 'GET' && name === 'events') return listen(response);
    const type = ASSETS[name];
    if (request.method === 'GET' && type !== undefined) {
      const content = await readFile(new URL(name, FOLDER));
      response.writeHead(200, { ...HEADERS, 'content-type': type }).end(content);
      return;
    }
    if (request.method !== 'POST' || name !== 'acts') return refuse(response, 404, 'Nothing here.');
    // A page of another site cannot send JSON without asking first, and an old browser no Origin.
    if (origin === undefined || request.headers['content-type'] !== 'application/json') {
      return refuse(response, 403, 'Not from this page.');
    }
    const asked = await readJson(request);
    if (asked === undefined) return refuse(response, 400, 'Not an act.');
    try {
      json(response, 200, await perform(asked));
    } catch (error) {
      // For the reader of the page, and no fault of the page's.
      if (error instanceof BadAct) json(response, 200, { problem: error.message });
      else refuse(response, 500, error instanceof Error ? error.message : String(error));
    } finally {
      changed();
    }
  }

  function listen(response: ServerResponse): void {
    if (readers.size >= MOST_READERS) return refuse(response, 503, 'Too many pages are open.');
    response.writeHead(200, { ...HEADERS, 'content-type': 'text/event-stream' });
    response.write(`retry: 1000\ndata: ${state()}\n\n`);
    readers.add(response);
    response.on('close', () => readers.delete(response));
  }

  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy());
  });
  const unlisten = discord.onChange(changed);
  server.listen(options.port ?? 0, '127.0.0.1');
  await once(server, 'listening');

  async function stop(): Promise<void> {
    unlisten();
    clearTimeout(timer);
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  }
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}${path}`,
    tell,
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

async function readJson(request: IncomingMessage): Promise<Json | undefined> {
  let text = '';
  request.setEncoding('utf8');
  for await (const chunk of request) {
    text += String(chunk);
    if (text.length > LONGEST_ACT) return undefined;
  }
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? asObject(value) : undefined;
  } catch {
    return undefined;
  }
}

function json(response: ServerResponse, status: number, body: Json): void {
  response.writeHead(status, { ...HEADERS, 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

function refuse(response: ServerResponse, status: number, message: string): void {
  json(response, status, { message });
}
