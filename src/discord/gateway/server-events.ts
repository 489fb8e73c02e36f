import {
  type APIBan,
  AutoModerationActionType,
  type Client,
  DiscordAPIError,
  GatewayDispatchEvents,
  GatewayIntentBits,
  Routes,
} from 'discord.js';
import type { Accounts } from '../../core/accounts/accounts.ts';
import type { AuditStore } from '../../core/audit/store.ts';
import { recordBlocked } from '../../core/staff/guard.ts';
import type { Clock } from '../../core/time.ts';
import type { Log } from '../../log.ts';
import { oncePerMinute } from '../interactions/once-per-minute.ts';
import type { Rest } from '../rest.ts';
import type { AutomodRule } from '../server/automod-rule.ts';
import { createRecent } from './recent.ts';
import type { MemberEvent, RoledMemberEvent, RoleEvent, RoleEvents } from './role-events.ts';

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
  /** Whether this process follows the server: of several with a bot, only one does. */
  readonly leads: () => boolean;
  /** Absent where no role counts, or Discord is not asked to tell of members. */
  readonly roleEvents: RoleEvents | undefined;
  /** Absent where there are no staff to turn it on. */
  readonly automodRule: Pick<AutomodRule, 'isOurs'> | undefined;
}

const BANS_A_PAGE = 1000;
/** After so long another process has taken the place of one that ended. */
const TAKEN_OVER_MS = 60_000;

