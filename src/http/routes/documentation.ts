import type { Policy } from '../../core/policy/policy.ts';
import type { Api } from '../env.ts';
import type { Document } from '../openapi/document.ts';
import { publishedParts } from '../openapi/policy-parts.ts';
import { renderDocumentation } from '../openapi/documentation-page.ts';

export interface DocumentationDeps {
  readonly publicUrl: string;
  readonly policy: Policy | undefined;
}

const TOKEN = {
  type: 'http',
  scheme: 'bearer',
  description: 'A token. It is also taken after "User", or without a scheme.',
} as const;

const INTROSPECTION = {
  type: 'http',
  scheme: 'bearer',
  description: 'INTROSPECTION_SECRET.',
} as const;

const INTROSPECTION_CLIENT = {
  type: 'http',
  scheme: 'basic',
  description: 'INTROSPECTION_SECRET, as the secret of any client id.',
} as const;

// The library's types are of OpenAPI 3.0, which has no identifier of SPDX.
const LICENSE = { name: 'MIT', identifier: 'MIT' };

/** In the order in which the page shows them. */
const TAGS = [
  { name: 'Sessions', description: 'What a token stands for, and all else that its owner holds.' },
  { name: 'Tokens', description: 'For whoever finds a token, without a credential.' },
  { name: 'Login', description: 'Logging in through Discord, and who somebody is.' },
  { name: 'OAuth', description: 'For ready-made OAuth clients and gateways.' },
  { name: 'Health', description: 'For load balancers and monitoring.' },
];

/**
 * The API's description, made from the schemas that validate, and a page that shows it. Both are
 * written once, as bytes that all answers share: anybody may ask for them, as often as they like.
 */
export function documentationRoutes(api: Api, { publicUrl, policy }: DocumentationDeps): void {
  const document = once(
    () =>
      publishedParts(
        api.getOpenAPI31Document({
          openapi: '3.1.0',
          info: {
            title: 'Latchkey',
            version: '1',
            description: 'Sessions and API tokens of a Discord community.',
            license: LICENSE,
          },
          servers: [{ url: publicUrl }],
          tags: TAGS,
          // None, where an operation names none.
          security: [],
        }),
        policy !== undefined,
      ) as Document,
  );
  api.openAPIRegistry.registerComponent('securitySchemes', 'token', TOKEN);
  api.openAPIRegistry.registerComponent('securitySchemes', 'introspection', INTROSPECTION);
  api.openAPIRegistry.registerComponent(
    'securitySchemes',
    'introspectionClient',
    INTROSPECTION_CLIENT,
  );

  const json = once(() => Buffer.from(JSON.stringify(document())));
  const page = once(async () => Buffer.from(await renderDocumentation(document())));
  api.get('/openapi.json', (context) =>
    context.body(json(), 200, { 'Content-Type': 'application/json' }),
  );
  api.get('/docs', async (context) => {
    // Nothing but what the page itself brings along.
    context.header(
      'Content-Security-Policy',
      "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'",
    );
    context.header('X-Content-Type-Options', 'nosniff');
    context.header('Referrer-Policy', 'no-referrer');
    return context.body(await page(), 200, { 'Content-Type': 'text/html; charset=UTF-8' });
  });
}

/** The same, made when it is first wanted. */
function once<Made>(make: () => Made): () => Made {
  let made: { readonly value: Made } | undefined;
  return () => (made ??= { value: make() }).value;
}
