import { sql } from 'drizzle-orm';
import {
  type AnySQLiteColumn,
  blob,
  check,
  index,
  integer,
  sqliteTable,
  text,
  uniqueIndex,
} from 'drizzle-orm/sqlite-core';
import type { BanSource } from '../../core/accounts/account.ts';
import type { DiscordUser } from '../../core/accounts/authorization.ts';
import type { Actor } from '../../core/actor.ts';
import type { AuditAction } from '../../core/audit/audit.ts';
import type { EndReason, SessionType } from '../../core/sessions/session.ts';

// Instants are whole milliseconds since the Unix epoch.

export const accounts = sqliteTable(
  'accounts',
  {
    userId: text('user_id').primaryKey().notNull(),
    createdAt: integer('created_at').notNull(),
    /** Null for a normal account. */
    bannedAt: integer('banned_at'),
    bannedUntil: integer('banned_until'),
    banSource: text('ban_source').$type<BanSource>(),
    bannedBy: text('banned_by'),
    banReason: text('ban_reason'),
    /** Whether the member may see it: reasons from before they were told were given for the audit alone. */
    banReasonTold: integer('ban_reason_told', { mode: 'boolean' }).notNull().default(false),
    /** Banned in the Discord server, whatever staff do here. */
    bannedInServer: integer('banned_in_server', { mode: 'boolean' }).notNull().default(false),
    /** Staff lifted that: it counts again once the server has lifted it too. */
    serverBanWaived: integer('server_ban_waived', { mode: 'boolean' }).notNull().default(false),
    /** The ids of the member's roles that a policy names, as they were last seen, and when that was. */
    roles: text('roles'),
    rolesAt: integer('roles_at'),
    /** Those that were seen then, where `roles` still has what was lost, and since when that is held. */
    heldRoles: text('held_roles'),
    heldAt: integer('held_at'),
    /** When a look last found that a role was lost, whether or not that is held. */
    rolesLostAt: integer('roles_lost_at'),
    /** When the member was last told that they lost every role that may hold tokens. */
    suspensionToldAt: integer('suspension_told_at'),
  },
  (table) => [
    // Each check looks for its token's owner among these few. Unique, so that the planner prefers it to the
    // primary key also where no statistics tell how few they are.
    uniqueIndex('accounts_banned')
      .on(table.userId)
      .where(sql`banned_at is not null`),
    index('accounts_banned_until')
      .on(table.bannedUntil)
      .where(sql`banned_until is not null`),
    index('accounts_held')
      .on(table.heldAt)
      .where(sql`held_at is not null`),
    index('accounts_roles_lost')
      .on(table.rolesLostAt)
      .where(sql`roles_lost_at is not null`),
    check('accounts_ban_source', sql`${table.banSource} in ('staff', 'server')`),
    check('accounts_ban', sql`(${table.bannedAt} is null) = (${table.banSource} is null)`),
  ],
);

export const sessions = sqliteTable(
  'sessions',
  {
    id: text('id').primaryKey().notNull(),
    tokenHash: blob('token_hash', { mode: 'buffer' }).notNull().unique('sessions_token_hash'),
    userId: text('user_id')
      .notNull()
      .references(() => accounts.userId),
    type: text('type').$type<SessionType>().notNull(),
    name: text('name'),
    hint: text('hint').notNull(),
    parentId: text('parent_id').references((): AnySQLiteColumn => sessions.id, {
      onDelete: 'set null',
    }),
    /** The session in whose place this one was made. */
    replaces: text('replaces'),
    createdAt: integer('created_at').notNull(),
    expiresAt: integer('expires_at').notNull(),
    /** When a successor was made; until `expires_at` both are good. */
    rotatedAt: integer('rotated_at'),
    /** Somebody still used it after that. */
    reusedAt: integer('reused_at'),
    /** When its owner was last told of a rotation in its line of successors. */
    rotationToldAt: integer('rotation_told_at'),
    /** When its owner was last warned that somebody else wanted to rotate it again. */
    contestedAt: integer('contested_at'),
    /** When its owner is next to be told that it expires; null if there is nothing more to tell. */
    remindAt: integer('remind_at'),
    lastUsedAt: integer('last_used_at'),
    endedAt: integer('ended_at'),
    endedBy: text('ended_by'),
    endReason: text('end_reason').$type<EndReason>(),
    scope: text('scope'),
    /** Its owner's, as in `accounts`: so that a check reads one row. */
    roles: text('roles'),
  },
  (table) => [
    // Ids are in the order of creation: this serves the lists and their pages.
    // The other two columns, so that who makes how many within an hour is counted in the index alone.
    index('sessions_user').on(table.userId, table.id, table.type, table.replaces),
    // However many have ended: what is live is found, and counted, without a look at those. The last column
    // is always null; without it SQLite would look into each row to see that.
    index('sessions_live')
      .on(table.userId, table.expiresAt, table.type, table.endedAt)
      .where(sql`ended_at is null`),
    index('sessions_reported')
      .on(table.endedBy)
      .where(sql`end_reason = 'leaked'`),
    // With the id, so that what a token made is found in the index alone.
    index('sessions_parent')
      .on(table.parentId, table.id)
      .where(sql`parent_id is not null`),
    index('sessions_replaces')
      .on(table.replaces)
      .where(sql`replaces is not null`),
    index('sessions_remind')
      .on(table.remindAt)
      .where(sql`remind_at is not null`),
    check('sessions_type', sql`${table.type} in ('login', 'app_login', 'api')`),
    check('sessions_token_hash_length', sql`length(${table.tokenHash}) = 32`),
    check('sessions_ended', sql`(${table.endedAt} is null) = (${table.endReason} is null)`),
  ],
);

