import { type DriverValueEncoder, Param } from 'drizzle-orm';
import { customType } from 'drizzle-orm/pg-core';
import { OLDEST } from '../id-order.ts';
import { param } from '../statement.ts';

const UUID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i;

/** As PostgreSQL can keep a text: it has no U+0000, and no halves of characters. */
export function storable(text: string): string {
  return text.toWellFormed().replaceAll('\0', '\u{FFFD}');
}

/** A text is not an id of a session's: as the one that none has. */
export function toUuid(id: string): string {
  return UUID.test(id) ? id : OLDEST;
}

export function toJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'string' ? storable(inner) : inner,
  );
}

/** The id of a session: 16 bytes, in the same order as its text. */
export const uuid = customType<{ data: string }>({
  dataType: () => 'uuid',
  toDriver: toUuid,
});

/** A Discord id, or another name by which something is found: byte by byte, in the same order everywhere. */
export const name = customType<{ data: string }>({
  dataType: () => 'text collate "C"',
  toDriver: storable,
});

export const text = customType<{ data: string }>({
  dataType: () => 'text',
  toDriver: storable,
});

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

const textEncoder: DriverValueEncoder<unknown, unknown> = {
  mapToDriverValue: (given) => storable(String(given)),
};

/** A text from outside that is given when the statement runs. */
export const textParam = (given: string) => new Param(param(given), textEncoder);
