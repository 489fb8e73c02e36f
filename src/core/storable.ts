/**
 * Text without U+0000 and halves of characters: PostgreSQL keeps neither, and no person types them. A
 * credential is never changed so, or one that is none would become one.
 */
export function storable(text: string): string {
  // Halves first: two that only U+0000 keeps apart would become a character.
  return text.replaceAll(/\p{Cs}/gu, '').replaceAll('\0', '');
}

/** Whether {@link storable} would leave all text in a value as it is. */
export function isStorable(value: unknown): boolean {
  if (typeof value === 'string') return value.isWellFormed() && !value.includes('\0');
  if (typeof value !== 'object' || value === null) return true;
  return Object.entries(value).every(([name, inner]) => isStorable(name) && isStorable(inner));
}

/** The same value with only such text in it. */
export function storableIn<Value>(value: Value): Value;
export function storableIn(value: unknown): unknown {
  if (typeof value === 'string') return storable(value);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((inner: unknown) => storableIn(inner));
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [storable(name), storableIn(inner as unknown)]),
  );
}
