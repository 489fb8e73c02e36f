import { createRoute, z } from '@hono/zod-openapi';
import type { HonoRequest } from 'hono';
import type { LoggedIn } from '../../core/logins/logins.ts';
import type { Policy } from '../../core/policy/policy.ts';
import type { Api } from '../env.ts';
import { badRequest, neverStored, refuse, RequestError } from '../errors.ts';
import type { GatedLogins } from '../limits/login-gate.ts';
import {
  explain,
  failures,
  json,
  loggedInSchema,
  oauthFailures,
  toBody,
} from '../openapi/schemas.ts';
import type { ClientAddress } from '../request/client-address.ts';
import { FORM, mediaType, readForm } from '../request/form.ts';

export interface LoginRouteDeps {
  /** Absent where no client secret is configured. */
  readonly logins: GatedLogins | undefined;
  readonly addressOf: ClientAddress;
  readonly policy: Policy | undefined;
}

const CONSENT_PAGE = 'https://discord.com/oauth2/authorize';

const consentQuerySchema = z.object({
  redirect_uri: z.string().openapi({
    description: 'One that the operator allowed, to the letter',
    example: 'https://lamps.example/callback',
  }),
  state: z.string().max(2_048).optional().openapi({ example: '7GkBv0aVQ2' }),
  code_challenge: z
    .string()
    .optional()
    .openapi({ description: 'PKCE with S256; required for installed apps' }),
  code_challenge_method: z.literal('S256').optional(),
  response_type: z.literal('code').optional().openapi({ description: 'Not needed' }),
});

/** Discord sends 30 letters and digits. What cannot be a code is not worth a question to Discord. */
const DISCORD_CODE = /^[A-Za-z0-9._~-]{16,128}$/;
const GRANT_TYPE = 'authorization_code';

const grantSchema = z
  .object({
    grant_type: z.literal(GRANT_TYPE).optional(),
    code: z
      .string()
      .regex(DISCORD_CODE, {
        error: 'must be what Discord sent back: 16 to 128 of the characters A-Z a-z 0-9 - . _ ~',
      })
      .openapi({ example: 'NhhvTDYsFcdgNLnnLijcl7Ku7bEEeee' }),
    redirect_uri: z.string().openapi({ example: 'https://lamps.example/callback' }),
    code_verifier: z
      .string()
      .optional()
      .openapi({ description: 'PKCE (RFC 7636); required for installed apps' }),
  })
  .openapi('Grant');

const grantFormSchema = grantSchema
  .extend({
    grant_type: z.literal(GRANT_TYPE),
    client_id: z.string().optional().openapi({ description: 'Any' }),
    client_secret: z.string().optional().openapi({ description: 'Not looked at' }),
  })
  .openapi('GrantForm');

/** Logging in through Discord, by clients of our own and by ready-made ones (RFC 6749, section 4.1). */
export function loginRoutes(api: Api, deps: LoginRouteDeps): void {
  function requireLogins(): GatedLogins {
    if (deps.logins !== undefined) return deps.logins;
    throw new RequestError({
      status: 503,
      code: 'Upstream',
      message: 'Logging in is off: DISCORD_CLIENT_SECRET is not set.',
    });
  }

  api.openapi(
    createRoute({
      method: 'get',
      path: '/login',
      operationId: 'startLogin',
      tags: ['Login'],
      summary: "To Discord's consent page",
      description:
        'Discord sends the browser back to redirect_uri, with a code for POST /oauth2. Send a state, a code_challenge or both. What else OAuth clients send is ignored: client_id, scope and so on.',
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
        // What is empty counts as absent (RFC 6749, section 3.1).
        state: state || undefined,
        codeChallenge: code_challenge,
      });
      context.header('Cache-Control', 'no-store');
      return context.redirect(`${CONSENT_PAGE}?${new URLSearchParams(query).toString()}`, 302);
    },
  );

  // Not as a route of its own validators: for two types of body they would want both.
  api.openAPIRegistry.registerPath(
    createRoute({
      method: 'post',
      path: '/oauth2',
      operationId: 'exchangeCode',
      tags: ['Login'],
      summary: "Log in with the code from Discord's consent page",
      description: 'As JSON, or as the form that RFC 6749, section 4.1.3, has. Codes work once.',
      request: {
        body: {
          description: 'What came back',
          required: true,
          content: {
            'application/json': { schema: grantSchema },
            [FORM]: { schema: grantFormSchema },
          },
        },
      },
      responses: {
        200: json(loggedInSchema, 'A session for an hour; for 14 days in an installed app'),
        ...oauthFailures(400, 403, 413, 415, 429, 503),
      },
    }),
  );
  api.post('/oauth2', async (context) => {
    const [fields, schema] = await readGrant(context.req);
    const { grant_type } = fields;
    if (typeof grant_type === 'string' && ![GRANT_TYPE, ''].includes(grant_type)) {
      const message = `grant_type: must be ${GRANT_TYPE}.`;
      const error = 'unsupported_grant_type';
      return refuse(context, { status: 400, code: 'BadRequest', message, error });
    }
    const read = schema.safeParse(fields);
    if (!read.success) throw badRequest(explain(read.error));
    const { code, redirect_uri, code_verifier } = read.data;
    const loggedIn = await requireLogins().logIn(
      { code, redirectUri: redirect_uri, codeVerifier: code_verifier },
      { requestId: context.get('requestId'), address: deps.addressOf(context) },
    );
    neverStored(context);
    return context.json(toAnswer(loggedIn, deps.policy));
  });
}

/** What a body says, and what it should. */
async function readGrant(
  request: HonoRequest,
): Promise<[Readonly<Record<string, unknown>>, typeof grantSchema | typeof grantFormSchema]> {
  if (mediaType(request.header('Content-Type')) === FORM) {
    return [await readForm(request), grantFormSchema];
  }
  const body: unknown = await request.json().catch(() => {
    throw badRequest('The body is neither a form nor JSON that can be read.');
  });
  if (typeof body !== 'object' || body === null) throw badRequest('The body must be an object.');
  return [body as Readonly<Record<string, unknown>>, grantSchema];
}

function toAnswer(
  { token, session, user }: LoggedIn,
  policy: Policy | undefined,
): z.infer<typeof loggedInSchema> {
  const { id, username, global_name = null, avatar = null } = user;
  return {
    ...toBody(session, session.createdAt, policy),
    session_id: session.id,
    token,
    access_token: token,
    token_type: 'Bearer',
    expires_in: Math.floor((session.expiresAt - session.createdAt) / 1000),
    user: { id, username, global_name, avatar },
  };
}
