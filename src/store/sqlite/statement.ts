import type Database from 'better-sqlite3';
import { type Placeholder, type Query, sql, type SQL, type SQLWrapper } from 'drizzle-orm';
import { createFill, type Values } from '../statement.ts';

/**
 * A value that is given when the statement runs, where an index could serve a comparison with it. SQLite plans a prepared statement again for
 * each value that its plan may look at (it is built with STAT4), at several times the cost of the query.
 * The plus hides the value from the planner.
 */
export const opaque = (name: string): SQL => sql`+${sql.placeholder(name)}`;

/** The same for how many rows are wanted, at which the planner looks too; drizzle's type lacks it. */
export const opaqueLimit = opaque('limit') as SQLWrapper as Placeholder;

export interface Prepared<Row> {
  readonly run: (values: Values) => Database.RunResult;
  readonly get: (values: Values) => Row | undefined;
  readonly all: (values: Values) => Row[];
}

/**
 * A query, prepared, whose rows the driver makes. What drizzle does instead fits any query, and takes longer
 * than the query itself.
 */
export function prepare<Row>(
  database: Database.Database,
  query: { toSQL(): Query },
): Prepared<Row> {
  const { sql: text, params } = query.toSQL();
  const statement = database.prepare<unknown[], Row>(text);
  const fill = createFill(params);
  return {
    run: (values) => statement.run(...fill(values)),
    get: (values) => statement.get(...fill(values)),
    all: (values) => statement.all(...fill(values)),
  };
}
