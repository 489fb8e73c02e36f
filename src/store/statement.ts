import { is, Param, Placeholder, sql, type SQL, type SQLChunk } from 'drizzle-orm';

/** A value that is given when the statement runs. */
export const param = (name: string) => sql.placeholder(name);

/** Columns under the names that the rows are to have, where the driver makes the rows. */
export function named<Name extends string>(columns: Record<Name, SQLChunk>) {
  const aliased = Object.entries<SQLChunk>(columns).map(([name, column]) => [
    name,
    sql`${column}`.as(name),
  ]);
  return Object.fromEntries(aliased) as Record<Name, SQL.Aliased>;
}

export type Values = Readonly<Record<string, unknown>>;

/** How the driver gets the parameters of a statement. */
export function createFill(params: readonly unknown[]): (values: Values) => unknown[] {
  const parameters = params.map(toParameter);
  return (values) => parameters.map((valueIn) => valueIn(values));
}

function toParameter(parameter: unknown): (values: Values) => unknown {
  if (is(parameter, Placeholder)) return valueOf(parameter.name);
  if (!is(parameter, Param) || !is(parameter.value, Placeholder)) return () => parameter;
  const { encoder, value } = parameter;
  const given = valueOf(value.name);
  return (values) => {
    const plain = given(values);
    return plain === null ? null : encoder.mapToDriverValue(plain);
  };
}

function valueOf(name: string) {
  return (values: Values): unknown => {
    const value = values[name];
    // The driver would take it for null.
    if (value === undefined) throw new Error(`no value for "${name}"`);
    return value;
  };
}
