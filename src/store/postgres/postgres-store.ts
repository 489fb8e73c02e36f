import { sql } from 'drizzle-orm';
import type { AuditEvent } from '../../core/audit/audit.ts';
import type { Store } from '../../core/store.ts';
import { createAccountStore } from './accounts/account-store.ts';
import { createErasureStore } from './accounts/erasure-store.ts';
import { createNoticeStore } from './accounts/notice-store.ts';
import { createRoleStore } from './accounts/role-store.ts';
import { createAuditStore, createRecord } from './audit-store.ts';
import { createConfirmationStore } from './confirmation-store.ts';
import { createConnection } from './connection.ts';
import { createLeaseStore } from './lease-store.ts';
import { createDeletionStore } from './outbox/deletion-store.ts';
import { createOutboxStore } from './outbox/outbox-store.ts';
import type { Driver } from './server/driver.ts';
import { createApplyPlan } from './sessions/apply-plan.ts';
import { createChecks } from './sessions/checks.ts';
import { createRequestStore } from './requests/request-store.ts';
import { createReminderStore } from './sessions/reminder-store.ts';
import { createSessionStore } from './sessions/session-store.ts';
import { createUseStore } from './sessions/use-store.ts';
import { createSettingStore } from './setting-store.ts';
import { statement } from './statement.ts';

/** That none has. */
const NO_TOKEN = new Uint8Array(32);

const writable = statement<{ writable: boolean }>(
  sql`select not (pg_is_in_recovery() or current_setting('transaction_read_only')::boolean) as writable`,
);

/** The Store port over PostgreSQL; the driver is its own from now on. `onRecorded` hears of each event that is kept. */
export function createPostgresStore(
  driver: Driver,
  onRecorded?: (event: AuditEvent) => void,
): Store {
  const connection = createConnection(driver);
  const record = createRecord(onRecorded);
  const apply = createApplyPlan(record);
  const findByToken = createChecks(driver);
  return {
    findByToken,
    ...createSessionStore(connection, apply),
    ...createUseStore(connection, record),
    ...createReminderStore(connection, record),
    ...createAccountStore(connection, apply),
    ...createRoleStore(connection, record),
    ...createErasureStore(connection, record),
    ...createAuditStore(connection, record),
    ...createOutboxStore(connection),
    ...createNoticeStore(connection),
    ...createDeletionStore(connection),
    ...createSettingStore(connection),
    ...createConfirmationStore(connection),
    ...createRequestStore(connection, record, apply),
    ...createLeaseStore(connection),
    // As checks are answered, and no later.
    ping: async () => void (await findByToken(NO_TOKEN)),
    isWritable: async () => {
      try {
        return (await connection.get(writable))?.writable ?? false;
      } catch {
        return false;
      }
    },
    close: () => driver.end(),
  };
}
