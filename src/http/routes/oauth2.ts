import { createRoute, z } from '@hono/zod-openapi';
import type { MiddlewareHandler } from 'hono';
import type { Application, DiscordUser } from '../../core/authorization.ts';
import { AppError } from '../../core/errors.ts';
import type { Sessions } from '../../core/sessions.ts';
import type { Api, Env } from '../env.ts';
import type { ClientAddress } from '../client-address.ts';
import type { LoginVerbs } from '../login-gate.ts';
import { failures, json, loggedInSchema, toBody } from '../schemas.ts';

export interface OAuth2RouteDeps {
  readonly sessions: Sessions;
  /** Absent where no client secret is configured. */
  readonly logins: LoginVerbs | undefined;
  readonly authenticate: MiddlewareHandler<Env>;
  readonly addressOf: ClientAddress;
}

const CONSENT_PAGE = 'https://discord.com/oauth2/authorize';

/** Discord sends 30 letters and digits. What cannot be a code is not worth a question to Discord. */
const DISCORD_CODE = /^[A-Za-z0-9._~-]{16,128}$/;

const grantSchema = z
  .object({
    code: z.string().regex(DISCORD_CODE, {
      error: 'must be what Discord sent back: 16 to 128 of the characters A-Z a-z 0-9 - . _ ~',
    }),
    redirect_uri: z.string(),
    code_verifier: z
      .string()
      .optional()
      .openapi({ description: 'PKCE (RFC 7636); required for installed apps' }),
  })
  .openapi('Grant');

const consentQuerySchema = z.object({
  redirect_uri: z.string().openapi({ description: 'One that the operator allowed, to the letter' }),
  state: z.string().min(1).max(512).optional(),
  code_challenge: z
    .string()
    .optional()
    .openapi({ description: 'PKCE with S256; required for installed apps' }),
  code_challenge_method: z.literal('S256').optional(),
});

const authorizationSchema = z
  .object({
    application: z.looseObject({ id: z.string(), name: z.string() }),
    scopes: z.array(z.string()),
    expires: z.iso.datetime({ offset: true }),
    user: z.looseObject({ id: z.string(), username: z.string() }).optional(),
  })
  .openapi('Authorization', { description: "As Discord's own endpoint of this name" });

export function oauth2Routes(api: Api, deps: OAuth2RouteDeps): void {
  const { sessions, authenticate, addressOf } = deps;

  function requireLogins(): LoginVerbs {
    if (deps.logins !== undefined) return deps.logins;
    throw new AppError('upstream', 'Logging in is off: DISCORD_CLIENT_SECRET is not set.');
  }

  api.openapi(
    createRoute({
      method: 'get',
      path: '/login',
      tags: ['Login'],
      summary: "To Discord's consent page",
      description: 'Discord sends the browser back to redirect_uri, with a code for POST /oauth2.',
      request: { query: consentQuerySchema },
      responses: {
        302: { description: "Discord's consent page" },
        ...failures(400, 403, 503),
      },
    }),
    async (context) => {
      const { redirect_uri, state, code_challenge } = context.req.valid('query');
      const query = await requireLogins().consent({
        redirectUri: redirect_uri,
        state,
        codeChallenge: code_challenge,
      });
      context.header('Cache-Control', 'no-store');
      return context.redirect(`${CONSENT_PAGE}?${new URLSearchParams(query).toString()}`, 302);
    },
  );

  api.openapi(
    createRoute({
      method: 'post',
      path: '/oauth2',
      tags: ['Login'],
      summary: "Log in with the code from Discord's consent page",
      request: { body: { ...json(grantSchema, 'What came back'), required: true } },
      responses: {
        200: json(loggedInSchema, 'A session for an hour; for 14 days in an installed app'),
        ...failures(400, 403, 413, 415, 429, 503),
      },
    }),
    async (context) => {
      const { code, redirect_uri, code_verifier } = context.req.valid('json');
      context.header('Cache-Control', 'no-store');
      const grant = { code, redirectUri: redirect_uri, codeVerifier: code_verifier };
      const source = { requestId: context.get('requestId'), address: addressOf(context) };
      const { token, session, user } = await requireLogins().logIn(grant, source);
      const { id, username, global_name = null, avatar = null } = user;
      return context.json(
        {
          ...toBody(session, session.createdAt),
          session_id: session.id,
          token,
          user: { id, username, global_name, avatar },
        },
        200,
      );
    },
  );

  // The longer addresses are those that Discord's client libraries make of a base address.
  for (const path of ['/oauth2/@me', '/v10/oauth2/@me', '/api/v10/oauth2/@me']) {
    api.openapi(
      createRoute({
        method: 'get',
        path,
        tags: ['Login'],
        hide: path !== '/oauth2/@me',
        summary: 'What this token stands for, in the shape of Discord’s own answer',
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
          throw new AppError('upstream', 'The bot is not connected to Discord yet.', {
            retryAfterMs: 5_000,
          });
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
