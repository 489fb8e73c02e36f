import addFormats from 'ajv-formats';
import { Ajv2020, type ErrorObject } from 'ajv/dist/2020.js';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

type Json = Record<string, unknown>;

/** Discord's published description of its API; it stands beside the repository, if at all. */
const FILE =
  process.env['DISCORD_OPENAPI'] ??
  fileURLToPath(new URL('../../../shared/discord-openapi.json', import.meta.url));

export const isPublished = existsSync(FILE);

/** Put behind the name of a suite that looks at the description. */
export const publishedNote = isPublished
  ? ''
  : ' (by its limits alone: no Discord description, set DISCORD_OPENAPI to its path)';

let compiled: ((method: string, path: string) => (body: unknown) => string[]) | undefined;

/** What the description has against a JSON body for `method` and `path`, its template; nothing without one. */
export function faultsOf(method: string, path: string, body: unknown): string[] {
  if (!isPublished) return [];
  compiled ??= load();
  return compiled(method, path)(body);
}

function load(): NonNullable<typeof compiled> {
  const document = JSON.parse(readFileSync(FILE, 'utf8')) as Json & {
    paths: Json;
    components: { schemas: Record<string, Json> };
  };
  // What Discord would ignore is a typing error of ours.
  for (const schema of Object.values(document.components.schemas)) {
    const isPlain = !('allOf' in schema || 'anyOf' in schema || 'oneOf' in schema);
    if (schema['type'] === 'object' && 'properties' in schema && isPlain) {
      schema['additionalProperties'] ??= false;
    }
  }
  const ajv = new Ajv2020({ strict: false, validateSchema: false, logger: false });
  addFormats.default(ajv);
  for (const format of ['snowflake', 'nonce']) ajv.addFormat(format, true);
  const { paths, components } = document;
  ajv.addSchema({ $id: 'discord', paths, components });
  return (method, path) => {
    const pointer = ['paths', path, method, 'requestBody', 'content', 'application/json', 'schema']
      .map((part) => encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1')))
      .join('/');
    const validate = ajv.compile({ $ref: `discord#/${pointer}` });
    return (body) =>
      validate(body) ? [] : (validate.errors ?? []).map((error) => describeError(error));
  };
}

function describeError({ instancePath, message, params }: ErrorObject): string {
  return `${instancePath} ${message ?? ''} ${JSON.stringify(params)}`;
}
