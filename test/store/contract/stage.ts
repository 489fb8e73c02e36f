import { afterEach, beforeEach, expect } from 'vitest';
import type { Ban } from '../../../src/core/accounts/account.ts';
import type { KnownAuthorization } from '../../../src/core/accounts/authorization.ts';
import { SYSTEM } from '../../../src/core/actor.ts';
import type { Act, AuditAction, AuditRow } from '../../../src/core/audit/audit.ts';
import type { AuditQuery } from '../../../src/core/audit/store.ts';
import type { Batch, Deletion } from '../../../src/core/outbox/store.ts';
import type { NewSession } from '../../../src/core/sessions/minted-token.ts';
import type { Session } from '../../../src/core/sessions/session.ts';
import type { SessionPage, SessionQuery } from '../../../src/core/sessions/store.ts';
import { hashToken } from '../../../src/core/sessions/token.ts';
import type { Store } from '../../../src/core/store.ts';
import type { Instant } from '../../../src/core/time.ts';
import type { Limits } from '../../../src/core/tokens/allowance.ts';
import {
  ANA,
  atMost,
  banBy,
  BEN,
  DAY,
  everythingOf,
  HOUR,
  member,
  newSession,
  SECOND,
  STAFF,
  START,
} from '../../support/fixtures.ts';

/** The store of the test that runs now. */
export let store: Store;

/** Opens another in its place, where a test has closed it. */
export let reopen: () => Promise<void>;

/** Gives each test of this suite a store of its own. */
export function useStore(open: () => Promise<Store>): void {
  beforeEach(async () => {
    reopen = async () => {
      store = await open();
    };
    await reopen();
  });

  afterEach(() => store.close());
}

export const MINUTE = 60 * SECOND;
/** The one of the staff who acts. */
export const KEEPER = '900000000000000009';
export const CY = '100000000000000003';
export const CHANNEL = '500000000000000005';
/** More than any test makes that does not say so. */
export const LIMIT = atMost(1_000);

export const act = (at = START, userId = ANA): Act => ({ actor: member(userId), at });
export const staff = (at = START): Act => ({ actor: STAFF, at });
export const system = (at = START): Act => ({ actor: SYSTEM, at });

export const ids = (sessions: readonly { readonly id: string }[]) => sessions.map(({ id }) => id);

/** So long after that a message with a token is looked for. */
export const LOST_AFTER = 2 * MINUTE;

export const expectDelivery = (session: Session, at: Instant) =>
  store.expectDelivery(session, at + LOST_AFTER);

/** By its owner; out of a message, if a deletion of that is given. */
export async function add(
  overrides: Partial<Session> = {},
  deletion?: Deletion | null,
): Promise<Session> {
  const fresh = newSession(overrides);
  const { createdAt, userId } = fresh.session;
  if (deletion !== undefined) await expectDelivery(fresh.session, createdAt);
  const outcome = await store.add(act(createdAt, userId), fresh, LIMIT, deletion);
  expect(outcome).toEqual({ is: 'stored' });
  return fresh.session;
}

/** One a second, the oldest first. */
export async function addSeveral(amount: number, overrides: Partial<Session> = {}) {
  const all: Session[] = [];
  for (let index = 0; index < amount; index += 1) {
    all.push(await add({ createdAt: START + index * SECOND, ...overrides }));
  }
  return all;
}

/** All of one moment. */
export const addTogether = (amount: number, overrides: Partial<Session> = {}) =>
  addSeveral(amount, { createdAt: START, ...overrides });

/** What a check of its token finds, live or not. */
export const check = ({ id }: Pick<Session, 'id'>) => store.findByToken(hashToken(id));

export const live = ({ userId, id }: Session, at: Instant) => store.findLive(userId, id, at);

/** As it is kept, live or not. */
export async function row({ userId, id }: Session): Promise<Session | undefined> {
  const { sessions } = await everythingOf(store, userId);
  return sessions.find((each) => each.id === id);
}

export const page = (query: Partial<SessionQuery> = {}): Promise<SessionPage> =>
  store.page({ userId: ANA, now: START + HOUR, ...query });

/** Revoked by its owner. */
export const endOne = (
  { userId, id }: Session,
  at = START + HOUR,
  includeDescendants = false,
): Promise<readonly Session[]> =>
  store.end(act(at, userId), userId, { one: id, includeDescendants }, 'revoked');

export const touch = (session: Session, at: Instant) => store.touch(system(at), [[session.id, at]]);