/** What happens to members in the server: bans, their end, leaving, and what AutoMod blocks. */
export function createServerEvents(deps: ServerEventsDeps) {
  const { accounts, store, clock, rest, log, revokeOnLeave, serverId, leads } = deps;
  const { automodRule, roleEvents } = deps;
  const isFirst = oncePerMinute(clock);
  /** Of whom something was heard since the list of bans was asked for last. */
  const heardOf = new Set<string>();
  let catchingUp: Promise<void> = Promise.resolve();
  /** The setup catches up by itself, as often as that takes. */
  let isSetUp = false;
  /** An unban and a ban that follow one another must be carried over in that order. */
  let following: Promise<void> = Promise.resolve();
  /** Whether bans may have come or gone while another process followed them, or nobody did. */
  let isBehind = false;
  /** Whose ban ended and who left meanwhile, in case that process has just ended: no list tells of them. */
  const unbanned = createRecent(clock, TAKEN_OVER_MS);
  const left = createRecent(clock, TAKEN_OVER_MS);

  /** Errors end here: no event may end the program. */
  function note(work: Promise<void>): void {
    work.catch((err: unknown) => log.error({ err }, 'an event of the server was lost'));
  }

  function inOrder(work: () => Promise<void>): Promise<void> {
    following = following.catch(() => {}).then(work);
    return following;
  }

  function handle<Data extends { guild_id: string }>(
    work: (data: Data) => Promise<void>,
    onMissed: (data: Data) => void = () => {},
  ) {
    return (data: Data): void => {
      if (data.guild_id !== serverId()) return;
      if (leads()) note(work(data));
      else onMissed(data);
    };
  }

  /** Of what each process may do, so that nothing is lost where one takes the place of another. */
  function handleEverywhere<Data extends { guild_id: string }>(
    work: (data: Data) => Promise<void>,
  ) {
    return (data: Data): void => {
      if (data.guild_id === serverId()) note(work(data));
    };
  }

  /** Who left has no roles, and nothing any more of which they would have to be told. */
  async function followLeave(event: MemberEvent): Promise<void> {
    const leave = () => accounts.followLeave(event.user.id);
    await (roleEvents?.follow({ ...event, roles: [] }, leave) ?? leave());
  }

  async function followJoin(event: RoledMemberEvent): Promise<void> {
    // What they make from then on is not to end with a leave from before.
    left.delete(event.user.id);
    await roleEvents?.follow(event);
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

  async function readBans(): Promise<void> {
    const server = serverId();
    if (revokeOnLeave === 'off' || server === null) return;
    // What was heard before is carried out before.
    await following.catch(() => {});
    heardOf.clear();
    try {
      await accounts.catchUp(await bannedInServer(server), heardOf);
    } catch (error) {
      if (!(error instanceof DiscordAPIError) || error.status >= 500) throw error;
      log.warn(
        `The bans of the server cannot be read (${error.message}), and Discord may not tell of new ones: give the bot's role the permission Ban Members, or set REVOKE_ON_LEAVE=off.`,
      );
    }
  }

  async function noteBlocked({ user_id: userId, ...blocked }: Execution): Promise<void> {
    if (blocked.action.type !== AutoModerationActionType.BlockMessage) return;
    if (!(await automodRule?.isOurs(blocked.rule_id)) || !isFirst(userId)) return;
    const { channel_id: channelId = null } = blocked;
    await recordBlocked({ store, clock }, userId, channelId);
  }

  /** Makes up for the bans that came and went while nobody listened; one at a time. */
  function catchUp(): Promise<void> {
    catchingUp = catchingUp.catch(() => {}).then(readBans);
    return catchingUp;
  }

  function catchUpIfSetUp(): void {
    isBehind = isSetUp && !leads();
    if (!isSetUp || isBehind) return;
    catchUp().catch((err: unknown) => log.warn({ err }, 'the bans could not be read'));
  }

  return {
    /** This process follows the server from now on: it makes up for what the one before it missed. */
    takeOver(): void {
      // An unban comes first: a list that is read after it has those who were banned again.
      for (const userId of unbanned.take()) note(inOrder(() => accounts.followUnban(userId)));
      if (isBehind) catchUpIfSetUp();
      for (const userId of left.take()) note(accounts.followLeave(userId));
    },

    async catchUp(): Promise<void> {
      await catchUp();
      isSetUp = true;
    },

    /** What Discord is asked to send; nothing privileged unless leaving counts. */
    intents: [
      ...(revokeOnLeave === 'off' ? [] : [GatewayIntentBits.GuildModeration]),
      ...(revokeOnLeave === 'leave' ? [GatewayIntentBits.GuildMembers] : []),
      // For roles that are deleted.
      ...(roleEvents === undefined ? [] : [GatewayIntentBits.Guilds]),
      ...(automodRule === undefined ? [] : [GatewayIntentBits.AutoModerationExecution]),
    ],

    listen({ ws }: Pick<Client, 'ws'>): void {
      const { Ready, GuildBanAdd, GuildBanRemove, GuildMemberRemove } = GatewayDispatchEvents;
      const { GuildMemberAdd, GuildMemberUpdate, GuildRoleDelete } = GatewayDispatchEvents;
      if (revokeOnLeave !== 'off') {
        const hear = (
          follow: (userId: string) => Promise<void>,
          onMissed: (userId: string) => void = () => {},
        ) =>
          handle<MemberEvent>(
            ({ user }) => {
              heardOf.add(user.id);
              return inOrder(() => follow(user.id));
            },
            ({ user }) => {
              isBehind = true;
              onMissed(user.id);
            },
          );
        ws.on(GuildBanAdd, hear(accounts.followBan));
        ws.on(
          GuildBanRemove,
          hear(accounts.followUnban, (userId) => unbanned.add(userId)),
        );
        // A new session of the gateway: what happened before it is told nowhere else.
        ws.on(Ready, catchUpIfSetUp);
      }
      if (revokeOnLeave === 'leave') {
        ws.on(
          GuildMemberRemove,
          handle<MemberEvent>(followLeave, ({ user }) => left.add(user.id)),
        );
        ws.on(GuildMemberAdd, handleEverywhere(followJoin));
      }
      if (roleEvents !== undefined) {
        ws.on(Ready, () => roleEvents.begin());
        const follow = (event: RoledMemberEvent) => roleEvents.follow(event);
        ws.on(GuildMemberUpdate, handleEverywhere(follow));
        const followDeletion = (event: RoleEvent) => roleEvents.followDeletion(event);
        ws.on(GuildRoleDelete, handleEverywhere(followDeletion));
      }
      if (automodRule !== undefined) {
        ws.on(GatewayDispatchEvents.AutoModerationActionExecution, handle(noteBlocked));
      }
    },
  };
}

interface Execution {
  readonly guild_id: string;
  readonly rule_id: string;
  readonly action: { readonly type: AutoModerationActionType };
  readonly user_id: string;
  readonly channel_id?: string;
}
