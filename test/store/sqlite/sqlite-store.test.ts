import Database from 'better-sqlite3';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { AppError } from '../../../src/core/errors.ts';
import type { Store } from '../../../src/core/store.ts';
import { openDatabase, openStore } from '../../../src/store/sqlite/file/open.ts';
import { createSqliteStore } from '../../../src/store/sqlite/sqlite-store.ts';
import {
  ANA,
  atMost,
  banBy,
  createClock,
  DAY,
  HOUR,
  member,
  newSession,
  STAFF,
  START,
  temporaryFolder,
} from '../../support/fixtures.ts';
import { describeStore } from '../contract/index.ts';
import { describeLease } from '../contract/lease-store.ts';

describeStore('SQLite', async () => openStore(':memory:'), describeLease);

const AT_ONCE = { rotatedAt: null, graceEndsAt: START };

describe('what SQLite keeps', () => {
  const folder = temporaryFolder();
  const clock = createClock();
  let store: Store;
  let raw: Database.Database;
  let file: string;

  beforeEach(() => {
    file = join(folder.path, `${clock.advance(1)}.db`);
    store = openStore(file);
    raw = new Database(file, { readonly: true });
    return async () => {
      raw.close();
      await store.close();
    };
  });

  afterAll(() => folder.remove());

  const act = { actor: member(ANA), at: START };

  interface Written {
    readonly action: string;
    readonly at: number;
    readonly actor_kind: string;
    readonly actor_id: string | null;
    readonly request_id: string | null;
    readonly user_id: string;
    readonly session_id: string | null;
    readonly detail: string;
  }

  const written = () =>
    raw
      .prepare<[], Written>('select * from audit_events order by id')
      .all()
      .map(({ detail, ...row }) => ({ ...row, detail: JSON.parse(detail) as unknown }));

  const ofAna = {
    actor_kind: 'member',
    actor_id: ANA,
    actor_session_id: null,
    request_id: act.actor.requestId,
  };

  it('writes down who created which session', async () => {
    const { session, ...fresh } = newSession();
    await store.add(act, { session, ...fresh }, atMost(1));
    expect(written()).toEqual([
      {
        id: 1,
        ...ofAna,
        action: 'session.created',
        at: START,
        user_id: ANA,
        session_id: session.id,
        detail: { type: 'api', expiresAt: session.expiresAt },
      },
    ]);
  });

  it('writes nothing down about what was refused', async () => {
    const { session, ...fresh } = newSession();
    await store.add(act, { session, ...fresh }, atMost(0));
    await store.replace(act, newSession({ replaces: session.id }), AT_ONCE, atMost(9));
    await store.end(act, ANA, { allBut: null }, 'revoked');
    expect(written()).toEqual([]);
    expect(raw.prepare('select count(*) from accounts').pluck().get()).toBe(0);
  });

  it('writes down a rotation, and the end of the old token with it', async () => {
    const old = newSession();
    const fresh = newSession({ replaces: old.session.id });
    await store.add(act, old, atMost(1));
    await store.replace({ ...act, at: START + 1 }, fresh, AT_ONCE, atMost(9));
    expect(written().slice(1)).toMatchObject([
      {
        ...ofAna,
        action: 'session.rotated',
        at: START + 1,
        session_id: fresh.session.id,
        detail: { replaced: old.session.id, expiresAt: fresh.session.expiresAt },
      },
      {
        ...ofAna,
        action: 'session.ended',
        at: START + 1,
        session_id: old.session.id,
        detail: { reason: 'rotated' },
      },
    ]);
  });

  it('writes down each session that ended, and in the row who ended it, when and why', async () => {
    const all = [newSession(), newSession()];
    for (const fresh of all) await store.add(act, fresh, atMost(9));
    await store.end({ actor: STAFF, at: START + HOUR }, ANA, { allBut: null }, 'revoked');
    const ended = written().slice(2, -1);
    expect(new Set(ended.map(({ session_id }) => session_id))).toEqual(
      new Set(all.map(({ session }) => session.id)),
    );
    expect(ended).toHaveLength(2);
    for (const row of ended) {
      expect(row).toMatchObject({
        action: 'session.ended',
        at: START + HOUR,
        actor_kind: 'staff',
        actor_id: STAFF.kind === 'staff' ? STAFF.userId : null,
        user_id: ANA,
        detail: { reason: 'revoked' },
      });
    }
    expect(written().at(-1)).toMatchObject({ action: 'sessions.ended', detail: { count: 2 } });
    const rows = raw.prepare('select ended_at, ended_by, end_reason from sessions').all();
    const ending = {
      ended_at: START + HOUR,
      ended_by: '900000000000000009',
      end_reason: 'revoked',
    };
    expect(rows).toEqual([ending, ending]);
  });

  it('names nobody where the system acted', async () => {
    await store.add(act, newSession(), atMost(1));
    await store.end({ actor: { kind: 'system' }, at: START }, ANA, { allBut: null }, 'revoked');
    expect(written()[1]).toMatchObject({ actor_kind: 'system', actor_id: null, request_id: null });
    expect(raw.prepare('select ended_by from sessions').pluck().get()).toBeNull();
  });

  it('writes down bans and unbans with their reasons', async () => {
    const by = { actor: STAFF, at: START };
    await store.ban(by, ANA, banBy(by, 'spam'), false);
    await store.unban(by, ANA, null, null);
    expect(written()).toMatchObject([
      { action: 'account.banned', user_id: ANA, session_id: null, detail: { reason: 'spam' } },
      { action: 'account.unbanned', user_id: ANA, session_id: null, detail: { reason: null } },
    ]);
  });

  it('writes down what it is told of deliveries', async () => {
    await store.record({ ...act, userId: ANA, action: 'token.undelivered', why: 'dm_closed' });
    expect(written()).toMatchObject([
      { ...ofAna, action: 'token.undelivered', detail: { why: 'dm_closed' } },
    ]);
  });

  it('undoes the act when its audit row cannot be written', async () => {
    const session = newSession();
    await store.add(act, session, atMost(9));
    const other = new Database(file);
    other.exec(
      "create trigger full before insert on audit_events begin select raise(abort, 'no'); end",
    );
    other.close();
    const fresh = newSession();
    await expect(store.add(act, fresh, atMost(9))).rejects.toThrow('no');
    await expect(store.end(act, ANA, { allBut: null }, 'revoked')).rejects.toThrow('no');
    await expect(
      store.replace(act, newSession({ replaces: session.session.id }), AT_ONCE, atMost(9)),
    ).rejects.toThrow('no');
    await expect(store.ban(act, ANA, banBy(act), false)).rejects.toThrow('no');
    expect(await store.findByToken(fresh.tokenHash)).toBeNull();
    expect(await store.findByToken(session.tokenHash)).toMatchObject({
      endReason: null,
      bannedUntil: null,
    });
  });

  it('shows what another connection committed at once: a revoke needs no restart', async () => {
    const session = newSession();
    await store.add(act, session, atMost(9));
    const other = openStore(file);
    expect(await other.findByToken(session.tokenHash)).toMatchObject({ endReason: null });
    await store.end(act, ANA, { allBut: null }, 'revoked');
    expect(await other.findByToken(session.tokenHash)).toMatchObject({ endReason: 'revoked' });
    await other.close();
  });

  it('lets one of two processes rotate, delete and post', async () => {
    const old = newSession();
    await store.expectDelivery(old.session, START);
    await store.add(act, old, atMost(9), { messageRef: '5/8', dueAt: START });
    await store.touch(act, [[old.session.id, START]]);
    const other = openStore(file);
    const both = [store, other] as const;
    const rotation = { rotatedAt: null, graceEndsAt: START + HOUR };
    const rotated = await Promise.all(
      both.map((each) =>
        each.replace(act, newSession({ replaces: old.session.id }), rotation, atMost(9)),
      ),
    );
    expect(rotated.map(({ is }) => is).toSorted()).toEqual(['rotated', 'stored']);
    const deletions = await Promise.all(both.map((each) => each.takeDeletion(START, START + HOUR)));
    expect(deletions.filter((each) => each !== null)).toHaveLength(1);
    const batches = await Promise.all(
      both.map((each, index) => each.takeBatch(START, START + HOUR, `batch ${index}`)),
    );
    expect(batches.filter((each) => each !== null)).toHaveLength(1);
    await other.close();
  });

  it('leaves nothing of what the jobs wrote to a later write, which would have to wait for the disk', async () => {
    const beside = openDatabase(file);
    const ahead = () => {
      const [{ log, checkpointed }] = beside.pragma('wal_checkpoint(noop)') as [
        { log: number; checkpointed: number },
      ];
      return log - checkpointed;
    };
    const session = newSession();
    await store.add(act, session, atMost(9));
    expect(ahead()).toBeGreaterThan(0);
    await store.touch(act, [[session.session.id, START]]);
    expect(ahead()).toBe(0);
    beside.close();
  });

  it('leaves the audit rows of a session that was purged', async () => {
    const session = newSession();
    await store.add(act, session, atMost(9));
    await store.purge(session.session.expiresAt + DAY, 10, null);
    expect(raw.prepare('select count(*) from sessions').pluck().get()).toBe(0);
    expect(written()).toHaveLength(1);
  });
});

describe('a file that cannot be written any more', () => {
  it('is reported as a passing trouble, and nothing was changed', async () => {
    const folder = temporaryFolder();
    const file = join(folder.path, 'full.db');
    const database = openDatabase(file);
    const store = createSqliteStore(database);
    database.pragma('query_only = ON');
    const fresh = newSession();
    const attempt = store.add({ actor: member(ANA), at: START }, fresh, atMost(9));
    await expect(attempt).rejects.toBeInstanceOf(AppError);
    await expect(attempt).rejects.toMatchObject({ code: 'unavailable' });
    expect(await store.findByToken(fresh.tokenHash)).toBeNull();
    expect(await store.isWritable()).toBe(false);
    // What has nothing to change tells nothing.
    await store.dropBatch('none').catch(() => {});
    expect(await store.isWritable()).toBe(false);
    database.pragma('query_only = OFF');
    await store.add({ actor: member(ANA), at: START }, fresh, atMost(9));
    expect(await store.isWritable()).toBe(true);
    await store.close();
    folder.remove();
  });
});
