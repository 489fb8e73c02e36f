import { createRoute, z } from '@hono/zod-openapi';
import { AppError, invalid } from '../../core/errors.ts';
import type { Clock } from '../../core/ports.ts';
import {
  EXPIRY_BOUND_SECONDS,
  expiryAfter,
  SESSION_TYPES,
  type Session,
} from '../../core/session.ts';
import type { Sessions } from '../../core/sessions.ts';
import { bearer } from '../bearer.ts';
import type { Api } from '../server.ts';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

const sessionSchema = z
  .object({
    id: z.uuid(),
    name: z.string().nullable(),
    user_id: z.string().openapi({ description: 'Discord user id' }),
    created_at: z.iso.datetime(),
    type: z.enum(SESSION_TYPES),
    expiry: z.iso.datetime(),
    hint: z.string().openapi({ description: 'The last four characters of the token' }),
    last_used_at: z.iso.datetime().nullable(),
    created_by: z
      .uuid()
      .nullable()
      .openapi({ description: 'The session whose token made this one' }),
  })
  .openapi('Session');

const newSessionSchema = z
  .object({
    name: z.string().openapi({ description: '1 to 80 characters' }),
    type: z.string().openapi({ enum: ['api'] }),
    expiry: z.number().openapi({
      type: 'integer',
      description: `Seconds from now: whole, more than 0 and less than ${EXPIRY_BOUND_SECONDS}`,
    }),
  })
  .openapi('NewSession');

const createdSchema = sessionSchema
  .extend({
    session_id: z.uuid(),
    token: z.string().openapi({ description: 'Returned here and never again' }),
    user: z.null(),
  })
  .openapi('CreatedSession');

const stateSchema = z
  .object({
    user_id: z.string(),
    id: z.uuid(),
    state: z.literal('normal'),
    type: z.enum(SESSION_TYPES),
  })
  .openapi('SessionState');

const json = <Schema extends z.ZodType>(schema: Schema, description: string) => ({
  description,
  content: { 'application/json': { schema } },
});

export function sessionRoutes(api: Api, { sessions, clock }: { sessions: Sessions; clock: Clock }) {
  const middleware = bearer(sessions);

  api.openapi(
    createRoute({
      method: 'get',
      path: '/sessions/@me',
      summary: 'Is this token good?',
      middleware,
      responses: { 200: json(stateSchema, 'It is') },
    }),
    (context) => {
      const { userId, sessionId } = context.get('actor');
      const type = context.get('type');
      context.header('X-Latchkey-User', userId);
      context.header('X-Latchkey-Session', sessionId);
      context.header('X-Latchkey-Type', type);
      return context.json({ user_id: userId, id: sessionId, state: 'normal' as const, type }, 200);
    },
  );

  api.openapi(
    createRoute({
      method: 'get',
      path: '/sessions',
      summary: 'Your live sessions, newest first',
      middleware,
      responses: {
        200: json(z.object({ sessions: z.array(sessionSchema) }), 'Without their tokens'),
      },
    }),
    async (context) => {
      const page = await sessions.list(context.get('actor'));
      return context.json({ sessions: page.sessions.map(toBody) }, 200);
    },
  );

  api.openapi(
    createRoute({
      method: 'post',
      path: '/sessions',
      summary: 'Make an API token',
      middleware,
      request: { body: { ...json(newSessionSchema, 'What it is for'), required: true } },
      responses: { 200: json(createdSchema, 'With its token') },
    }),
    async (context) => {
      const { name, type, expiry } = context.req.valid('json');
      if (type !== 'api')
        throw new AppError('restricted', 'Only sessions of type "api" are made here.');
      const expiresAt = expiryAfter(clock(), expiry);
      const { token, session } = await sessions.create(context.get('actor'), { name, expiresAt });
      return context.json({ ...toBody(session), session_id: session.id, token, user: null }, 200);
    },
  );

  api.openapi(
    createRoute({
      method: 'delete',
      path: '/sessions/{id}',
      summary: 'End a session',
      middleware,
      request: { params: z.object({ id: z.string().openapi({ format: 'uuid' }) }) },
      responses: { 204: { description: 'It has ended' } },
    }),
    async (context) => {
      const { id } = context.req.valid('param');
      if (!UUID.test(id)) throw invalid('The session id must be a UUID.');
      await sessions.revoke(context.get('actor'), id.toLowerCase());
      return context.body(null, 204);
    },
  );
}

function toBody(session: Session) {
  const { id, name, userId, createdAt, type, expiresAt, hint, lastUsedAt, parentId } = session;
  return {
    id,
    name,
    user_id: userId,
    created_at: rfc3339(createdAt),
    type,
    expiry: rfc3339(expiresAt),
    hint,
    last_used_at: lastUsedAt === null ? null : rfc3339(lastUsedAt),
    created_by: parentId,
  };
}

function rfc3339(instant: number): string {
  return new Date(instant).toISOString();
}
