import type { AccountStore, ErasureStore, NoticeStore } from './accounts/store.ts';
import type { AuditStore } from './audit/store.ts';
import type { LeaseStore } from './jobs/store.ts';
import type { LoginStore } from './logins/store.ts';
import type { DeletionStore, OutboxStore } from './outbox/store.ts';
import type { ReminderStore, SessionStore, UseStore } from './sessions/store.ts';
import type { RequestStore } from './requests/store.ts';
import type { RoleStore } from './policy/store.ts';
import type { SettingStore } from './settings.ts';
import type { ConfirmationStore } from './staff/store.ts';
import type { TokenStore } from './tokens/store.ts';

export interface StoreHealth {
  /** Resolves if the database answers. */
  ping(): Promise<void>;
  /** Whether the last change that was tried could be written. */
  isWritable(): Promise<boolean>;
  close(): Promise<void>;
}

/**
 * Where everything is kept. Each method is atomic in itself, and what it promises is durable when its
 * promise resolves; the audit events, and the messages that are owed about them, are written in the
 * same transaction as what they tell of. Ownership is part of each query: another member's session and
 * none at all are the same.
 * @throws AppError `unavailable` where nothing could be written, and then nothing was; `uncertain` where the
 * database is elsewhere, all of it may have been written, and nobody could find out within ten seconds. What is
 * repeated after that has to allow for both: a session has its own id, and what ends or changes one can be
 * done again
 */
export interface Store
  extends
    SessionStore,
    TokenStore,
    LoginStore,
    UseStore,
    ReminderStore,
    RequestStore,
    AccountStore,
    RoleStore,
    ErasureStore,
    AuditStore,
    OutboxStore,
    DeletionStore,
    NoticeStore,
    SettingStore,
    ConfirmationStore,
    LeaseStore,
    StoreHealth {}
