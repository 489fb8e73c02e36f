import { v7 as uuidv7 } from 'uuid';
import type { UserId } from '../actor.ts';
import type { RoleLook } from '../policy/standing.ts';
import type { Session } from './session.ts';
import { hashToken, hintOf, mintToken, type Random } from './token.ts';

/** A token and the session that it opens, before anybody has either. */
export interface MintedToken {
  readonly token: string;
  readonly session: Session;
}

/** A session as the store takes it. */
export interface NewSession {
  readonly session: Session;
  /** SHA-256 of the token, 32 bytes. */
  readonly tokenHash: Uint8Array;
  /** What was seen of its owner's roles when it was decided, where they count. */
  readonly look?: RoleLook | null;
  /** Which of the staff approved it, where somebody had to. */
  readonly approvedBy?: UserId | undefined;
}

export type Draft = Pick<
  Session,
  'userId' | 'type' | 'name' | 'parentId' | 'replaces' | 'scope' | 'createdAt' | 'expiresAt'
>;

export function mintSessionToken(draft: Draft, tokenPrefix: string, random: Random): MintedToken {
  const token = mintToken(tokenPrefix, draft.type, random);
  const id = uuidv7({ msecs: draft.createdAt, random: random(16) });
  return {
    token,
    session: { ...draft, id, hint: hintOf(token), rotatedAt: null, lastUsedAt: null, ended: null },
  };
}

/** What is stored of a minted token: its session, and a hash in place of the token. */
export function toNewSession(
  { token, session }: MintedToken,
  look: RoleLook | null = null,
): NewSession {
  return { session, tokenHash: hashToken(token), look };
}
