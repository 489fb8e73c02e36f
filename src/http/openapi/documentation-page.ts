import { html, raw } from 'hono/html';
import { curlLine } from './curl-line.ts';
import {
  type Answer,
  type Call,
  callsOf,
  type Content,
  type Document,
  nameIn,
  type Operation,
  type Parameter,
  resolved,
  type Schema,
  type Schemas,
  schemasOf,
} from './document.ts';
import { exampleOf } from './example.ts';

type Html = ReturnType<typeof html>;

const STYLE = `
  :root { color-scheme: light dark; }
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 52rem; margin: 0 auto; padding: 1rem; }
  h2 { margin-top: 2.5rem; }
  h3 { display: inline; font-size: 1em; font-weight: 400; }
  h4 { margin: 1rem 0 .25rem; }
  details { border: 1px solid #8885; border-radius: .5rem; margin: .5rem 0; padding: .5rem 1rem; }
  summary { cursor: pointer; }
  code { font: .9em ui-monospace, monospace; overflow-wrap: anywhere; }
  pre { background: #8882; border-radius: .5rem; padding: .5rem 1rem; margin: 0; white-space: pre-wrap; }
  .method { display: inline-block; min-width: 4.5rem; font-weight: 700; }
  dt { margin-top: .5rem; }
  dd { margin-left: 1.5rem; }
  .quiet { opacity: .75; }
`;

/** The API's description for people: one page, without a script and without anything from elsewhere. */
export function renderDocumentation(document: Document) {
  const calls = callsOf(document);
  const schemas = schemasOf(document);
  const failures = failuresIn(calls);
  const base = document.servers?.[0]?.url ?? '';
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
        <main>
          <h1>${document.info.title}</h1>
          <p>${document.info.description}</p>
          <p>
            At <code>${base}</code>, described for programs in
            <a href="openapi.json">openapi.json</a>. A token goes into the
            <code>Authorization</code> header, after <code>Bearer</code>.
          </p>
          ${document.tags?.map(
            ({ name, description }) =>
              html`<h2>${name}</h2>
                <p>${description}</p>
                ${calls
                  .filter(({ operation }) => operation.tags?.includes(name))
                  .map((call) => renderCall(call, { base, schemas, failures }))}`,
          )}
          <h2 id="failures">Failures</h2>
          <p>What a call answers where it fails, with <a href="#Failure">its reason</a>.</p>
          <dl>
            ${[...failures].map(
              ([status, [description]]) =>
                html`<dt id="failure-${status}"><b>${status}</b></dt>
                  <dd>${description}</dd>`,
            )}
          </dl>
          <h2>Shapes</h2>
          ${Object.entries(schemas).map(
            ([name, schema]) =>
              html`<details>
                <summary>
                  <h3><code>${name}</code></h3>
                </summary>
                <div id="${name}">${renderFields(schema)}</div>
              </details>`,
          )}
        </main>
      </body>
    </html>`;
}

/** What the calls share. */
interface Shared {
  readonly base: string;
  readonly schemas: Schemas;
  readonly failures: ReturnType<typeof failuresIn>;
}

// What a link leads to stands inside: browsers open what is around it.
function renderCall(call: Call, { base, schemas, failures }: Shared) {
  const { method, path, operation } = call;
  const { operationId = '', summary, description, parameters = [], security = [] } = operation;
  const told = Object.entries(operation.responses);
  const isShared = ([status, answer]: (typeof told)[number]) =>
    isFailure(answer) && failures.get(status)?.[0] === answer.description;
  return html`<details>
    <summary>
      <h3>
        <span class="method">${method}</span> <code>${path}</code>
        <span class="quiet">${summary}</span>
      </h3>
    </summary>
    <div id="${operationId}">
      <p>${description} <a href="#${operationId}">Link to this call</a></p>
      ${security.length === 0 ? '' : html`<p class="quiet">Needs ${securityOf(security)}.</p>`}
      <pre><code>${curlLine(call, base, schemas)}</code></pre>
      ${renderExample(told, schemas)} ${renderParameters(parameters)}
      ${renderBody(operation, schemas)}
      <h4>Answers</h4>
      <dl>
        ${told
          .filter((each) => !isShared(each))
          .map(
            ([status, answer]) =>
              html`<dt><b>${status}</b> ${answer.description}</dt>
                <dd>${answer.content === undefined ? '' : renderContent(answer.content)}</dd>`,
          )}
        ${
          told.some(isShared)
            ? html`<dt>
                  ${told
                    .filter(isShared)
                    .map(
                      ([status], index) =>
                        html`${index > 0 ? ', ' : ''}<a href="#failure-${status}">${status}</a>`,
                    )}
                </dt>
                <dd>Failures</dd>`
            : ''
        }
      </dl>
    </div>
  </details>`;
}

/** What a call that succeeds is answered with. */
function renderExample(told: readonly (readonly [string, Answer])[], schemas: Schemas) {
  const [status, answer] = told.find(([each]) => Number(each) < 400) ?? [];
  if (status === undefined) return '';
  const media = answer?.content?.['application/json'];
  const body = media === undefined ? '' : JSON.stringify(exampleOf(media, schemas), null, 2);
  return html`<pre><code>${[status, body].join(' ').trimEnd()}</code></pre>`;
}

function renderParameters(parameters: readonly Parameter[]) {
  if (parameters.length === 0) return '';
  return html`<h4>Parameters</h4>
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
    </dl>`;
}

/** With its fields in place: who writes a call needs them all. */
function renderBody({ requestBody }: Operation, schemas: Schemas) {
  if (requestBody === undefined) return '';
  return html`<h4>Body</h4>
    ${Object.entries(requestBody.content).map(
      ([type, { schema }]) =>
        html`<p class="quiet">${type}</p>
          ${renderFields(resolved(schema, schemas))}`,
    )}`;
}

/** For each status the descriptions that calls give of it, the most frequent first. */
function failuresIn(calls: readonly Call[]): Map<string, string[]> {
  const told = calls
    .flatMap(({ operation }) => Object.entries(operation.responses))
    .filter(([, answer]) => isFailure(answer));
  const statuses = [...new Set(told.map(([status]) => status))].toSorted();
  return new Map(
    statuses.map((status) => {
      const all = told
        .filter(([each]) => each === status)
        .map(([, { description }]) => description);
      const times = (one: string) => all.filter((each) => each === one).length;
      return [status, [...new Set(all)].toSorted((one, other) => times(other) - times(one))];
    }),
  );
}

function isFailure({ content = {} }: Answer): boolean {
  return Object.values(content).some(({ schema }) => schema.$ref?.endsWith('Failure'));
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
    const name = nameIn($ref);
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
