import { mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { backupName, isScheduled, takenAt } from '../../../../src/store/sqlite/file/backup-name.ts';
import { verify } from '../../../../src/store/sqlite/file/backup.ts';
import { createScheduledBackups } from '../../../../src/store/sqlite/file/scheduled-backups.ts';
import {
  createClock,
  DAY,
  HOUR,
  SECOND,
  START,
  temporaryFolder,
} from '../../../support/fixtures.ts';
import { fill } from '../../../support/program.ts';

const MINUTE = 60 * SECOND;
const YEAR = 365 * DAY;

const folder = temporaryFolder();
afterAll(() => folder.remove());

const databaseFile = join(folder.path, 'latchkey.db');
beforeAll(() => fill(databaseFile));

let folders = 0;

function setUp({ keep = 3, database = databaseFile } = {}) {
  const into = join(folder.path, `backups ${(folders += 1)}`);
  const clock = createClock(START);
  const failures: [string, number][] = [];
  const done: string[] = [];
  const create = () =>
    createScheduledBackups({
      folder: into,
      everyMs: DAY,
      keep,
      databaseFile: database,
      clock,
      onDone: (file) => done.push(file),
      onFailure: (reason, retryAfterMs) => failures.push([reason, retryAfterMs]),
    });
  const names = () => readdirSync(into).toSorted();
  return { into, clock, failures, done, create, names, backups: create() };
}

const at = (instant: number) => backupName(databaseFile, instant);

describe('the name of a backup', () => {
  it('says when it was taken, in UTC, and of which database', () => {
    const name = backupName('some/club.v2.db', Date.UTC(2026, 10, 22, 10, 0, 0, 123));
    expect(name).toBe('club.v2-20261122T100000Z.db');
    expect(takenAt('other/club.v2.db', name)).toBe(Date.UTC(2026, 10, 22, 10));
    expect(takenAt('club.db', name)).toBeUndefined();
    expect(isScheduled('club.v2.db', name)).toBe(true);
  });

  it('says what for, if not by the clock', () => {
    const name = backupName('latchkey.db', START, 'before-migration-0001');
    expect(name).toBe('latchkey-before-migration-0001-20260102T030405Z.db');
    expect(takenAt('latchkey.db', name)).toBe(START);
    expect(isScheduled('latchkey.db', name)).toBe(false);
  });

  it.each([
    'latchkey.db',
    'latchkey-20261122T100000Z.db-wal',
    'latchkey-20261322T100000Z.db',
    'latchkey-20261122T100000Z.db.gz',
    '.latchkey-20261122T100000Z.db.7.latchkey-partial',
    'copy of latchkey-20261122T100000Z.db',
  ])('is not %s', (name) => {
    expect(takenAt('latchkey.db', name)).toBeUndefined();
  });
});

describe('scheduled backups', () => {
  it('know when the newest was taken, whoever took it', async () => {
    const { clock, backups, create, into } = setUp();
    mkdirSync(into);
    expect(await backups.newestAt()).toBeNull();
    await backups.run();
    clock.advance(HOUR);
    expect(await create().newestAt()).toBe(START);
    writeFileSync(join(into, at(START + YEAR)), 'by a clock that was ahead');
    expect(await backups.newestAt()).toBe(START);
  });

  it('make their folder, for its owner only, and begin at once', async () => {
    const { into, backups, names, done } = setUp();
    await backups.run();
    expect(statSync(into).mode & 0o777).toBe(0o700);
    expect(names()).toEqual([at(START)]);
    expect(done).toEqual([join(into, at(START))]);
    expect(verify(join(into, at(START)))).toEqual({ newestAt: START });
  });

  it('are taken when the time has come, whatever was restarted meanwhile', async () => {
    const { clock, backups, create, names } = setUp();
    await backups.run();
    clock.advance(DAY - MINUTE);
    await backups.run();
    await create().run();
    expect(names()).toHaveLength(1);
    clock.advance(MINUTE);
    await create().run();
    expect(names()).toEqual([at(START), at(START + DAY)]);
  });

  it('keep the newest, and everything that is not theirs', async () => {
    const { into, clock, backups, names, failures } = setUp({ keep: 2 });
    mkdirSync(into);
    const others = [
      'notes.txt',
      'other-20200101T000000Z.db',
      'latchkey-before-migration-0001-20200101T000000Z.db',
      'latchkey-20200101T000000Z.db-wal',
    ];
    for (const name of others) writeFileSync(join(into, name), '');
    const alike = [at(START - DAY), at(START)];
    for (const name of alike) mkdirSync(join(into, name));
    for (let day = 0; day < 4; day += 1) {
      clock.advance(DAY);
      await backups.run();
    }
    const kept = [at(START + 3 * DAY), at(START + 4 * DAY)];
    expect(names()).toEqual([...others, ...alike, ...kept].toSorted());
    expect(failures).toEqual([]);
  });

  it('delete none unless a new one is good', async () => {
    const database = join(folder.path, 'elsewhere', 'latchkey.db');
    const { into, clock, backups, names, failures } = setUp({ keep: 1, database });
    mkdirSync(into);
    const old = [at(START - 3 * DAY), at(START - 2 * DAY)];
    for (const name of old) writeFileSync(join(into, name), '');
    await backups.run();
    expect(failures).toEqual([[expect.stringMatching(/no database/), 5 * MINUTE]]);
    expect(names()).toEqual(old);
    await fill(database);
    clock.advance(HOUR);
    await backups.run();
    expect(names()).toEqual([at(START + HOUR)]);
  });

  it('go on after a clock that jumped a year ahead and back, and lose nothing by it', async () => {
    const { clock, backups, names } = setUp({ keep: 2 });
    await backups.run();
    clock.advance(YEAR);
    await backups.run();
    clock.advance(DAY - YEAR);
    await backups.run();
    clock.advance(DAY);
    await backups.run();
    expect(names()).toEqual([at(START + DAY), at(START + 2 * DAY), at(START + YEAR)]);
  });

  it('go on after a clock that went back a year, and keep what was taken before', async () => {
    const { clock, backups, names } = setUp({ keep: 1 });
    await backups.run();
    clock.advance(-YEAR);
    await backups.run();
    clock.advance(DAY);
    await backups.run();
    expect(names()).toEqual([at(START - YEAR + DAY), at(START)]);
  });

  it('say why one failed, and try again less and less often', async () => {
    const { into, clock, backups, failures, names } = setUp();
    writeFileSync(into, 'in the way');
    for (let minute = 0; minute < 4 * 60; minute += 1) {
      await backups.run();
      clock.advance(MINUTE);
    }
    expect(failures.map(([, retryAfterMs]) => retryAfterMs / MINUTE)).toEqual([
      5, 10, 20, 40, 60, 60, 60,
    ]);
    expect(failures[0]?.[0]).toMatch(/EEXIST.*backups/);
    rmSync(into);
    clock.advance(HOUR);
    await backups.run();
    expect(names()).toHaveLength(1);
  });

  it('try again at once after a clock that went back', async () => {
    const { into, clock, backups, failures } = setUp();
    writeFileSync(into, 'in the way');
    await backups.run();
    clock.advance(-YEAR);
    await backups.run();
    expect(failures).toHaveLength(2);
  });

  it('end without a word when Latchkey stops', async () => {
    const { backups, failures, into, names } = setUp();
    mkdirSync(into);
    const run = backups.run();
    backups.stop();
    await run;
    expect(failures).toEqual([]);
    expect(names().filter((name) => name.endsWith('.db'))).toEqual([]);
  });
});
