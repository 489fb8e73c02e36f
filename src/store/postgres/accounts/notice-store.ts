import { eq, sql } from 'drizzle-orm';
import {
  ALL_NOTICES,
  NOTICES,
  type Notice,
  type NoticeSettings,
} from '../../../core/accounts/notice.ts';
import type { NoticeStore } from '../../../core/accounts/store.ts';
import type { UserId } from '../../../core/actor.ts';
import { named, param } from '../../statement.ts';
import type { Connection, Transaction } from '../connection.ts';
import { accounts, notices } from '../schema.ts';
import { db, statement, type Statement } from '../statement.ts';

const find = statement<NoticeSettings>(
  db
    .select(
      named({
        expiry: notices.expiry,
        firstUse: notices.firstUse,
        login: notices.login,
        rotation: notices.rotation,
        deletion: notices.deletion,
        refusedAt: notices.refusedAt,
      }),
    )
    .from(notices)
    .where(eq(notices.userId, param('userId'))),
);
const save = Object.fromEntries(
  NOTICES.map((notice) => [
    notice,
    statement(
      db
        .insert(notices)
        .values({ userId: param('userId'), [notice]: param('on') } as never)
        .onConflictDoUpdate({
          target: notices.userId,
          set: { [notice]: sql`excluded.${sql.identifier(notices[notice].name)}` },
        }),
    ),
  ]),
) as Record<Notice, Statement>;
// Nobody is remembered for a message alone.
const saveRefusal = statement(
  sql`insert into ${notices} (user_id, refused_at)
    select ${accounts.userId}, ${param('refusedAt')}::bigint from ${accounts}
    where ${eq(accounts.userId, param('userId'))}
    on conflict (user_id) do update set refused_at = excluded.refused_at`,
);

/** What a member wants to hear, asked for once in a transaction. */
export function findNotices(tx: Transaction, userId: UserId): Promise<NoticeSettings> {
  const known = tx.notices.get(userId);
  if (known !== undefined) return known;
  const asked = tx.get(find, { userId }).then((row) => row ?? ALL_NOTICES);
  asked.catch(() => {});
  tx.notices.set(userId, asked);
  return asked;
}

/** What members want to hear, and whether it arrives. */
export function createNoticeStore({ get, write }: Connection): NoticeStore {
  const store: NoticeStore = {
    findNotices: async (userId) => (await get(find, { userId })) ?? ALL_NOTICES,

    saveNotice: (userId, notice, on) => write(async (tx) => tx.run(save[notice], { userId, on })),

    async saveDmStatus(userId, refusedAt) {
      if ((await store.findNotices(userId)).refusedAt === refusedAt) return;
      await write(async (tx) => tx.run(saveRefusal, { userId, refusedAt }));
    },
  };
  return store;
}
