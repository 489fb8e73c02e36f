import { createRoute, z } from '@hono/zod-openapi';
import type { MiddlewareHandler } from 'hono';
import type { Policy } from '../../core/policy/policy.ts';
import { parseScopes } from '../../core/policy/scopes.ts';
import type { MintedToken } from '../../core/sessions/minted-token.ts';
import { expiryAfter, GRACES, SESSION_TYPES } from '../../core/sessions/session.ts';
import type { Sessions } from '../../core/sessions/sessions.ts';
import type { Clock } from '../../core/time.ts';
import type { Tokens } from '../../core/tokens/tokens.ts';
import { parseUuid } from '../../core/uuid.ts';
import type { Api, Env } from '../env.ts';
import { badRequest, RequestError } from '../errors.ts';
import {
  createdSchema,
  failures,
  json,
  newSessionSchema,
  rotationSchema,
  sessionSchema,
  toBody,
} from '../openapi/schemas.ts';

export interface SessionRouteDeps {
  readonly sessions: Sessions;
  readonly tokens: Pick<Tokens, 'create' | 'rotate'>;
  readonly clock: Clock;
  readonly authenticate: MiddlewareHandler<Env>;
  readonly limitCalls: MiddlewareHandler<Env>;
  readonly policy: Policy | undefined;
}

const PATH_ID = z.object({ id: z.string().openapi({ format: 'uuid' }) });

const PAGE_SIZE = 25;
const LARGEST_PAGE = 100;

const listQuerySchema = z.object({
  limit: z
    .string()
    .regex(/^\d{1,3}$/, `must be a whole number from 1 to ${LARGEST_PAGE}`)
    .transform(Number)
    .refine((size) => size >= 1 && size <= LARGEST_PAGE, {
      error: `must be a whole number from 1 to ${LARGEST_PAGE}`,
    })
    .optional()
    .openapi({ type: 'integer', minimum: 1, maximum: LARGEST_PAGE }),
  cursor: z
    .guid()
    .toLowerCase()
    .optional()
    .openapi({ description: 'next_cursor of the page before' }),
  type: z.enum(SESSION_TYPES).optional(),
  state: z
    .enum(['live', 'ended', 'all'])
    .optional()
    .openapi({ description: 'Ended ones are kept for 30 days' }),
});

