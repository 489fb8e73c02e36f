import {
  type APIAutoModerationRule,
  AutoModerationActionType,
  AutoModerationRuleEventType,
  AutoModerationRuleTriggerType,
  DiscordAPIError,
  RESTJSONErrorCodes,
  type RESTPostAPIAutoModerationRuleJSONBody,
  Routes,
} from 'discord.js';
import type { Staff } from '../../core/actor.ts';
import type { AuditStore } from '../../core/audit/store.ts';
import { upstream } from '../../core/errors.ts';
import type { SettingStore } from '../../core/settings.ts';
import { recordGuardChange } from '../../core/staff/guard.ts';
import type { Clock } from '../../core/time.ts';
import { Declined } from '../render/reply.ts';
import type { Rest } from '../rest.ts';
import { english } from '../words/words.ts';

export interface AutomodRuleDeps {
  readonly rest: Rest;
  readonly store: AuditStore & SettingStore;
  readonly clock: Clock;
  readonly tokenPrefix: string;
  readonly serverId: () => string | null;
}

export interface GuardStatus {
  readonly on: boolean;
  readonly exemptRoles: readonly string[];
  readonly exemptChannels: readonly string[];
  /** Rules of the kind that we need, ours included, and how many a server may have. */
  readonly keywordRules: number;
  /** How long our pattern is, and how long Discord lets it be. */
  readonly patternLength: number;
}

/** Discord, "Auto Moderation": limits of a server and of a rule. */
export const LIMITS = { keywordRules: 6, patterns: 10, patternLength: 260 } as const;
const RULE_NAME = 'Latchkey: tokens';
/** The id of the rule that we made. */
const RULE = 'guard-rule';

/** Discord's own AutoMod, set to block what has the shape of a token before anybody sees it. */
export function createAutomodRule({ rest, store, clock, tokenPrefix, serverId }: AutomodRuleDeps) {
  const pattern = `${tokenPrefix}_(login|app|api)_[0-9A-Za-z]{49}`;
  const rule: RESTPostAPIAutoModerationRuleJSONBody = {
    name: RULE_NAME,
    event_type: AutoModerationRuleEventType.MessageSend,
    trigger_type: AutoModerationRuleTriggerType.Keyword,
    trigger_metadata: { regex_patterns: [pattern] },
    // No alert: that would copy the token into another channel.
    actions: [
      {
        type: AutoModerationActionType.BlockMessage,
        // Discord takes one, for members of any language.
        metadata: { custom_message: english('guard.blocked') },
      },
    ],
    enabled: true,
  };
  const { trigger_type: _kind, ...changes } = rule;

  function requireServer(): string {
    const id = serverId();
    if (id === null) throw new Declined((words) => words('guard.no_server'));
    return id;
  }

  /** Somebody may have changed it in Discord: an alert there would copy the token. */
  function isIntact(ours: APIAutoModerationRule | undefined): boolean {
    return (
      ours?.enabled === true &&
      ours.trigger_metadata.regex_patterns?.join() === pattern &&
      ours.actions.map(({ type }) => type).join() === String(AutoModerationActionType.BlockMessage)
    );
  }

  async function keywordRules(server: string): Promise<readonly APIAutoModerationRule[]> {
    const all = (await explained(
      rest.get(Routes.guildAutoModerationRules(server)),
    )) as APIAutoModerationRule[];
    return all.filter(({ trigger_type }) => trigger_type === AutoModerationRuleTriggerType.Keyword);
  }

  return {
    /** Whether a rule that AutoMod carried out is the one that we made. */
    async isOurs(ruleId: string): Promise<boolean> {
      return (await store.findSetting(RULE)) === ruleId;
    },

    async status(): Promise<GuardStatus> {
      const keyword = await keywordRules(requireServer());
      const ours = keyword.find(({ name }) => name === RULE_NAME);
      return {
        on: isIntact(ours),
        exemptRoles: ours?.exempt_roles ?? [],
        exemptChannels: ours?.exempt_channels ?? [],
        keywordRules: keyword.length,
        patternLength: pattern.length,
      };
    },

    /** @returns whether anything changed */
    async turnOn(actor: Staff): Promise<boolean> {
      const server = requireServer();
      const ours = (await keywordRules(server)).find(({ name }) => name === RULE_NAME);
      if (ours !== undefined && isIntact(ours)) {
        // The database may be another one than that from which the guard was turned on.
        await store.saveSetting(RULE, ours.id);
        return false;
      }
      const kept =
        ours === undefined
          ? await explained(rest.post(Routes.guildAutoModerationRules(server), { body: rule }))
          : await explained(
              rest.patch(Routes.guildAutoModerationRule(server, ours.id), { body: changes }),
            );
      await store.saveSetting(RULE, (kept as APIAutoModerationRule).id);
      await recordGuardChange({ store, clock }, actor, true);
      return true;
    },

    /** @returns whether anything changed */
    async turnOff(actor: Staff): Promise<boolean> {
      const server = requireServer();
      const ours = (await keywordRules(server)).find(({ name }) => name === RULE_NAME);
      if (ours === undefined) return false;
      await explained(rest.delete(Routes.guildAutoModerationRule(server, ours.id)));
      await store.saveSetting(RULE, null);
      await recordGuardChange({ store, clock }, actor, false);
      return true;
    },
  };
}

export type AutomodRule = ReturnType<typeof createAutomodRule>;

async function explained<Result>(call: Promise<Result>): Promise<Result> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof DiscordAPIError) {
      if (
        error.code === RESTJSONErrorCodes.MissingPermissions ||
        error.code === RESTJSONErrorCodes.MissingAccess
      ) {
        throw new Declined((words) => words('guard.permission'));
      }
      if (error.status < 500) {
        const why = error.message;
        throw new Declined((words) => words('guard.refused', { why }));
      }
    }
    throw upstream(error);
  }
}
