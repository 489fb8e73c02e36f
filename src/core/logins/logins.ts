import { isBanned } from '../accounts/account.ts';
import type { Accounts } from '../accounts/accounts.ts';
import {
  type Application,
  type Authorization,
  type DiscordUser,
  findApplication,
} from '../accounts/authorization.ts';
import type { AccountStore } from '../accounts/store.ts';
import { BY_DISCORD, type Member, type UserId } from '../actor.ts';
import type { AuditStore } from '../audit/store.ts';
import { AppError, banned, type ErrorCode, notConnected, refuse } from '../errors.ts';
import { requireCommunity, requireStored } from '../permission.ts';
import { loginScopes, requireHolder } from '../policy/grant.ts';
import type { Policy } from '../policy/policy.ts';
import type { RoleLook } from '../policy/standing.ts';
import { type MintedToken, mintSessionToken, toNewSession } from '../sessions/minted-token.ts';
import { LOGIN_LIFETIME_MS, MAX_LOGINS } from '../sessions/session.ts';
import type { Random } from '../sessions/token.ts';
import type { SettingStore } from '../settings.ts';
import { storableIn } from '../storable.ts';
import type { Clock, Instant } from '../time.ts';
import type { Limits } from '../tokens/allowance.ts';
import { createReplayProtection } from './code-replay.ts';
import type { FindMember, Grant, Identify, IsBannedInServer } from './identity.ts';
import type { LoginStore } from './store.ts';

export interface LoginsDeps {
  readonly store: LoginStore &
    Pick<AccountStore, 'findAccount'> &
    Pick<SettingStore, 'findSetting'> &
    Pick<AuditStore, 'record'>;
  readonly clock: Clock;
  readonly random: Random;
  readonly tokenPrefix: string;
  readonly limits: Limits;
  readonly identify: Identify;
  /** Where a login may return to, by exact match: web pages (`login`) and installed apps (`app_login`). */
  readonly redirectUris: readonly string[];
  readonly appRedirectUris: readonly string[];
  readonly findMember?: FindMember | undefined;
  /** Absent where a ban in the server means nothing here. */
  readonly isBannedInServer?: IsBannedInServer | undefined;
  /** Absent where every login may do everything. */
  readonly policy?: Policy | undefined;
  readonly accounts: Pick<Accounts, 'followBan'>;
}

export interface LoggedIn extends MintedToken {
  readonly user: DiscordUser;
}

/** RFC 7636, section 4.1. */
const CODE_VERIFIER = /^[A-Za-z0-9._~-]{43,128}$/;
/** RFC 7636, section 4.2: SHA-256 in base64url. */
const CODE_CHALLENGE = /^[A-Za-z0-9_-]{43}$/;

const NEEDED_SCOPE = 'identify';

const REFUSALS: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['banned', 'restricted']);

