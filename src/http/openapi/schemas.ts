import { z } from '@hono/zod-openapi';
import type { Policy } from '../../core/policy/policy.ts';
import { scopeText } from '../../core/policy/scopes.ts';
import {
  END_REASONS,
  EXPIRY_BOUND_SECONDS,
  type Grace,
  GRACES,
  type Session,
  SESSION_TYPES,
} from '../../core/sessions/session.ts';
import { valuesWithPolicy, WITH_POLICY } from './policy-parts.ts';
import { rfc3339 } from '../rfc3339.ts';

/** The shapes of the HTTP API: what validates is what `GET /openapi.json` publishes. */

export const failureSchema = z
  .object({
    message: z.string().openapi({ description: 'For people' }),
    code: z
      .enum([
        'BadRequest',
        'NoAuthToken',
        'InvalidToken',
        'ApiBanned',
        'Restricted',
        'InsufficientScope',
        'NotFound',
        'LimitReached',
        'Conflict',
        'RateLimited',
        'Upstream',
        'InternalError',
      ])
      .openapi({ description: 'For programs', ...valuesWithPolicy('InsufficientScope') }),
    scope: z
      .string()
      .optional()
      .openapi({
        description: 'With InsufficientScope: all that is needed, space-separated',
        ...WITH_POLICY,
      }),
    missing: z
      .array(z.string())
      .readonly()
      .optional()
      .openapi({
        description: 'With InsufficientScope: what the token lacks',
        ...WITH_POLICY,
        example: ['lamps:write'],
      }),
  })
  .openapi('Failure');

/** The body of every answer that is not a success. */
export type Failure = z.infer<typeof failureSchema>;

export const oauthFailureSchema = failureSchema
  .extend({
    error: z
      .enum([
        'invalid_request',
        'invalid_client',
        'invalid_grant',
        'unsupported_grant_type',
        'access_denied',
        'temporarily_unavailable',
        'server_error',
      ])
      .openapi({ description: 'For OAuth clients: RFC 6749, section 5.2' }),
    error_description: z.string().openapi({ description: 'The message, in ASCII' }),
  })
  .openapi('OAuthFailure');

/** The same at the endpoints of OAuth. */
export type OAuthFailure = z.infer<typeof oauthFailureSchema>;

const GRACE_NAMES = Object.keys(GRACES) as readonly Grace[];
const LONGEST_GRACE_SECONDS = GRACES['7d'] / 1000;

const userId = z.string().openapi({ description: 'Discord user id', example: '80351110224678912' });
const instant = z.iso.datetime().openapi({ description: 'RFC 3339, UTC' });
const sessionId = z.uuid();
const name = z.string().openapi({ example: 'deploy script' });
const sessionType = z.enum(SESSION_TYPES).openapi({ example: 'api' });
const scope = z.string().openapi({
  example: 'lamps:read lamps:write',
  description: 'What the token may do, space-separated (RFC 6749, section 3.3)',
  ...WITH_POLICY,
});
const token = z.string().openapi({ example: 'lk_api_…' });

export const sessionSchema = z
  .object({
    id: sessionId,
    name: name.nullable(),
    user_id: userId,
    created_at: instant.openapi({ example: '2026-11-22T07:40:51.000Z' }),
    type: sessionType,
    expiry: instant,
    hint: z
      .string()
      .openapi({ description: 'The last four characters of the token', example: '8AHP' }),
    last_used_at: instant.nullable(),
    rotated_at: instant
      .nullable()
      .openapi({ description: 'When another one took its place; it works until its expiry' }),
    created_by: sessionId
      .nullable()
      .openapi({ description: 'The session whose token created this one' }),
    ended_at: instant.nullable(),
    end_reason: z.enum([...END_REASONS, 'expired']).nullable(),
    scope: scope.optional(),
  })
  .openapi('Session');

export const stateSchema = z
  .object({
    user_id: userId,
    id: sessionId,
    state: z.literal('normal').openapi({ description: 'A banned account is answered with 403' }),
    type: sessionType,
    expiry: instant,
    scope: scope.optional(),
    roles: z
      .array(z.string())
      .readonly()
      .optional()
      .openapi({
        description: "Its owner's roles, as the policy calls them",
        ...WITH_POLICY,
        example: ['patron'],
      }),
    name: name.nullable().optional().openapi(WITH_POLICY),
    created_at: instant.optional().openapi(WITH_POLICY),
  })
  .openapi('SessionState');

export const newSessionSchema = z
  .object({
    name: name.openapi({ description: '1 to 80 characters' }),
    type: z.string().openapi({ enum: ['api'], description: 'Anything else is refused with 403' }),
    expiry: z.number().openapi({
      exclusiveMinimum: 0,
      type: 'integer',
      example: 604_800,
      description: `Seconds from now: whole, more than 0 and less than ${EXPIRY_BOUND_SECONDS}. What lies beyond the year 9999 ends with it.`,
    }),
    scope: z
      .string()
      .optional()
      .openapi({
        example: 'lamps:read',
        description:
          'Space-separated (RFC 6749, section 3.3), of what the token has that asks; if absent, the scopes that are given. One that staff approve is refused with 403, and the message says how to ask for it.',
        ...WITH_POLICY,
      }),
  })
  .openapi('NewSession');

