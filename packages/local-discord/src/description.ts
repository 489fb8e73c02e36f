import type { ErrorObject, ValidateFunction } from 'ajv';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { FormProblem } from './errors.ts';
import { asObject, isObject, type Json } from './json.ts';

// The description is Discord's, too large to be kept in here.
function descriptionPath(): string {
  return process.env['DISCORD_OPENAPI'] ?? '';
}

/** What requests are held against, beyond the rules written down here. */
export function describedBy(): 'published description' | 'own rules only' {
  return existsSync(descriptionPath()) ? 'published description' : 'own rules only';
}

interface Loaded {
  readonly paths: Json;
  readonly compile: (reference: string) => ValidateFunction;
}

type MutableJson = Record<string, unknown>;

let loaded: Promise<Loaded | undefined> | undefined;
const validators = new Map<string, ValidateFunction | undefined>();

/** What the description has against a request's body; nothing where it says nothing. */
export async function requestProblems(
  method: string,
  template: string,
  body: unknown,
): Promise<FormProblem[]> {
  const content = ['requestBody', 'content', 'application/json', 'schema'];
  return problems([template, method.toLowerCase(), ...content], body);
}

/** What the description has against an answer of ours. */
export async function responseProblems(
  method: string,
  template: string,
  status: number,
  body: unknown,
): Promise<FormProblem[]> {
  const content = ['responses', String(status), 'content', 'application/json', 'schema'];
  return problems([template, method.toLowerCase(), ...content], body);
}

async function problems(place: readonly string[], value: unknown): Promise<FormProblem[]> {
  const description = await (loaded ??= load());
  if (description === undefined) return [];
  const key = place.join(' ');
  if (!validators.has(key)) {
    const schema = place.reduce<unknown>(
      (node, member) => asObject(node)[member],
      description.paths,
    );
    const reference = place.map((member) => encodeURIComponent(escapePointer(member))).join('/');
    validators.set(
      key,
      schema === undefined ? undefined : description.compile(`discord#/paths/${reference}`),
    );
  }
  const validate = validators.get(key);
  if (validate === undefined || validate(value)) return [];
  return (validate.errors ?? []).filter(({ keyword }) => keyword !== 'if').map(asProblem);
}

// Once a process, and not before the first body: a start waits for none of it. One schema
// document holds everything, so that operations share what they have in common once compiled.
async function load(): Promise<Loaded | undefined> {
  if (describedBy() === 'own rules only') return undefined;
  const [{ Ajv2020 }, formats, text] = await Promise.all([
    import('ajv/dist/2020.js'),
    import('ajv-formats'),
    readFile(descriptionPath(), 'utf8'),
  ]);
  const document = asObject(JSON.parse(text));
  const paths = asObject(document['paths']);
  prepare(document);
  const ajv = new Ajv2020({
    strict: false,
    validateSchema: false,
    meta: false,
    logger: false,
    inlineRefs: false,
  });
  formats.default.default(ajv);
  ajv.addFormat('snowflake', true);
  ajv.addFormat('nonce', true);
  ajv.addSchema({ $id: 'discord', paths, components: document['components'] });
  return { paths, compile: (reference) => ajv.compile({ $ref: reference }) };
}

/**
 * Changes in place what would mislead a validator or blur what it says: a refusal names the fault
 * and not every alternative.
 */
function prepare(document: Json): void {
  const schemas = asObject(asObject(document['components'])['schemas']);
  const named = (reference: unknown): Json =>
    typeof reference === 'string'
      ? asObject(schemas[reference.slice('#/components/schemas/'.length)])
      : {};
  const visit = (node: unknown): void => {
    if (Array.isArray(node)) {
      node.forEach(visit);
      return;
    }
    if (!isObject(node)) return;
    chooseByType(node, named);
    chooseByNull(node);
    listConstants(node);
    allowPermissionsAsText(node);
    Object.values(node).forEach(visit);
  };
  visit(document);
}

