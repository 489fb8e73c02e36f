import type {
  APIAutoModerationAction,
  APIAutoModerationRule,
  APIAutoModerationRuleTriggerMetadata,
} from 'discord-api-types/v10';
import { type FormProblem, invalidForm, notFound } from './errors.ts';
import { asList, asNumber, asObject, asString, type Json } from './json.ts';
import { checkRule } from './rule-limits.ts';
import { readPattern } from './rust-pattern.ts';
import { snowflake } from './snowflake.ts';

const BLOCK_MESSAGE = 1;
const KEYWORD = 1;
const MOST_OF_TYPE: Readonly<Record<number, number>> = { [KEYWORD]: 6 };

/** What a rule found in a message. */
export interface RuleMatch {
  readonly rule: APIAutoModerationRule;
  /** As the rule has it. */
  readonly keyword: string;
  /** As the message has it. */
  readonly content: string;
}

/** Why a message was not posted. */
export interface Block extends RuleMatch {
  readonly customMessage: string | undefined;
}

/** A server's rules for automatic moderation. Only rules about keywords are ever met. */
export class AutoModeration {
  readonly #serverId: string;
  readonly #rules = new Map<string, APIAutoModerationRule>();

  constructor(serverId: string) {
    this.#serverId = serverId;
  }

  list(): readonly APIAutoModerationRule[] {
    return [...this.#rules.values()];
  }

  get(id: string): APIAutoModerationRule {
    const rule = this.#rules.get(id);
    if (rule === undefined) throw notFound();
    return rule;
  }

  create(body: Json, creatorId: string): APIAutoModerationRule {
    const type = asNumber(body['trigger_type']) ?? 0;
    const most = MOST_OF_TYPE[type] ?? 1;
    const problems = checkRule(body);
    if (this.list().filter((rule) => isType(rule, type)).length >= most) {
      problems.push(tooMany(type, most));
    }
    if (problems.length > 0) throw invalidForm(...problems);
    const rule = complete(body, { id: snowflake(), serverId: this.#serverId, creatorId });
    this.#rules.set(rule.id, rule);
    return rule;
  }

  /** What the body leaves out stays, the trigger type in any case. */
  update(id: string, body: Json): APIAutoModerationRule {
    const before = this.get(id);
    const merged = { ...before, ...body, trigger_type: before.trigger_type };
    const problems = checkRule(merged);
    if (problems.length > 0) throw invalidForm(...problems);
    const rule = complete(merged, {
      id,
      serverId: this.#serverId,
      creatorId: before.creator_id,
    });
    this.#rules.set(id, rule);
    return rule;
  }

  delete(id: string): APIAutoModerationRule {
    const rule = this.get(id);
    this.#rules.delete(id);
    return rule;
  }

  /** What the rules find in a message of a member with those roles. */
  matches(message: {
    readonly roles: readonly string[];
    readonly channelId: string;
    readonly content: string;
  }): RuleMatch[] {
    return this.list().flatMap((rule) => {
      const isExempt =
        rule.exempt_channels.includes(message.channelId) ||
        rule.exempt_roles.some((role) => message.roles.includes(role));
      if (!rule.enabled || isExempt || !isType(rule, KEYWORD)) return [];
      const found = search(rule.trigger_metadata, message.content);
      return found === undefined ? [] : [{ rule, ...found }];
    });
  }
}

/** What the author is told, if the rule blocks at all. */
export function blockOf(match: RuleMatch): Block | undefined {
  const action = match.rule.actions.find(({ type }) => isNumber(type, BLOCK_MESSAGE));
  if (action === undefined) return undefined;
  return { ...match, customMessage: action.metadata?.custom_message ?? undefined };
}

function search(
  metadata: APIAutoModerationRuleTriggerMetadata,
  content: string,
): Omit<RuleMatch, 'rule'> | undefined {
  const allowed = (metadata.allow_list ?? []).map((keyword) => readKeyword(keyword, 'giu'));
  const text = allowed.reduce((rest, pattern) => rest.replace(pattern, ' '), content);
  const keywords = (metadata.keyword_filter ?? []).map((keyword) => ({
    keyword,
    pattern: readKeyword(keyword),
  }));
  const patterns = (metadata.regex_patterns ?? []).map((keyword) => ({
    keyword,
    pattern: readPattern(keyword),
  }));
  for (const { keyword, pattern } of [...keywords, ...patterns]) {
    const found = pattern?.exec(text)?.[0];
    if (found !== undefined) return { keyword, content: found };
  }
  return undefined;
}

/** A whole word, whatever its case; a star at an end opens that end. */
function readKeyword(keyword: string, flags = 'iu'): RegExp {
  const [, opening, word, closing] = /^(\*?)(.*?)(\*?)$/s.exec(keyword.trim()) ?? [];
  const before = opening === '*' ? '' : String.raw`(?<![\p{L}\p{N}_])`;
  const after = closing === '*' ? '' : String.raw`(?![\p{L}\p{N}_])`;
  return new RegExp(`${before}${escapePattern(word ?? '')}${after}`, flags);
}

function escapePattern(text: string): string {
  return text.replaceAll(/[$()*+.?[\\\]^{|}/]/g, String.raw`\$&`);
}

function complete(
  body: Json,
  about: { readonly id: string; readonly serverId: string; readonly creatorId: string },
): APIAutoModerationRule {
  const metadata = asObject(body['trigger_metadata']);
  const strings = (member: string): string[] =>
    asList(metadata[member]).flatMap((entry) => asString(entry) ?? []);
  return {
    id: about.id,
    guild_id: about.serverId,
    creator_id: about.creatorId,
    name: body['name'],
    event_type: body['event_type'],
    trigger_type: body['trigger_type'],
    trigger_metadata:
      body['trigger_type'] === KEYWORD
        ? {
            keyword_filter: strings('keyword_filter'),
            regex_patterns: strings('regex_patterns'),
            allow_list: strings('allow_list'),
          }
        : metadata,
    actions: asList(body['actions']).map((action) => completeAction(asObject(action))),
    // Off until told, which is easily overlooked.
    enabled: body['enabled'] === true,
    exempt_roles: asList(body['exempt_roles']).map(String),
    exempt_channels: asList(body['exempt_channels']).map(String),
    // Checked above; the metadata of other kinds of rules are kept as they came.
  } as unknown as APIAutoModerationRule;
}

function completeAction(action: Json): APIAutoModerationAction {
  const metadata = Object.fromEntries(
    Object.entries(asObject(action['metadata'])).filter(([, value]) => value !== null),
  );
  return { type: action['type'], metadata } as APIAutoModerationAction;
}

function tooMany(type: number, most: number): FormProblem {
  return {
    at: [0],
    code: 'AUTO_MODERATION_MAX_RULES_OF_TYPE_EXCEEDED',
    message: `Maximum number of rules with trigger type ${type} is ${most}`,
  };
}

function isType(rule: APIAutoModerationRule, type: number): boolean {
  return isNumber(rule.trigger_type, type);
}

function isNumber(value: number, wanted: number): boolean {
  return value === wanted;
}
