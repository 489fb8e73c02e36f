import type { Instant } from '../time.ts';

/** What a member may turn off. Warnings about leaked and replaced tokens always come. */
export const NOTICES = ['expiry', 'firstUse', 'login', 'rotation', 'deletion'] as const;
export type Notice = (typeof NOTICES)[number];

export interface NoticeSettings extends Readonly<Record<Notice, boolean>> {
  /** When Discord last refused a message to the member; null if nothing is known to be in the way. */
  readonly refusedAt: Instant | null;
}

export const ALL_NOTICES: NoticeSettings = {
  expiry: true,
  firstUse: true,
  login: true,
  rotation: true,
  deletion: true,
  refusedAt: null,
};
