import { afterAll, beforeAll, beforeEach } from 'vitest';
import { createPostgresStore } from '../../../src/store/postgres/postgres-store.ts';
import { migrate } from '../../../src/store/postgres/server/migrate.ts';
import { type LocalPostgres, startPglite } from '../../support/pglite.ts';
import { describeStore } from '../contract/index.ts';
import { describeLeaseByItsClock } from '../contract/lease-store.ts';

let postgres: LocalPostgres;

beforeAll(async () => {
  postgres = await startPglite();
  await migrate(postgres.driver());
}, 60_000);

beforeEach(() => postgres.empty());

afterAll(() => postgres.stop());

const open = async () => createPostgresStore(postgres.driver());

describeStore('PGlite', open, describeLeaseByItsClock);
