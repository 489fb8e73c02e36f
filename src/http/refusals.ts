import type { ContentfulStatusCode } from 'hono/utils/http-status';
import type { ErrorCode, Refusal, RefusalTable } from '../core/errors.ts';
import { EXPIRY_BOUND_SECONDS } from '../core/sessions/session.ts';
import type { OAuthError } from './oauth-failure.ts';
import type { Failure } from './openapi/schemas.ts';

interface Status {
  readonly status: ContentfulStatusCode;
  readonly code: Failure['code'];
  /** What OAuth calls it, where the status does not tell. */
  readonly error?: OAuthError;
}

export const STATUSES: Readonly<Record<ErrorCode, Status>> = {
  invalid: { status: 400, code: 'BadRequest' },
  invalid_grant: { status: 400, code: 'BadRequest', error: 'invalid_grant' },
  no_token: { status: 401, code: 'NoAuthToken' },
  invalid_token: { status: 401, code: 'InvalidToken' },
  banned: { status: 403, code: 'ApiBanned' },
  restricted: { status: 403, code: 'Restricted' },
  insufficient_scope: { status: 403, code: 'InsufficientScope' },
  not_found: { status: 404, code: 'NotFound' },
  limit_reached: { status: 409, code: 'LimitReached' },
  conflict: { status: 409, code: 'Conflict' },
  rate_limited: { status: 429, code: 'RateLimited' },
  dm_closed: { status: 502, code: 'Upstream' },
  undelivered: { status: 502, code: 'Upstream' },
  unconfirmed: { status: 502, code: 'Upstream' },
  upstream: { status: 503, code: 'Upstream' },
  unavailable: { status: 503, code: 'InternalError' },
  uncertain: { status: 503, code: 'InternalError' },
};

const ALL = new Intl.ListFormat('en', { type: 'conjunction' });
const list = (names: readonly string[]) => ALL.format(names);

const NOT_DELIVERED = 'Discord did not deliver the message.';
const UNCERTAIN =
  'The database did not say whether this was done. Look at your sessions before you try again.';
const UNCONFIRMED = 'Discord did not say whether it delivered the message.';

