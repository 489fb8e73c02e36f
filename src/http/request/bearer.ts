import type { MiddlewareHandler } from 'hono';
import { banned, refuse } from '../../core/errors.ts';
import type { Sessions, Verdict } from '../../core/sessions/sessions.ts';
import type { Meter } from '../../metrics.ts';
import type { Env } from '../env.ts';
import type { FailureLimit } from '../limits/failure-limit.ts';
import type { ClientAddress } from './client-address.ts';

export interface BearerDeps {
  readonly sessions: Pick<Sessions, 'verify'>;
  readonly failures: FailureLimit;
  readonly addressOf: ClientAddress;
  readonly meter: Meter;
}

const SCHEME = /^(?:bearer|user) +/i;

/** The credential in an `Authorization` header: after `Bearer`, after `User`, or alone. */
export function requireCredential(header: string | undefined): string {
  if (header === undefined || header === '') {
    throw refuse({ code: 'no_token' });
  }
  return credentialIn(header);
}

export const credentialIn = (header: string): string => header.replace(SCHEME, '');

/**
 * Lets through who sends a good token, as `Authorization: Bearer <token>` (RFC 6750, section 2.1), or
 * after `User` or without a scheme, as clients of the reference system do. The limit is for refused
 * tokens only: a good one is never held back for what its neighbours do.
 */
export function bearer({
  sessions,
  failures,
  addressOf,
  meter,
}: BearerDeps): MiddlewareHandler<Env> {
  return async (context, next) => {
    context.header('Cache-Control', 'no-store');
    const header = context.req.header('Authorization');
    if (!header) meter.check('missing');
    const verdict = await sessions.verify(requireCredential(header));
    meter.check(verdict.is);
    if (verdict.is === 'invalid') failures.count(addressOf(context));
    const { id, userId, isSuperseded, ...session } = requireValid(verdict);
    const { type, expiresAt, standing } = session;
    const requestId = context.get('requestId');
    const grant = standing === null ? undefined : { scopes: standing.scopes, type, expiresAt };
    const credential = { kind: 'token', sessionId: id, isSuperseded, grant } as const;
    context.set('actor', { kind: 'member', userId, requestId, credential });
    context.set('session', { id, ...session });
    await next();
  };
}

function requireValid(verdict: Verdict): Extract<Verdict, { is: 'valid' }> {
  switch (verdict.is) {
    case 'valid':
      return verdict;
    case 'banned':
      throw banned();
    case 'suspended':
      throw refuse({ code: 'restricted', reason: 'holders', roles: verdict.roles });
    case 'invalid':
      throw refuse({ code: 'invalid_token' });
  }
}
