import type { Staff } from '../../../../core/actor.ts';
import { type Session, SESSION_TYPES } from '../../../../core/sessions/session.ts';
import type { Instant } from '../../../../core/time.ts';
import { eventLines, member, membersIn } from '../../../render/render-audit.ts';
import { describeSession } from '../../../render/describe-session.ts';
import { scopeLine } from '../../../render/scopes.ts';
import {
  button,
  buttons,
  card,
  divider,
  plain,
  relative,
  section,
  sessionRow,
  text,
} from '../../../render/render.ts';
import type { Attachment, Reply } from '../../../render/reply.ts';
import type { Words } from '../../../words/words.ts';
import { findActions, nameOfKind } from '../../action-option.ts';
import type { CommandContext, Component, ComponentContext, Context } from '../../command.ts';
import { AUDIT, INVENTORY, writeCustomId } from '../../custom-id.ts';
import { parseExpires, parseSpan } from '../../expires.ts';
import { requireId, requireNumber, requireUserId } from '../../ids.ts';

const SESSIONS_A_PAGE = 8;
/** All of a page has room in one message, however long the reasons. */
const EVENTS_A_PAGE = 10;
/** Discord takes attachments of 10 MB; a row has at most 600 bytes, or so many would be unusual. */
const EXPORTED = 15_000;

export const adminViewComponents: readonly Component[] = [
  { audience: 'staff', name: 'inv', run: turnInventory },
  { audience: 'staff', name: 'aud', run: turnAudit },
  {
    audience: 'staff',
    name: 'feed-audit',
    reply: 'new',
    isShared: true,
    run: (context) => audit(context, { userId: '', action: '', since: undefined }),
  },
];

// Instants stand in custom ids as seconds in base 36: they are short.
const pack = (instant: number | undefined) =>
  instant === undefined ? '' : Math.floor(instant / 1000).toString(36);
const unpack = (packed = '') => (packed === '' ? undefined : requireNumber(packed) * 1000);

/** That long before, and not before there was a time. */
const ago = (now: Instant, span: string) => Math.max(now - parseSpan(span), 0);

export function listInventory(context: CommandContext<Staff>): Promise<Reply> {
  const { options, clock } = context;
  const expiring = options.text('expiring');
  const unused = options.text('unused');
  const now = clock();
  return inventory(context, {
    type: options.text('type') ?? '',
    expiresBefore: expiring === null ? undefined : parseExpires(expiring, now).expiresAt,
    unusedSince: unused === null ? undefined : ago(now, unused),
  });
}

function turnInventory(context: ComponentContext<Staff>): Promise<Reply> {
  const { type, expiresBefore, unusedSince, after } = INVENTORY.read(context.args);
  return inventory(context, {
    type,
    expiresBefore: unpack(expiresBefore),
    unusedSince: unpack(unusedSince),
    after: after === '' ? undefined : requireId(after),
  });
}

async function inventory(
  { staff, actor, words, namesOf, policy }: Context<Staff>,
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
  if (last === undefined) return words('inventory.none');
  const nameOf = await namesOf(shown.map(({ userId }) => userId));
  const page = (after: string) =>
    INVENTORY.write(actor.userId, {
      type: type ?? '',
      expiresBefore: pack(filter.expiresBefore),
      unusedSince: pack(filter.unusedSince),
      after,
    });
  const turns = [
    ...(filter.after === undefined ? [] : [button(words('button.newest'), page(''))]),
    ...(found.length > shown.length ? [button(words('button.older'), page(last.id))] : []),
  ];
  return card(
    text(
      type === undefined
        ? words('inventory.title')
        : words('inventory.title.kind', { kinds: words(`kinds.${type}`) }),
    ),
    divider(),
    ...shown.map((session) =>
      section(
        words('inventory.row', {
          member: member(words, session.userId, nameOf),
          row: `${sessionRow(words, session)}${scopeLine(words, policy, session)}`,
        }),
        button(
          words('feed.look_up'),
          writeCustomId('adm-look', actor.userId, session.userId, session.id),
        ),
      ),
    ),
    ...(turns.length > 0 ? [buttons(...turns)] : []),
  );
}

export function showAudit(context: CommandContext<Staff>): Promise<Reply> {
  const { options, clock } = context;
  const since = options.text('since');
  return audit(context, {
    userId: options.user('user')?.id ?? '',
    action: (options.text('action') ?? '').trim().toLowerCase(),
    since: since === null ? undefined : ago(clock(), since),
  });
}

