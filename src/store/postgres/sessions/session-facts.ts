import { isBanned } from '../../../core/accounts/account.ts';
import type { Account } from '../../../core/accounts/account.ts';
import type { SessionId, UserId } from '../../../core/actor.ts';
import { ancestorIn, MOST_DESCENDANTS, selectFrom } from '../../../core/sessions/selection.ts';
import type { Session } from '../../../core/sessions/session.ts';
import type { Selection } from '../../../core/sessions/store.ts';
import type { Instant } from '../../../core/time.ts';
import type { Limits, Made } from '../../../core/tokens/allowance.ts';
import type { CreationFacts } from '../../../core/tokens/creation.ts';
import type { Replacing, RotationFacts } from '../../../core/tokens/rotation.ts';
import { idsWithinHour, instantOf } from '../../id-order.ts';
import { toSession } from '../../rows.ts';
import { toUuid } from '../columns.ts';
import type { Snapshot } from '../connection.ts';
import { reading } from './session-statements.ts';

// What is known of a member's sessions. Everything is asked for at once: where it stands behind the
// account's lock, in the same round trip.

/** Whether a session that makes another one is live; true where Discord vouches for who asks. */
export async function isParentLive(
  snapshot: Snapshot,
  { userId, parentId }: Pick<Session, 'userId' | 'parentId'>,
  now: Instant,
): Promise<boolean> {
  if (parentId === null) return true;
  return (await snapshot.get(reading.live, { userId, id: parentId, now })) !== undefined;
}

export async function creationFacts(
  snapshot: Snapshot,
  locking: Promise<Account | null>,
  userId: UserId,
  limits: Limits,
  now: Instant,
): Promise<CreationFacts> {
  const [account, counted, made] = await Promise.all([
    locking,
    snapshot.get(reading.countApi, { userId, now, limit: limits.maxApiTokens }),
    madeWithinHour(snapshot, userId, now),
  ]);
  return {
    isBanned: isBanned(account, now),
    liveApiTokens: counted?.count ?? 0,
    createdWithinHour: made.created,
    look: account?.look ?? null,
  };
}

export async function rotationFacts(
  snapshot: Snapshot,
  locking: Promise<Account | null>,
  asked: Replacing,
  now: Instant,
): Promise<RotationFacts> {
  const { userId, replaces } = asked;
  const id = replaces ?? '';
  const [account, row, successors, counted, parentIsLive, made] = await Promise.all([
    locking,
    snapshot.get(reading.own, { userId, id }),
    snapshot.all(reading.successors, { userId, id }),
    snapshot.get(reading.countApi, { userId, now, limit: Number.MAX_SAFE_INTEGER }),
    isParentLive(snapshot, asked, now),
    madeWithinHour(snapshot, userId, now),
  ]);
  return {
    isBanned: isBanned(account, now),
    old: row === undefined ? null : toSession(row),
    lastToldAt: row?.rotationToldAt ?? null,
    parentIsLive,
    rotatedWithinHour: made.rotated,
    successors: successors.map(({ isReplaced, ...each }) => ({
      session: toSession(each),
      isReplaced,
    })),
    liveApiTokens: counted?.count ?? 0,
    look: account?.look ?? null,
  };
}

export async function madeWithinHour(
  snapshot: Snapshot,
  userId: UserId,
  now: Instant,
): Promise<Record<'created' | 'rotated', Made>> {
  const within = { userId, ...idsWithinHour(now) };
  const [created, rotated, spent] = await Promise.all([
    snapshot.all(reading.createdBetween, within),
    snapshot.all(reading.rotatedBetween, within),
    snapshot.get(reading.spent, { userId, now }),
  ]);
  const made = (rows: readonly { readonly id: SessionId }[], count: number): Made => ({
    at: rows.map(({ id }) => instantOf(id)),
    spent: { count, until: spent?.until ?? now },
  });
  return {
    created: made(created, spent?.created ?? 0),
    rotated: made(rotated, spent?.rotated ?? 0),
  };
}

export async function allLive(
  snapshot: Snapshot,
  userId: UserId,
  now: Instant,
): Promise<readonly Session[]> {
  return (await snapshot.all(reading.allLive, { userId, now })).map(toSession);
}

/** The ids of what these sessions made, directly or through others, live or not. */
export async function madeBy(
  snapshot: Snapshot,
  userId: UserId,
  ids: readonly SessionId[],
): Promise<readonly SessionId[]> {
  const rows = await snapshot.all(reading.madeBy, { userId, ids, limit: MOST_DESCENDANTS });
  return rows.map(({ id }) => id);
}

/** The live sessions that are selected. */
export async function select(
  snapshot: Snapshot,
  userId: UserId,
  selection: Selection,
  now: Instant,
): Promise<readonly Session[]> {
  const ancestor = ancestorIn(selection);
  const [live, made] = await Promise.all([
    allLive(snapshot, userId, now),
    ancestor === null ? [] : madeBy(snapshot, userId, [toUuid(ancestor)]),
  ]);
  return selectFrom(live, selection, made);
}