/** For programs, and who writes them. */
export const MESSAGES: RefusalTable<Refusal> = {
  no_token: 'This needs a token, in the Authorization header.',
  invalid_token: 'The token is not valid. It may have expired or been revoked.',
  insufficient_scope: ({ missing }) =>
    `This token may not do that. It lacks the ${missing.length === 1 ? 'scope' : 'scopes'} ${list(missing)}.`,
  banned: 'The account is banned from this API.',
  not_found: 'You have no such live session.',
  dm_closed: 'Discord does not deliver messages to this member.',
  unavailable: 'The database is unavailable right now. Nothing was changed.',
  'uncertain.change': UNCERTAIN,
  'uncertain.token': UNCERTAIN,
  'invalid.expiry': `The expiry must be a whole number of seconds, at least 1 and less than ${EXPIRY_BOUND_SECONDS}.`,
  'invalid.ban_over': 'The end of that ban has passed. Nothing was done.',
  'invalid.name_missing': ({ max }) => `Give the token a name of 1 to ${max} characters.`,
  'invalid.name_too_long': ({ length, max }) =>
    `That name has ${length} characters; ${max} is the most.`,
  'invalid.name_unprintable':
    'That name has a character that cannot be shown: a line break, a control character or one that changes the direction of writing. Use letters, digits, punctuation and emoji.',
  'invalid.name_marks': ({ max }) =>
    `That name has too many marks on one character; ${max} is the most.`,
  'invalid.name_has_token':
    'That name has a token in it. A name is shown to others: choose another one.',
  'invalid.scopes_missing': 'scope names no scope. Name one or more, with spaces between them.',
  'invalid.scopes_many': ({ max }) => `scope names more scopes than there can be (${max}).`,
  'invalid.scope_malformed':
    'scope has a name that no scope can have. Names have up to 40 of A-Z a-z 0-9 : . _ / -, with spaces between them.',
  'invalid.scope_unknown': ({ scope, known }) =>
    `There is no scope ${scope}. There are ${list(known)}.`,
  'invalid.challenge_malformed':
    'code_challenge must be the SHA-256 of the code verifier in base64url (S256).',
  'invalid.challenge_missing': 'An installed app must send a code_challenge (PKCE, S256).',
  'invalid.state_missing':
    'Send a state, a code_challenge or both, so that no one else can log in here.',
  'invalid.verifier_missing': 'An installed app must send its code_verifier (PKCE).',
  'invalid.verifier_malformed':
    'code_verifier must be 43 to 128 of the characters A-Z a-z 0-9 - . _ ~.',
  'invalid_grant.code': 'Discord does not accept this code. Log in again to get a new one.',
  'invalid_grant.code_used': 'This code has been used already.',
  'invalid_grant.withdrawn': 'This authorization has been withdrawn. Log in again.',
  'invalid_grant.expired': 'This authorization has expired; log in again.',
  'restricted.members_only': "This is for members of the community's Discord server only.",
  'restricted.staff_only': 'Only the staff can do that.',
  'restricted.superseded':
    'This token was rotated. Until its grace is over it may look, revoke itself and repeat its rotation: use the new one for anything else.',
  'restricted.api_only': 'Only API tokens can be rotated. To renew a login, log in again.',
  'restricted.confirmed_before': 'This was answered already or is too old.',
  'restricted.outlives':
    'The new token would live longer than the one that asks. Rotate it with a token that lives longer, or in Discord.',
  'restricted.holders': ({ roles }) =>
    `The owner of this token needs ${roles.length === 1 ? 'the role' : 'one of the roles'} ${list(roles)} in the community's Discord server.`,
  'restricted.scope_role': ({ scope, roles }) =>
    `The scope ${scope} is for members with ${roles.length === 1 ? 'the role' : 'one of the roles'} ${list(roles)}.`,
  'restricted.rotation_wider': ({ scopes }) =>
    `A rotation cannot add scopes: the token does not have ${list(scopes)}.`,
  'restricted.needs_approval': ({ scope }) =>
    `Staff approve each token with the scope ${scope}. Its owner asks for one in Discord, with /token create.`,
  'restricted.own_request': 'Nobody approves their own request.',
  'restricted.requests_open': ({ max }) =>
    `You have as many requests to the staff open as one account may (${max}).`,
  'restricted.redirect_uri': 'This redirect_uri is not allowed.',
  'restricted.other_application': 'This authorization is for another application.',
  'restricted.scope_missing': 'The scope identify is needed to log in.',
  'restricted.bot': 'Bots cannot log in.',
  limit_reached: ({ max }) => `You have as many live API tokens as one account may hold (${max}).`,
  'rate_limited.created': ({ max }) =>
    `You have created as many API tokens within an hour as one account may (${max}).`,
  'rate_limited.rotated': ({ max }) =>
    `You have rotated as many API tokens within an hour as one account may (${max}).`,
  'rate_limited.exported': ({ max }) => `You can export your data ${max} times an hour.`,
  'rate_limited.erased': ({ max }) => `You can erase your data ${max} times an hour.`,
  'rate_limited.reported': ({ max }) => `You may report ${max} messages an hour.`,
  'rate_limited.logins': 'Too many logins are under way from this address.',
  'rate_limited.failures': 'Too many refused attempts from this address.',
  'conflict.rotated_first':
    'This token was just rotated by another request. Look for the newer one.',
  'conflict.rotating':
    'This token was rotated a moment ago. If the new one did not arrive, try again in some seconds.',
  'conflict.rotated_twice':
    'This token was rotated, and so was the new one: rotate the newest one instead.',
  'conflict.successor_in_use':
    'This token was rotated, and the new one is in use: rotate that one instead.',
  'conflict.rotated_elsewhere': ({ where, hint }) =>
    `This token was rotated already, ${where === 'discord' ? 'in Discord' : 'over HTTP, with another token'}. Only whoever did that may repeat it. Rotate or revoke the new one instead: it ends in ${hint}.`,
  'conflict.roles_changed': 'The roles of its owner changed at this moment. Try again.',
  'conflict.request_over': 'This request was answered already, or has lapsed.',
  'conflict.policy_changed': 'What tokens may do has changed since this was asked. Ask again.',
  'undelivered.retracted': NOT_DELIVERED,
  'undelivered.held': NOT_DELIVERED,
  'undelivered.refused': NOT_DELIVERED,
  'undelivered.unanswered': NOT_DELIVERED,
  'undelivered.not_sent': NOT_DELIVERED,
  'unconfirmed.token': UNCONFIRMED,
  'unconfirmed.message': UNCONFIRMED,
  'upstream.discord': 'Discord does not answer right now. Try again soon.',
  'upstream.membership':
    'Discord cannot confirm right now that you are a member of the server. Try again soon.',
  'upstream.not_connected': 'The bot is not connected to Discord yet.',
  'upstream.logins_full': 'Too many logins are under way. Try again soon.',
};
