import type Database from 'better-sqlite3';
import type { Store } from '../core/ports.ts';
import { createAccountStore } from './account-store.ts';
import { createAuditStore, createRecord } from './audit-store.ts';
import { connect } from './connection.ts';
import { createDeletionStore } from './deletion-store.ts';
import { createErasureStore } from './erasure-store.ts';
import { createNoticeStore } from './notice-store.ts';
import { createOutboxStore } from './outbox-store.ts';
import { createReminderStore } from './reminder-store.ts';
import { createSessionStore } from './session-store.ts';
import { createUpkeepStore } from './upkeep-store.ts';
import { createUseStore } from './use-store.ts';
import { watch } from './watch.ts';

/**
 * The Store port over one SQLite connection, which it owns from now on. `onDamage` hears when a call
 * finds that what is in the file contradicts itself.
 */
export function createSqliteStore(database: Database.Database, onDamage?: () => void): Store {
  const connection = connect(database, onDamage);
  const notices = createNoticeStore(connection);
  const record = createRecord(connection, notices.find);
  const deletions = createDeletionStore(connection);
  const sessions = createSessionStore(connection, record, deletions.settle);
  const store: Store = {
    ...sessions.store,
    ...createUseStore(connection, record),
    ...createReminderStore(connection, record, sessions.isBannedNow),
    ...createAccountStore(connection, sessions.select, sessions.apply),
    ...createErasureStore(connection, record, sessions.countMade),
    ...createAuditStore(connection, record),
    ...createOutboxStore(connection),
    ...notices.store,
    ...deletions.store,
    ...createUpkeepStore(connection),
  };
  return {
    ...watch(store, connection.heed),
    // Every check waits for this one: it heeds its failures itself, without another promise.
    findByToken: (tokenHash) => sessions.store.findByToken(tokenHash),
  };
}
