import { createRoute, z } from '@hono/zod-openapi';
import type { Log } from '../../log.ts';
import type { Api } from '../env.ts';
import { failures, json } from '../openapi/schemas.ts';

/** What has to work. The first rejects, the last names its trouble, where it does not. */
export interface HealthChecks {
  readonly database: () => Promise<void>;
  readonly isWritable: () => Promise<boolean>;
  readonly gateway: () => string | null;
  readonly log: Pick<Log, 'warn'>;
}

const healthSchema = z
  .object({ status: z.enum(['ok', 'unavailable']), reason: z.string().optional() })
  .openapi('Health');

const responses = {
  200: {
    description: 'Yes',
    content: { 'application/json': { schema: healthSchema, example: { status: 'ok' } } },
  },
  503: json(healthSchema, 'No: the reason'),
  ...failures(400),
};

/** `/health`: all of it. `/health/live`: token checks are answered, whatever Discord does. */
export function healthRoutes(api: Api, healthChecks: HealthChecks): void {
  const { database, isWritable, gateway, log } = healthChecks;
  let answers = true;
  const probes = [
    {
      path: '/health',
      operationId: 'getHealth',
      summary: 'Does everything work?',
      description: 'Whether the database can be read and written, and Discord is connected.',
      trouble: async () => (await databaseTrouble()) ?? (await writingTrouble()) ?? gateway(),
    },
    {
      path: '/health/live',
      operationId: 'getLiveness',
      summary: 'Are tokens checked?',
      description: 'Whether the database can be read, whatever Discord does. For load balancers.',
      trouble: databaseTrouble,
    },
  ];
  for (const { trouble, ...probe } of probes) {
    api.openapi(
      createRoute({ ...probe, method: 'get', tags: ['Health'], responses }),
      async (context) => {
        const reason = await trouble();
        return reason === null
          ? context.json({ status: 'ok' as const }, 200)
          : context.json({ status: 'unavailable' as const, reason }, 503);
      },
    );
  }

  /** A full disk, say: checks go on, and nothing can be changed. */
  async function writingTrouble(): Promise<string | null> {
    return (await isWritable()) ? null : 'the database cannot be written';
  }

  async function databaseTrouble(): Promise<string | null> {
    try {
      await database();
      answers = true;
      return null;
    } catch (err) {
      // Once: anybody may ask, as often as they like.
      if (answers) log.warn({ err }, 'the database does not answer');
      answers = false;
      return 'the database does not answer';
    }
  }
}
