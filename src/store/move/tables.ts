import { type AnyColumn, getTableColumns, getTableName } from 'drizzle-orm';
import type { AnyPgTable } from 'drizzle-orm/pg-core';
import type { AnySQLiteTable } from 'drizzle-orm/sqlite-core';
import { storable } from '../../core/storable.ts';
import { toUuid } from '../postgres/columns.ts';
import * as server from '../postgres/schema.ts';
import * as file from '../sqlite/schema.ts';

/** A table of both engines: they have the same names, and the same columns. */
export interface MovedTable {
  readonly name: string;
  readonly key: string;
  readonly columns: readonly MovedColumn[];
}

export interface MovedColumn {
  readonly name: string;
  /** Of PostgreSQL. */
  readonly type: string;
  /** From what SQLite's driver gives to what PostgreSQL reads out of JSON. */
  readonly toJson: (value: unknown, keep: Keep) => unknown;
}

/** As it can be kept of a text: see {@link storable}. */
export type Keep = (text: string) => string;

const pairs: readonly (readonly [AnySQLiteTable, AnyPgTable])[] = [
  // What others refer to comes before them.
  [file.accounts, server.accounts],
  [file.sessions, server.sessions],
  [file.authorizations, server.authorizations],
  [file.notices, server.notices],
  [file.deletions, server.deletions],
  [file.spentAllowances, server.spentAllowances],
  [file.settings, server.settings],
  [file.auditEvents, server.auditEvents],
  [file.outbox, server.outbox],
  [file.confirmations, server.confirmations],
  [file.requests, server.requests],
  [file.leases, server.leases],
];

/** Every table, in the order in which they are filled. */
export const TABLES: readonly MovedTable[] = pairs.map(([from, to]) => {
  const [given, wanted] = [getTableColumns(from), getTableColumns(to)];
  const columns = Object.entries(given).map(([name, column]) => toMoved(column, wanted[name]));
  const key = Object.values(wanted).find(({ primary }) => primary);
  if (key === undefined) throw new Error(`${getTableName(to)} has no key`);
  return { name: getTableName(to), key: key.name, columns };
});

function toMoved(from: AnyColumn, to: AnyColumn | undefined): MovedColumn {
  if (to?.name !== from.name) throw new Error(`PostgreSQL has no column ${from.name}`);
  const type = to.getSQLType();
  const write = writer(type);
  return {
    name: to.name,
    type,
    toJson: (value, keep) => (value === null ? null : write(from.mapFromDriverValue(value), keep)),
  };
}

function writer(type: string): (value: unknown, keep: Keep) => unknown {
  switch (type) {
    case 'uuid':
      return (value) => toUuid(String(value)).toLowerCase();
    case 'bytea':
      return (value) => `\\x${(value as Buffer).toString('hex')}`;
    case 'json':
    case 'jsonb':
      // As a text, since a null within it is not one of the column's.
      return (value, keep) =>
        JSON.stringify(value, (_name, inner: unknown) =>
          typeof inner === 'string' ? keep(inner) : inner,
        );
    default:
      return (value, keep) => (typeof value === 'string' ? keep(value) : value);
  }
}

/** Counts the texts that could not be kept as they were. */
export function createKeep(): { readonly keep: Keep; readonly changed: () => number } {
  let changed = 0;
  return {
    keep(text) {
      const kept = storable(text);
      if (kept !== text) changed += 1;
      return kept;
    },
    changed: () => changed,
  };
}
