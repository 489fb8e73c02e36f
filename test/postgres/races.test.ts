import process from 'node:process';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Act } from '../../src/core/audit/audit.ts';
import type { Session } from '../../src/core/sessions/session.ts';
import { hashToken } from '../../src/core/sessions/token.ts';
import type { Store } from '../../src/core/store.ts';
import { migrate } from '../../src/store/postgres/server/migrate.ts';
import { useServer } from '../../src/store/postgres/server/open.ts';
import { openConnection } from '../../src/store/postgres/server/pools.ts';
import {
  ANA,
  atMost,
  banBy,
  BEN,
  DAY,
  HOUR,
  member,
  newSession,
  STAFF,
  START,
} from '../support/fixtures.ts';
import { createDatabase, emptyTables, runOn } from '../support/postgres-server.ts';
import { QUIETLY } from '../support/product-database.ts';

/** `npm run test:postgres -- --long` tries them oftener: what is lost is seldom lost each time. */
const TRIALS = process.env['TEST_LONG'] === undefined ? 10 : 100;
const SERVER = process.env['TEST_POSTGRES_URL'] ?? '';
const LIMIT = atMost(100);
const act: Act = { actor: member(ANA), at: START };
const staff: Act = { actor: STAFF, at: START };

let url: string;
let one: Store;
let other: Store;

beforeAll(async () => {
  url = await createDatabase(SERVER);
  await migrate({ connect: () => openConnection(url) });
  // As two processes have them: nothing is shared but the server.
  one = useServer({ url, connections: 8 }, QUIETLY);
  other = useServer({ url, connections: 8 }, QUIETLY);
});

beforeEach(() => emptyTables(url));

afterAll(async () => {
  await Promise.all([one.close(), other.close()]);
});

/** Something that is to be so however two processes meet. */
function race(name: string, trial: () => Promise<void>): void {
  test(`${name}, in each of ${TRIALS} trials`, async () => {
    for (let count = 0; count < TRIALS; count += 1) {
      await emptyTables(url);
      await trial();
    }
  });
}

async function add(overrides: Partial<Session> = {}, store = one): Promise<Session> {
  const fresh = newSession(overrides);
  expect(await store.add(act, fresh, LIMIT)).toEqual({ is: 'stored' });
  return fresh.session;
}

const liveOf = async (userId = ANA) => (await one.page({ userId, now: START })).sessions;
const isLive = async ({ id, userId }: Session) => (await one.findLive(userId, id, START)) !== null;

/** The outcome of each, none of which may fail. */
async function atOnce<Result>(...work: readonly Promise<Result>[]): Promise<Result[]> {
  return Promise.all(work);
}

