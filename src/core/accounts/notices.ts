import type { Member, SessionId, UserId } from '../actor.ts';
import { noSuchSession } from '../errors.ts';
import { permit } from '../permission.ts';
import type { ReminderStore, SessionStore } from '../sessions/store.ts';
import type { Clock, Instant } from '../time.ts';
import type { Notice, NoticeSettings } from './notice.ts';
import type { AccountStore, NoticeStore } from './store.ts';

/** Sends a member a message that says nothing but that messages arrive. @throws AppError `dm_closed` */
export type SendTestMessage = (userId: UserId) => Promise<void>;

export interface NoticesDeps {
  readonly store: NoticeStore &
    Pick<SessionStore, 'findLive'> &
    Pick<ReminderStore, 'stopReminders'> &
    Pick<AccountStore, 'findAccount'>;
  readonly clock: Clock;
}

/** What a member decides about our messages to them, banned or not. */
export function createNotices(deps: NoticesDeps) {
  const { store, clock } = deps;
  return {
    async show(actor: Member): Promise<NoticeSettings> {
      await permit(deps, 'notices.show', actor);
      return store.findNotices(actor.userId);
    },

    async set(actor: Member, notice: Notice, on: boolean): Promise<NoticeSettings> {
      await permit(deps, 'notices.set', actor);
      await store.saveNotice(actor.userId, notice, on);
      return store.findNotices(actor.userId);
    },

    /** Says no more about the end of a token. */
    async letExpire(actor: Member, id: SessionId): Promise<Instant> {
      await permit(deps, 'notices.letExpire', actor);
      const now = clock();
      const session = await store.findLive(actor.userId, id, now);
      if (session === null) throw noSuchSession();
      await store.stopReminders(actor.userId, id);
      return session.expiresAt;
    },

    /** Tries whether messages arrive again, and remembers it. */
    async retry(actor: Member, sendTestMessage: SendTestMessage): Promise<void> {
      await permit(deps, 'notices.retry', actor);
      await sendTestMessage(actor.userId);
      await store.saveDmStatus(actor.userId, null);
    },
  };
}

export type Notices = ReturnType<typeof createNotices>;
