/** Marks a property that is there with a policy only. */
export const WITH_POLICY = { 'x-with-policy': true } as const;

/** Marks values of an enumeration that are there with a policy only. */
export const valuesWithPolicy = (...values: readonly string[]) => ({ 'x-with-policy': values });

const MARK = 'x-with-policy';

/** The document without these marks, and without a policy also without what they are on. */
export function publishedParts(document: unknown, hasPolicy: boolean): unknown {
  if (Array.isArray(document)) return document.map((part) => publishedParts(part, hasPolicy));
  if (typeof document !== 'object' || document === null) return document;
  const { [MARK]: mark, ...rest } = document as Readonly<Record<string, unknown>>;
  const isLeftOut = (part: unknown) =>
    !hasPolicy && typeof part === 'object' && part !== null && MARK in part && part[MARK] === true;
  const parts = Object.entries(rest).filter(([, part]) => !isLeftOut(part));
  const published = Object.fromEntries(
    parts.map(([name, part]) => [name, publishedParts(part, hasPolicy)]),
  );
  if (hasPolicy || !Array.isArray(mark) || !Array.isArray(published['enum'])) return published;
  return { ...published, enum: published['enum'].filter((value) => !mark.includes(value)) };
}
