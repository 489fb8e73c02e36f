import { createRoute, z } from '@hono/zod-openapi';
import type { MiddlewareHandler } from 'hono';
import type { Application, DiscordUser } from '../../core/accounts/authorization.ts';
import { notConnected } from '../../core/errors.ts';
import type { Sessions } from '../../core/sessions/sessions.ts';
import type { Api, Env } from '../env.ts';
import { failures, json } from '../openapi/schemas.ts';

export interface OAuth2RouteDeps {
  readonly sessions: Sessions;
  readonly authenticate: MiddlewareHandler<Env>;
}

const authorizationSchema = z
  .object({
    application: z.looseObject({
      id: z.string().openapi({ example: '157730590492196864' }),
      name: z.string().openapi({ example: 'Latchkey' }),
    }),
    scopes: z.array(z.string()).openapi({ example: ['identify'] }),
    expires: z.iso.datetime({ offset: true }),
    user: z
      .looseObject({
        id: z.string().openapi({ example: '80351110224678912' }),
        username: z.string().openapi({ example: 'ada' }),
      })
      .optional(),
  })
  .openapi('Authorization', { description: "As Discord's own endpoint of this name" });

export function oauth2Routes(api: Api, { sessions, authenticate }: OAuth2RouteDeps): void {
  // The longer addresses are those that Discord's client libraries make of a base address.
  for (const path of ['/oauth2/@me', '/v10/oauth2/@me', '/api/v10/oauth2/@me']) {
    api.openapi(
      createRoute({
        method: 'get',
        path,
        tags: ['Login'],
        hide: path !== '/oauth2/@me',
        operationId: 'getAuthorization',
        summary: 'What this token stands for, in the shape of Discord’s own answer',
        description:
          'For client libraries of Discord: what Discord said at the newest login, but for the expiry, which is that of this token.',
        security: [{ token: [] }],
        middleware: authenticate,
        responses: {
          200: json(authorizationSchema, 'With user after a login'),
          ...failures(400, 401, 403, 429, 503),
        },
      }),
      async (context) => {
        const { type, expiresAt } = context.get('session');
        const { application, authorization } = await sessions.overview(context.get('actor'));
        if (application === null) {
          throw notConnected();
        }
        const scopes = type === 'api' ? undefined : authorization?.scopes;
        const body: z.infer<typeof authorizationSchema> = {
          application: describeApplication(application),
          scopes: [...(scopes ?? ['identify'])],
          expires: discordTime(expiresAt),
          ...(authorization === null ? {} : { user: describeUser(authorization.user) }),
        };
        return context.json(body, 200);
      },
    );
  }
}

/** What Discord's published description has of an application; the rest is its owner's business. */
const APPLICATION_FIELDS = [
  'id',
  'name',
  'icon',
  'description',
  'type',
  'cover_image',
  'primary_sku_id',
  'slug',
  'guild_id',
  'rpc_origins',
  'bot_public',
  'bot_require_code_grant',
  'terms_of_service_url',
  'privacy_policy_url',
  'custom_install_url',
  'install_params',
  'integration_types_config',
  'verify_key',
  'flags',
  'flags_new',
  'max_participants',
  'tags',
];

function describeApplication(application: Application) {
  const { id, name } = application;
  const known = Object.fromEntries(
    APPLICATION_FIELDS.filter((field) => application[field] !== undefined).map((field) => [
      field,
      application[field],
    ]),
  );
  const required = { icon: null, description: '', type: null, verify_key: '', flags: 0 };
  return { ...required, flags_new: '0', ...known, id, name };
}

function describeUser(user: DiscordUser) {
  const { id, username, global_name = null, avatar = null } = user;
  const required = { discriminator: '0', public_flags: 0, flags: 0, primary_guild: null };
  return { ...required, ...user, id, username, global_name, avatar };
}

/** `2021-01-23T02:33:17.017000+00:00`: the time as Discord writes it. */
function discordTime(at: number): string {
  return new Date(at).toISOString().replace(/Z$/, '000+00:00');
}
