import process from 'node:process';
import { afterAll, beforeAll, beforeEach } from 'vitest';
import { migrate } from '../../src/store/postgres/server/migrate.ts';
import { openConnection } from '../../src/store/postgres/server/pools.ts';
import { useServer } from '../../src/store/postgres/server/open.ts';
import { describeStore } from '../store/contract/index.ts';
import { describeLeaseByItsClock } from '../store/contract/lease-store.ts';
import {
  connectAsOwner,
  createDatabase,
  EMPTY_TABLES,
  type OwnerConnection,
} from '../support/postgres-server.ts';
import { QUIETLY } from '../support/product-database.ts';

let url: string;
let owner: OwnerConnection;

beforeAll(async () => {
  url = await createDatabase(process.env['TEST_POSTGRES_URL'] ?? '');
  await migrate({ connect: () => openConnection(url) });
  owner = await connectAsOwner(url);
});

beforeEach(() => owner.run(EMPTY_TABLES));

afterAll(() => owner[Symbol.asyncDispose]());

const open = async () => useServer({ url, connections: 4 }, QUIETLY);

describeStore('PostgreSQL', open, describeLeaseByItsClock);
