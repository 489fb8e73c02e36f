import { createRoute, z } from '@hono/zod-openapi';
import type { MiddlewareHandler } from 'hono';
import type { DiscordUser } from '../../core/accounts/authorization.ts';
import type { Sessions } from '../../core/sessions/sessions.ts';
import type { Api, Env } from '../env.ts';
import { failures, json } from '../openapi/schemas.ts';

export interface UserinfoDeps {
  readonly sessions: Sessions;
  readonly authenticate: MiddlewareHandler<Env>;
  /** Where Discord shows a user's picture. */
  readonly pictureOf: (user: DiscordUser) => string;
}

const userinfoSchema = z
  .object({
    sub: z.string().openapi({ description: 'Discord user id', example: '80351110224678912' }),
    name: z.string().optional().openapi({ description: 'As Discord shows it', example: 'Ada' }),
    preferred_username: z
      .string()
      .optional()
      .openapi({ description: 'The user name at Discord', example: 'ada' }),
    picture: z.url().optional().openapi({
      description: 'An address at Discord',
      example: 'https://cdn.discord.example/embed/avatars/0.png',
    }),
  })
  .openapi('Userinfo');

/** Who somebody is, flatly, with the names that OAuth clients look for. */
export function userinfoRoutes(
  api: Api,
  { sessions, authenticate, pictureOf }: UserinfoDeps,
): void {
  api.openapi(
    createRoute({
      method: 'get',
      path: '/userinfo',
      operationId: 'getUserinfo',
      tags: ['Login'],
      summary: 'Whose token is this? For ready-made OAuth clients',
      description: 'Of a member who has never logged in, only sub is known.',
      security: [{ token: [] }],
      middleware: authenticate,
      responses: {
        200: json(userinfoSchema, 'As of the newest login'),
        ...failures(400, 401, 403, 429),
      },
    }),
    async (context) => {
      const { userId, authorization } = await sessions.overview(context.get('actor'));
      if (authorization === null) return context.json({ sub: userId }, 200);
      const { username, global_name } = authorization.user;
      return context.json(
        {
          sub: userId,
          name: global_name ?? username,
          preferred_username: username,
          picture: pictureOf(authorization.user),
        },
        200,
      );
    },
  );
}
