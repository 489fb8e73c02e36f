import type { CommunityMember } from '../../src/core/logins/identity.ts';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { v7 as uuidv7 } from 'uuid';
import type { Ban } from '../../src/core/accounts/account.ts';
import type { Credential } from '../../src/core/actor.ts';
import { type Actor, idOf, type Member } from '../../src/core/actor.ts';
import type { Act } from '../../src/core/audit/audit.ts';
import type { MintedToken, NewSession } from '../../src/core/sessions/minted-token.ts';
import type { Session } from '../../src/core/sessions/session.ts';
import { hashToken, type Random } from '../../src/core/sessions/token.ts';
import type { Store } from '../../src/core/store.ts';
import type { Instant } from '../../src/core/time.ts';
import type { Limits } from '../../src/core/tokens/allowance.ts';
import type { Deliver } from '../../src/core/tokens/delivery.ts';
import { createLog, type Log } from '../../src/log.ts';

export const START: Instant = Date.UTC(2026, 0, 2, 3, 4, 5);
export const SECOND = 1_000;
export const HOUR = 3_600 * SECOND;
export const DAY = 24 * HOUR;

export const ANA = '100000000000000001';
export const BEN = '100000000000000002';
export const STAFF: Actor = { kind: 'staff', userId: '900000000000000009', requestId: 'staff-1' };

/** A ban by staff, as the verb takes it. */
export function newBan(userId: string, reason: string | null = null) {
  return { userId, reason, until: null, endSessions: false };
}

/** A ban by staff, as the store takes it. */
export function banBy(act: Act, reason: string | null = null): Ban {
  const by = idOf(act.actor);
  return { source: 'staff', at: act.at, until: null, by, reason, isReasonTold: true };
}

export interface TestClock {
  (): Instant;
  advance(ms: number): Instant;
}

/** Stands still until it is moved. */
export function createClock(start: Instant = START): TestClock {
  let now = start;
  const advance = (ms: number) => (now += ms);
  return Object.assign(() => now, { advance });
}

/** The same bytes in each run, other ones at each call. */
export function seededRandom(seed = 'latchkey'): Random {
  let calls = 0;
  return (outputLength) => {
    calls += 1;
    return createHash('shake256', { outputLength }).update(`${seed} ${calls}`).digest();
  };
}

export function member(userId: string, sessionId?: string): Member {
  const requestId = `request of ${userId}`;
  const credential: Credential =
    sessionId === undefined
      ? { kind: 'discord' }
      : { kind: 'token', sessionId, isSuperseded: false };
  return { kind: 'member', userId, requestId, credential };
}

/** A UUID as {@link newSession} makes them, of that instant. */
export function idAt(at: Instant, random: Random = seededRandom(`id at ${at}`)): string {
  return uuidv7({ msecs: at, random: random(16) });
}

/** So many API tokens, made as fast as one likes. */
export function atMost(maxApiTokens: number): Limits {
  return { maxApiTokens, creationsPerHour: 100_000 };
}

let made = 0;

/** A session that is ready to be stored; its hash is that of its id. */
export function newSession(overrides: Partial<Session> = {}): NewSession {
  made += 1;
  const createdAt = overrides.createdAt ?? START;
  const session: Session = {
    id: idAt(createdAt, seededRandom(`session ${made}`)),
    userId: ANA,
    type: 'api',
    name: `token ${made}`,
    hint: 'Zz09',
    parentId: null,
    replaces: null,
    scope: null,
    createdAt,
    expiresAt: createdAt + DAY,
    rotatedAt: null,
    lastUsedAt: null,
    ended: null,
    ...overrides,
  };
  return { session, tokenHash: hashToken(session.id) };
}

export interface CollectedLog {
  readonly log: Log;
  readonly lines: string[];
}

export function collectLog(secrets: readonly string[] = [], level = 'trace'): CollectedLog {
  const lines: string[] = [];
  return { lines, log: createLog({ level, secrets, write: (line) => lines.push(line) }) };
}

/** What Discord says of somebody in the community's server, who has these roles. */
export const communityMember = (...roles: readonly string[]): CommunityMember => ({ roles });

/** The real store, but for these methods. */
export function interfering(store: Store, changes: Partial<Store>): Store {
  return { ...store, ...changes };
}

export interface Postbox {
  readonly deliver: Deliver;
  readonly delivered: MintedToken[];
  readonly retracted: MintedToken[];
}

/**
 * Takes in what is delivered; `meanwhile` happens while the minted is on its way. Whether it can be taken
 * back is for `isReached` to say.
 */
export function createPostbox(
  meanwhile: () => Promise<unknown> = async () => {},
  isReached = true,
): Postbox {
  const delivered: MintedToken[] = [];
  const retracted: MintedToken[] = [];
  return {
    delivered,
    retracted,
    async deliver(minted) {
      await meanwhile();
      delivered.push(minted);
      return {
        url: 'https://discord.com/channels/@me/1/2',
        messageRef: '1/2',
        async retract() {
          retracted.push(minted);
          return isReached;
        },
      };
    },
  };
}

/** All that is stored about a member, oldest first. */
export async function everythingOf(store: Store, userId: string) {
  const all = { userId, now: START, state: 'all', limit: 10_000 } as const;
  return {
    account: await store.findAccount(userId),
    sessions: (await store.history(all)).toReversed(),
    authorization: await store.findAuthorization(userId),
    notices: await store.findNotices(userId),
    audit: (await store.audit({ userId, limit: 10_000 })).toReversed(),
  };
}

/** Everything of a member's, however many slices that takes. */
export async function forget(store: Store, act: Act, userId: string): Promise<void> {
  while (await store.forget(act, userId, 100));
}

/** A folder of the test's own, and its end. */
export function temporaryFolder(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'latchkey-test-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}
