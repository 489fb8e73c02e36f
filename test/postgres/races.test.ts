import process from 'node:process';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { SYSTEM } from '../../src/core/actor.ts';
import type { Act } from '../../src/core/audit/audit.ts';
import type { Session } from '../../src/core/sessions/session.ts';
import { hashToken } from '../../src/core/sessions/token.ts';
import type { Store } from '../../src/core/store.ts';
import type { Instant } from '../../src/core/time.ts';
import { knownMigrations, migrate } from '../../src/store/postgres/server/migrate.ts';
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
  SECOND,
  STAFF,
  START,
} from '../support/fixtures.ts';
import {
  connectAsOwner,
  createDatabase,
  EMPTY_TABLES,
  type OwnerConnection,
} from '../support/postgres-server.ts';
import { QUIETLY } from '../support/product-database.ts';

/** `npm run test:postgres -- --long` has more of them: what can be lost is seldom lost each time. */
const TRIALS = process.env['TEST_LONG'] === undefined ? 10 : 100;
const REPEATED = { repeats: TRIALS - 1 };
const SERVER = process.env['TEST_POSTGRES_URL'] ?? '';
const LIMIT = atMost(100);
const AT_ONCE = { rotatedAt: null, graceEndsAt: START };
const WITH_GRACE = { rotatedAt: null, graceEndsAt: START + HOUR };
const REPORTED = { as: 'reported', channelId: null } as const;
const AUTHORIZATION = {
  user: { id: ANA, username: 'ana', global_name: null, avatar: null, public_flags: 0 },
  scopes: ['identify'],
  expiresAt: START + DAY,
  checkedAt: START,
};
const act: Act = { actor: member(ANA), at: START };
const staff: Act = { actor: STAFF, at: START };
const LATER = START + HOUR;
const chore: Act = { actor: SYSTEM, at: LATER };

let url: string;
let owner: OwnerConnection;
let one: Store;
let other: Store;

beforeAll(async () => {
  url = await createDatabase(SERVER);
  await migrate({ connect: () => openConnection(url) });
  owner = await connectAsOwner(url);
  // None is to be found by the server and tried again: whoever meets one fails here, at the limit for a lock.
  const name = new URL(url).pathname.slice(1);
  await owner.run(`alter database ${name} set deadlock_timeout = '1min'`);
  // As two processes have them: nothing is shared but the server.
  one = useServer({ url, connections: 8 }, QUIETLY);
  other = useServer({ url, connections: 8 }, QUIETLY);
});

beforeEach(() => owner.run(EMPTY_TABLES));

afterAll(async () => {
  await Promise.all([one.close(), other.close(), owner[Symbol.asyncDispose]()]);
});

async function add(overrides: Partial<Session> = {}): Promise<Session> {
  const fresh = newSession(overrides);
  expect(await one.add(act, fresh, LIMIT)).toEqual({ is: 'stored' });
  return fresh.session;
}

const liveOf = async (userId = ANA) => (await one.page({ userId, now: START })).sessions;

/** Oldest first. */
async function actionsOf(userId: string) {
  const events = await one.audit({ userId, limit: 99 });
  return events.map(({ action }) => action).toReversed();
}

/** How many of eight changed something. */
async function startEight(database: string, migrations = knownMigrations()): Promise<number> {
  const driver = { connect: () => openConnection(database) };
  const added = await Promise.all(Array.from({ length: 8 }, () => migrate(driver, migrations)));
  return added.filter((count) => count > 0).length;
}

