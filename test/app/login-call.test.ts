import { expect, test } from 'vitest';
import {
  answerLogin,
  createLoginCalls,
  type LoginAnswer,
  type LoginCall,
} from '../../src/app/login-call.ts';
import { AppError, banned, upstream } from '../../src/core/errors.ts';
import type { LogIn } from '../../src/http/limits/login-gate.ts';
import { collectLog, newSession } from '../support/fixtures.ts';
import { discordUser, WEB } from '../support/http-harness.ts';

const GRANT = { code: 'x'.repeat(30), redirectUri: WEB };
const SOURCE = { requestId: 'request-1', address: '198.51.100.7' };

/** What a pipe between processes makes of a message. */
const sent = <Message>(message: Message) => JSON.parse(JSON.stringify(message)) as Message;

/** Logs in by way of another process, in which logging in does this. */
function setUp(logIn: LogIn) {
  const { log, lines } = collectLog();
  const passed: unknown[] = [];
  const take = (answer: LoginAnswer) => {
    passed.push(answer);
    calls.take(sent(answer));
  };
  const calls = createLoginCalls((call: LoginCall) => {
    passed.push(call);
    void answerLogin(sent(call), logIn, log).then(take);
  });
  return { logIn: calls.logIn, lines, passed };
}

const loggedIn = () => ({ token: 'a token', session: newSession().session, user: discordUser() });

test('a login elsewhere answers what it would answer here', async () => {
  const made = loggedIn();
  const asked: unknown[] = [];
  const { logIn } = setUp(async (...input) => {
    asked.push(input);
    return made;
  });
  expect(await logIn(GRANT, SOURCE)).toEqual(made);
  expect(asked).toEqual([[GRANT, SOURCE]]);
});

test('several at once get each their own answer, in whichever order', async () => {
  const turns = new Map<string, (value: ReturnType<typeof loggedIn>) => void>();
  const { logIn } = setUp(({ code }) => new Promise((resolve) => void turns.set(code, resolve)));
  const [first, second] = ['first', 'second'].map((code) => logIn({ ...GRANT, code }, SOURCE));
  await Promise.resolve();
  turns.get('second')?.({ ...loggedIn(), token: 'of the second' });
  expect((await second)?.token).toBe('of the second');
  turns.get('first')?.({ ...loggedIn(), token: 'of the first' });
  expect((await first)?.token).toBe('of the first');
});

test.each([
  ['of a banned account', banned()],
  ['with a time to wait', upstream(new TypeError('fetch failed'), 7_000)],
  ['without one', new AppError({ code: 'restricted', reason: 'members_only' })],
])('a refusal %s stays what it is', async (_, refusal) => {
  const { logIn, lines } = setUp(() => Promise.reject(refusal));
  const error = await logIn(GRANT, SOURCE).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(AppError);
  const { code, message, retryAfterMs } = error as AppError;
  expect({ code, message, retryAfterMs }).toEqual({
    code: refusal.code,
    message: refusal.message,
    retryAfterMs: refusal.retryAfterMs,
  });
  expect(lines).toEqual([]);
});

test('why Discord failed gets into the log of who asked', async () => {
  const { logIn } = setUp(() => Promise.reject(upstream(new TypeError('fetch failed'))));
  const error = await logIn(GRANT, SOURCE).catch((reason: unknown) => reason);
  expect(error).toMatchObject({ cause: { message: 'TypeError: fetch failed' } });
});

test('what nobody foresaw is logged where it happened, and goes nowhere else', async () => {
  const { logIn, lines, passed } = setUp(() => Promise.reject(new TypeError('the secret plan')));
  const error = await logIn(GRANT, SOURCE).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(Error);
  expect(error).not.toBeInstanceOf(AppError);
  expect(JSON.stringify([passed, String(error)])).not.toContain('secret plan');
  expect(lines.join('')).toContain('the secret plan');
  expect(lines.join('')).toContain('request-1');
});
