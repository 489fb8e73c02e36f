// Ids are in the order of creation (UUID version 7).

/** After each real id, and before each. */
export const NEWEST = '~';
export const OLDEST = '';

/** When it was made, to the millisecond. */
export function instantOf(id: string): number {
  return Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
}

/** Before every id made at that instant or later (RFC 9562, section 5.7: the first 48 bits are the time). */
export function floorId(instant: number): string {
  const hex = Math.max(instant, 0).toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}`;
}
