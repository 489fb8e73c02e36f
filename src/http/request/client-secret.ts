import type { MiddlewareHandler } from 'hono';
import { timingSafeEqual } from 'node:crypto';
import { hashToken } from '../../core/sessions/token.ts';
import type { Env } from '../env.ts';
import {
  badRequest,
  BASIC_CHALLENGE,
  bearerChallenge,
  type FailedRequest,
  refuse,
} from '../errors.ts';
import type { FailureLimit } from '../limits/failure-limit.ts';
import { requireCredential } from './bearer.ts';
import type { ClientAddress } from './client-address.ts';
import { FORM, mediaType, readForm } from './form.ts';

export interface ClientSecretDeps {
  readonly secret: string;
  readonly failures: FailureLimit;
  readonly addressOf: ClientAddress;
}

const BASIC = /^basic(?: +|$)/i;

const MISSING: FailedRequest = {
  status: 401,
  code: 'NoAuthToken',
  message: 'This needs the INTROSPECTION_SECRET: as a Bearer token, or as a client secret.',
  challenge: `${bearerChallenge()}, ${BASIC_CHALLENGE}`,
};

const WRONG: FailedRequest = {
  status: 401,
  code: 'InvalidToken',
  message: 'This is not the INTROSPECTION_SECRET.',
};

/**
 * Lets through who sends the secret, whatever client they say they are: as the Bearer token (RFC 6750)
 * or as the client secret (RFC 6749, section 2.3.1), in the header or in the form.
 */
export function requireClientSecret(deps: ClientSecretDeps): MiddlewareHandler<Env> {
  const { failures, addressOf } = deps;
  const expected = hashToken(deps.secret);
  const isSecret = (given: string) => timingSafeEqual(hashToken(given), expected);

  return async (context, next) => {
    context.header('Cache-Control', 'no-store');
    const header = context.req.header('Authorization') ?? '';
    const isForm = mediaType(context.req.header('Content-Type')) === FORM;
    const { client_secret: inForm } = isForm ? await readForm(context.req) : {};
    if (header !== '' && inForm !== undefined) {
      throw badRequest('Send the secret once: in the Authorization header or in the form.');
    }
    if (header === '' && inForm === undefined) return refuse(context, MISSING);
    if (inForm !== undefined && typeof inForm !== 'string') {
      throw badRequest('client_secret: must be sent once.');
    }
    const isBasic = inForm !== undefined || BASIC.test(header);
    const given = inForm === undefined ? inHeader(header) : [inForm];
    // All of them, whether one was right or not.
    if (!given.map(isSecret).includes(true)) {
      failures.count(addressOf(context));
      const challenge = isBasic ? BASIC_CHALLENGE : bearerChallenge('invalid_token');
      return refuse(context, { ...WRONG, challenge });
    }
    await next();
    return undefined;
  };
}

/** What the header may mean by its secret: with Basic it is encoded as in a form, or is it not. */
function inHeader(header: string): readonly string[] {
  if (!BASIC.test(header)) return [requireCredential(header)];
  const text = Buffer.from(header.replace(BASIC, ''), 'base64').toString('utf8');
  const colon = text.indexOf(':');
  const secret = colon === -1 ? '' : text.slice(colon + 1);
  return [
    secret,
    new URLSearchParams(`secret=${secret.replaceAll('&', '%26')}`).get('secret') ?? '',
  ];
}
