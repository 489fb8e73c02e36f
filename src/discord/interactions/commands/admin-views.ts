import type { Staff } from '../../../core/actor.ts';
import { type Session, SESSION_TYPES } from '../../../core/sessions/session.ts';
import type { Instant } from '../../../core/time.ts';
import { eventLines } from '../../render/render-audit.ts';
import {
  button,
  buttons,
  card,
  count,
  divider,
  sessionLines,
  text,
  TYPE_NAMES,
} from '../../render/render.ts';
import type { Attachment, Reply } from '../../render/reply.ts';
import { findActions } from '../action-option.ts';
import type { CommandContext, Component, ComponentContext, Context } from '../command.ts';
import { writeCustomId } from '../custom-id.ts';
import { parseExpires, parseSpan } from '../expires.ts';
import { requireId, requireNumber, requireUserId } from '../ids.ts';

const SESSIONS_A_PAGE = 8;
/** All of a page has room in one message, however long the reasons. */
const EVENTS_A_PAGE = 10;
/** Discord takes attachments of 10 MB; a row has at most 600 bytes, or so many would be unusual. */
const EXPORTED = 15_000;

export const adminViewComponents: readonly Component[] = [
  { audience: 'staff', name: 'inv', run: turnInventory },
  { audience: 'staff', name: 'aud', run: turnAudit },
];

// Instants stand in custom ids as seconds in base 36: they are short.
const pack = (instant: number | undefined) =>
  instant === undefined ? '' : Math.floor(instant / 1000).toString(36);
const unpack = (packed = '') => (packed === '' ? undefined : requireNumber(packed) * 1000);

/** That long before, and not before there was a time. */
const ago = (now: Instant, span: string) => Math.max(now - parseSpan(span), 0);

export function listInventory(context: CommandContext<Staff>): Promise<Reply> {
  const { options, clock } = context;
  const expiring = options.getString('expiring');
  const unused = options.getString('unused');
  const now = clock();
  return inventory(context, {
    type: options.getString('type') ?? '',
    expiresBefore: expiring === null ? undefined : parseExpires(expiring, now).expiresAt,
    unusedSince: unused === null ? undefined : ago(now, unused),
  });
}

function turnInventory(context: ComponentContext<Staff>): Promise<Reply> {
  const [type = '', expiresBefore, unusedSince, after = ''] = context.args;
  return inventory(context, {
    type,
    expiresBefore: unpack(expiresBefore),
    unusedSince: unpack(unusedSince),
    after: after === '' ? undefined : requireId(after),
  });
}

async function inventory(
  { staff, actor }: Context<Staff>,
  filter: {
    type: string;
    expiresBefore: number | undefined;
    unusedSince: number | undefined;
    after?: string | undefined;
  },
): Promise<Reply> {
  const type = SESSION_TYPES.find((known) => known === filter.type);
  const found = await staff.inventory(actor, { ...filter, type, limit: SESSIONS_A_PAGE + 1 });
  const shown = found.slice(0, SESSIONS_A_PAGE);
  const last = shown.at(-1);
  if (last === undefined) return 'There are no such live sessions.';
  const page = (after: string) =>
    writeCustomId(
      'inv',
      actor.userId,
      type ?? '',
      pack(filter.expiresBefore),
      pack(filter.unusedSince),
      after,
    );
  const turns = [
    ...(filter.after === undefined ? [] : [button('◀ Newest', page(''))]),
    ...(found.length > shown.length ? [button('Older ▶', page(last.id))] : []),
  ];
  return card(
    text(`### Live ${type === undefined ? 'session' : TYPE_NAMES[type]}s, newest first`),
    divider(),
    ...shown.map((session) => text(`<@${session.userId}> ${sessionLines(session)}`)),
    ...(turns.length > 0 ? [buttons(...turns)] : []),
  );
}

export function showAudit(context: CommandContext<Staff>): Promise<Reply> {
  const { options, clock } = context;
  const since = options.getString('since');
  return audit(context, {
    userId: options.getUser('user')?.id ?? '',
    action: (options.getString('action') ?? '').trim().toLowerCase(),
    since: since === null ? undefined : ago(clock(), since),
  });
}

