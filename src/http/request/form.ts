import type { HonoRequest } from 'hono';

export const FORM = 'application/x-www-form-urlencoded';

/** The type of a body, without its parameters; empty where the request does not say. */
export function mediaType(contentType: string | null | undefined): string {
  const [type = ''] = (contentType ?? '').split(';');
  return type.trim().toLowerCase();
}

/** The fields of a form. One that comes more than once is a list, which RFC 6749, section 3.2, forbids. */
export async function readForm(
  request: HonoRequest,
): Promise<Readonly<Record<string, string | readonly string[]>>> {
  const lists = new Map<string, string[]>();
  for (const [name, value] of new URLSearchParams(await request.text())) {
    const list = lists.get(name);
    if (list === undefined) lists.set(name, [value]);
    else list.push(value);
  }
  const fields = Array.from(lists, ([name, list]) => {
    const [only = '', ...more] = list;
    return [name, more.length === 0 ? only : list] as const;
  });
  return Object.fromEntries(fields);
}
