import { describe } from 'vitest';
import type { Store } from '../../../src/core/store.ts';
import { describeAccountStore } from './accounts/account-store.ts';
import { describeErasureStore } from './accounts/erasure-store.ts';
import { describeNoticeStore } from './accounts/notice-store.ts';
import { describeRoleStore } from './accounts/role-store.ts';
import { describeAuditStore } from './audit-store.ts';
import { describeConfirmationStore } from './confirmation-store.ts';
import { describeDeletionStore } from './outbox/deletion-store.ts';
import { describeOutboxStore } from './outbox/outbox-store.ts';
import { describeRequestStore } from './requests/request-store.ts';
import { describeLoginStore } from './sessions/login-store.ts';
import { describeReminderStore } from './sessions/reminder-store.ts';
import { describeSessionStoreReads } from './sessions/session-store-reads.ts';
import { describeSessionStoreWrites } from './sessions/session-store-writes.ts';
import { describeTokenCreation } from './sessions/token-store-creation.ts';
import { describeTokenRotation } from './sessions/token-store-rotation.ts';
import { describeUseStore } from './sessions/use-store.ts';
import { describeSettingStore } from './setting-store.ts';
import { useStore } from './stage.ts';
import { describeStoreHealth } from './store-health.ts';

/**
 * What every store has to do, whatever it stands on: a file for each port.
 * @param describeLeases by whose clock leases count differs
 */
export function describeStore(
  name: string,
  open: () => Promise<Store>,
  describeLeases: () => void,
): void {
  describe(`over ${name}`, () => {
    useStore(open);
    describeSessionStoreReads();
    describeSessionStoreWrites();
    describeTokenCreation();
    describeTokenRotation();
    describeLoginStore();
    describeUseStore();
    describeReminderStore();
    describeAccountStore();
    describeRoleStore();
    describeErasureStore();
    describeNoticeStore();
    describeAuditStore();
    describeOutboxStore();
    describeDeletionStore();
    describeSettingStore();
    describeConfirmationStore();
    describeRequestStore();
    describeLeases();
    describeStoreHealth();
  });
}
