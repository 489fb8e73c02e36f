import Database from 'better-sqlite3';
import { randomBytes } from 'node:crypto';
import { mintSessionToken, toNewSession } from '../../../src/core/sessions/minted-token.ts';
import { nextReminder } from '../../../src/core/sessions/reminders.ts';
import { each, eachAwaited } from '../candidates.ts';
import { copyOf, databaseOf, removeDatabase } from '../data.ts';
import { member, openOurs } from '../ours.ts';
import type { Result, Section } from '../result.ts';
import { race, ratio, typical } from '../rounds.ts';
import { PREFIX, sampleRows, userOf } from '../rows.ts';

const SAMPLE = 20_000;
const NOTED = 5_000;
const EXPIRES_AT = Date.UTC(2999, 0);

export const writes: Section = {
  name: 'writes',
  async run({ usual, quick }) {
    const file = await databaseOf(usual);
    return [
      ...(await onCopy(file, (copy) => creation(copy, usual, quick))),
      ...(await onCopy(file, (copy) => flushing(copy, usual, quick))),
      await purging(file, usual, quick),
    ];
  },
};

async function onCopy<Made>(file: string, work: (copy: string) => Promise<Made>) {
  const copy = copyOf(file);
  try {
    return await work(copy);
  } finally {
    removeDatabase(copy);
  }
}

/** The same row, one in a transaction, as durable as ours; what the audit and the limits add is ours alone. */
async function creation(file: string, rows: number, quick: boolean): Promise<Result[]> {
  await using ours = openOurs(file);
  const insert = openInsert(file);
  const users = sampleRows(rows, SAMPLE).map((index) => userOf(index, rows));
  const input = { name: 'a token', expiresAt: EXPIRES_AT };
  const laps = await race(
    [
      eachAwaited('create', users, (user) => ours.tokens.create(member(user), input)),
      each('insert', users, (user) => insert.run(user)),
      each('insert and audit', users, (user) => insert.runAudited(user)),
    ],
    { rounds: quick ? 7 : 15, ms: 150, clock: 'wall' },
  );
  insert.close();
  return [
    {
      goal: 'G13',
      value: ratio(laps, 'insert', 'create'),
      remark: `with its row of audit ${ratio(laps, 'insert and audit', 'create').toFixed(2)}`,
    },
    { what: 'creation', value: typical(laps, 'create'), unit: 'us' },
    { what: 'bare insert', value: typical(laps, 'insert'), unit: 'us' },
  ];
}

function openInsert(file: string) {
  const database = new Database(file);
  database.pragma('synchronous = FULL');
  database.pragma('cache_size = -65536');
  const insert = database.prepare(
    `insert into sessions (id, token_hash, user_id, type, name, hint, created_at, expires_at, remind_at)
     values (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const audit = database.prepare(
    `insert into audit_events (at, actor_kind, actor_id, request_id, action, user_id, session_id, detail)
     values (?, 'member', ?, 'benchmark', 'session.created', ?, ?, ?)`,
  );
  const audited = database.transaction((user: string) => {
    const id = run(user);
    audit.run(Date.now(), user, user, id, JSON.stringify({ type: 'api', expiresAt: EXPIRES_AT }));
  });

  function run(user: string): string {
    const createdAt = Date.now();
    const draft = {
      userId: user,
      type: 'api',
      name: 'a token',
      parentId: null,
      replaces: null,
      scope: null,
    } as const;
    const minted = mintSessionToken(
      { ...draft, createdAt, expiresAt: EXPIRES_AT },
      PREFIX,
      randomBytes,
    );
    const { session, tokenHash } = toNewSession(minted);
    const { id, type, name, hint, expiresAt } = session;
    const remindAt = nextReminder(session, createdAt);
    insert.run(id, tokenHash, user, type, name, hint, createdAt, expiresAt, remindAt);
    return id;
  }

  return {
    run,
    runAudited: (user: string) => audited.immediate(user),
    close: () => void database.close(),
  };
}

/**
 * How long others wait at most while uses are written down, in the calmest round: others who write to
 * the same disk only add to it.
 */
async function flushing(file: string, rows: number, quick: boolean): Promise<Result[]> {
  await using ours = openOurs(file);
  const { lastUsed } = ours;
  const ids = idsOf(file, sampleRows(rows, NOTED));
  const blocks: number[] = [];
  for (let round = 0; round < (quick ? 5 : 9); round += 1) {
    // Equal values would not be written.
    for (const id of ids) lastUsed.record(id, Date.now() + round);
    blocks.push(await longestBlock(() => lastUsed.end()));
  }
  return [
    { goal: 'G17', value: Math.min(...blocks), unit: 'ms', remark: `${NOTED} sessions used` },
  ];
}

function idsOf(file: string, rows: readonly number[]): string[] {
  const database = new Database(file);
  const find = database
    .prepare<[number], string>('select id from sessions where rowid = ?')
    .pluck();
  const ids = rows.flatMap((index) => find.get(index + 1) ?? []);
  database.close();
  return ids;
}

/** The same while old rows are removed. */
async function purging(file: string, rows: number, quick: boolean): Promise<Result> {
  const blocks: number[] = [];
  for (let round = 0; round < (quick ? 3 : 5); round += 1) {
    blocks.push(
      await onCopy(file, async (copy) => {
        await using ours = openOurs(copy);
        return await longestBlock(() => ours.sessions.purge());
      }),
    );
  }
  const remark = `${rows} rows looked at, one in twenty removed`;
  return { goal: 'G17b', value: Math.min(...blocks), unit: 'ms', remark };
}

/** The longest gap between two turns of the event loop while the work goes on, in milliseconds. */
async function longestBlock(work: () => Promise<void>): Promise<number> {
  let longest = 0;
  let turnAt = performance.now();
  let isDone = false;
  const turn = (): void => {
    const now = performance.now();
    longest = Math.max(longest, now - turnAt);
    turnAt = now;
    if (!isDone) setImmediate(turn);
  };
  setImmediate(turn);
  await work();
  isDone = true;
  return longest;
}
