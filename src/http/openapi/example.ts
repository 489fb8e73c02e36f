import { type Media, resolved, type Schema, type Schemas } from './document.ts';

/** What no example is given for. */
const UNKNOWN = '…';

/** By the format of a string. */
const FORMATS: Readonly<Record<string, string>> = {
  'date-time': '2026-11-29T07:40:51.000Z',
  uri: 'https://lamps.example/callback',
  uuid: '01a20233-6f5c-7d3e-9a41-8b2c5d7e9f10',
};

/** A body as it may be: the example that the document gives, or one made from the schema. */
export function exampleOf({ schema, example }: Media, schemas: Schemas): unknown {
  return example ?? valueOf(schema, schemas);
}

/** A value that the schema allows. What may be null is. */
export function valueOf(schema: Schema, schemas: Schemas): unknown {
  const { $ref, example, const: only, enum: allowed, anyOf, allOf, properties, items } = schema;
  if ($ref !== undefined) return valueOf(resolved(schema, schemas), schemas);
  if (example !== undefined) return example;
  if (schema.default !== undefined) return schema.default;
  if (only !== undefined) return only;
  const types = [schema.type ?? []].flat();
  if (types.includes('null') || allowed?.includes(null)) return null;
  if (allowed !== undefined) return allowed[0];
  if (anyOf?.[0] !== undefined) {
    const mayBeNull = anyOf.some(({ type }) => type === 'null');
    return mayBeNull ? null : valueOf(anyOf[0], schemas);
  }
  const parts = (allOf ?? []).map((part) => valueOf(part, schemas) as object);
  const fields = Object.entries(properties ?? {}).map(([name, field]) => [
    name,
    valueOf(field, schemas),
  ]);
  if (parts.length > 0 || properties !== undefined) {
    return Object.assign({}, ...parts, Object.fromEntries(fields)) as unknown;
  }
  if (items !== undefined) return [valueOf(items, schemas)];
  switch (types[0]) {
    case 'object':
      return {};
    case 'boolean':
      return true;
    case 'integer':
    case 'number':
      return schema.minimum ?? 1;
    default:
      return FORMATS[schema.format ?? ''] ?? UNKNOWN;
  }
}
