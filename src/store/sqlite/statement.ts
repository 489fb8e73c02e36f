import type Database from 'better-sqlite3';
import {
  is,
  Param,
  Placeholder,
  type Query,
  sql,
  type SQL,
  type SQLChunk,
  type SQLWrapper,
} from 'drizzle-orm';

/** A value that is given when the statement runs. */
export const param = (name: string) => sql.placeholder(name);

/**
 * The same, where an index could serve a comparison with it. SQLite plans a prepared statement again for
 * each value that its plan may look at (it is built with STAT4), at several times the cost of the query.
 * The plus hides the value from the planner.
 */
export const opaque = (name: string): SQL => sql`+${sql.placeholder(name)}`;

/** The same for how many rows are wanted, at which the planner looks too; drizzle's type lacks it. */
export const opaqueLimit = opaque('limit') as SQLWrapper as Placeholder;

/** Columns under the names that the rows are to have, where the driver makes the rows. */
export function named<Name extends string>(columns: Record<Name, SQLChunk>) {
  const aliased = Object.entries<SQLChunk>(columns).map(([name, column]) => [
    name,
    sql`${column}`.as(name),
  ]);
  return Object.fromEntries(aliased) as Record<Name, SQL.Aliased>;
}

type Values = Readonly<Record<string, unknown>>;

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
  const parameters = params.map(toParameter);
  const fill = (values: Values) => parameters.map((valueIn) => valueIn(values));
  return {
    run: (values) => statement.run(...fill(values)),
    get: (values) => statement.get(...fill(values)),
    all: (values) => statement.all(...fill(values)),
  };
}

/** How the driver gets a parameter's value. */
function toParameter(parameter: unknown): (values: Values) => unknown {
  if (is(parameter, Placeholder)) return valueOf(parameter.name);
  if (!is(parameter, Param) || !is(parameter.value, Placeholder)) return () => parameter;
  const { encoder, value } = parameter;
  const given = valueOf(value.name);
  return (values) => encoder.mapToDriverValue(given(values));
}

function valueOf(name: string) {
  return (values: Values): unknown => {
    const value = values[name];
    // The driver would take it for null.
    if (value === undefined) throw new Error(`no value for "${name}"`);
    return value;
  };
}
