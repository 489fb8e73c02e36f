import type { Config } from '../config.ts';
import { createAccounts } from '../core/accounts/accounts.ts';
import { createLogins } from '../core/logins/logins.ts';
import { createRoles } from '../core/policy/roles.ts';
import { createRequests } from '../core/requests/requests.ts';
import { createLastUsed } from '../core/sessions/last-used.ts';
import { createLeaks } from '../core/sessions/leaks.ts';
import { createSessions } from '../core/sessions/sessions.ts';
import type { Random } from '../core/sessions/token.ts';
import type { Store } from '../core/store.ts';
import type { Clock } from '../core/time.ts';
import { createTokens } from '../core/tokens/tokens.ts';
import type { Rest } from '../discord/rest.ts';
import {
  createFindMember,
  createFindServerRoles,
  createIsBannedInServer,
} from '../discord/server/community.ts';
import { createIdentify } from '../discord/server/identity.ts';
import type { Log } from '../log.ts';

export interface CoreDeps {
  readonly config: Config;
  readonly store: Store;
  readonly rest: Rest;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** The server whose bans count; null while it is not known. */
  readonly serverId: () => string | null;
}

/** Whether what happens in a Discord server means anything here. */
export function followsServer({ communityServerId, staff, revokeOnLeave }: Config): boolean {
  const hasServer = communityServerId !== undefined || staff.channelId !== undefined;
  return hasServer && revokeOnLeave !== 'off';
}

/** The core as each process that talks to anybody needs it. */
export function createCore({ config, store, rest, clock, random, log, serverId }: CoreDeps) {
  const { tokenPrefix, limits, policy, communityServerId, login, discord } = config;
  const lastUsed = createLastUsed(store, clock);
  const accounts = createAccounts({ store, clock });
  const roles = createRoles({
    store,
    clock,
    policy,
    findServerRoles:
      communityServerId === undefined
        ? undefined
        : createFindServerRoles(rest, communityServerId, clock),
  });
  const core = {
    store,
    clock,
    random,
    tokenPrefix,
    limits,
    policy,
    findMember:
      communityServerId === undefined
        ? undefined
        : roles.keeping(createFindMember(rest, communityServerId)),
    isBannedInServer: followsServer(config) ? createIsBannedInServer(rest, serverId) : undefined,
  };
  const { clientSecret, redirectUris, appRedirectUris } = login;
  const logins =
    clientSecret === undefined
      ? undefined
      : createLogins({
          ...core,
          accounts,
          redirectUris,
          appRedirectUris,
          identify: createIdentify({ apiUrl: discord.apiUrl, clientSecret, log }),
        });
  const sessions = createSessions({ ...core, lastUsed });
  const tokens = createTokens({ ...core, lastUsed });
  const requests = createRequests(core);
  const { findMember } = core;
  return {
    roles,
    findMember,
    lastUsed,
    accounts,
    sessions,
    tokens,
    requests,
    logins,
    leaks: createLeaks(core),
  };
}

export type Core = ReturnType<typeof createCore>;
