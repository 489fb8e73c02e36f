import type { Query, SQL } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/node-postgres';
import { PgDialect } from 'drizzle-orm/pg-core';
import { createHash } from 'node:crypto';
import { storable } from '../../core/storable.ts';
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
  const fill = createFill(params);
  return { name, text, fill: (values) => fill(values).map(toStorable) };
}

/** Text is clean when it comes here. One that is not after all is to fail nothing. */
function toStorable(value: unknown): unknown {
  if (typeof value === 'string') return storable(value);
  if (Array.isArray(value)) return value.map((each: unknown) => toStorable(each));
  return value;
}
