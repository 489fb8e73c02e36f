import type Database from 'better-sqlite3';
import type { Store } from '../core/ports.ts';
import { createAccountStore } from './account-store.ts';
import { createAuditStore, createRecord } from './audit-store.ts';
import { connect } from './connection.ts';
import { createOutboxStore } from './outbox-store.ts';
import { createSessionStore } from './session-store.ts';
import { createUpkeepStore } from './upkeep-store.ts';

/** The Store port over one SQLite connection, which it owns from now on. */
export function createSqliteStore(database: Database.Database): Store {
  const connection = connect(database);
  const record = createRecord(connection);
  const sessions = createSessionStore(connection, record);
  return {
    ...sessions.store,
    ...createAccountStore(connection, record, sessions.endWithin),
    ...createAuditStore(connection, record),
    ...createOutboxStore(connection),
    ...createUpkeepStore(connection),
  };
}