function turnAudit(context: ComponentContext<Staff>): Promise<Reply> {
  const [userId = '', action = '', since, before = ''] = context.args;
  return audit(context, {
    userId: userId === '' ? '' : requireUserId(userId),
    action,
    since: unpack(since),
    before: before === '' ? undefined : requireNumber(before),
  });
}

async function audit(
  { staff, actor }: Context<Staff>,
  filter: {
    userId: string;
    action: string;
    since: number | undefined;
    before?: number | undefined;
  },
): Promise<Reply> {
  const { userId, action, since, before } = filter;
  const actions = action === '' ? undefined : findActions(action);
  const limit = EVENTS_A_PAGE + 1;
  const found = await staff.audit(actor, { userId, actions, since, before, limit });
  const shown = found.slice(0, EVENTS_A_PAGE);
  const last = shown.at(-1);
  if (last === undefined) return 'No matching events.';
  const page = (from: string) =>
    writeCustomId('aud', actor.userId, userId, action, pack(since), from);
  const turns = [
    ...(before === undefined ? [] : [button('◀ Newest', page(''))]),
    ...(found.length > shown.length ? [button('Older ▶', page(last.id.toString(36)))] : []),
  ];
  return card(
    text(userId === '' ? '### Audit' : `### Audit of <@${userId}>`),
    divider(),
    text(eventLines(shown)),
    ...(turns.length > 0 ? [buttons(...turns)] : []),
  );
}

export async function showStats({ staff, actor }: CommandContext<Staff>): Promise<Reply> {
  const { accounts, banned, live, made, used } = await staff.stats(actor);
  return card(
    text('### Statistics'),
    divider(),
    text(
      [
        `**Accounts** ${accounts}, of which ${banned} banned`,
        `**Live** ${SESSION_TYPES.map((type) => count(live[type], TYPE_NAMES[type])).join(' · ')}`,
        `**Within a day** ${count(made, 'API token')} created · ${count(used, 'session')} used`,
      ].join('\n'),
    ),
  );
}

export async function exportInventory({
  staff,
  actor,
  options,
}: CommandContext<Staff>): Promise<Attachment> {
  const sessions = await staff.takeInventory(actor, EXPORTED + 1);
  const rows = sessions.slice(0, EXPORTED).map(toRow);
  const isJson = options.getString('format') === 'json';
  const data = isJson ? JSON.stringify(rows, null, 1) : toCsv(rows);
  const all = sessions.length <= EXPORTED;
  return {
    content: `${count(rows.length, 'live session')}${all ? '' : ', the newest; there are more'}. Members' names and ids are in it: share it with nobody who need not have them.`,
    files: [{ name: `sessions.${isJson ? 'json' : 'csv'}`, data: Buffer.from(data) }],
  };
}

const COLUMNS = [
  'id',
  'user_id',
  'type',
  'name',
  'hint',
  'created_by',
  'created_at',
  'last_used_at',
  'expiry',
] as const;

type Row = Readonly<Record<(typeof COLUMNS)[number], string | null>>;

const time = (at: number | null) => (at === null ? null : new Date(at).toISOString());

function toRow(session: Session): Row {
  const { id, userId, type, name, hint, parentId, createdAt, lastUsedAt, expiresAt } = session;
  return {
    id,
    user_id: userId,
    type,
    name,
    hint,
    created_by: parentId,
    created_at: time(createdAt),
    last_used_at: time(lastUsedAt),
    expiry: time(expiresAt),
  };
}

/** RFC 4180. */
function toCsv(rows: readonly Row[]): string {
  return [COLUMNS, ...rows.map((row) => COLUMNS.map((column) => row[column]))]
    .map((cells) => cells.map(cell).join(','))
    .join('\r\n');
}

/** Spreadsheets take what begins with some characters for a formula: that is quoted. */
function cell(value: string | null): string {
  const words = value ?? '';
  const safe = /^[=+\-@\t\r]/.test(words) ? `'${words}` : words;
  return `"${safe.replaceAll('"', '""')}"`;
}
