/** A UUID in lower case, in which all are kept (RFC 9562, section 4); null if the text is none. */
export function parseUuid(text: string): string | null {
  return /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i.test(text) ? text.toLowerCase() : null;
}