/** Logs in through Discord. Who someone is, Discord says; never the caller. */
export function createLogins(deps: LoginsDeps) {
  const { store, clock, random, tokenPrefix, limits, identify, findMember, policy } = deps;
  const codes = createReplayProtection(clock);

  /** @throws AppError `restricted` for an address that is on neither list */
  function typeFor(redirectUri: string): 'login' | 'app_login' {
    if (deps.redirectUris.includes(redirectUri)) return 'login';
    if (deps.appRedirectUris.includes(redirectUri)) return 'app_login';
    throw refuse({ code: 'restricted', reason: 'redirect_uri' });
  }

  async function open(
    type: 'login' | 'app_login',
    user: DiscordUser,
    { scopes, expiresAt }: Authorization,
    requestId: string,
    look: RoleLook | null,
  ): Promise<MintedToken> {
    const now = clock();
    const scope = policy === undefined ? null : loginScopes(policy);
    const draft = { userId: user.id, type, name: null, parentId: null, replaces: null, scope };
    const minted = mintSessionToken(
      { ...draft, createdAt: now, expiresAt: now + LOGIN_LIFETIME_MS[type] },
      tokenPrefix,
      random,
    );
    const actor: Member = {
      kind: 'member',
      userId: user.id,
      requestId,
      credential: BY_DISCORD,
    };
    const known = { user, scopes, expiresAt, checkedAt: now };
    const stored = await store.addLogin(
      { actor, at: now },
      toNewSession(minted, look),
      known,
      MAX_LOGINS,
    );
    requireStored(stored, limits, now);
    return minted;
  }

  /**
   * What was seen of the member's roles; null where they do not count.
   * @throws AppError `banned` or `restricted`
   */
  async function requireWelcome(userId: UserId): Promise<RoleLook | null> {
    const account = await store.findAccount(userId);
    if (isBanned(account, clock())) throw banned();
    // It may have come while nobody listened, or before there was an account.
    if (account?.serverBanWaived !== true && (await deps.isBannedInServer?.(userId))) {
      await deps.accounts.followBan(userId);
      throw banned();
    }
    const at = clock();
    const member = await requireCommunity(findMember, userId);
    if (policy === undefined) return null;
    const look =
      policy.followsRoles && member !== null ? { roles: policy.rolesText(member.roles), at } : null;
    requireHolder(policy, look?.roles ?? null);
    return look;
  }

  /** Writes down who may not log in and tried, but for failures of ours or Discord's. */
  async function noteRefusal(error: unknown, userId: UserId, requestId: string): Promise<void> {
    if (!(error instanceof AppError) || !REFUSALS.has(error.code)) return;
    const actor: Member = { kind: 'member', userId, requestId, credential: BY_DISCORD };
    const event = { action: 'login.refused', userId, why: error.code } as const;
    await store.record({ actor, at: clock(), ...event });
  }

  return {
    /**
     * The parameters of Discord's consent page for a login that returns to `redirectUri`.
     * @throws AppError unless the address is allowed and the answer is bound to who asked: by a
     * challenge for an installed app, by that or a state for a web page (RFC 9700, section 2.1)
     */
    async consent(request: {
      redirectUri: string;
      state: string | undefined;
      codeChallenge: string | undefined;
    }): Promise<Readonly<Record<string, string>>> {
      const { redirectUri, state, codeChallenge } = request;
      const type = typeFor(redirectUri);
      if (codeChallenge !== undefined && !CODE_CHALLENGE.test(codeChallenge)) {
        throw refuse({ code: 'invalid', reason: 'challenge_malformed' });
      }
      if (type === 'app_login' && codeChallenge === undefined) {
        throw refuse({ code: 'invalid', reason: 'challenge_missing' });
      }
      if (state === undefined && codeChallenge === undefined) {
        throw refuse({ code: 'invalid', reason: 'state_missing' });
      }
      const { id } = await requireApplication(store);
      return {
        client_id: id,
        response_type: 'code',
        scope: NEEDED_SCOPE,
        redirect_uri: redirectUri,
        ...(state === undefined ? {} : { state }),
        ...(codeChallenge === undefined
          ? {}
          : { code_challenge: codeChallenge, code_challenge_method: 'S256' }),
      };
    },

    /** Turns what Discord's consent page gave into a session, once. */
    async logIn(grant: Grant, { requestId }: Pick<Member, 'requestId'>): Promise<LoggedIn> {
      const type = typeFor(grant.redirectUri);
      if (type === 'app_login' && grant.codeVerifier === undefined) {
        throw refuse({ code: 'invalid', reason: 'verifier_missing' });
      }
      if (grant.codeVerifier !== undefined && !CODE_VERIFIER.test(grant.codeVerifier)) {
        throw refuse({ code: 'invalid', reason: 'verifier_malformed' });
      }
      const { id: applicationId } = await requireApplication(store);
      return codes.use(grant.code, async () => {
        const authorization = await identify(grant, applicationId);
        const user = requireUser(authorization, applicationId, clock());
        try {
          const look = await requireWelcome(user.id);
          return { ...(await open(type, user, authorization, requestId, look)), user };
        } catch (error) {
          await noteRefusal(error, user.id, requestId);
          throw error;
        }
      });
    },
  };
}

export type Logins = ReturnType<typeof createLogins>;

async function requireApplication(store: Pick<SettingStore, 'findSetting'>): Promise<Application> {
  const application = await findApplication(store);
  if (application === null) {
    throw notConnected();
  }
  return application;
}

/** What makes an authorization a login: it is for us, it tells who, it is a person's, and it is fresh. */
function requireUser(
  { application, scopes, expiresAt, user }: Authorization,
  applicationId: string,
  now: Instant,
): DiscordUser {
  // Else whoever runs another application could log in here as any of its users.
  if (application.id !== applicationId) {
    throw refuse({ code: 'restricted', reason: 'other_application' });
  }
  if (!scopes.includes(NEEDED_SCOPE) || user === undefined) {
    throw refuse({ code: 'restricted', reason: 'scope_missing' });
  }
  if (user.bot === true) throw refuse({ code: 'restricted', reason: 'bot' });
  if (expiresAt <= now) throw refuse({ code: 'invalid_grant', reason: 'expired' });
  // Told only where more than `identify` was granted, and none of our business.
  const { email: _email, verified: _verified, ...snapshot } = user;
  return storableIn(snapshot);
}
