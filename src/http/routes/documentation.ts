import type { Api } from '../env.ts';
import { renderDocumentation } from '../documentation-page.ts';

export interface DocumentationDeps {
  readonly publicUrl: string;
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

/** The API's description, made from the schemas that validate, and a page that shows it. */
export function documentationRoutes(api: Api, { publicUrl }: DocumentationDeps): void {
  const describe = () =>
    api.getOpenAPI31Document({
      openapi: '3.1.0',
      info: {
        title: 'Latchkey',
        version: '1',
        description: 'Sessions and API tokens of a Discord community.',
      },
      servers: [{ url: publicUrl }],
    });
  api.openAPIRegistry.registerComponent('securitySchemes', 'token', TOKEN);
  api.openAPIRegistry.registerComponent('securitySchemes', 'introspection', INTROSPECTION);

  let document: ReturnType<typeof describe> | undefined;
  api.get('/openapi.json', (context) => context.json((document ??= describe())));
  api.get('/docs', (context) => {
    // Nothing but what the page itself brings along.
    context.header(
      'Content-Security-Policy',
      "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'",
    );
    return context.html(renderDocumentation((document ??= describe())));
  });
}
