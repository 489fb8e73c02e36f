import { createRoute, z } from '@hono/zod-openapi';
import type { Api } from '../server.ts';

/** What has to work. Each rejects, or names its trouble, where it does not. */
export interface Vitals {
  readonly database: () => Promise<void>;
  readonly gateway: () => string | null;
}

const healthSchema = z.object({
  status: z.enum(['ok', 'unavailable']),
  reason: z.string().optional(),
});

const responses = {
  200: { description: 'All is well', content: { 'application/json': { schema: healthSchema } } },
  503: { description: 'The reason', content: { 'application/json': { schema: healthSchema } } },
};

/** `/health`: all of it. `/health/live`: token checks are answered, whatever Discord does. */
export function healthRoutes(api: Api, { database, gateway }: Vitals) {
  const databaseTrouble = () =>
    database().then(
      () => null,
      () => 'the database does not answer',
    );

  api.openapi(
    createRoute({ method: 'get', path: '/health', summary: 'Does everything work?', responses }),
    async (context) => {
      const reason = (await databaseTrouble()) ?? gateway();
      return reason === null
        ? context.json({ status: 'ok' as const }, 200)
        : context.json({ status: 'unavailable' as const, reason }, 503);
    },
  );

  api.openapi(
    createRoute({
      method: 'get',
      path: '/health/live',
      summary: 'Are tokens checked?',
      responses,
    }),
    async (context) => {
      const reason = await databaseTrouble();
      return reason === null
        ? context.json({ status: 'ok' as const }, 200)
        : context.json({ status: 'unavailable' as const, reason }, 503);
    },
  );
}
