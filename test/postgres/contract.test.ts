import process from 'node:process';
import { beforeAll, beforeEach } from 'vitest';
import { migrate } from '../../src/store/postgres/server/migrate.ts';
import { openConnection } from '../../src/store/postgres/server/pools.ts';
import { useServer } from '../../src/store/postgres/server/open.ts';
import { describeStore } from '../store/contract/index.ts';
import { describeLeaseByItsClock } from '../store/contract/lease-store.ts';
import { createDatabase, emptyTables } from '../support/postgres-server.ts';
import { QUIETLY } from '../support/product-database.ts';

let url: string;

beforeAll(async () => {
  url = await createDatabase(process.env['TEST_POSTGRES_URL'] ?? '');
  await migrate({ connect: () => openConnection(url) });
});

beforeEach(() => emptyTables(url));

const open = async () => useServer({ url, connections: 4 }, QUIETLY);

describeStore('PostgreSQL', open, describeLeaseByItsClock);
