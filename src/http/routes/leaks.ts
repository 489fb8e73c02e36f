import { createRoute, z } from '@hono/zod-openapi';
import type { MiddlewareHandler } from 'hono';
import { createRateLimit } from '../../core/rate-limit.ts';
import type { Leaks } from '../../core/sessions/leaks.ts';
import type { Clock } from '../../core/time.ts';
import type { Api, Env } from '../env.ts';
import { tooMany } from '../errors.ts';
import { failures, json } from '../openapi/schemas.ts';
import { type ClientAddress, countedAddress } from '../request/client-address.ts';

export interface LeakRouteDeps {
  readonly leaks: Pick<Leaks, 'reportAll'>;
  readonly clock: Clock;
  readonly addressOf: ClientAddress;
}

export const LEAKS_PATH = '/leaks';
/** Room for as many of the longest tokens as one report may have. */
export const LEAKS_BYTES = 80 * 1024;
/** Bodies that are read at once, in this process: each is a large one, and takes long to come if it wants to. */
const AT_ONCE = 8;
const RETRY_AFTER_MS = 1_000;

const MOST = 1_000;
const REPORTS_PER_HOUR = 60;

const reportSchema = z
  .object({
    tokens: z
      .array(z.string(), { error: 'must be a list of tokens' })
      .min(1, 'must have a token in it')
      .max(MOST, `must have at most ${MOST} tokens`)
      .openapi({ example: ['lk_api_…'] }),
  })
  .openapi('LeakReport');

/** For who finds tokens where they lie open: a scanner of source code, say. */
export function leakRoutes(api: Api, { leaks, clock, addressOf }: LeakRouteDeps): void {
  const limit = createRateLimit(
    {
      most: REPORTS_PER_HOUR,
      windowMs: 3_600_000,
      refuse: (retryAfterMs) =>
        tooMany(
          `At most ${REPORTS_PER_HOUR} reports an hour are taken from one address. Send more tokens in each.`,
          retryAfterMs,
        ),
    },
    clock,
  );

  let underWay = 0;
  // Before anything of the body is read: whoever sends it need not say who they are.
  const admit: MiddlewareHandler<Env> = async (context, next) => {
    limit.count(countedAddress(addressOf(context)));
    if (underWay >= AT_ONCE)
      throw tooMany('Other reports are being read. Try again soon.', RETRY_AFTER_MS);
    underWay += 1;
    try {
      await next();
    } finally {
      underWay -= 1;
    }
  };

  api.openapi(
    createRoute({
      middleware: admit,
      method: 'post',
      path: LEAKS_PATH,
      operationId: 'reportLeaks',
      tags: ['Tokens'],
      summary: 'Report tokens that lie open',
      description: `Ends what they open and all that it made, and tells their owners. At most ${MOST} at a time and ${REPORTS_PER_HOUR} reports an hour from one address. It needs no credential; the answer is the same whatever the tokens are.`,
      request: { body: { ...json(reportSchema, 'What was found'), required: true } },
      responses: {
        202: { description: 'Taken' },
        ...failures(400, 413, 415, 429, 503),
      },
    }),
    async (context) => {
      await leaks.reportAll(context.req.valid('json').tokens, context.get('requestId'));
      return context.body(null, 202);
    },
  );
}
