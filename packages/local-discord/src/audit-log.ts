import type { APIAuditLogEntry, APIUser, AuditLogEvent } from 'discord-api-types/v10';
import type { Json } from './json.ts';
import { isOnPage, limitOf } from './paging.ts';
import { snowflake } from './snowflake.ts';

export const Action = {
  MemberKick: 20 as AuditLogEvent.MemberKick,
  MemberBanAdd: 22 as AuditLogEvent.MemberBanAdd,
  MemberBanRemove: 23 as AuditLogEvent.MemberBanRemove,
  RuleCreate: 140 as AuditLogEvent.AutoModerationRuleCreate,
  RuleUpdate: 141 as AuditLogEvent.AutoModerationRuleUpdate,
  RuleDelete: 142 as AuditLogEvent.AutoModerationRuleDelete,
  BlockMessage: 143 as AuditLogEvent.AutoModerationBlockMessage,
} as const;

/** Who did something to whom, and why. */
export interface Deed {
  readonly action: AuditLogEvent;
  readonly by: APIUser;
  readonly target: { readonly id: string };
  readonly reason?: string | undefined;
  readonly options?: NonNullable<APIAuditLogEntry['options']>;
}

/** What was done in a server. */
export class AuditLog {
  readonly #entries: APIAuditLogEntry[] = [];
  readonly #users = new Map<string, APIUser>();

  add({ action, by, target, reason, options }: Deed): APIAuditLogEntry {
    const entry: APIAuditLogEntry = {
      id: snowflake(),
      action_type: action,
      user_id: by.id,
      target_id: target.id,
      ...(reason === undefined ? {} : { reason }),
      ...(options === undefined ? {} : { options }),
    };
    this.#entries.push(entry);
    this.#users.set(by.id, by);
    return entry;
  }

  /** `GET /guilds/{id}/audit-logs`: newest first, but oldest first after an entry. */
  list(query: URLSearchParams, targets: ReadonlyMap<string, { user: APIUser }>): Json {
    const limit = limitOf(query, { usual: 50, most: 100 });
    const after = query.get('after');
    const found = this.#entries
      .filter(({ user_id }) => fits(query.get('user_id'), user_id))
      .filter(({ target_id }) => fits(query.get('target_id'), target_id))
      .filter(({ action_type }) => fits(query.get('action_type'), String(action_type)))
      .filter(({ id }) => isOnPage(id, query));
    const entries = (after === null ? found.toReversed() : found).slice(0, limit);
    const users = new Map<string, APIUser>();
    for (const { user_id, target_id } of entries) {
      const by = this.#users.get(user_id ?? '');
      const target = targets.get(target_id ?? '')?.user;
      for (const user of [by, target]) if (user !== undefined) users.set(user.id, user);
    }
    return {
      audit_log_entries: entries,
      users: [...users.values()],
      integrations: [],
      webhooks: [],
      guild_scheduled_events: [],
      threads: [],
      application_commands: [],
      auto_moderation_rules: [],
    };
  }
}

function fits(wanted: string | null, value: string | null): boolean {
  return wanted === null || wanted === value;
}
