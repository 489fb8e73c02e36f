/**
 * Why something is refused, with the values that a sentence about it needs. There are no sentences
 * here: each surface has its own, for all of these, in one table ({@link RefusalTable}).
 */
export type Refusal = MemberRefusal | ProgramRefusal;

export type ErrorCode = Refusal['code'];

/** What whoever asks in Discord may meet, and a program as well. */
export type MemberRefusal =
  | { readonly code: 'banned' | 'not_found' | 'dm_closed' | 'unavailable' }
  /** It may have been done: the database did not say. `token`: it was delivered. */
  | ({ readonly code: 'uncertain' } & { readonly reason: 'change' | 'token' })
  | ({ readonly code: 'invalid' } & (
      | { readonly reason: 'expiry' | 'ban_over' }
      /** Lengths are in characters, as people count them. */
      | { readonly reason: 'name_missing'; readonly max: number }
      | { readonly reason: 'name_too_long'; readonly length: number; readonly max: number }
      | { readonly reason: 'name_unprintable' | 'name_has_token' }
      | { readonly reason: 'name_marks'; readonly max: number }
      | { readonly reason: 'scopes_missing' | 'scope_malformed' }
      | { readonly reason: 'scopes_many'; readonly max: number }
      | {
          readonly reason: 'scope_unknown';
          readonly scope: string;
          /** All that there are. */
          readonly known: readonly string[];
        }
    ))
  | ({ readonly code: 'restricted' } & {
      readonly reason:
        'members_only' | 'staff_only' | 'superseded' | 'api_only' | 'confirmed_before' | 'outlives';
    })
  | ({ readonly code: 'restricted' } & (
      | {
          readonly reason: 'holders';
          /** Names of roles of which one is needed. */
          readonly roles: readonly string[];
        }
      | {
          readonly reason: 'scope_role';
          readonly scope: string;
          readonly roles: readonly string[];
        }
      | { readonly reason: 'rotation_wider'; readonly scopes: readonly string[] }
      | { readonly reason: 'needs_approval'; readonly scope: string }
      | { readonly reason: 'own_request' }
      /** Of requests that wait for the staff, or for their member. */
      | { readonly reason: 'requests_open'; readonly max: number }
    ))
  | { readonly code: 'limit_reached'; readonly max: number }
  | ({ readonly code: 'rate_limited' } & {
      readonly reason: 'created' | 'rotated' | 'exported' | 'erased' | 'reported';
      /** How many times an hour. */
      readonly max: number;
    })
  | ({ readonly code: 'conflict' } & (
      | {
          readonly reason:
            | 'rotated_first'
            | 'rotating'
            | 'rotated_twice'
            | 'successor_in_use'
            | 'roles_changed'
            | 'request_over'
            | 'policy_changed';
        }
      | {
          readonly reason: 'rotated_elsewhere';
          readonly where: 'discord' | 'http';
          /** The last characters of the successor's token. */
          readonly hint: string;
        }
    ))
  | ({ readonly code: 'undelivered' } & {
      readonly reason: 'retracted' | 'held' | 'refused' | 'unanswered' | 'not_sent';
    })
  | ({ readonly code: 'unconfirmed' } & { readonly reason: 'token' | 'message' })
  | { readonly code: 'upstream'; readonly reason: 'discord' | 'membership' };

/** What only a program that speaks HTTP may meet: tokens and logins are no part of an interaction. */
export type ProgramRefusal =
  | { readonly code: 'no_token' | 'invalid_token' }
  /** The token lacks what is needed (RFC 6750, section 3.1). */
  | {
      readonly code: 'insufficient_scope';
      readonly needed: readonly string[];
      readonly missing: readonly string[];
    }
  | ({ readonly code: 'invalid' } & {
      readonly reason:
        | 'challenge_malformed'
        | 'challenge_missing'
        | 'state_missing'
        | 'verifier_missing'
        | 'verifier_malformed';
    })
  /** What came from Discord's consent page is not good, or not any more (RFC 6749, section 5.2). */
  | ({ readonly code: 'invalid_grant' } & {
      readonly reason: 'code' | 'code_used' | 'withdrawn' | 'expired';
    })
  | ({ readonly code: 'restricted' } & {
      readonly reason: 'redirect_uri' | 'other_application' | 'scope_missing' | 'bot';
    })
  | ({ readonly code: 'rate_limited' } & { readonly reason: 'logins' | 'failures' })
  | ({ readonly code: 'upstream' } & { readonly reason: 'not_connected' | 'logins_full' });

/** The code of a refusal, with its reason if it has one. */
export type RefusalKey<Each> = Each extends {
  code: infer Code extends string;
  reason: infer Reason extends string;
}
  ? `${Code}.${Reason}`
  : Each extends { code: infer Code extends string }
    ? Code
    : never;

/** The refusal that has this key. */
export type RefusalWith<Of, Key> = Of extends unknown
  ? Key extends RefusalKey<Of>
    ? Of
    : never
  : never;

/** The sentence that a surface has for each: under its code, or its code and its reason. */
export type RefusalTable<Of extends Refusal> = {
  readonly [Key in RefusalKey<Of>]: string | ((refusal: RefusalWith<Of, Key>) => string);
};

/** The sentence for a refusal; undefined where the table has none. */
export function sentenceFor(
  table: Readonly<Record<string, string | ((refusal: never) => string)>>,
  refusal: Refusal,
): string | undefined {
  const key = 'reason' in refusal ? `${refusal.code}.${refusal.reason}` : refusal.code;
  const entry = table[key];
  return typeof entry === 'function' ? entry(refusal as never) : entry;
}

export interface AppErrorOptions extends ErrorOptions {
  /** After how many milliseconds another attempt may end otherwise. */
  readonly retryAfterMs?: number | undefined;
}

/** A refusal on its way to the surface that has words for it. The message is for the log. */
export class AppError extends Error {
  override readonly name = 'AppError';
  readonly refusal: Refusal;
  readonly retryAfterMs: number | undefined;

  constructor(refusal: Refusal, { retryAfterMs, ...options }: AppErrorOptions = {}) {
    super(Object.values(refusal).join(' '), options);
    this.refusal = refusal;
    this.retryAfterMs = retryAfterMs;
  }

  get code(): ErrorCode {
    return this.refusal.code;
  }
}

export const refuse = (refusal: Refusal, options?: AppErrorOptions) =>
  new AppError(refusal, options);
export const banned = () => refuse({ code: 'banned' });
export const noSuchSession = () => refuse({ code: 'not_found' });

/** Nobody knows our own application before the bot was once connected. */
export const notConnected = () =>
  refuse({ code: 'upstream', reason: 'not_connected' }, { retryAfterMs: 5_000 });

/** Discord failed, not whoever asked: another attempt may end otherwise. */
export function upstream(cause: unknown, retryAfterMs = 5_000): AppError {
  return refuse({ code: 'upstream', reason: 'discord' }, { cause, retryAfterMs });
}

/** Refusals in which the surroundings failed: the operator wants to know. */
export const ENVIRONMENTAL: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'undelivered',
  'unconfirmed',
  'upstream',
  'unavailable',
  'uncertain',
]);