describe('of two processes on one database', () => {
  race('twenty creations at once make no more than the limit', async () => {
    const outcomes = await atOnce(
      ...Array.from({ length: 20 }, (_, index) =>
        (index % 2 === 0 ? one : other).add(act, newSession(), atMost(3)),
      ),
    );
    expect(outcomes.filter(({ is }) => is === 'stored')).toHaveLength(3);
    expect(await liveOf()).toHaveLength(3);
  });

  race('a token that both rotate has one successor', async () => {
    const old = await add();
    const rotate = (store: Store) =>
      store.replace(
        act,
        newSession({ replaces: old.id }),
        { rotatedAt: null, graceEndsAt: START },
        LIMIT,
      );
    const outcomes = await atOnce(rotate(one), rotate(other));
    expect(outcomes.filter(({ is }) => is === 'stored')).toHaveLength(1);
    expect(await liveOf()).toHaveLength(1);
  });

  race('what a session makes while it is revoked with all that it made does not live', async () => {
    const parent = await add();
    await atOnce<unknown>(
      one.end(act, ANA, { one: parent.id, includeDescendants: true }, 'revoked'),
      other.add(act, newSession({ parentId: parent.id }), LIMIT),
      other.add(act, newSession({ parentId: parent.id }), LIMIT),
    );
    expect(await liveOf()).toEqual([]);
  });

  race('a token that is revoked with all others makes none', async () => {
    const parent = await add();
    await atOnce<unknown>(
      one.end(act, ANA, { allBut: null }, 'revoked'),
      other.add(act, newSession({ parentId: parent.id }), LIMIT),
    );
    expect(await liveOf()).toEqual([]);
  });

  race('a ban that ends all sessions leaves none that is made meanwhile', async () => {
    const old = await add();
    const user = { id: ANA, username: 'ana', global_name: null, avatar: null, public_flags: 0 };
    const known = { user, scopes: ['identify'], expiresAt: START + DAY, checkedAt: START };
    await atOnce<unknown>(
      one.ban(staff, ANA, banBy(staff), true),
      other.add(act, newSession(), LIMIT),
      other.addLogin(act, newSession({ type: 'login', name: null }), known, 50),
      other.replace(
        act,
        newSession({ replaces: old.id }),
        { rotatedAt: null, graceEndsAt: START + HOUR },
        LIMIT,
      ),
    );
    expect(await liveOf()).toEqual([]);
  });

  race('one says that it ended a session, and the audit says so once', async () => {
    const { id } = await add();
    const end = (store: Store) =>
      store.end(act, ANA, { one: id, includeDescendants: false }, 'revoked');
    const ended = await atOnce(end(one), end(other));
    expect(ended.flat()).toHaveLength(1);
    const events = await one.audit({ userId: ANA, limit: 99 });
    expect(events.filter(({ action }) => action === 'session.ended')).toHaveLength(1);
  });

  race('a leak that is reported to both ends each token once', async () => {
    const ours = [await add(), await add({ userId: BEN })];
    const hashes = ours.map(({ id }) => hashToken(id));
    const report = (store: Store, tokenHashes: readonly Uint8Array[]) =>
      store.endFound(act, tokenHashes, { as: 'reported', channelId: null });
    const counts = await atOnce(report(one, hashes), report(other, hashes.toReversed()));
    expect(counts.reduce((sum, { ended }) => sum + ended, 0)).toBe(2);
    expect(await Promise.all(ours.map(isLive))).toEqual([false, false]);
  });

  race('a member who is erased while a token is made has all of it or nothing', async () => {
    await add();
    const fresh = newSession();
    const [, made] = await Promise.all([one.forget(act, ANA, 100), other.add(act, fresh, LIMIT)]);
    const account = await one.findAccount(ANA);
    const sessions = await liveOf();
    expect(sessions.length).toBeLessThanOrEqual(1);
    if (sessions.length === 1) expect([made.is, account?.userId]).toEqual(['stored', ANA]);
  });

  race('a message is taken by one', async () => {
    await one.ban(staff, ANA, banBy(staff), false);
    const owed = await atOnce(
      ...[one, other, one, other].map((store, index) =>
        store.takeBatch(START + HOUR, START + 2 * HOUR, `batch ${index}`),
      ),
    );
    const ids = owed.flatMap((batch) => (batch === null ? [] : [batch.recipient]));
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids).toHaveLength(2);
  });

  race('a lease is held by one', async () => {
    const held = await atOnce(
      ...[one, other, one, other].map((store, index) =>
        store.takeLease('chores', `process ${index}`, START, HOUR),
      ),
    );
    expect(held.filter(Boolean)).toHaveLength(1);
  });

  race('uses of the same tokens are written by both while their owner revokes all', async () => {
    const sessions: Session[] = [];
    for (let index = 0; index < 20; index += 1) sessions.push(await add());
    const uses = (at: number) => sessions.map(({ id }) => [id, START + at] as const);
    await atOnce<unknown>(
      one.touch(act, uses(1)),
      other.touch(act, uses(2).toReversed()),
      one.touch(act, uses(3)),
      other.end(act, ANA, { allBut: null }, 'revoked'),
      other.warnOfReuse(
        act,
        sessions.map(({ id }) => id),
      ),
    );
    expect(await liveOf()).toEqual([]);
    const [row] = await runOn(url, 'select min(last_used_at)::text as at from sessions');
    expect(row).toEqual({ at: String(START + 3) });
  });

  race('no check says "live" once a revoke is acknowledged, beside 64 others', async () => {
    const [revoked, kept] = [await add(), await add()];
    let isOver = false;
    const others = Array.from({ length: 64 }, async () => {
      while (!isOver) await other.findByToken(hashToken(kept.id));
    });
    await one.end(act, ANA, { one: revoked.id, includeDescendants: false }, 'revoked');
    const checks = Array.from({ length: 16 }, () => other.findByToken(hashToken(revoked.id)));
    for (const found of await Promise.all(checks)) expect(found?.endReason).toBe('revoked');
    isOver = true;
    await Promise.all(others);
  });
});

test('eight processes that start at once on an empty database migrate it once', async () => {
  for (let trial = 0; trial < TRIALS / 5; trial += 1) {
    const empty = await createDatabase(SERVER);
    const added = await Promise.all(
      Array.from({ length: 8 }, () => migrate({ connect: () => openConnection(empty) })),
    );
    expect(added.filter((count) => count > 0)).toHaveLength(1);
  }
});
