import { FORM } from '../request/form.ts';
import { type Call, type Content, resolved, type Schema, type Schemas } from './document.ts';
import { exampleOf, valueOf } from './example.ts';

/** By the name of the scheme: how a credential of it is sent, out of a variable of the shell. */
const CREDENTIALS: Readonly<Record<string, string>> = {
  token: '-H "Authorization: Bearer $TOKEN"',
  introspection: '-H "Authorization: Bearer $INTROSPECTION_SECRET"',
};

/** A call as a line to type, with what it needs and what the document has an example of. */
export function curlLine(
  { method, path, operation }: Call,
  base: string,
  schemas: Schemas,
): string {
  const { parameters = [], requestBody, security = [] } = operation;
  const needed = parameters
    .filter(({ required, schema }) => required === true || schema?.example !== undefined)
    .map(({ name, in: place, schema = {} }) => {
      const value = encodeURIComponent(String(valueOf(schema, schemas)));
      return { name, place, value };
    });
  const address = needed
    .filter(({ place }) => place === 'path')
    .reduce((filled, { name, value }) => filled.replace(`{${name}}`, value), base + path);
  const query = needed
    .filter(({ place }) => place === 'query')
    .map(({ name, value }) => `${name}=${value}`);
  const [credential = ''] = security
    .flatMap((either) => Object.keys(either))
    .flatMap((scheme) => CREDENTIALS[scheme] ?? []);
  const body = requestBody === undefined ? '' : bodyOption(requestBody.content, schemas);
  // Curl sends a body by POST, and all else by GET.
  const isUsual = method === (body === '' ? 'GET' : 'POST');
  return [
    'curl',
    isUsual ? '' : `-X ${method}`,
    credential,
    body,
    quoted(query.length === 0 ? address : `${address}?${query.join('&')}`),
  ]
    .filter((part) => part !== '')
    .join(' ');
}

function bodyOption(content: Content, schemas: Schemas): string {
  const json = content['application/json'];
  if (json !== undefined) {
    const fields = neededFields(exampleOf(json, schemas), json.schema, schemas);
    return `--json ${quoted(JSON.stringify(Object.fromEntries(fields)))}`;
  }
  const form = content[FORM];
  if (form === undefined) return '';
  return neededFields(exampleOf(form, schemas), form.schema, schemas)
    .map(([name, value]) =>
      name === 'token'
        ? '-d "token=$TOKEN"'
        : `--data-urlencode ${quoted(`${name}=${String(value)}`)}`,
    )
    .join(' ');
}

/** Those that must be there; all of them where none must. */
function neededFields(example: unknown, schema: Schema, schemas: Schemas): [string, unknown][] {
  const fields = Object.entries(example as Readonly<Record<string, unknown>>);
  const required = requiredIn(schema, schemas);
  return required.length === 0 ? fields : fields.filter(([name]) => required.includes(name));
}

function requiredIn(schema: Schema, schemas: Schemas): string[] {
  const { required = [], allOf = [] } = resolved(schema, schemas);
  return [...required, ...allOf.flatMap((part) => requiredIn(part, schemas))];
}

/** For a POSIX shell, where nothing but its own mark ends a quotation. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