const GRACE_RULE = `must be ${GRACE_NAMES.join(', ')}, or a whole number of seconds up to ${LONGEST_GRACE_SECONDS}`;

export const rotationSchema = z
  .object({
    grace: z
      .union(
        [z.enum(GRACE_NAMES), z.int().min(0, GRACE_RULE).max(LONGEST_GRACE_SECONDS, GRACE_RULE)],
        { error: GRACE_RULE },
      )
      .optional()
      .openapi({
        default: 'now',
        description: 'For how long the old token goes on; a number is of seconds',
      }),
    scope: z
      .string()
      .optional()
      .openapi({
        example: 'lamps:read',
        description:
          'Of what the old token may do; the same if absent. With the token of another session, what staff approve has to be left out.',
        ...WITH_POLICY,
      }),
  })
  .openapi('Rotation');

const createdFields = sessionSchema.extend({
  session_id: sessionId,
  token: token.openapi({ description: 'Returned here and never again' }),
});

export const createdSchema = createdFields.extend({ user: z.null() }).openapi('CreatedSession');

export const loggedInSchema = createdFields
  .extend({
    access_token: token.openapi({ description: 'The token, as RFC 6749 calls it' }),
    token_type: z.literal('Bearer'),
    expires_in: z.int().openapi({ description: 'Seconds', example: 3_600 }),
    user: z.object({
      id: userId,
      username: z.string().openapi({ example: 'ada' }),
      global_name: z.string().nullable(),
      avatar: z.string().nullable(),
    }),
  })
  .openapi('LoggedIn');

/** A session as the list shows it, now; with what it may do where there is a policy. */
export function toBody(
  session: Session,
  now: number,
  policy: Policy | undefined,
): z.infer<typeof sessionSchema> {
  const { ended, expiresAt, lastUsedAt } = session;
  const { rotatedAt } = session;
  const reason = rotatedAt === null ? 'expired' : 'rotated';
  const expired = expiresAt <= now ? ({ at: expiresAt, reason } as const) : null;
  const over = ended ?? expired;
  return {
    id: session.id,
    name: session.name,
    user_id: session.userId,
    created_at: rfc3339(session.createdAt),
    type: session.type,
    expiry: rfc3339(expiresAt),
    hint: session.hint,
    last_used_at: lastUsedAt === null ? null : rfc3339(lastUsedAt),
    rotated_at: rotatedAt === null ? null : rfc3339(rotatedAt),
    created_by: session.parentId,
    ended_at: over === null ? null : rfc3339(over.at),
    end_reason: over?.reason ?? null,
    ...(policy === undefined ? {} : { scope: scopeText(policy.written(session.scope)) }),
  };
}

/** `expiry: Invalid input: expected number, received string`, for each that is wrong. */
export function explain({ issues }: z.ZodError): string {
  return issues
    .map(({ path, message }) => (path.length > 0 ? `${path.join('.')}: ${message}` : message))
    .join('; ');
}

export function json<Schema extends z.ZodType>(schema: Schema, description: string) {
  return { description, content: { 'application/json': { schema } } };
}

const FAILURES = {
  400: 'Something in the request is wrong: the message says what',
  401: 'No token (NoAuthToken), or one that is not valid (InvalidToken)',
  403: 'The account is banned (ApiBanned), or nobody may do this (Restricted)',
  404: 'There is no such thing, or it is not yours',
  409: 'The account holds as many API tokens as it may (LimitReached), or another call was faster (Conflict)',
  413: 'The body is larger than this call takes',
  415: 'The body has another content type than this call takes',
  429: 'Too many requests: see Retry-After',
  503: 'Discord or the database does not answer, or this is switched off: see Retry-After, if it is there',
} as const;

type FailureStatus = keyof typeof FAILURES;

/** The failures that a route documents. */
export function failures<Status extends FailureStatus>(...statuses: readonly Status[]) {
  return failuresAs(failureSchema, statuses);
}

/** The same at an endpoint of OAuth. */
export function oauthFailures<Status extends FailureStatus>(...statuses: readonly Status[]) {
  return failuresAs(oauthFailureSchema, statuses);
}

function failuresAs<Schema extends z.ZodType, Status extends FailureStatus>(
  schema: Schema,
  statuses: readonly Status[],
) {
  return Object.fromEntries(
    statuses.map((status) => [status, json(schema, FAILURES[status])]),
  ) as Record<Status, ReturnType<typeof json<Schema>>>;
}