function turnAudit(context: ComponentContext<Staff>): Promise<Reply> {
  const { userId, action, since, before } = AUDIT.read(context.args);
  return audit(context, {
    userId: userId === '' ? '' : requireUserId(userId),
    action,
    since: unpack(since),
    before: before === '' ? undefined : requireNumber(before),
  });
}

async function audit(
  { staff, actor, words, namesOf }: Context<Staff>,
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
  if (last === undefined) return words('audit.none');
  const nameOf = await namesOf([...shown.flatMap(membersIn), ...(userId === '' ? [] : [userId])]);
  const page = (from: string) =>
    AUDIT.write(actor.userId, { userId, action, since: pack(since), before: from });
  const turns = [
    ...(before === undefined ? [] : [button(words('button.newest'), page(''))]),
    ...(found.length > shown.length
      ? [button(words('button.older'), page(last.id.toString(36)))]
      : []),
  ];
  return card(
    text(auditTitle(words, userId === '' ? null : member(words, userId, nameOf), action)),
    text(eventLines(words, shown, nameOf)),
    ...(turns.length > 0 ? [buttons(...turns)] : []),
  );
}

function auditTitle(words: Words, whose: string | null, action: string): string {
  const kind = action === '' ? null : nameOfKind(words, action);
  if (whose === null) {
    return kind === null ? words('audit.title') : words('audit.title.kind', { kind });
  }
  return kind === null
    ? words('audit.title.member', { member: whose })
    : words('audit.title.member.kind', { member: whose, kind });
}

export async function showStats(context: CommandContext<Staff>): Promise<Reply> {
  const { staff, actor, words } = context;
  const { accounts, banned, live, made, used, requests: count } = await staff.stats(actor);
  return card(
    text(words('stats.title')),
    divider(),
    text(
      [
        words('stats.accounts', { count: accounts, banned }),
        words('stats.active', {
          what: words.list(
            SESSION_TYPES.map((type) => words(`count.${type}`, { count: live[type] })),
          ),
        }),
        words('stats.day', { made, used }),
        ...(await roleStats(context)),
        ...(count === 0 ? [] : [words('stats.requests', { count })]),
      ].join('\n'),
    ),
  );
}

/** How far the looks at members' roles have come, and what of them is held; nothing where no role counts. */
async function roleStats({
  staff,
  heldRoles,
  actor,
  words,
  policy,
}: CommandContext<Staff>): Promise<readonly string[]> {
  if (policy?.followsRoles !== true) return [];
  const oldest = await staff.oldestLook(actor);
  const { count, roles } = await heldRoles.find();
  return [
    oldest === null
      ? words('stats.roles.none')
      : oldest.at === null
        ? words('stats.roles.never')
        : words('stats.roles', { when: relative(oldest.at) }),
    ...(count === 0
      ? []
      : [words('stats.roles.held', { count, roles: words.list(roles.map(plain)) })]),
  ];
}

export async function exportInventory({
  staff,
  actor,
  options,
  words,
  policy,
}: CommandContext<Staff>): Promise<Attachment> {
  const sessions = await staff.takeInventory(actor, EXPORTED + 1);
  const rows = sessions.slice(0, EXPORTED).map(toRow);
  const isJson = options.text('format') === 'json';
  const columns = policy === undefined ? COLUMNS : [...COLUMNS, 'scope' as const];
  const data = isJson ? JSON.stringify(rows, null, 1) : toCsv(columns, rows);
  const isAll = sessions.length <= EXPORTED;
  const { length: count } = rows;
  return {
    content: isAll
      ? words('inventory.export', { count })
      : words('inventory.export.cut', { count }),
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

type Column = (typeof COLUMNS)[number];

type Row = Readonly<Record<Column, string | null>> & { readonly scope?: string };

const toRow = (session: Session): Row => ({ user_id: session.userId, ...describeSession(session) });

/** RFC 4180. */
function toCsv(columns: readonly (Column | 'scope')[], rows: readonly Row[]): string {
  return [columns, ...rows.map((row) => columns.map((column) => row[column] ?? null))]
    .map((cells) => cells.map(cell).join(','))
    .join('\r\n');
}

/** Spreadsheets take what begins with some characters for a formula: that is quoted. */
function cell(value: string | null): string {
  const words = value ?? '';
  const safe = /^[=+\-@\t\r]/.test(words) ? `'${words}` : words;
  return `"${safe.replaceAll('"', '""')}"`;
}
