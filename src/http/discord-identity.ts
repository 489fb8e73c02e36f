import { DiscordAPIError, RateLimitError, REST } from '@discordjs/rest';
import { Routes } from 'discord-api-types/v10';
import { z } from 'zod';
import type { Authorization } from '../core/authorization.ts';
import { AppError, invalid } from '../core/errors.ts';
import type { Clock, Grant, Identify } from '../core/ports.ts';
import { hashToken } from '../core/token.ts';
import type { Log } from '../log.ts';

export interface IdentityDeps {
  readonly apiUrl: string;
  readonly clientSecret: string;
  readonly clock: Clock;
  readonly log: Log;
}

const RETRY_AFTER_MS = 5_000;
/** Nobody logging in waits longer than this for Discord's rate limit. */
const LONGEST_WAIT_MS = 3_000;
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
 * which is then dropped.
 */
export function createIdentify({ apiUrl, clientSecret, clock, log }: IdentityDeps): Identify {
  // Not the bot's client: a 401 makes that one forget its token. Nothing is tried twice by itself,
  // since a code may be spent although the answer was lost.
  const rest = new REST({
    api: apiUrl,
    timeout: 8_000,
    retries: 0,
    rejectOnRateLimit: ({ retryAfter }) => retryAfter > LONGEST_WAIT_MS,
  });
  /** Access tokens of grants that Discord took and then did not describe, for the next attempt. */
  const undescribed = new Map<string, { accessToken: string; until: number }>();

  async function exchange(grant: Grant, applicationId: string): Promise<string> {
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
      });
      return tokenSchema.parse(answer).access_token;
    } catch (error) {
      if (error instanceof DiscordAPIError && error.code === 'invalid_client') {
        log.error('Discord does not accept DISCORD_CLIENT_SECRET: copy it from the OAuth2 page');
        throw upstream(error);
      }
      if (error instanceof DiscordAPIError && error.status === 400) {
        throw invalid('Discord does not accept this code. Log in again to get a new one.');
      }
      throw upstream(error);
    }
  }

  async function describe(accessToken: string): Promise<Authorization> {
    try {
      const answer = await rest.get(Routes.oauth2CurrentAuthorization(), {
        auth: false,
        headers: { Authorization: `Bearer ${accessToken}` },
      });
      const { application, scopes, expires, user } = authorizationSchema.parse(answer);
      return { application, scopes, expiresAt: Date.parse(expires), user };
    } catch (error) {
      if (error instanceof DiscordAPIError && error.status === 401) {
        throw invalid('This authorization has been withdrawn. Log in again.');
      }
      throw upstream(error);
    }
  }

  return async (grant, applicationId) => {
    const now = clock();
    for (const [key, { until }] of undescribed) if (until <= now) undescribed.delete(key);

    const key = hashToken(JSON.stringify(grant)).toString('base64url');
    const accessToken = undescribed.get(key)?.accessToken ?? (await exchange(grant, applicationId));
    undescribed.set(key, { accessToken, until: now + RESUMABLE_MS });
    const authorization = await describe(accessToken);
    undescribed.delete(key);
    return authorization;
  };

  function upstream(error: unknown): AppError {
    log.warn({ err: error }, 'Discord did not answer a login');
    const retryAfterMs = error instanceof RateLimitError ? error.retryAfter : RETRY_AFTER_MS;
    return new AppError('upstream', 'Discord does not answer right now. Try again soon.', {
      cause: error,
      retryAfterMs,
    });
  }
}
