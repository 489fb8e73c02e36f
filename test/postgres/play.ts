import type { APIApplicationCommandOption } from 'discord.js';
import {
  ApplicationCommandOptionType,
  ApplicationCommandType,
  PermissionFlagsBits,
} from 'discord.js';
import type { Exchange, LocalMember, LocalMessage } from 'local-discord';
import { type Stage, setUp } from '../support/end-to-end.ts';
import { newToken } from '../support/tokens.ts';

/** What strangers type: nothing, halves of characters, numbers too large, other people's languages. */
const HOSTILE = [
  '',
  'no\0thing',
  '\uD83Dhalf',
  '\u202Eright to left',
  "'); drop table sessions; --",
  '%_\\',
  '9223372036854775807',
  '292 million years',
  '00000000-0000-0000-0000-000000000000',
];
const SECRET = 'of-whoever-introspects';
/** How far from a command's answer its buttons are followed. */
const DEEP = 3;

/** Everything that was answered at once, in order, without what differs from run to run. */
export type Transcript = readonly string[];

/**
 * Uses every command, what its answers offer, and every route, as somebody would who knows nothing of what is
 * inside, with good and with hostile input.
 * @param databaseUrl where the database is; a new one of the suite's own if absent
 */
export async function play(databaseUrl?: string): Promise<Transcript> {
  let server!: ReturnType<Stage['discord']['addServer']>;
  await using stage = await setUp((discord) => {
    server = discord.addServer({ botPermissions: PermissionFlagsBits.Administrator });
    return {
      ...(databaseUrl === undefined ? {} : { DATABASE_URL: databaseUrl }),
      STAFF_CHANNEL_ID: server.channelId,
      INTROSPECTION_SECRET: SECRET,
      DISCORD_CLIENT_SECRET: discord.clientSecret,
      CREATIONS_PER_HOUR: '10000',
      FAILURES_PER_MINUTE: '100000',
    };
  });
  const { discord } = stage;
  await discord.waitForBot(30_000, server);
  const someone = (username: string, permissions?: bigint) =>
    discord.addMember({ username, server, ...(permissions === undefined ? {} : { permissions }) });
  const [ada, bob] = [someone('ada'), someone('bob')];
  const sue = someone('sue', PermissionFlagsBits.ManageGuild);
  const hidden = createHidden();
  const lines: string[] = [];
  const note = (line: string) => void lines.push(hidden(line));

  for (const [name, by] of [
    ['first', ada],
    ['second', ada],
    ['other', bob],
  ] as const) {
    await newToken(by, name);
  }
  for (const member of [ada, sue]) await useCommands(member, bob, note);
  await callRoutes(stage, await newToken(someone('cy'), 'for programs'), note);
  note(JSON.stringify(await (await fetch(`${stage.product.url}/health`)).json()));
  return lines;
}

/** As programs write it, as Discord does, and as we do. */
const TIME =
  /20\d\d-\d\d-\d\dT[\d:.]+(?:Z|\+00:00)|\b1[789]\d{8}\b|\b\d{1,2} [A-Z][a-z]{2} 20\d\d(, \d\d:\d\d UTC)?|\b\d+ seconds?\b/g;