/** What Discord said at a member's newest login. Its tokens are not kept. */
export const authorizations = sqliteTable('authorizations', {
  userId: text('user_id')
    .primaryKey()
    .notNull()
    .references(() => accounts.userId),
  user: text('user', { mode: 'json' }).$type<DiscordUser>().notNull(),
  scopes: text('scopes', { mode: 'json' }).$type<readonly string[]>().notNull(),
  expiresAt: integer('expires_at').notNull(),
  checkedAt: integer('checked_at').notNull(),
});

/** Which direct messages a member wants; who has no row wants all of them. To choose opens no account. */
export const notices = sqliteTable('notices', {
  userId: text('user_id').primaryKey().notNull(),
  expiry: integer('expiry', { mode: 'boolean' }).notNull().default(true),
  firstUse: integer('first_use', { mode: 'boolean' }).notNull().default(true),
  login: integer('login', { mode: 'boolean' }).notNull().default(true),
  rotation: integer('rotation', { mode: 'boolean' }).notNull().default(true),
  /** Messages that hold a token are deleted after a while. */
  deletion: integer('deletion', { mode: 'boolean' }).notNull().default(true),
  /** When Discord last refused a message to them; null once one arrived again. */
  refusedAt: integer('refused_at'),
});

/** Messages that hold a token, until they are deleted; those that are on their way, until it is stored. */
export const deletions = sqliteTable(
  'deletions',
  {
    /** By which Discord finds it, or we before that is known. */
    messageRef: text('place').primaryKey().notNull(),
    userId: text('user_id').notNull(),
    attempts: integer('attempts').notNull().default(0),
    dueAt: integer('due_at').notNull(),
  },
  (table) => [index('deletions_due').on(table.dueAt)],
);

/**
 * What a member made within the hour before they had everything erased: to erase is no way around
 * `CREATIONS_PER_HOUR`. Removed once it counts for nothing.
 */
export const spentAllowances = sqliteTable('spent_allowances', {
  userId: text('user_id').primaryKey().notNull(),
  created: integer('created').notNull(),
  rotated: integer('rotated').notNull(),
  until: integer('until').notNull(),
});

/** What the program itself has to remember, by name. */
export const settings = sqliteTable('settings', {
  name: text('name').primaryKey().notNull(),
  value: text('value', { mode: 'json' }).$type<unknown>().notNull(),
});

export const auditEvents = sqliteTable(
  'audit_events',
  {
    id: integer('id').primaryKey().notNull(),
    at: integer('at').notNull(),
    actorKind: text('actor_kind').$type<Actor['kind']>().notNull(),
    actorId: text('actor_id'),
    /** The session whose token a member acted with; null where Discord vouched for them. */
    actorSessionId: text('actor_session_id'),
    /** The interaction's or the HTTP request's id. */
    requestId: text('request_id'),
    action: text('action').$type<AuditAction>().notNull(),
    /** Whose account or session it was. */
    userId: text('user_id').notNull(),
    sessionId: text('session_id'),
    /** What the action adds, as JSON. */
    detail: text('detail', { mode: 'json' }).$type<Record<string, unknown>>().notNull(),
  },
  (table) => [
    index('audit_events_user').on(table.userId, table.id),
    // What members did to others' is little: who reported a leak.
    index('audit_events_by_others')
      .on(table.actorId)
      .where(sql`actor_kind = 'member' and actor_id <> user_id`),
  ],
);

/** Messages that are owed to Discord, written with the act that they tell of. */
export const outbox = sqliteTable(
  'outbox',
  {
    id: integer('id').primaryKey({ autoIncrement: true }),
    eventId: integer('event_id')
      .notNull()
      .references(() => auditEvents.id, { onDelete: 'cascade' }),
    /** A member's id for a direct message; null for the staff's channel. */
    recipient: text('recipient'),
    /** Those that go out as one message; null before the first attempt. */
    batch: text('batch'),
    triedAt: integer('tried_at'),
    attempts: integer('attempts').notNull().default(0),
    dueAt: integer('due_at').notNull(),
  },
  (table) => [
    index('outbox_event').on(table.eventId),
    index('outbox_due').on(table.dueAt),
    index('outbox_batch')
      .on(table.batch)
      .where(sql`batch is not null`),
    index('outbox_waiting')
      .on(table.recipient, table.id)
      .where(sql`batch is null`),
  ],
);

/** What was asked and waits for a press of its button. */
export const confirmations = sqliteTable(
  'questions',
  {
    id: text('id').primaryKey().notNull(),
    /** Who was asked: nobody else may answer. */
    userId: text('user_id').notNull(),
    act: text('act', { mode: 'json' }).$type<unknown>().notNull(),
    expiresAt: integer('expires_at').notNull(),
  },
  (table) => [index('questions_expire').on(table.expiresAt)],
);

/** What members ask the staff for, until it is denied, lapses, or has become a token. */
export const requests = sqliteTable(
  'requests',
  {
    id: text('id').primaryKey().notNull(),
    userId: text('user_id').notNull(),
    name: text('name').notNull(),
    scope: text('scope').notNull(),
    why: text('why').notNull(),
    createdAt: integer('created_at').notNull(),
    /** When the token would have expired, had it been made at once. */
    expiresAt: integer('expires_at').notNull(),
    lapsesAt: integer('lapses_at').notNull(),
    /** Null while nobody has approved. */
    approvedAt: integer('approved_at'),
    approvedBy: text('approved_by'),
  },
  (table) => [index('requests_user').on(table.userId), index('requests_lapse').on(table.lapsesAt)],
);

/** Who of several processes does what must be done once. */
export const leases = sqliteTable('leases', {
  name: text('name').primaryKey().notNull(),
  holder: text('holder').notNull(),
  until: integer('until').notNull(),
});
