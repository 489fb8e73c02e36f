/** The database cannot be used as it is. The message is a sentence or two for the operator. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
}

/** Another start would end the same way, until somebody has done what the message says. */
export class UnusableDatabase extends StoreError {}

/** Somebody ended it before its end, and it can be repeated. */
export class Interrupted extends StoreError {}

/** How a program ends that met one: EX_DATAERR of sysexits.h. */
export const EXIT_UNUSABLE = 65;

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
