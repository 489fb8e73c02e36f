import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { AppError } from '../../src/core/errors.ts';
import type { NewSession } from '../../src/core/sessions/minted-token.ts';
import { migrate } from '../../src/store/postgres/server/migrate.ts';
import { useServer } from '../../src/store/postgres/server/open.ts';
import { openConnection } from '../../src/store/postgres/server/pools.ts';
import { mountDisk } from '../faults/disk.ts';
import { ANA, atMost, member, newSession, START } from '../support/fixtures.ts';
import { asNobody, runOn, startPostgres } from '../support/postgres-server.ts';
import { QUIETLY } from '../support/product-database.ts';

const disk = await mountDisk('16m');
afterAll(() => disk?.[Symbol.asyncDispose]());

const LIMITS = atMost(1_000_000);

// Only who may mount a small disk has one to fill.
test.skipIf(disk === null)(
  'a full disk under the server refuses what writes, and costs nothing else',
  async () => {
    await using server = await startPostgres();
    const place = join(disk!.path, 'tables');
    mkdirSync(place);
    asNobody(place);
    await runOn(server.url('postgres'), `create tablespace small location '${place}'`);
    await runOn(server.url('postgres'), 'create database tight tablespace small');
    const url = server.url('tight');
    await migrate({ connect: () => openConnection(url) });
    const store = useServer({ url, connections: 4 }, QUIETLY);
    try {
      const act = { actor: member(ANA), at: START };
      const made: NewSession[] = [];
      const make = async () => {
        const fresh = newSession({ name: 'x'.repeat(80) });
        await store.add(act, fresh, LIMITS);
        made.push(fresh);
      };
      const live = async () => (await store.page({ userId: ANA, now: START })).sessions.length;
      await make();
      disk!.fill();
      expect(await untilRefused(make)).toEqual({ code: 'unavailable' });
      expect(await live()).toBe(made.length);
      expect(await store.findByToken(made[0]!.tokenHash)).toMatchObject({
        id: made[0]!.session.id,
      });

      disk!.free();
      await make();
      expect(await live()).toBe(made.length);
    } finally {
      await store.close();
    }
  },
);

/** There is room in the pages that are there already. */
async function untilRefused(work: () => Promise<unknown>): Promise<unknown> {
  for (let attempt = 0; attempt < 5_000; attempt += 1) {
    try {
      await work();
    } catch (error) {
      if (error instanceof AppError) return error.refusal;
      throw error;
    }
  }
  throw new Error('the disk never filled up');
}
