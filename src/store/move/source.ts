import type Database from 'better-sqlite3';
import { storable } from '../../core/storable.ts';
import type { JsonRow } from './target.ts';
import type { Keep, MovedTable } from './tables.ts';

/** What of a table is written at once. */
export interface Slice {
  readonly rows: readonly JsonRow[];
  /** The place of the last of them. */
  readonly last: number;
}

/** Reads a database row by row, in the order in which the rows were made. */
export function createSource(database: Database.Database) {
  const select = (table: MovedTable, rest: string) => {
    const columns = table.columns.map(({ name }) => `"${name}"`);
    const text = `select rowid, ${columns.join(', ')} from ${table.name} ${rest}`;
    return database.prepare<unknown[], [place: number, ...values: unknown[]]>(text).raw();
  };

  return {
    count: ({ name }: MovedTable) =>
      database.prepare<[], number>(`select count(*) from ${name}`).pluck().get() ?? 0,

    /** The rows behind a place. */
    *slices(table: MovedTable, after: number, size: number, keep: Keep): Generator<Slice> {
      const next = select(table, 'where rowid > +? order by rowid limit +?');
      for (let last = after; ;) {
        const found = next.all(last, size);
        last = found.at(-1)?.[0] ?? last;
        if (found.length > 0) yield { rows: found.map((each) => toRow(table, each, keep)), last };
        if (found.length < size) return;
      }
    },

    /** The first row, the last, and some in between. `random` gives from 0 up to 1. */
    sample(table: MovedTable, size: number, random: () => number): readonly JsonRow[] {
      const ends = database.prepare<[], [least: number | null, most: number]>(
        `select min(rowid), max(rowid) from ${table.name}`,
      );
      const [least, most] = ends.raw().get() ?? [null, 0];
      if (least === null) return [];
      const from = select(table, 'where rowid >= +? order by rowid limit 1');
      const rows = new Map<number, JsonRow>();
      const places = Array.from({ length: size }, () => least + random() * (most - least));
      for (const each of [least, most, ...places]) {
        const [found] = from.all(Math.floor(each));
        if (found === undefined || rows.has(found[0])) continue;
        rows.set(found[0], toRow(table, found, storable));
      }
      return [...rows.values()];
    },

    /** The highest id that a table had. */
    highestId: (table: string) =>
      database
        .prepare<[string], number>(
          `select max((select ifnull(max(id), 0) from ${table}),
             (select ifnull(max(seq), 0) from sqlite_sequence where name = ?))`,
        )
        .pluck()
        .get(table) ?? 0,
  };
}

export type Source = ReturnType<typeof createSource>;

function toRow(table: MovedTable, [, ...values]: readonly unknown[], keep: Keep): JsonRow {
  const named = table.columns.map(({ name, toJson }, index) => [name, toJson(values[index], keep)]);
  return Object.fromEntries(named) as JsonRow;
}