/** The old one ends at once, unless it is told otherwise. */
export const replace = (by: Act, fresh: NewSession, graceEndsAt = by.at) =>
  store.replace(by, fresh, { rotatedAt: null, graceEndsAt }, LIMIT);

export const successorOf = ({ id, userId }: Session, at: Instant): NewSession =>
  newSession({ userId, createdAt: at, expiresAt: at + DAY, replaces: id });

export interface RotateOptions {
  readonly at?: Instant;
  readonly graceMs?: number;
  readonly rotatedAt?: Instant | null;
  readonly limits?: Limits;
  readonly fresh?: NewSession;
  readonly deletion?: Deletion;
}

/** Asks first, as the owner does; with an hour of grace, a minute after the start, unless told otherwise. */
export async function rotate(old: Session, options: RotateOptions = {}) {
  const { at = START + MINUTE, graceMs = HOUR, rotatedAt = null, limits = LIMIT } = options;
  const fresh = options.fresh ?? successorOf(old, at);
  const { session } = fresh;
  const rotation = { rotatedAt, graceEndsAt: at + graceMs };
  const may = await store.checkRotation(session, rotation, limits, at);
  const by = act(at, old.userId);
  await expectDelivery(session, at);
  const outcome = await store.replace(by, fresh, rotation, limits, options.deletion ?? null);
  return { is: outcome.is, outcome, may, session };
}

/** What Discord says of Ana at a login. */
export const known = (username = 'ana', checkedAt = START): KnownAuthorization => ({
  user: { id: ANA, username, global_name: 'Déjà 🗝', avatar: null, public_flags: 64 },
  scopes: ['identify', 'guilds'],
  expiresAt: START + 7 * DAY,
  checkedAt,
});

export const newLogin = (at = START, type: Session['type'] = 'login'): NewSession =>
  newSession({ type, name: null, createdAt: at, expiresAt: at + DAY });

export const addLogin = (fresh: NewSession, said = known(), maxLogins = 50) =>
  store.addLogin(act(fresh.session.createdAt, fresh.session.userId), fresh, said, maxLogins);

/** By staff and for good; what is live is left. */
export const ban = (at = START, userId = ANA) =>
  store.ban(staff(at), userId, banBy(staff(at)), false);

export const fromServer = (at = START): Ban => ({
  source: 'server',
  at,
  until: null,
  by: null,
  reason: null,
  isReasonTold: false,
});

/** Returns how many sessions ended. */
export async function report(session: Session, by = act(START + HOUR, BEN)): Promise<number> {
  const before = await events();
  await store.endFound(by, [hashToken(session.id)], { as: 'reported', channelId: CHANNEL });
  return (await since(before)).filter(({ action }) => action === 'session.ended').length;
}

/** The audit, oldest first. */
export const events = async (query: Partial<AuditQuery> = {}) =>
  (await store.audit({ limit: 10_000, ...query })).toReversed();

/** What happened since `before`, in order. */
export const since = async (before: readonly AuditRow[]) => (await events()).slice(before.length);

export const actions = (rows: readonly AuditRow[]) => rows.map(({ action }) => action);

export const actionsOf = async (userId = ANA): Promise<readonly AuditAction[]> =>
  actions(await events({ userId }));

/** How often something happened to a member. */
export const times = async (action: AuditAction, userId = ANA) =>
  (await actionsOf(userId)).filter((each) => each === action).length;

/** Takes and drops every message that is owed. */
async function takeAll(at: Instant): Promise<readonly Batch[]> {
  const batches: Batch[] = [];
  for (;;) {
    const batch = await store.takeBatch(at, at + HOUR, `batch ${batches.length}`);
    if (batch === null) return batches;
    await store.dropBatch(batch.id);
    batches.push(batch);
  }
}

const LONG_AFTER = START + 9_999 * DAY;

/** Of each message that was owed, the recipient and the actions in it. */
export const owed = async (at = LONG_AFTER) =>
  (await takeAll(at)).map((batch) => [batch.recipient, actions(batch.events)] as const);

/** The messages that were owed, but for those to the staff. */
export const owedToMembers = async (at = LONG_AFTER) =>
  (await takeAll(at)).filter(({ recipient }) => recipient !== null);

/** What each message says, of which sessions. */
export const summary = (batches: readonly Batch[]) =>
  batches.map(
    (batch) => [batch.events[0]?.action, batch.events.map(({ session }) => session?.id)] as const,
  );
