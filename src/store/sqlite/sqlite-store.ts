import type Database from 'better-sqlite3';
import type { AuditEvent } from '../../core/audit/audit.ts';
import type { Store } from '../../core/store.ts';
import { createAccountStore } from './accounts/account-store.ts';
import { createErasureStore } from './accounts/erasure-store.ts';
import { createNoticeStore } from './accounts/notice-store.ts';
import { createRoleStore } from './accounts/role-store.ts';
import { createAuditStore, createRecord } from './audit-store.ts';
import { createConfirmationStore } from './confirmation-store.ts';
import { connect } from './connection.ts';
import { createLeaseStore } from './lease-store.ts';
import { observeFailures } from './observe-failures.ts';
import { createDeletionStore } from './outbox/deletion-store.ts';
import { createOutboxStore } from './outbox/outbox-store.ts';
import { createRequestStore } from './requests/request-store.ts';
import { createReminderStore } from './sessions/reminder-store.ts';
import { createSessionStore } from './sessions/session-store.ts';
import { createUseStore } from './sessions/use-store.ts';
import { createSettingStore } from './setting-store.ts';

export interface Listeners {
  /** Hears when a call finds that what is in the file contradicts itself. */
  readonly onDamage?: (() => void) | undefined;
  /** Hears of each event once it is written down, by this process. */
  readonly onRecorded?: ((event: AuditEvent) => void) | undefined;
}

/** The Store port over one SQLite connection, which it owns from now on. */
export function createSqliteStore(
  database: Database.Database,
  { onDamage, onRecorded }: Listeners = {},
): Store {
  const connection = connect(database, onDamage);
  const notices = createNoticeStore(connection);
  const record = createRecord(connection, notices.find, onRecorded);
  const deletions = createDeletionStore(connection);
  const roles = createRoleStore(connection, record);
  const sessions = createSessionStore(connection, record, deletions.settle, roles);
  const store: Store = {
    ...sessions.store,
    ...createUseStore(connection, record),
    ...createReminderStore(connection, record, sessions.isBannedNow),
    ...createAccountStore(connection, sessions.select, sessions.apply),
    ...roles.store,
    ...createErasureStore(connection, record, sessions.countMade),
    ...createAuditStore(connection, record),
    ...createOutboxStore(connection),
    ...notices.store,
    ...deletions.store,
    ...createSettingStore(connection),
    ...createConfirmationStore(connection),
    ...createRequestStore(connection, record, sessions),
    ...createLeaseStore(connection),
    async ping() {
      database.prepare('select 1').get();
    },
    isWritable: async () => connection.isWritable(),
    async close() {
      database.close();
    },
  };
  return {
    ...observeFailures(store, connection.reportFailure),
    // Every check waits for this one: it heeds its failures itself, without another promise.
    findByToken: (tokenHash) => sessions.store.findByToken(tokenHash),
  };
}
