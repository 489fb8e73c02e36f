import {
  type APIBan,
  type Client,
  DiscordAPIError,
  GatewayDispatchEvents,
  GatewayIntentBits,
  Routes,
} from 'discord.js';
import type { Accounts } from '../core/accounts.ts';
import { SYSTEM } from '../core/actor.ts';
import type { AuditStore, Clock } from '../core/ports.ts';
import type { Log } from '../log.ts';
import type { Rest } from './rest.ts';

export type RevokeOnLeave = 'ban' | 'leave' | 'off';

export interface ServerEventsDeps {
  readonly accounts: Accounts;
  readonly store: AuditStore;
  readonly clock: Clock;
  readonly rest: Rest;
  readonly log: Log;
  readonly revokeOnLeave: RevokeOnLeave;
  /** The community's server, else that of the staff channel; null while it is not known. */
  readonly serverId: () => string | null;
  /** The server of the staff channel, in which the guard stands; null while it is not known. */
  readonly staffServerId: () => string | null;
  readonly guarded: boolean;
}

const BANS_A_PAGE = 1000;

/** What happens to members in the server: bans, their end, leaving, and what AutoMod blocks. */
export function createServerEvents(deps: ServerEventsDeps) {
  const { accounts, store, clock, rest, log, revokeOnLeave, serverId, staffServerId, guarded } =
    deps;

  /** Errors end here: no event may end the program. */
  function handle<Data extends { guild_id: string }>(
    work: (data: Data) => Promise<void>,
    where = serverId,
  ) {
    return (data: Data): void => {
      if (data.guild_id !== where()) return;
      work(data).catch((err: unknown) => log.error({ err }, 'an event of the server was lost'));
    };
  }

  async function bannedInServer(server: string): Promise<ReadonlySet<string>> {
    const banned = new Set<string>();
    let after = '0';
    for (;;) {
      const query = new URLSearchParams({ limit: String(BANS_A_PAGE), after });
      const page = (await rest.get(Routes.guildBans(server), { query })) as APIBan[];
      for (const { user } of page) banned.add(user.id);
      const last = page.at(-1);
      if (last === undefined || page.length < BANS_A_PAGE) return banned;
      after = last.user.id;
    }
  }

  return {
    /** What Discord is asked to send; nothing privileged unless leaving counts. */
    intents: [
      ...(revokeOnLeave === 'off' ? [] : [GatewayIntentBits.GuildModeration]),
      ...(revokeOnLeave === 'leave' ? [GatewayIntentBits.GuildMembers] : []),
      ...(guarded ? [GatewayIntentBits.AutoModerationExecution] : []),
    ],

    listen({ ws }: Pick<Client, 'ws'>): void {
      if (revokeOnLeave !== 'off') {
        const { GuildBanAdd, GuildBanRemove } = GatewayDispatchEvents;
        ws.on(
          GuildBanAdd,
          handle<MemberEvent>(({ user }) => accounts.followBan(user.id)),
        );
        ws.on(
          GuildBanRemove,
          handle<MemberEvent>(({ user }) => accounts.followUnban(user.id)),
        );
      }
      if (revokeOnLeave === 'leave') {
        const { GuildMemberRemove } = GatewayDispatchEvents;
        ws.on(
          GuildMemberRemove,
          handle<MemberEvent>(({ user }) => accounts.followLeave(user.id)),
        );
      }
      if (guarded) {
        ws.on(
          GatewayDispatchEvents.AutoModerationActionExecution,
          handle<Execution>(({ user_id: userId, channel_id: channelId = null }) => {
            return store.record({
              actor: SYSTEM,
              at: clock(),
              userId,
              action: 'guard.blocked',
              channelId,
            });
          }, staffServerId),
        );
      }
    },

    /** Makes up for the bans that came and went while nobody listened. */
    async catchUp(): Promise<void> {
      const server = serverId();
      if (revokeOnLeave === 'off' || server === null) return;
      try {
        await accounts.catchUp(await bannedInServer(server));
      } catch (error) {
        if (!(error instanceof DiscordAPIError) || error.status >= 500) throw error;
        log.warn(
          `The bans of the server cannot be read (${error.message}): give the bot's role the permission Ban Members, or set REVOKE_ON_LEAVE=off. Bans that come from now on are followed.`,
        );
      }
    },
  };
}

interface MemberEvent {
  readonly guild_id: string;
  readonly user: { readonly id: string };
}

interface Execution {
  readonly guild_id: string;
  readonly user_id: string;
  readonly channel_id?: string;
}
