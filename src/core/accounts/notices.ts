import type { Member, SessionId, UserId } from '../actor.ts';
import { noSuchSession } from '../errors.ts';
import type { Store } from '../store.ts';
import type { Clock, Instant } from '../time.ts';
import type { Notice, NoticeSettings } from './notice.ts';

/** Sends a member a message that says nothing but that messages arrive. @throws AppError `dm_closed` */
export type SendTestMessage = (userId: UserId) => Promise<void>;

/** What a member decides about our messages to them, banned or not. */
export function createNotices({ store, clock }: { store: Store; clock: Clock }) {
  return {
    async show(actor: Member): Promise<NoticeSettings> {
      return store.findNotices(actor.userId);
    },

    async set(actor: Member, notice: Notice, on: boolean): Promise<NoticeSettings> {
      await store.saveNotice(actor.userId, notice, on);
      return store.findNotices(actor.userId);
    },

    /** Says no more about the end of a token. */
    async letExpire(actor: Member, id: SessionId): Promise<Instant> {
      const now = clock();
      const session = await store.findLive(actor.userId, id, now);
      if (session === null) throw noSuchSession();
      await store.stopReminders(actor.userId, id);
      return session.expiresAt;
    },

    /** Tries whether messages arrive again, and remembers it. */
    async retry(actor: Member, sendTestMessage: SendTestMessage): Promise<void> {
      await sendTestMessage(actor.userId);
      await store.saveDmStatus(actor.userId, null);
    },
  };
}

export type Notices = ReturnType<typeof createNotices>;
