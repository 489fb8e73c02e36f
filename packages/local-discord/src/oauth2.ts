import type { APIUser } from 'discord-api-types/v10';
import { createHash, randomBytes } from 'node:crypto';
import { describeApplication, type LocalApplication } from './applications.ts';
import { type Challenge, type Consent, readConsent } from './consent.ts';
import { OAuthError, unauthorized } from './errors.ts';
import type { Json } from './json.ts';
import type { World } from './world.ts';

const CODE_LIFETIME_MS = 10 * 60_000;
const TOKEN_LIFETIME_S = 604_800;

/** A member's yes to an application: what revoking one of its tokens ends. */
interface Authorization {
  readonly application: LocalApplication;
  readonly user: APIUser;
  readonly scopes: readonly string[];
}

interface Code {
  readonly authorization: Authorization;
  readonly redirectUri: string;
  readonly challenge: Challenge | undefined;
  expiresAt: number;
}

interface Access {
  readonly authorization: Authorization;
  readonly lie: TokenLie;
  expiresAt: number;
}

/** What `GET /oauth2/@me` will say of a token instead of the truth. */
export interface TokenLie {
  /** Another application, as if the token had been made for it. */
  readonly application?: LocalApplication;
  /** `identify` left out leaves out the user, too. */
  readonly scopes?: readonly string[];
  readonly user?: APIUser;
  readonly expires?: Date;
}

/** The authorization code grant: codes, tokens and what they open. */
export class OAuth2 {
  readonly #world: World;
  readonly #report: (violation: string) => void;
  readonly #codes = new Map<string, Code>();
  readonly #access = new Map<string, Access>();
  readonly #refresh = new Map<string, Authorization>();
  readonly #lies: TokenLie[] = [];

  constructor(world: World, report: (violation: string) => void) {
    this.#world = world;
    this.#report = report;
  }

