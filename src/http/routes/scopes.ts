import { createRoute, z } from '@hono/zod-openapi';
import type { Policy } from '../../core/policy/policy.ts';
import type { Api } from '../env.ts';
import { failures, json } from '../openapi/schemas.ts';

const scopesSchema = z
  .object({
    scopes: z.array(
      z.object({
        name: z.string().openapi({ example: 'lamps:read' }),
        says: z.string().openapi({ example: 'See your lamps' }),
        given: z
          .boolean()
          .openapi({ description: 'Whether a token has it unless others are named' }),
      }),
    ),
  })
  .openapi('Scopes');

/** For who writes clients. There is nothing to ask where there is no policy. */
export function scopeRoutes(api: Api, { policy }: { readonly policy: Policy | undefined }): void {
  if (policy === undefined) return;
  const body = {
    scopes: policy.scopes.map(({ name, says, given }) => ({ name, says, given })),
  };
  api.openapi(
    createRoute({
      method: 'get',
      path: '/scopes',
      operationId: 'listScopes',
      tags: ['Sessions'],
      summary: 'What tokens can be allowed to do',
      responses: { 200: json(scopesSchema, 'In the order of the policy'), ...failures(400) },
    }),
    (context) => {
      context.header('Cache-Control', 'no-store');
      return context.json(body, 200);
    },
  );
}
