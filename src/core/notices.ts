import type { Member, SessionId, UserId } from './actor.ts';
import { noSuchSession } from './errors.ts';
import type { Clock, Store } from './ports.ts';
import type { Instant } from './session.ts';

/** What a member may turn off. Warnings about leaked and replaced tokens always come. */
export const NOTICES = ['expiry', 'firstUse', 'login', 'rotation', 'deletion'] as const;
export type Notice = (typeof NOTICES)[number];

export interface Notices extends Readonly<Record<Notice, boolean>> {
  /** When Discord last refused a message to the member; null if nothing is known to be in the way. */
  readonly refusedAt: Instant | null;
}

export const ALL_NOTICES: Notices = {
  expiry: true,
  firstUse: true,
  login: true,
  rotation: true,
  deletion: true,
  refusedAt: null,
};

/** Sends a member a message that says nothing but that messages arrive. @throws AppError `dm_closed` */
export type Greet = (userId: UserId) => Promise<void>;

/** The verbs on what a member hears from us, banned or not. */
export function createNotices({ store, clock }: { store: Store; clock: Clock }) {
  return {
    async show(actor: Member): Promise<Notices> {
      return store.findNotices(actor.userId);
    },

    async set(actor: Member, notice: Notice, on: boolean): Promise<Notices> {
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
    async retry(actor: Member, greet: Greet): Promise<void> {
      await greet(actor.userId);
      await store.saveReach(actor.userId, null);
    },
  };
}

export type NoticeVerbs = ReturnType<typeof createNotices>;
