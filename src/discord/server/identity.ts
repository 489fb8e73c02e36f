import { DiscordAPIError, RateLimitError, REST } from '@discordjs/rest';
import { Routes } from 'discord-api-types/v10';
import { z } from 'zod';
import type { Authorization } from '../../core/accounts/authorization.ts';
import { type AppError, refuse, upstream } from '../../core/errors.ts';
import type { Grant, Identify } from '../../core/logins/identity.ts';
import { hashToken } from '../../core/sessions/token.ts';
import type { Log } from '../../log.ts';

export interface IdentityDeps {
  readonly apiUrl: string;
  readonly clientSecret: string;
  readonly log: Log;
}

/** Nobody logging in waits longer than this for Discord's rate limit, and for all of it. */
const LONGEST_WAIT_MS = 3_000;
const TIMEOUT_MS = 10_000;
const RESUMABLE_MS = 60_000;

const tokenSchema = z.object({ access_token: z.string().min(1) });

const authorizationSchema = z.object({
  application: z.looseObject({ id: z.string().min(1), name: z.string() }),
  scopes: z.array(z.string()),
  expires: z.iso.datetime({ offset: true }),
  user: z
    .looseObject({
      id: z.string().min(1),
      username: z.string(),
      global_name: z.string().nullish(),
      avatar: z.string().nullish(),
      bot: z.boolean().optional(),
    })
    .optional(),
});

/**
 * Asks Discord what a grant stands for: exchanges the code (RFC 6749, section 4.1.3; Discord,
 * "Authorization Code Grant") and reads "Get Current Authorization Information" with the access token,
 * which is forgotten after a minute, in which the same grant may be tried again.
 */
export function createIdentify({ apiUrl, clientSecret, log }: IdentityDeps): Identify {
  // Not the bot's client: a 401 makes that one forget its token. Nothing is tried twice by itself,
  // since a code may be spent although the answer was lost.
  const rest = new REST({
    api: apiUrl,
    retries: 0,
    rejectOnRateLimit: ({ retryAfter }) => retryAfter > LONGEST_WAIT_MS,
  });
  const accessTokens = new Map<string, string>();

  async function exchange(
    grant: Grant,
    applicationId: string,
    signal: AbortSignal,
  ): Promise<string> {
    const body = new URLSearchParams({
      client_id: applicationId,
      client_secret: clientSecret,
      grant_type: 'authorization_code',
      code: grant.code,
      redirect_uri: grant.redirectUri,
      ...(grant.codeVerifier === undefined ? {} : { code_verifier: grant.codeVerifier }),
    });
    try {
      const answer = await rest.post(Routes.oauth2TokenExchange(), {
        body,
        passThroughBody: true,
        auth: false,
        headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
        signal,
      });
      return tokenSchema.parse(answer).access_token;
    } catch (error) {
      if (error instanceof DiscordAPIError && error.code === 'invalid_client') {
        log.error('Discord does not accept DISCORD_CLIENT_SECRET: copy it from the OAuth2 page');
        throw failed(error);
      }
      if (error instanceof DiscordAPIError && error.status === 400) {
        throw refuse({ code: 'invalid_grant', reason: 'code' });
      }
      throw failed(error);
    }
  }

  async function describe(accessToken: string, signal: AbortSignal): Promise<Authorization> {
    try {
      const answer = await rest.get(Routes.oauth2CurrentAuthorization(), {
        auth: false,
        headers: { Authorization: `Bearer ${accessToken}` },
        signal,
      });
      const { application, scopes, expires, user } = authorizationSchema.parse(answer);
      return { application, scopes, expiresAt: Date.parse(expires), user };
    } catch (error) {
      if (error instanceof DiscordAPIError && error.status === 401) {
        throw refuse({ code: 'invalid_grant', reason: 'withdrawn' });
      }
      throw failed(error);
    }
  }

  function remember(key: string, accessToken: string): void {
    accessTokens.set(key, accessToken);
    setTimeout(() => accessTokens.delete(key), RESUMABLE_MS).unref();
  }

  return async (grant, applicationId) => {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const key = hashToken(JSON.stringify(grant)).toString('base64url');
    let accessToken = accessTokens.get(key);
    if (accessToken === undefined) {
      accessToken = await exchange(grant, applicationId, signal);
      remember(key, accessToken);
    }
    return describe(accessToken, signal);
  };
}

function failed(error: unknown): AppError {
  return upstream(error, error instanceof RateLimitError ? error.retryAfter : undefined);
}
