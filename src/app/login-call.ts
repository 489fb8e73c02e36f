import { AppError, type Refusal, refuse } from '../core/errors.ts';
import type { Grant } from '../core/logins/identity.ts';
import type { LoggedIn } from '../core/logins/logins.ts';
import type { LogIn, LoginSource } from '../http/limits/login-gate.ts';
import type { Log } from '../log.ts';

/**
 * With several processes for HTTP, the one that started them logs members in: whichever gets the
 * second attempt, what the first one left half-done is there, and that a code was used is known.
 */

/** From a process for HTTP to the one that started it, over the pipe between them. */
export interface LoginCall {
  readonly call: number;
  readonly grant: Grant;
  readonly source: LoginSource;
}

/** What came of it. */
export type LoginAnswer = { readonly call: number } & (
  | { readonly loggedIn: LoggedIn }
  | {
      readonly refused: {
        readonly refusal: Refusal;
        readonly retryAfterMs?: number | undefined;
        readonly cause?: string | undefined;
      };
    }
  | { readonly failed: true }
);

/** Carries a login out for another process. Does not throw. */
export async function answerLogin(
  { call, grant, source }: LoginCall,
  logIn: LogIn,
  log: Pick<Log, 'error'>,
): Promise<LoginAnswer> {
  try {
    return { call, loggedIn: await logIn(grant, source) };
  } catch (err) {
    if (err instanceof AppError) {
      const { refusal, retryAfterMs, cause } = err;
      return { call, refused: { refusal, retryAfterMs, cause: reason(cause) } };
    }
    log.error({ err, request: source.requestId }, 'a login failed');
    return { call, failed: true };
  }
}

/** Logs in by asking another process. */
export function createLoginCalls(send: (call: LoginCall) => void) {
  const waiting = new Map<number, (answer: LoginAnswer) => void>();
  let calls = 0;

  const logIn: LogIn = async (grant, source) => {
    const call = (calls += 1);
    const { promise, resolve } = Promise.withResolvers<LoginAnswer>();
    waiting.set(call, resolve);
    send({ call, grant, source });
    const answer = await promise;
    if ('loggedIn' in answer) return answer.loggedIn;
    if ('failed' in answer) throw new Error('the login failed in the process that carried it out');
    const { refusal, retryAfterMs, cause } = answer.refused;
    throw refuse(refusal, {
      retryAfterMs,
      ...(cause === undefined ? {} : { cause: new Error(cause) }),
    });
  };

  return {
    logIn,
    take(answer: LoginAnswer): void {
      waiting.get(answer.call)?.(answer);
      waiting.delete(answer.call);
    },
  };
}

function reason(cause: unknown): string | undefined {
  return cause instanceof Error ? `${cause.name}: ${cause.message}` : undefined;
}