/** Ids, secrets and times, by their kind and where they were seen first. */
function createHidden(): (text: string) => string {
  const seen = new Map<string, string>();
  const kinds: readonly [kind: string, pattern: RegExp][] = [
    ['token', /lk_[a-z_]+_[0-9A-Za-z]{49}/g],
    ['key', /\b[0-9a-f]{64}\b/g],
    ['uuid', /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g],
    ['hint', /(?<=…|"hint":")[0-9A-Za-z]{4}\b/g],
    ['snowflake', /\b[0-9]{18,20}\b/g],
  ];
  return (text) => {
    let result = text.replaceAll(TIME, '<time>');
    for (const [kind, pattern] of kinds) {
      result = result.replaceAll(pattern, (found) => {
        const known = seen.get(found) ?? `<${kind} ${seen.size}>`;
        seen.set(found, known);
        return known;
      });
    }
    return result;
  };
}

type Note = (line: string) => void;
type Option = APIApplicationCommandOption;

/** Each command of a member's, with each option as each hostile text, and what the answers offer. */
async function useCommands(member: LocalMember, other: LocalMember, note: Note): Promise<void> {
  const followed = new Set<string>();
  const valueOf = ({ name, type, ...rest }: Option) => {
    if (type === ApplicationCommandOptionType.User) return other.id;
    const [choice] = 'choices' in rest ? (rest.choices ?? []) : [];
    return String(choice?.value ?? `a ${name}`);
  };

  async function see(act: string, exchange: Exchange, depth: number): Promise<void> {
    note(`${member.username} ${act}: ${seenIn(exchange)}`);
    const { modal, reply } = exchange;
    if (modal !== undefined) {
      const submitted = await member.submit(exchange, {}).catch((error: unknown) => String(error));
      if (typeof submitted === 'string') note(`${act}, submitted: ${submitted}`);
      else await see(`${act}, submitted`, submitted, depth + 1);
    }
    if (reply === undefined || depth >= DEEP) return;
    for (const { customId, label, disabled } of reply.buttons) {
      const [what] = act.split(',');
      const once = `${what} ${label}`;
      if (customId === undefined || disabled || followed.has(once)) continue;
      followed.add(once);
      if (!isThere(reply, customId)) continue;
      await see(`${act}, [${label}]`, await member.press(reply, customId), depth + 1);
    }
    for (const { customId, options, disabled } of reply.selects) {
      const [first] = options;
      const [what] = act.split(',');
      const once = `${what} ${customId.split(':')[0]}`;
      if (first === undefined || disabled || reply.deleted || followed.has(once)) continue;
      followed.add(once);
      if (reply.selects.every((each) => each.customId !== customId)) continue;
      await see(
        `${act}, {${first.label}}`,
        await member.select(reply, [first.value], customId),
        depth + 1,
      );
    }
  }

  for (const [line, options] of subcommandsOf(member)) {
    const required = Object.fromEntries(
      options.filter((each) => each.required).map((each) => [each.name, valueOf(each)]),
    );
    await see(`/${line}`, await member.slash(line, required, { raw: true }), 0);
    for (const option of options) {
      const values =
        option.type === ApplicationCommandOptionType.String ? HOSTILE : [valueOf(option)];
      for (const value of values) {
        const given = { ...required, [option.name]: value };
        const exchange = await member.slash(line, given, { raw: true });
        note(`/${line} ${option.name}=${JSON.stringify(value)}: ${seenIn(exchange)}`);
        if (!('autocomplete' in option) || !option.autocomplete) continue;
        const choices = await member.autocomplete(line, option.name, value, required, {
          raw: true,
        });
        note(`  offered: ${choices.map(({ name }) => name).join(' | ')}`);
      }
    }
  }
  for (const { name, type } of member
    .commands()
    .filter((each) => each.type !== ApplicationCommandType.ChatInput)) {
    const target = type === ApplicationCommandType.User ? other : other.say('nothing of note');
    await see(name, await member.menu(name, target), 0);
  }
}

function isThere({ buttons, deleted }: LocalMessage, id: string): boolean {
  return !deleted && buttons.some(({ customId, disabled }) => customId === id && !disabled);
}

function subcommandsOf(member: LocalMember): readonly [line: string, options: Option[]][] {
  return member
    .commands()
    .filter(({ type }) => type === ApplicationCommandType.ChatInput)
    .flatMap(({ name, options = [] }) =>
      options.map((each): [string, Option[]] => [
        `${name} ${each.name}`,
        'options' in each ? ((each.options as Option[] | undefined) ?? []) : [],
      ]),
    );
}

function seenIn({ text, ephemeral, modal }: Exchange): string {
  return JSON.stringify({ text, ephemeral, modal: modal?.title });
}

interface Operation {
  readonly method: string;
  readonly path: string;
  readonly form: boolean;
  /** Names of what its body, query and path take. */
  readonly body: readonly string[];
  readonly query: readonly string[];
}

/** What each field is when it is as it should be. */
const PLAUSIBLE: Readonly<Record<string, unknown>> = {
  name: 'x',
  type: 'api',
  expiry: 3_600,
  grace: 'hour',
  tokens: ['lk_api_none'],
};

/** Each operation that the API describes: without a token, with one, and with each field as each hostile text. */
async function callRoutes({ product }: Stage, token: string, note: Note): Promise<void> {
  const call = async (
    { method, path, form, body }: Operation,
    { credential = token, given = {}, id = 'x', query = '' }: Given = {},
  ) => {
    const all = { token, ...PLAUSIBLE };
    const fields = Object.fromEntries(
      Object.entries({ ...all, ...given }).filter(([name]) => body.includes(name)),
    );
    const basic = `Basic ${Buffer.from(`latchkey:${SECRET}`).toString('base64')}`;
    const response = await fetch(
      `${product.url}${path.replace('{id}', encodeURIComponent(id.toWellFormed()))}${query}`,
      {
        method,
        redirect: 'manual',
        headers: {
          ...(credential === ''
            ? {}
            : { Authorization: path === '/introspect' ? basic : credential }),
          ...(body.length === 0
            ? {}
            : { 'Content-Type': form ? 'application/x-www-form-urlencoded' : 'application/json' }),
        },
        ...(body.length === 0
          ? {}
          : {
              body: form
                ? new URLSearchParams(fields as Record<string, string>)
                : JSON.stringify(fields),
            }),
      },
    );
    const headers = ['content-type', 'cache-control', 'www-authenticate', 'location']
      .map((name) => response.headers.get(name))
      .join(', ');
    const text = await response.text();
    const shown = text.length > 20_000 ? `${text.length} characters` : text;
    note(
      `${method} ${path} ${JSON.stringify({ credential: credential !== '', given, id, query })}: ${response.status} (${headers}) ${shown}`,
    );
  };

  // What ends a token comes last.
  const ending = ['/revoke', '/leaks'];
  const operations = (await describedOperations(product.url)).toSorted(
    (one, other) => Number(ending.includes(one.path)) - Number(ending.includes(other.path)),
  );
  note(`operations: ${operations.map(({ method, path }) => `${method} ${path}`).join(', ')}`);
  for (const operation of operations) {
    await call(operation, { credential: '' });
    await call(operation, { credential: 'lk_api_none' });
    for (const hostile of HOSTILE) {
      if (operation.path.includes('{id}') && hostile.trim() !== '')
        await call(operation, { id: hostile });
      for (const name of operation.body) await call(operation, { given: { [name]: hostile } });
      for (const name of operation.query) {
        const query = `?${name}=${encodeURIComponent(hostile.toWellFormed())}`;
        await call(operation, { query });
      }
    }
    if (operation.path.includes('{id}')) {
      const made = await fetch(`${product.url}/sessions`, {
        method: 'POST',
        headers: { Authorization: token, 'Content-Type': 'application/json' },
        body: JSON.stringify({ name: 'child', type: 'api', expiry: 60 }),
      });
      const { session_id: id } = (await made.json()) as { session_id: string };
      for (const _ of ['first', 'again']) await call(operation, { id });
    } else if (operation.path !== '/sessions' || operation.method !== 'DELETE') {
      await call(operation);
    }
  }
  for (const given of [
    { method: 'DELETE', path: '/sessions', form: false, body: [], query: [] },
    { method: 'GET', path: '/sessions/@me', form: false, body: [], query: [] },
  ]) {
    await call(given);
  }
}

interface Given {
  readonly credential?: string;
  readonly given?: Readonly<Record<string, unknown>>;
  readonly id?: string;
  readonly query?: string;
}

async function describedOperations(url: string): Promise<readonly Operation[]> {
  type Schema = { readonly properties?: object; readonly $ref?: string };
  const document = (await (await fetch(`${url}/openapi.json`)).json()) as {
    readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
    readonly paths: Readonly<
      Record<
        string,
        Readonly<
          Record<
            string,
            {
              readonly parameters?: readonly { readonly name: string; readonly in: string }[];
              readonly requestBody?: {
                readonly content: Readonly<Record<string, { readonly schema: Schema }>>;
              };
            }
          >
        >
      >
    >;
  };
  const { schemas } = document.components;
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { parameters = [], requestBody }]) => {
      const [type, content] = Object.entries(requestBody?.content ?? {})[0] ?? [];
      const schema = content?.schema ?? {};
      const named = schemas[schema.$ref?.split('/').at(-1) ?? ''] ?? schema;
      return {
        method: method.toUpperCase(),
        path,
        form: type === 'application/x-www-form-urlencoded',
        body: Object.keys(named.properties ?? {}),
        query: parameters.filter((each) => each.in === 'query').map(({ name }) => name),
      };
    }),
  );
}
