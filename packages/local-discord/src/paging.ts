import { invalidForm } from './errors.ts';

/** Whether an id is on the page that the query's `before` and `after` ask for. */
export function isOnPage(id: string, query: URLSearchParams): boolean {
  const before = query.get('before');
  const after = query.get('after');
  return (
    (before === null || BigInt(id) < BigInt(before)) &&
    (after === null || BigInt(id) > BigInt(after))
  );
}

export function limitOf(
  query: URLSearchParams,
  { usual, most }: { readonly usual: number; readonly most: number },
): number {
  const limit = Number(query.get('limit') ?? usual);
  if (limit >= 1 && limit <= most) return limit;
  throw invalidForm({
    at: ['limit'],
    code: 'NUMBER_TYPE_MAX',
    message: `int value should be between 1 and ${most}.`,
  });
}