/** Objects that differ by `type`: the one of that type, instead of any of them. */
function chooseByType(schema: MutableJson, named: (reference: unknown) => Json): void {
  const alternatives = schema['anyOf'] ?? schema['oneOf'];
  if (!Array.isArray(alternatives) || alternatives.length < 2) return;
  const types = alternatives.map((alternative) => typesOf(named(asObject(alternative)['$ref'])));
  const all = types.flat();
  if (types.some((each) => each.length === 0) || new Set(all).size !== all.length) return;
  delete schema['anyOf'];
  delete schema['oneOf'];
  Object.assign(schema, {
    type: 'object',
    required: ['type'],
    properties: { type: { enum: all } },
    allOf: alternatives.map((alternative: unknown, index) =>
      when({ properties: { type: { enum: types[index] } } }, alternative),
    ),
  });
}

/** Null or something: the something, for all that is not null. */
function chooseByNull(schema: MutableJson): void {
  const alternatives = schema['oneOf'];
  if (!Array.isArray(alternatives) || alternatives.length !== 2) return;
  const [first, second]: unknown[] = alternatives;
  if (asObject(first)['type'] !== 'null') return;
  delete schema['oneOf'];
  Object.assign(schema, when({ not: first }, second));
}

function listConstants(schema: MutableJson): void {
  const alternatives = schema['oneOf'];
  if (!Array.isArray(alternatives)) return;
  if (!alternatives.every((alternative) => 'const' in asObject(alternative))) return;
  delete schema['oneOf'];
  schema['enum'] = alternatives.map((alternative) => asObject(alternative)['const']);
}

/** Permissions are strings in Discord's prose and in every client, integers in the description. */
function allowPermissionsAsText(schema: MutableJson): void {
  const permissions = asObject(schema['properties'])['default_member_permissions'];
  if (!isObject(permissions) || !Array.isArray(permissions['type'])) return;
  Object.assign(permissions, { type: ['integer', 'string', 'null'], pattern: '^[0-9]+$' });
}

function when(condition: Json, consequence: unknown): Json {
  // oxlint-disable-next-line unicorn/no-thenable -- a keyword of JSON Schema
  return { if: condition, then: consequence };
}

/** The values of a required `type` that mark the schema; none if it has no such mark. */
function typesOf(schema: Json): unknown[] {
  const required = schema['required'];
  const values = asObject(asObject(schema['properties'])['type'])['enum'];
  return Array.isArray(required) && required.includes('type') && Array.isArray(values)
    ? values
    : [];
}

function escapePointer(member: string): string {
  return member.replaceAll('~', '~0').replaceAll('/', '~1');
}

function asProblem(error: ErrorObject): FormProblem {
  const at = error.instancePath
    .split('/')
    .slice(1)
    .map((member) => member.replaceAll('~1', '/').replaceAll('~0', '~'));
  const missing: unknown = asObject(error.params)['missingProperty'];
  if (error.keyword === 'required' && typeof missing === 'string') {
    return {
      at: [...at, missing],
      code: 'BASE_TYPE_REQUIRED',
      message: 'This field is required',
    };
  }
  const code = CODES[error.keyword] ?? 'BASE_TYPE_INVALID';
  const detail =
    error.keyword === 'enum' ? ` ${JSON.stringify(asObject(error.params)['allowedValues'])}` : '';
  return { at, code, message: `${error.message ?? error.keyword}${detail}` };
}

const CODES: Readonly<Record<string, string>> = {
  maxLength: 'BASE_TYPE_BAD_LENGTH',
  minLength: 'BASE_TYPE_BAD_LENGTH',
  maxItems: 'BASE_TYPE_BAD_LENGTH',
  minItems: 'BASE_TYPE_BAD_LENGTH',
  maximum: 'NUMBER_TYPE_MAX',
  minimum: 'NUMBER_TYPE_MIN',
  enum: 'BASE_TYPE_CHOICES',
  oneOf: 'UNION_TYPE_CHOICES',
  anyOf: 'UNION_TYPE_CHOICES',
  pattern: 'STRING_TYPE_REGEX',
  format: 'STRING_TYPE_REGEX',
};
