import process from 'node:process';
import { expect, test } from 'vitest';
import { hashToken } from '../../src/core/sessions/token.ts';
import { migrate } from '../../src/store/postgres/server/migrate.ts';
import { openConnection } from '../../src/store/postgres/server/pools.ts';
import { checkQuery } from '../../src/store/postgres/sessions/check-statement.ts';
import { createDatabase, runOn } from '../support/postgres-server.ts';

const ROWS = 20_000;

test('a check goes by its two indices, whether statistics were ever gathered or not', async () => {
  const url = await createDatabase(process.env['TEST_POSTGRES_URL'] ?? '');
  await migrate({ connect: () => openConnection(url) });
  await runOn(
    url,
    `alter table accounts set (autovacuum_enabled = off);
    alter table sessions set (autovacuum_enabled = off);
    insert into accounts (user_id, created_at)
      select 100000000000000000 + n, 0 from generate_series(1, ${ROWS}) as n;
    insert into sessions (id, token_hash, user_id, type, hint, created_at, expires_at)
      select gen_random_uuid(), sha256(n::text::bytea), 100000000000000000 + n, 'api', 'abcd', 0, 1
      from generate_series(1, ${ROWS}) as n`,
  );
  const [one, another] = [hashToken('one'), hashToken('another')];
  for (const statistics of ['', 'analyze']) {
    await runOn(url, statistics);
    expect(await readsOf(url, [one])).toEqual(['sessions_token_hash', 'accounts_banned']);
    expect(await readsOf(url, [one, another])).toEqual([
      'Function Scan',
      'sessions_token_hash',
      'accounts_banned',
    ]);
  }
});

/** By what each table of the check is read. */
async function readsOf(url: string, tokenHashes: readonly Uint8Array[]): Promise<unknown[]> {
  const { text, values } = checkQuery(tokenHashes);
  const connection = await openConnection(url);
  const { rows } = await connection.query({ text: `explain (format json) ${text}`, values });
  connection.release(true);
  const [answer] = rows as unknown as { 'QUERY PLAN': { Plan: Node }[] }[];
  return reads(answer?.['QUERY PLAN'][0]?.Plan);
}

interface Node {
  readonly 'Node Type': string;
  readonly 'Index Name'?: string;
  readonly Plans?: readonly Node[];
}

function reads(node: Node | undefined): unknown[] {
  if (node === undefined) return [];
  if (node.Plans !== undefined) return node.Plans.flatMap(reads);
  return [node['Index Name'] ?? node['Node Type']];
}
