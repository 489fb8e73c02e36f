import { eq } from 'drizzle-orm';
import { ALL_NOTICES, type NoticeSettings } from '../../../core/accounts/notice.ts';
import type { NoticeStore } from '../../../core/accounts/store.ts';
import type { UserId } from '../../../core/actor.ts';
import type { Connection } from '../connection.ts';
import { accounts, notices } from '../schema.ts';
import { opaque } from '../statement.ts';

/** What members want to hear, and whether it arrives. */
export function createNoticeStore({ db, write }: Connection) {
  const get = db
    .select({
      expiry: notices.expiry,
      firstUse: notices.firstUse,
      login: notices.login,
      rotation: notices.rotation,
      deletion: notices.deletion,
      refusedAt: notices.refusedAt,
    })
    .from(notices)
    .where(eq(notices.userId, opaque('userId')))
    .prepare();

  function find(userId: UserId): NoticeSettings {
    return get.get({ userId }) ?? ALL_NOTICES;
  }

  const store: NoticeStore = {
    findNotices: async (userId) => find(userId),

    saveNotice: async (userId, notice, on) =>
      write(() => {
        const row = { [notice]: on };
        db.insert(notices)
          .values({ userId, ...row })
          .onConflictDoUpdate({ target: notices.userId, set: row })
          .run();
      }),

    async saveDmStatus(userId, refusedAt) {
      if (find(userId).refusedAt === refusedAt) return;
      await write(() => {
        // Nobody is remembered for a message alone.
        const known = db.select().from(accounts).where(eq(accounts.userId, userId)).get();
        if (known === undefined) return;
        db.insert(notices)
          .values({ userId, refusedAt })
          .onConflictDoUpdate({ target: notices.userId, set: { refusedAt } })
          .run();
      });
    },
  };

  return { store, find };
}
