import { html, raw } from 'hono/html';

type Html = ReturnType<typeof html>;

/** The part of an OpenAPI 3.1 document that the page shows. */
interface Document {
  readonly info: { readonly title: string; readonly description?: string | undefined };
  readonly servers?: readonly { readonly url: string }[] | undefined;
  readonly paths?: Readonly<Record<string, unknown>> | undefined;
  readonly components?: { readonly schemas?: unknown } | undefined;
}

interface Operation {
  readonly tags?: readonly string[];
  readonly summary?: string;
  readonly description?: string;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Content };
  readonly security?: readonly Readonly<Record<string, unknown>>[];
  readonly responses: Readonly<Record<string, { description: string; content?: Content }>>;
}

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly schema?: Schema;
}

type Content = Readonly<Record<string, { readonly schema: Schema }>>;

interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly format?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
}

const STYLE = `
  :root { color-scheme: light dark; }
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 52rem; margin: 0 auto; padding: 1rem; }
  h2 { margin-top: 2.5rem; }
  details { border: 1px solid #8885; border-radius: .5rem; margin: .5rem 0; padding: .5rem 1rem; }
  summary { cursor: pointer; }
  code { font: .9em ui-monospace, monospace; overflow-wrap: anywhere; }
  .method { display: inline-block; min-width: 4.5rem; font-weight: 700; }
  dt { margin-top: .5rem; }
  dd { margin-left: 1.5rem; }
  .quiet { opacity: .75; }
`;

/** The API's description for people: one page, without a script and without anything from elsewhere. */
export function renderDocumentation(document: Document) {
  const operations = Object.entries(document.paths ?? {}).flatMap(([path, methods]) =>
    Object.entries(methods as Record<string, Operation>).map(([method, operation]) => ({
      path,
      method,
      operation,
    })),
  );
  const tags = [...new Set(operations.flatMap(({ operation }) => operation.tags ?? []))];
  const schemas = Object.entries((document.components?.schemas ?? {}) as Record<string, Schema>);
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width" />
        <title>${document.info.title}: HTTP API</title>
        <style>
          ${raw(STYLE)}
        </style>
      </head>
      <body>
        <h1>${document.info.title}</h1>
        <p>${document.info.description}</p>
        <p>
          At <code>${document.servers?.[0]?.url}</code>, described for programs in
          <a href="openapi.json">openapi.json</a>. A token goes into the
          <code>Authorization</code> header, after <code>Bearer</code>.
        </p>
        ${tags.map(
          (tag) =>
            html`<h2>${tag}</h2>
              ${operations
                .filter(({ operation }) => operation.tags?.includes(tag))
                .map(({ path, method, operation }) => renderOperation(path, method, operation))}`,
        )}
        <h2>Shapes</h2>
        ${schemas.map(
          ([name, schema]) =>
            html`<details id="${name}">
              <summary><code>${name}</code></summary>
              ${renderFields(schema)}
            </details>`,
        )}
      </body>
    </html>`;
}

function renderOperation(path: string, method: string, operation: Operation) {
  const {
    summary,
    description,
    parameters = [],
    requestBody,
    security = [],
    responses,
  } = operation;
  return html`<details>
    <summary>
      <span class="method">${method.toUpperCase()}</span> <code>${path}</code>
      <span class="quiet">${summary}</span>
    </summary>
    ${description === undefined ? '' : html`<p>${description}</p>`}
    ${security.length === 0 ? '' : html`<p class="quiet">Needs ${securityOf(security)}.</p>`}
    ${
      parameters.length === 0
        ? ''
        : html`<h4>Parameters</h4>
            <dl>
              ${parameters.map(
                ({ name, required, schema = {}, ...parameter }) =>
                  html`<dt>
                      <code>${name}</code>
                      <span class="quiet">
                        ${parameter.in}${required === true ? ', required' : ''}, ${typeOf(schema)}
                      </span>
                    </dt>
                    <dd>${schema.description}</dd>`,
              )}
            </dl>`
    }
    ${
      requestBody === undefined
        ? ''
        : html`<h4>Body</h4>
            ${renderContent(requestBody.content)}`
    }
    <h4>Answers</h4>
    <dl>
      ${Object.entries(responses).map(
        ([status, answer]) =>
          html`<dt><b>${status}</b> ${answer.description}</dt>
            <dd>${answer.content === undefined ? '' : renderContent(answer.content)}</dd>`,
      )}
    </dl>
  </details>`;
}

function securityOf(security: NonNullable<Operation['security']>): string {
  const schemes = security.flatMap((scheme) => Object.keys(scheme));
  return schemes.includes('introspection') ? 'INTROSPECTION_SECRET' : 'a token';
}

function renderContent(content: Content) {
  return Object.entries(content).map(
    ([type, { schema }]) =>
      html`<span class="quiet">${type}</span>
        ${schema.properties === undefined ? typeOf(schema) : renderFields(schema)}`,
  );
}

function renderFields({ properties = {}, required = [], allOf = [] }: Schema): Html {
  return html`${allOf.map((part) =>
      part.$ref === undefined
        ? renderFields(part)
        : html`<p class="quiet">All of ${typeOf(part)}, and:</p>`,
    )}
    <dl>
      ${Object.entries(properties).map(
        ([name, schema]) =>
          html`<dt>
              <code>${name}</code>
              <span class="quiet"
                >${typeOf(schema)}${required.includes(name) ? '' : ', optional'}</span
              >
            </dt>
            <dd>${schema.description}</dd>`,
      )}
    </dl>`;
}

function typeOf(schema: Schema): Html | string {
  const { $ref, type, items, anyOf, format, properties } = schema;
  if ($ref !== undefined) {
    const name = $ref.split('/').at(-1);
    return html`<a href="#${name}"><code>${name}</code></a>`;
  }
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum !== undefined)
    return schema.enum.map((each) => JSON.stringify(each)).join(' or ');
  if (items !== undefined) return html`array of ${typeOf(items)}`;
  if (anyOf !== undefined) {
    return html`${anyOf.map((each, index) => html`${index > 0 ? ' or ' : ''}${typeOf(each)}`)}`;
  }
  if (properties !== undefined) return renderFields(schema);
  const types = typeof type === 'string' ? type : (type ?? []).join(' or ');
  return format === undefined ? types : `${types} (${format})`;
}
