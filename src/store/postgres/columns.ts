import { type DriverValueEncoder, Param } from 'drizzle-orm';
import { customType } from 'drizzle-orm/pg-core';
import { storableIn } from '../../core/storable.ts';
import { OLDEST } from '../id-order.ts';
import { param } from '../statement.ts';

const UUID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i;

/** A text is not an id of a session's: as the one that none has. */
export function toUuid(id: string): string {
  return UUID.test(id) ? id : OLDEST;
}

export function toJson(value: unknown): string {
  return JSON.stringify(storableIn(value));
}

/** The id of a session: 16 bytes, in the same order as its text. */
export const uuid = customType<{ data: string }>({
  dataType: () => 'uuid',
  toDriver: toUuid,
});

/** A Discord id, or another name by which something is found: byte by byte, in the same order everywhere. */
export const name = customType<{ data: string }>({
  dataType: () => 'text collate "C"',
});

export const text = customType<{ data: string }>({ dataType: () => 'text' });

/** Whole milliseconds since the Unix epoch, or another whole number that a double can hold. */
export const whole = customType<{ data: number }>({ dataType: () => 'bigint' });

export const bytes = customType<{ data: Uint8Array }>({ dataType: () => 'bytea' });

/** As it was written, with its members in their order. */
export const json = customType<{ data: unknown }>({ dataType: () => 'json', toDriver: toJson });

/** Of which members can be removed. */
export const jsonb = customType<{ data: unknown }>({ dataType: () => 'jsonb', toDriver: toJson });

const idEncoder: DriverValueEncoder<unknown, unknown> = {
  mapToDriverValue: (id) => toUuid(String(id)),
};

/** A session's id that is given when the statement runs. */
export const idParam = (given: string) => new Param(param(given), idEncoder);
