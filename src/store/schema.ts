import { sql } from 'drizzle-orm';
import {
  type AnySQLiteColumn,
  blob,
  check,
  index,
  integer,
  sqliteTable,
  text,
} from 'drizzle-orm/sqlite-core';
import type { AccountState } from '../core/account.ts';
import type { Application, DiscordUser } from '../core/authorization.ts';
import type { EndReason, SessionType } from '../core/session.ts';

// Instants are whole milliseconds since the Unix epoch.

export const accounts = sqliteTable(
  'accounts',
  {
    userId: text('user_id').primaryKey().notNull(),
    state: text('state').$type<AccountState>().notNull().default('normal'),
    createdAt: integer('created_at').notNull(),
  },
  (table) => [check('accounts_state', sql`${table.state} in ('normal', 'banned')`)],
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
    lastUsedAt: integer('last_used_at'),
    endedAt: integer('ended_at'),
    endedBy: text('ended_by'),
    endReason: text('end_reason').$type<EndReason>(),
  },
  (table) => [
    // Ids are in the order of creation: this serves the lists and their pages.
    index('sessions_user').on(table.userId, table.id),
    index('sessions_parent')
      .on(table.parentId)
      .where(sql`parent_id is not null`),
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

/** A copy of what Discord says of our own application: one row. */
export const applications = sqliteTable('applications', {
  id: text('id').primaryKey().notNull(),
  application: text('application', { mode: 'json' }).$type<Application>().notNull(),
});

export const auditEvents = sqliteTable('audit_events', {
  id: integer('id').primaryKey({ autoIncrement: true }),
  at: integer('at').notNull(),
  actorKind: text('actor_kind').notNull(),
  actorId: text('actor_id'),
  /** The interaction's or the HTTP request's id. */
  requestId: text('request_id'),
  action: text('action').notNull(),
  /** Whose account or session it was. */
  userId: text('user_id').notNull(),
  sessionId: text('session_id'),
  /** What the action adds, as JSON. */
  detail: text('detail', { mode: 'json' }).$type<Record<string, unknown>>().notNull(),
});