  /** What the consent page of that query asks for; throws what the page would show. */
  consent(query: URLSearchParams): Consent {
    return readConsent(query, this.#world.applications);
  }

  /** The user pressed Authorize. */
  grant(user: APIUser, { application, scopes, redirectUri, challenge }: Consent): string {
    const code = secret(30);
    this.#codes.set(code, {
      authorization: { application, user, scopes },
      redirectUri,
      challenge,
      expiresAt: Date.now() + CODE_LIFETIME_MS,
    });
    return code;
  }

  /** The next token that is made tells a lie. */
  lie(lie: TokenLie): void {
    this.#lies.push(lie);
  }

  /** Ends the lifetime of a code or an access token. */
  expire(codeOrToken: string): void {
    const found = this.#codes.get(codeOrToken) ?? this.#access.get(codeOrToken);
    if (found === undefined) throw new Error('neither a code nor an access token');
    found.expiresAt = Date.now();
  }

  /** `POST /oauth2/token`; without a form, as with JSON, Discord finds no grant type. */
  token(form: URLSearchParams | undefined, header: string | undefined): Json {
    const given = this.#form(form);
    const grantType = given.get('grant_type');
    if (grantType !== 'authorization_code' && grantType !== 'refresh_token') {
      const named = grantType ?? 'None';
      throw new OAuthError(400, 'unsupported_grant_type', `Grant type ${named} is not supported`);
    }
    const client = this.#client(given, header);
    if (grantType === 'authorization_code') return this.#exchange(client, given);
    const refresh = given.get('refresh_token') ?? '';
    const authorization = this.#refresh.get(refresh);
    if (authorization?.application !== client) throw new OAuthError(400, 'invalid_grant');
    this.#refresh.delete(refresh);
    return this.#issue(authorization);
  }

  /** `POST /oauth2/token/revoke`; a token that is not there is as good as revoked (RFC 7009). */
  revoke(form: URLSearchParams | undefined, header: string | undefined): void {
    const given = this.#form(form);
    const client = this.#client(given, header);
    const token = given.get('token');
    if (token === null) throw new OAuthError(400, 'invalid_request', 'Missing "token" in request.');
    const revoked = this.#refresh.get(token) ?? this.#access.get(token)?.authorization;
    if (revoked?.application !== client) return;
    // All tokens that the application has of the user end with one.
    const ends = ({ application, user }: Authorization): boolean =>
      application === client && user.id === revoked.user.id;
    for (const [key, { authorization }] of this.#access) {
      if (ends(authorization)) this.#access.delete(key);
    }
    for (const [key, authorization] of this.#refresh) {
      if (ends(authorization)) this.#refresh.delete(key);
    }
  }

  /** `GET /oauth2/@me`. */
  describe(header: string | undefined): Json {
    const { authorization, lie, expiresAt } = this.#opened(header);
    const scopes = lie.scopes ?? authorization.scopes;
    return {
      application: describeApplication(lie.application ?? authorization.application),
      expires: timestamp(lie.expires ?? new Date(expiresAt)),
      scopes,
      ...(scopes.includes('identify') ? { user: lie.user ?? authorization.user } : {}),
    };
  }

  /** The user of an access token, if the token is good for `GET /users/@me`. */
  user(header: string | undefined): { user: APIUser; scopes: readonly string[] } {
    const { authorization, lie } = this.#opened(header);
    const scopes = lie.scopes ?? authorization.scopes;
    if (!scopes.includes('identify')) throw unauthorized();
    return { user: lie.user ?? authorization.user, scopes };
  }

  // A refused attempt leaves the code: only Discord knows whether it does there.
  #exchange(client: LocalApplication, form: URLSearchParams): Json {
    const key = form.get('code') ?? '';
    const code = this.#codes.get(key);
    if (code?.authorization.application !== client || code.expiresAt <= Date.now()) {
      throw new OAuthError(400, 'invalid_grant', 'Invalid "code" in request.');
    }
    if (form.get('redirect_uri') !== code.redirectUri) {
      throw new OAuthError(400, 'invalid_grant', 'Invalid "redirect_uri" in request.');
    }
    if (code.challenge !== undefined && !meets(form.get('code_verifier'), code.challenge)) {
      throw new OAuthError(400, 'invalid_grant', 'Invalid "code_verifier" in request.');
    }
    this.#codes.delete(key);
    return this.#issue(code.authorization);
  }

  #issue(authorization: Authorization): Json {
    const access = secret(30);
    const refresh = secret(30);
    this.#access.set(access, {
      authorization,
      lie: this.#lies.shift() ?? {},
      expiresAt: Date.now() + TOKEN_LIFETIME_S * 1000,
    });
    this.#refresh.set(refresh, authorization);
    return {
      token_type: 'Bearer',
      access_token: access,
      expires_in: TOKEN_LIFETIME_S,
      refresh_token: refresh,
      scope: authorization.scopes.join(' '),
    };
  }

  #form(form: URLSearchParams | undefined): URLSearchParams {
    if (form === undefined) {
      this.#report('an OAuth2 request that is not application/x-www-form-urlencoded');
    }
    return form ?? new URLSearchParams();
  }

  #client(form: URLSearchParams, header: string | undefined): LocalApplication {
    const [id, password] = basic(header) ?? [form.get('client_id'), form.get('client_secret')];
    const application = this.#world.applications.get(id ?? '');
    if (application === undefined || application.clientSecret !== password) {
      throw new OAuthError(401, 'invalid_client');
    }
    return application;
  }

  #opened(header: string | undefined): Access {
    const access = this.#access.get(/^Bearer (\S+)$/.exec(header ?? '')?.[1] ?? '');
    if (access === undefined || access.expiresAt <= Date.now()) throw unauthorized();
    return access;
  }
}

function secret(length: number): string {
  const letters = randomBytes(2 * length)
    .toString('base64')
    .replaceAll(/[^A-Za-z0-9]/g, '');
  return letters.slice(0, length);
}

function basic(header: string | undefined): [string, string] | undefined {
  const credentials = /^Basic (\S+)$/i.exec(header ?? '')?.[1];
  if (credentials === undefined) return undefined;
  const [id = '', ...password] = Buffer.from(credentials, 'base64').toString('utf8').split(':');
  return [id, password.join(':')];
}

function meets(verifier: string | null, { value, method }: Challenge): boolean {
  if (verifier === null || !/^[\w.~-]{43,128}$/.test(verifier)) return false;
  const derived =
    method === 'S256' ? createHash('sha256').update(verifier).digest('base64url') : verifier;
  return derived === value;
}

/** Six decimals and an offset, as Discord writes instants. */
function timestamp(date: Date): string {
  return date.toISOString().replace('Z', '000+00:00');
}
