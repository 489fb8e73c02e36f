import { createRoute, z } from '@hono/zod-openapi';
import type { Sessions } from '../../core/sessions/sessions.ts';
import type { Api } from '../env.ts';
import type { FailureLimit } from '../limits/failure-limit.ts';
import { WITH_POLICY } from '../openapi/policy-parts.ts';
import { json, oauthFailures } from '../openapi/schemas.ts';
import type { ClientAddress } from '../request/client-address.ts';
import { requireClientSecret } from '../request/client-secret.ts';
import { FORM } from '../request/form.ts';

export interface TokenRouteDeps {
  readonly sessions: Sessions;
  /** Absent where introspection is off. */
  readonly introspectionSecret: string | undefined;
  /** The `iss` of introspection. */
  readonly issuer: string;
  readonly failureLimit: FailureLimit;
  readonly addressOf: ClientAddress;
}

const formSchema = z
  .object({
    token: z.string().openapi({ example: 'lk_api_…' }),
    token_type_hint: z.string().optional().openapi({ description: 'Not needed' }),
  })
  .openapi('TokenForm');

const introspectionFormSchema = formSchema
  .extend({
    client_id: z.string().optional().openapi({ description: 'Any' }),
    client_secret: z
      .string()
      .optional()
      .openapi({ description: 'INTROSPECTION_SECRET, unless it is in the header' }),
  })
  .openapi('IntrospectionForm');

const form = <Schema extends z.ZodType>(schema: Schema) => ({
  description: 'The token',
  required: true,
  content: { [FORM]: { schema } },
});

const inactiveSchema = z.object({ active: z.literal(false) });
const activeSchema = z.object({
  active: z.literal(true),
  sub: z.string().openapi({ description: 'Discord user id', example: '80351110224678912' }),
  sid: z.guid().openapi({ description: 'Session id' }),
  session_type: z.string().openapi({ example: 'api' }),
  token_type: z.literal('Bearer'),
  exp: z.int().openapi({ description: 'Seconds since the Unix epoch', example: 1_795_938_051 }),
  iss: z.string().openapi({ example: 'https://latchkey.example' }),
  scope: z
    .string()
    .optional()
    .openapi({ description: 'What it may do now', ...WITH_POLICY, example: 'lamps:read' }),
  roles: z
    .array(z.string())
    .readonly()
    .optional()
    .openapi({ description: "Its owner's roles", ...WITH_POLICY, example: ['patron'] }),
  iat: z
    .int()
    .optional()
    .openapi({ description: 'When it was made', ...WITH_POLICY, example: 1_795_333_251 }),
});

/** For ready-made OAuth clients and gateways. */
export function tokenRoutes(api: Api, deps: TokenRouteDeps): void {
  const { sessions, introspectionSecret, issuer, failureLimit, addressOf } = deps;

  api.openapi(
    createRoute({
      method: 'post',
      path: '/revoke',
      operationId: 'revokeToken',
      tags: ['OAuth'],
      summary: 'Revoke a token (RFC 7009)',
      description: 'Whoever has the token may revoke it. An unknown token gets the same answer.',
      request: { body: form(formSchema) },
      responses: {
        // RFC 7009 has no use for a body, but some clients want JSON.
        200: json(z.object({}), 'The token is not valid, now at the latest'),
        ...oauthFailures(400, 413, 415, 429, 503),
      },
    }),
    async (context) => {
      context.header('Cache-Control', 'no-store');
      const { token } = context.req.valid('form');
      const isEnded = await sessions.revokeByToken(token, context.get('requestId'));
      // A good one is revoked whatever its address did before.
      if (!isEnded) failureLimit.count(addressOf(context));
      return context.json({}, 200);
    },
  );

  if (introspectionSecret === undefined) return;

  api.openapi(
    createRoute({
      method: 'post',
      path: '/introspect',
      operationId: 'introspectToken',
      tags: ['OAuth'],
      summary: 'What does a token stand for? (RFC 7662)',
      description:
        'For resource servers, with INTROSPECTION_SECRET as their Bearer token or as the secret of any client id, in a Basic header or in the form.',
      security: [{ introspection: [] }, { introspectionClient: [] }],
      middleware: requireClientSecret({
        secret: introspectionSecret,
        failures: failureLimit,
        addressOf,
      }),
      request: { body: form(introspectionFormSchema) },
      responses: {
        200: json(z.union([activeSchema, inactiveSchema]), 'Whether it is active'),
        ...oauthFailures(400, 401, 413, 415, 429),
      },
    }),
    async (context) => {
      const verdict = await sessions.verify(context.req.valid('form').token);
      if (verdict.is !== 'valid') return context.json({ active: false as const }, 200);
      const { userId, id, type, expiresAt, createdAt, standing } = verdict;
      return context.json(
        {
          active: true as const,
          sub: userId,
          sid: id,
          session_type: type,
          token_type: 'Bearer' as const,
          exp: Math.floor(expiresAt / 1000),
          iss: issuer,
          ...(standing !== null && {
            scope: standing.scope,
            roles: standing.roles,
            iat: Math.floor(createdAt / 1000),
          }),
        },
        200,
      );
    },
  );
}