export function sessionRoutes(api: Api, deps: SessionRouteDeps): void {
  const { sessions, tokens, clock, authenticate, limitCalls, policy } = deps;
  const security = [{ token: [] }];
  const tags = ['Sessions'];
  const common = { middleware: [authenticate, limitCalls], security, tags };

  /** Without a policy nobody reads them. */
  const scopesOf = (scope: string | undefined) =>
    policy === undefined || scope === undefined ? undefined : parseScopes(scope);

  api.openapi(
    createRoute({
      ...common,
      method: 'get',
      path: '/sessions',
      operationId: 'listSessions',
      summary: 'Your sessions, newest first',
      description: `Without a query: all live ones. With one: pages of ${PAGE_SIZE}, or of limit.`,
      request: { query: listQuerySchema },
      responses: {
        200: json(
          z.object({
            sessions: z.array(sessionSchema),
            next_cursor: z
              .guid()
              .nullable()
              .optional()
              .openapi({ description: 'null on the last page; absent without a query' }),
          }),
          'Without their tokens',
        ),
        ...failures(400, 401, 403, 429),
      },
    }),
    async (context) => {
      const query = context.req.valid('query');
      const actor = context.get('actor');
      const now = clock();
      if (Object.values(query).every((given) => given === undefined)) {
        const all = await sessions.list(actor);
        return context.json(
          { sessions: all.sessions.map((each) => toBody(each, now, policy)) },
          200,
        );
      }
      const { limit = PAGE_SIZE, cursor: after, type, state = 'live' } = query;
      // One more than there is room for tells whether there is another page.
      const found = await sessions.history(actor, { state, type, after, limit: limit + 1 });
      const page = found.slice(0, limit);
      const last = found.length > limit ? page.at(-1) : undefined;
      return context.json(
        { sessions: page.map((each) => toBody(each, now, policy)), next_cursor: last?.id ?? null },
        200,
      );
    },
  );

  api.openapi(
    createRoute({
      ...common,
      method: 'post',
      path: '/sessions',
      operationId: 'createSession',
      summary: 'Create an API token',
      description: 'The only answer that ever has this token.',
      request: { body: { ...json(newSessionSchema, 'What it is for'), required: true } },
      responses: {
        200: json(createdSchema, 'With its token'),
        ...failures(400, 401, 403, 409, 413, 415, 429, 503),
      },
    }),
    async (context) => {
      const { name, type, expiry, scope } = context.req.valid('json');
      if (type !== 'api') {
        throw new RequestError({
          status: 403,
          code: 'Restricted',
          message: 'Only sessions of type "api" can be created here.',
        });
      }
      const expiresAt = expiryAfter(clock(), expiry);
      const scopes = scopesOf(scope);
      const minted = await tokens.create(context.get('actor'), { name, expiresAt, scopes });
      return context.json(toCreated(minted, policy), 200);
    },
  );

  api.openapi(
    createRoute({
      ...common,
      method: 'post',
      path: '/sessions/{id}/rotate',
      operationId: 'rotateSession',
      summary: 'Replace an API token with a new one',
      description:
        'The new one has the same name and lifetime. The old one works until its grace or its own expiry is over. If the answer was lost: repeat the call after Retry-After while the old one works; the successor that nobody used is revoked then.',
      request: { params: PATH_ID, body: { ...json(rotationSchema, 'May be absent') } },
      responses: {
        200: json(createdSchema, 'The new session, with its token'),
        ...failures(400, 401, 403, 404, 409, 413, 415, 429, 503),
      },
    }),
    async (context) => {
      const id = requireId(context.req.valid('param').id);
      const { grace = 'now', scope } = context.req.valid('json');
      const graceMs = typeof grace === 'number' ? grace * 1000 : GRACES[grace];
      const scopes = scopesOf(scope);
      const minted = await tokens.rotate(context.get('actor'), { id, graceMs, scopes });
      return context.json(toCreated(minted, policy), 200);
    },
  );

  api.openapi(
    createRoute({
      ...common,
      method: 'delete',
      path: '/sessions',
      operationId: 'revokeOtherSessions',
      summary: 'Revoke all your other sessions',
      description: 'All but the one whose token asks.',
      request: { query: z.object({ except: z.literal('current') }) },
      responses: {
        200: json(z.object({ ended: z.int() }), 'How many'),
        ...failures(400, 401, 403, 429, 503),
      },
    }),
    async (context) => {
      const ended = await sessions.revokeAll(context.get('actor'), context.get('session').id);
      return context.json({ ended: ended.length }, 200);
    },
  );

  api.openapi(
    createRoute({
      ...common,
      method: 'delete',
      path: '/sessions/{id}',
      operationId: 'revokeSession',
      summary: 'Revoke one of your sessions',
      description: 'Its token is refused from now on.',
      request: {
        params: PATH_ID,
        query: z.object({
          made: z
            .enum(['true', 'false'])
            .optional()
            .openapi({ description: 'Whether all that its token made ends too', default: 'false' }),
        }),
      },
      responses: {
        204: { description: 'Revoked' },
        ...failures(400, 401, 403, 404, 429, 503),
      },
    }),
    async (context) => {
      const id = requireId(context.req.valid('param').id);
      const includeDescendants = context.req.valid('query').made === 'true';
      await sessions.revoke(context.get('actor'), id, includeDescendants);
      return context.body(null, 204);
    },
  );
}

function requireId(text: string): string {
  const id = parseUuid(text);
  if (id === null) throw badRequest('The session id must be a UUID.');
  return id;
}

function toCreated({ token, session }: MintedToken, policy: Policy | undefined) {
  const body = toBody(session, session.createdAt, policy);
  return { ...body, session_id: session.id, token, user: null };
}