describe('of two processes on one database', REPEATED, () => {
  test('twenty creations at once make no more than the limit', async () => {
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        (index % 2 === 0 ? one : other).add(act, newSession(), atMost(3)),
      ),
    );
    expect(outcomes.filter(({ is }) => is === 'stored')).toHaveLength(3);
    expect(await liveOf()).toHaveLength(3);
  });

  test('a token that both rotate has one successor', async () => {
    const { id: replaces } = await add();
    const outcomes = await Promise.all([
      one.replace(act, newSession({ replaces }), AT_ONCE, LIMIT),
      other.replace(act, newSession({ replaces }), AT_ONCE, LIMIT),
    ]);
    expect(outcomes.filter(({ is }) => is === 'stored')).toHaveLength(1);
    expect(await liveOf()).toHaveLength(1);
  });

  test('what a session makes while it is revoked with all that it made does not live', async () => {
    const { id: parentId } = await add();
    await Promise.all([
      one.end(act, ANA, { one: parentId, includeDescendants: true }, 'revoked'),
      other.add(act, newSession({ parentId }), LIMIT),
      other.add(act, newSession({ parentId }), LIMIT),
    ]);
    expect(await liveOf()).toEqual([]);
  });

  test('a token that is revoked with all others makes none', async () => {
    const { id: parentId } = await add();
    await Promise.all([
      one.end(act, ANA, { allBut: null }, 'revoked'),
      other.add(act, newSession({ parentId }), LIMIT),
    ]);
    expect(await liveOf()).toEqual([]);
  });

  test('a ban that ends all sessions leaves none that is made meanwhile', async () => {
    const { id: replaces } = await add();
    await Promise.all([
      one.ban(staff, ANA, banBy(staff), true),
      other.add(act, newSession(), LIMIT),
      other.addLogin(act, newSession({ type: 'login', name: null }), AUTHORIZATION, 50),
      other.replace(act, newSession({ replaces }), WITH_GRACE, LIMIT),
    ]);
    expect(await liveOf()).toEqual([]);
  });

  test('a session is ended by one, and the audit says so once', async () => {
    const { id } = await add();
    const selection = { one: id, includeDescendants: false };
    const ended = await Promise.all([
      one.end(act, ANA, selection, 'revoked'),
      other.end(act, ANA, selection, 'revoked'),
    ]);
    expect(ended.flat()).toHaveLength(1);
    expect(await actionsOf(ANA)).toEqual(['session.created', 'session.ended']);
  });

  test('tokens that are reported as leaked to both are ended by one', async () => {
    const found = [await add(), await add({ userId: BEN })];
    const hashes = found.map(({ id }) => hashToken(id));
    const counts = await Promise.all([
      one.endFound(act, hashes, REPORTED),
      other.endFound(act, hashes.toReversed(), REPORTED),
    ]);
    expect(counts[0].ended + counts[1].ended).toBe(2);
    expect([await liveOf(ANA), await liveOf(BEN)]).toEqual([[], []]);
  });

  test('a member is erased with a token that is made meanwhile, or has it with an account', async () => {
    await add();
    const fresh = newSession();
    const [hasMore] = await Promise.all([one.forget(act, ANA, 100), other.add(act, fresh, LIMIT)]);
    expect(hasMore).toBe(false);
    const ids = (await liveOf()).map(({ id }) => id);
    const account = await one.findAccount(ANA);
    expect([[], [fresh.session.id]]).toContainEqual(ids);
    expect(account === null).toBe(ids.length === 0);
  });

  test('each message is taken by one', async () => {
    await one.ban(staff, ANA, banBy(staff), false);
    const taken = await Promise.all(
      [one, other, one, other].map((store, index) =>
        store.takeBatch(LATER, LATER + HOUR, `batch ${index}`),
      ),
    );
    const recipients = taken.flatMap((batch) => (batch === null ? [] : [batch.recipient]));
    expect(recipients).toHaveLength(2);
    expect(new Set(recipients)).toEqual(new Set([ANA, null]));
  });

  test('an owner is reminded by one, also where the other is five seconds behind', async () => {
    for (let index = 0; index < 5; index += 1) await add({ expiresAt: START + 90 * DAY });
    const at = START + 76 * DAY + HOUR;
    const counts = await Promise.all([
      one.remind({ actor: SYSTEM, at }, 100),
      other.remind({ actor: SYSTEM, at: at - 5 * SECOND }, 100),
    ]);
    expect(counts[0] + counts[1]).toBe(5);
    const reminders = (await actionsOf(ANA)).filter((action) => action === 'token.expiring');
    expect(reminders).toHaveLength(5);
  });

  test('a ban that is over is lifted by one', async () => {
    await one.ban(staff, ANA, { ...banBy(staff), until: START + HOUR }, false);
    await Promise.all([one, other].map((store) => store.liftExpiredBans(chore, 100)));
    expect(await actionsOf(ANA)).toEqual(['account.banned', 'account.unbanned']);
  });

  test('a token is stored, or its message is looked for as a lost one', async () => {
    const fresh = newSession();
    await one.expectDelivery(fresh.session, START + HOUR);
    const [outcome, lost] = await Promise.all([
      one.add(act, fresh, LIMIT, null),
      other.takeDeletion(LATER, LATER + HOUR),
    ]);
    expect(outcome.is).toBe(lost === null ? 'stored' : 'retracted');
    expect(await liveOf()).toHaveLength(lost === null ? 1 : 0);
  });

  test('a message that is to be deleted is taken by one', async () => {
    await one.expectDelivery(newSession().session, START + HOUR);
    const taken = await Promise.all(
      [one, other].map((store) => store.takeDeletion(LATER, LATER + HOUR)),
    );
    expect(taken.filter((deletion) => deletion !== null)).toHaveLength(1);
  });

  test('a question is answered once', async () => {
    const question = { id: 'question', userId: ANA, act: { kind: 'ban' }, expiresAt: LATER };
    await one.saveConfirmation(question);
    const answers = await Promise.all(
      [one, other].map((store) => store.takeConfirmation('question', ANA, START)),
    );
    expect(answers.filter((answer) => answer !== null)).toEqual([question.act]);
  });

  test('a lease is held by one', async () => {
    const held = await Promise.all(
      [one, other, one, other].map((store, index) =>
        store.takeLease('chores', `process ${index}`, START, HOUR),
      ),
    );
    expect(held.filter(Boolean)).toHaveLength(1);
  });

  test('uses of the same tokens are written by both while their owner revokes all', async () => {
    const ids: string[] = [];
    for (let index = 0; index < 20; index += 1) ids.push((await add()).id);
    const usedAt = (at: Instant) => ids.map((id) => [id, at] as const);
    await Promise.all([
      one.touch(act, usedAt(START + 1)),
      other.touch(act, usedAt(START + 2).toReversed()),
      one.touch(act, usedAt(START + 3)),
      other.warnOfReuse(act, ids.toReversed()),
      other.end(act, ANA, { allBut: null }, 'revoked'),
    ]);
    expect(await liveOf()).toEqual([]);
    const [row] = await owner.run('select min(last_used_at)::text as at from sessions');
    expect(row).toEqual({ at: String(START + 3) });
  });

  test('no check says "live" once a revoke is acknowledged, beside 64 others', async () => {
    const [revoked, kept] = [await add(), await add()];
    const over = new AbortController();
    const others = Array.from({ length: 64 }, async (_, index) => {
      const hash = hashToken((index % 2 === 0 ? revoked : kept).id);
      while (!over.signal.aborted) await other.findByToken(hash);
    });
    await one.end(act, ANA, { one: revoked.id, includeDescendants: false }, 'revoked');
    const found = await Promise.all(
      Array.from({ length: 16 }, () => other.findByToken(hashToken(revoked.id))),
    );
    over.abort();
    await Promise.all(others);
    expect(new Set(found.map((session) => session?.endReason))).toEqual(new Set(['revoked']));
  });
});

describe('of eight processes that start at once', { repeats: TRIALS / 5 - 1 }, () => {
  test('one makes the tables, and one brings them up to date', async () => {
    const database = await createDatabase(SERVER);
    expect(await startEight(database)).toBe(1);
    const known = knownMigrations();
    const sql = ['alter table accounts add column later int'];
    const folderMillis = known.at(-1)!.folderMillis + 1;
    const later = { sql, folderMillis, hash: 'later', bps: true };
    expect(await startEight(database, [...known, later])).toBe(1);
  });
});
