import { sql } from 'drizzle-orm';
import {
  type AnyPgColumn,
  bigint,
  boolean,
  check,
  index,
  integer,
  pgTable,
  uniqueIndex,
} from 'drizzle-orm/pg-core';
import type { BanSource } from '../../core/accounts/account.ts';
import type { Actor } from '../../core/actor.ts';
import type { AuditAction } from '../../core/audit/audit.ts';
import type { EndReason, SessionType } from '../../core/sessions/session.ts';
import { bytes, json, jsonb, name, text, uuid, whole } from './columns.ts';

// The same tables and columns as SQLite's, and what each means stands there; instants are whole milliseconds
// since the Unix epoch. Columns that change often are in no index, and their pages have room for the change.

export const accounts = pgTable(
  'accounts',
  {
    userId: name('user_id').primaryKey(),
    createdAt: whole('created_at').notNull(),
    bannedAt: whole('banned_at'),
    bannedUntil: whole('banned_until'),
    banSource: text('ban_source').$type<BanSource>(),
    bannedBy: name('banned_by'),
    banReason: text('ban_reason'),
    banReasonTold: boolean('ban_reason_told').notNull().default(false),
    bannedInServer: boolean('banned_in_server').notNull().default(false),
    serverBanWaived: boolean('server_ban_waived').notNull().default(false),
    roles: text('roles'),
    rolesAt: whole('roles_at'),
    heldRoles: text('held_roles'),
    heldAt: whole('held_at'),
    rolesLostAt: whole('roles_lost_at'),
    suspensionToldAt: whole('suspension_told_at'),
  },
  (table) => [
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

export const sessions = pgTable(
  'sessions',
  {
    id: uuid('id').primaryKey(),
    tokenHash: bytes('token_hash').notNull().unique('sessions_token_hash'),
    userId: name('user_id')
      .notNull()
      .references(() => accounts.userId),
    type: text('type').$type<SessionType>().notNull(),
    name: text('name'),
    hint: text('hint').notNull(),
    parentId: uuid('parent_id').references((): AnyPgColumn => sessions.id, {
      onDelete: 'set null',
    }),
    replaces: uuid('replaces'),
    createdAt: whole('created_at').notNull(),
    expiresAt: whole('expires_at').notNull(),
    rotatedAt: whole('rotated_at'),
    reusedAt: whole('reused_at'),
    rotationToldAt: whole('rotation_told_at'),
    contestedAt: whole('contested_at'),
    remindAt: whole('remind_at'),
    lastUsedAt: whole('last_used_at'),
    endedAt: whole('ended_at'),
    endedBy: name('ended_by'),
    endReason: text('end_reason').$type<EndReason>(),
    scope: text('scope'),
    roles: text('roles'),
  },
  (table) => [
    index('sessions_user').on(table.userId, table.id),
    index('sessions_live')
      .on(table.userId, table.expiresAt, table.type)
      .where(sql`ended_at is null`),
    index('sessions_reported')
      .on(table.endedBy)
      .where(sql`end_reason = 'leaked'`),
    index('sessions_parent')
      .on(table.parentId)
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

export const authorizations = pgTable('authorizations', {
  userId: name('user_id')
    .primaryKey()
    .references(() => accounts.userId),
  user: json('user').notNull(),
  scopes: json('scopes').notNull(),
  expiresAt: whole('expires_at').notNull(),
  checkedAt: whole('checked_at').notNull(),
});

export const notices = pgTable('notices', {
  userId: name('user_id').primaryKey(),
  expiry: boolean('expiry').notNull().default(true),
  firstUse: boolean('first_use').notNull().default(true),
  login: boolean('login').notNull().default(true),
  rotation: boolean('rotation').notNull().default(true),
  deletion: boolean('deletion').notNull().default(true),
  refusedAt: whole('refused_at'),
});

export const deletions = pgTable(
  'deletions',
  {
    messageRef: name('place').primaryKey(),
    userId: name('user_id').notNull(),
    attempts: integer('attempts').notNull().default(0),
    dueAt: whole('due_at').notNull(),
  },
  (table) => [index('deletions_due').on(table.dueAt)],
);

export const spentAllowances = pgTable('spent_allowances', {
  userId: name('user_id').primaryKey(),
  created: integer('created').notNull(),
  rotated: integer('rotated').notNull(),
  until: whole('until').notNull(),
});

export const settings = pgTable('settings', {
  name: name('name').primaryKey(),
  value: json('value').notNull(),
});

export const auditEvents = pgTable(
  'audit_events',
  {
    id: bigint('id', { mode: 'number' }).primaryKey().generatedByDefaultAsIdentity(),
    at: whole('at').notNull(),
    actorKind: text('actor_kind').$type<Actor['kind']>().notNull(),
    actorId: name('actor_id'),
    actorSessionId: uuid('actor_session_id'),
    requestId: text('request_id'),
    action: text('action').$type<AuditAction>().notNull(),
    userId: name('user_id').notNull(),
    sessionId: uuid('session_id'),
    detail: jsonb('detail').$type<Record<string, unknown>>().notNull(),
  },
  (table) => [
    index('audit_events_user').on(table.userId, table.id),
    index('audit_events_by_others')
      .on(table.actorId)
      .where(sql`actor_kind = 'member' and actor_id <> user_id`),
  ],
);

export const outbox = pgTable(
  'outbox',
  {
    id: bigint('id', { mode: 'number' }).primaryKey().generatedByDefaultAsIdentity(),
    eventId: bigint('event_id', { mode: 'number' })
      .notNull()
      .references(() => auditEvents.id, { onDelete: 'cascade' }),
    recipient: name('recipient'),
    batch: name('batch'),
    triedAt: whole('tried_at'),
    attempts: integer('attempts').notNull().default(0),
    dueAt: whole('due_at').notNull(),
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

export const confirmations = pgTable(
  'questions',
  {
    id: name('id').primaryKey(),
    userId: name('user_id').notNull(),
    act: json('act').notNull(),
    expiresAt: whole('expires_at').notNull(),
  },
  (table) => [index('questions_expire').on(table.expiresAt)],
);

export const requests = pgTable(
  'requests',
  {
    id: uuid('id').primaryKey(),
    userId: name('user_id').notNull(),
    name: text('name').notNull(),
    scope: text('scope').notNull(),
    why: text('why').notNull(),
    createdAt: whole('created_at').notNull(),
    expiresAt: whole('expires_at').notNull(),
    lapsesAt: whole('lapses_at').notNull(),
    approvedAt: whole('approved_at'),
    approvedBy: name('approved_by'),
  },
  (table) => [index('requests_user').on(table.userId), index('requests_lapse').on(table.lapsesAt)],
);

export const leases = pgTable('leases', {
  name: name('name').primaryKey(),
  holder: name('holder').notNull(),
  until: whole('until').notNull(),
});
