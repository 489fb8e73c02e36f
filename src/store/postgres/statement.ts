import type { Query, SQL } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/node-postgres';
import { PgDialect } from 'drizzle-orm/pg-core';
import { createHash } from 'node:crypto';
import { createFill, type Values } from '../statement.ts';

/** Writes queries and runs none: what drizzle does to run one takes longer than the driver. */
export const db = drizzle.mock();
const dialect = new PgDialect();

/** A query whose plan each connection keeps under its name. */
export interface Statement<Row = never> {
  readonly name: string;
  readonly text: string;
  readonly fill: (values: Values) => unknown[];
  /** Never there: what its rows are. */
  readonly row?: Row;
}

export function statement<Row = never>(query: SQL | { toSQL(): Query }): Statement<Row> {
  const { sql: text, params } = 'toSQL' in query ? query.toSQL() : dialect.sqlToQuery(query);
  // Another text, another name: two versions of Latchkey may share a pooler's connections.
  const name = `lk_${createHash('sha256').update(text).digest('hex').slice(0, 24)}`;
  return { name, text, fill: createFill(params) };
}
