import { randomUUID } from 'node:crypto';
import type { MiddlewareHandler } from 'hono';
import type { Member } from '../core/actor.ts';
import { AppError, banned } from '../core/errors.ts';
import type { SessionType } from '../core/session.ts';
import type { Sessions, Verdict } from '../core/sessions.ts';

/** Who asks, by the token in the `Authorization` header. */
export interface Authenticated {
  readonly Variables: {
    readonly actor: Member & { readonly sessionId: string };
    readonly type: SessionType;
  };
}

const SCHEME = /^bearer +/i;

/**
 * Lets through who sends a good token, as `Authorization: <token>` (the reference system's form) or
 * `Authorization: Bearer <token>` (RFC 6750, section 2.1).
 */
export function bearer(sessions: Pick<Sessions, 'verify'>): MiddlewareHandler<Authenticated> {
  return async (context, next) => {
    context.header('Cache-Control', 'no-store');
    const header = context.req.header('Authorization');
    if (header === undefined || header === '') {
      throw new AppError('no_token', 'no Authorization header');
    }
    const { id, userId, type } = requireValid(await sessions.verify(header.replace(SCHEME, '')));
    context.set('actor', { kind: 'member', userId, sessionId: id, requestId: randomUUID() });
    context.set('type', type);
    await next();
  };
}

function requireValid(verdict: Verdict): Extract<Verdict, { is: 'valid' }> {
  switch (verdict.is) {
    case 'valid':
      return verdict;
    case 'banned':
      throw banned();
    case 'invalid':
      throw new AppError('invalid_token', 'not a live token');
  }
}
