import { createRoute, z } from '@hono/zod-openapi';
import type { Policy } from '../../core/policy/policy.ts';
import type { Api } from '../env.ts';
import { WITH_POLICY } from '../openapi/policy-parts.ts';
import { failures } from '../openapi/schemas.ts';

export interface MetadataDeps {
  readonly publicUrl: string;
  /** Absent where logging in is off. */
  readonly logins: object | undefined;
  /** Absent where introspection is off. */
  readonly introspectionSecret: string | undefined;
  readonly policy: Policy | undefined;
}

const PATH = '/.well-known/oauth-authorization-server';

const metadataSchema = z
  .object({
    issuer: z.url(),
    authorization_endpoint: z.url().optional(),
    token_endpoint: z.url().optional(),
    token_endpoint_auth_methods_supported: z.array(z.string()).optional(),
    scopes_supported: z.array(z.string()).optional().openapi(WITH_POLICY),
    response_types_supported: z.array(z.string()),
    response_modes_supported: z.array(z.string()).optional(),
    grant_types_supported: z.array(z.string()),
    code_challenge_methods_supported: z.array(z.string()).optional(),
    revocation_endpoint: z.url(),
    revocation_endpoint_auth_methods_supported: z.array(z.string()),
    introspection_endpoint: z.url().optional(),
    introspection_endpoint_auth_methods_supported: z.array(z.string()).optional(),
    userinfo_endpoint: z.url(),
    service_documentation: z.url(),
  })
  .openapi('Metadata');

/** What OAuth clients need to know of us (RFC 8414), of what is turned on. */
export function metadataRoutes(api: Api, deps: MetadataDeps): void {
  const { publicUrl, logins, introspectionSecret, policy } = deps;
  const hasLogins = logins !== undefined;
  const metadata: z.infer<typeof metadataSchema> = {
    issuer: publicUrl,
    ...(hasLogins && {
      authorization_endpoint: `${publicUrl}/login`,
      token_endpoint: `${publicUrl}/oauth2`,
      token_endpoint_auth_methods_supported: ['none'],
      response_modes_supported: ['query'],
      code_challenge_methods_supported: ['S256'],
    }),
    ...(policy && { scopes_supported: policy.scopes.map(({ name }) => name) }),
    // Required, and empty rather than absent: absent grants would mean the usual ones.
    response_types_supported: hasLogins ? ['code'] : [],
    grant_types_supported: hasLogins ? ['authorization_code'] : [],
    revocation_endpoint: `${publicUrl}/revoke`,
    revocation_endpoint_auth_methods_supported: ['none'],
    ...(introspectionSecret !== undefined && {
      introspection_endpoint: `${publicUrl}/introspect`,
      introspection_endpoint_auth_methods_supported: [
        'client_secret_basic',
        'client_secret_post',
        'Bearer',
      ],
    }),
    userinfo_endpoint: `${publicUrl}/userinfo`,
    service_documentation: `${publicUrl}/docs`,
  };

  // Of an issuer with a path the address is host, PATH and then that path (RFC 8414, section 3.1).
  const { pathname } = new URL(publicUrl);
  for (const path of new Set([PATH, pathname === '/' ? PATH : PATH + pathname])) {
    api.openapi(
      createRoute({
        method: 'get',
        path,
        operationId: 'getMetadata',
        tags: ['OAuth'],
        hide: path !== PATH,
        summary: 'What is turned on, for OAuth clients (RFC 8414)',
        description: 'What is off is left out.',
        responses: {
          200: {
            description: 'The metadata',
            content: { 'application/json': { schema: metadataSchema, example: metadata } },
          },
          ...failures(400),
        },
      }),
      (context) => {
        context.header('Cache-Control', 'no-store');
        return context.json(metadata, 200);
      },
    );
  }
}
