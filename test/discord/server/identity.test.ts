import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { AppError } from '../../../src/core/errors.ts';
import type { Grant } from '../../../src/core/logins/identity.ts';
import { createIdentify } from '../../../src/discord/server/identity.ts';
import { collectLog, SECOND } from '../../support/fixtures.ts';
import { APP, APPLICATION, discordUser, VERIFIER, WEB } from '../../support/http-harness.ts';

const CLIENT_SECRET = 'the-client-secret-of-the-application';
const CODE = 'the-code-from-the-consent-page';
const ACCESS_TOKEN = 'the-access-token-of-ana';

interface Asked {
  readonly route: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Null hangs up. */
type Answer =
  readonly [status: number, body?: unknown, headers?: Readonly<Record<string, string>>] | null;

const TOKEN: Answer = [
  200,
  { access_token: ACCESS_TOKEN, token_type: 'Bearer', scope: 'identify' },
];
const AUTHORIZATION = {
  application: APPLICATION,
  scopes: ['identify'],
  expires: '2026-02-03T04:05:06.789000+00:00',
  user: discordUser(),
};
const ME: Answer = [200, AUTHORIZATION];
const REFUSED: Answer = [400, { error: 'invalid_grant', error_description: 'Invalid "code".' }];

let asked: Asked[];
/** What Discord answers next, to the exchange of the code and to the question whose it is. */
let exchange: Answer[];
let me: Answer[];

const server = createServer((request, response) => {
  void text(request).then((body) => {
    const route = `${request.method} ${request.url}`;
    asked.push({ route, headers: request.headers, body });
    const answer = (request.method === 'POST' ? exchange : me).shift() ?? null;
    if (answer === null) return request.socket.destroy();
    const [status, content, headers] = answer;
    const written = typeof content === 'string' ? content : JSON.stringify(content);
    return response
      .writeHead(status, { 'Content-Type': 'application/json', ...headers })
      .end(written);
  });
});

let apiUrl: string;

beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  apiUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api`;
});

afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
});

beforeEach(() => {
  asked = [];
  exchange = [TOKEN];
  me = [ME];
});

function setUp() {
  const { log, lines } = collectLog();
  const identify = createIdentify({ apiUrl, clientSecret: CLIENT_SECRET, log });
  const ask = (grant: Partial<Grant> = {}) =>
    identify({ code: CODE, redirectUri: WEB, ...grant }, APPLICATION.id);
  return { ask, lines };
}

async function refusalOf(attempt: Promise<unknown>): Promise<AppError> {
  const error = await attempt.then(
    () => new Error('it succeeded'),
    (reason: unknown) => reason,
  );
  if (error instanceof AppError) return error;
  throw error;
}

const routes = () => asked.map(({ route }) => route);
const EXCHANGE = 'POST /api/v10/oauth2/token';
const DESCRIBE = 'GET /api/v10/oauth2/@me';

describe('asking Discord who logs in', () => {
  it('exchanges the code as a form, then asks with the access token', async () => {
    const { ask } = setUp();
    const authorization = await ask();
    expect(routes()).toEqual([EXCHANGE, DESCRIBE]);
    const [first, second] = asked;
    expect(first?.headers['content-type']).toBe('application/x-www-form-urlencoded');
    expect(first?.headers.authorization).toBeUndefined();
    expect(Object.fromEntries(new URLSearchParams(first?.body))).toEqual({
      client_id: APPLICATION.id,
      client_secret: CLIENT_SECRET,
      grant_type: 'authorization_code',
      code: CODE,
      redirect_uri: WEB,
    });
    expect(second?.headers.authorization).toBe(`Bearer ${ACCESS_TOKEN}`);
    expect(second?.body).toBe('');
    expect(authorization).toEqual({
      application: APPLICATION,
      scopes: ['identify'],
      expiresAt: Date.UTC(2026, 1, 3, 4, 5, 6, 789),
      user: discordUser(),
    });
  });

  it('sends the verifier where there is one, and what is odd as it is', async () => {
    const { ask } = setUp();
    const code = 'a&b=c+d %20é#';
    await ask({ code, redirectUri: APP, codeVerifier: VERIFIER });
    expect(Object.fromEntries(new URLSearchParams(asked[0]?.body))).toMatchObject({
      code,
      redirect_uri: APP,
      code_verifier: VERIFIER,
    });
  });

  it('takes an authorization without a user, and of another application, as it is', async () => {
    const { user: _, ...nobody } = AUTHORIZATION;
    const application = { id: '7', name: 'Other' };
    me = [[200, { ...nobody, application }]];
    expect(await setUp().ask()).toMatchObject({ application, user: undefined });
  });

  it('keeps nothing for a second grant', async () => {
    exchange = [TOKEN, [200, { access_token: 'of-ben' }]];
    me = [ME, ME];
    const { ask } = setUp();
    await ask();
    await ask({ code: 'another' });
    expect(asked.map(({ headers }) => headers.authorization)).toEqual([
      undefined,
      `Bearer ${ACCESS_TOKEN}`,
      undefined,
      'Bearer of-ben',
    ]);
  });

  it('answers several at once, each with its own', async () => {
    exchange = Array.from({ length: 5 }, () => TOKEN);
    me = Array.from({ length: 5 }, () => ME);
    const { ask } = setUp();
    const all = await Promise.all(
      Array.from({ length: 5 }, (_, index) => ask({ code: `${index}` })),
    );
    expect(all).toHaveLength(5);
    expect(asked).toHaveLength(10);
  });
});

describe('a code that Discord', () => {
  it('refuses is the fault of who sent it, and nothing alarming', async () => {
    exchange = [REFUSED];
    const { ask, lines } = setUp();
    const error = await refusalOf(ask());
    expect(error.code).toBe('invalid_grant');
    expect(error.message).toContain('code');
    expect(routes()).toEqual([EXCHANGE]);
    expect(lines).toEqual([]);
  });

  it('refuses for the secret is a matter of the operator, who is told the variable', async () => {
    exchange = [[401, { error: 'invalid_client' }]];
    const { ask, lines } = setUp();
    expect((await refusalOf(ask())).code).toBe('upstream');
    expect(lines.join('\n')).toContain('DISCORD_CLIENT_SECRET');
  });

  it.each([
    ['answers with 500', [500, 'internal']],
    ['answers with 502', [502, '<html>']],
    ['answers with 503', [503, {}]],
    ['answers with 404', [404, { code: 0, message: '404: Not Found' }]],
    ['answers with 403', [403, { code: 40_001, message: 'Unauthorized' }]],
    ['answers with nothing in it', [200, {}]],
    ['answers with an empty token', [200, { access_token: '' }]],
    ['answers with another shape', [200, [1]]],
    ['answers with half a JSON', [200, '{"access_token":']],
    ['hangs up on', null],
  ] as const)('%s is not lost, and is not tried twice by itself', async (_, answer) => {
    exchange = [answer, TOKEN];
    const { ask } = setUp();
    const error = await refusalOf(ask());
    expect([error.code, error.retryAfterMs]).toEqual(['upstream', 5_000]);
    expect(routes()).toEqual([EXCHANGE]);
    await ask();
    expect(routes()).toEqual([EXCHANGE, EXCHANGE, DESCRIBE]);
  });

  it('cannot be asked about for long is told with how long to wait', async () => {
    const headers = { 'Retry-After': '30', 'X-RateLimit-Scope': 'user' };
    exchange = [[429, { message: 'slow', retry_after: 30, global: false }, headers]];
    const error = await refusalOf(setUp().ask());
    expect(error.code).toBe('upstream');
    expect(error.retryAfterMs).toBeGreaterThan(25_000);
    expect(error.retryAfterMs).toBeLessThanOrEqual(31_000);
    expect(routes()).toEqual([EXCHANGE]);
  });
});

describe('an access token that Discord', () => {
  it.each([
    ['answers with 500', [500, 'internal']],
    ['answers with 503', [503, {}]],
    ['answers with 404', [404, { code: 0, message: '404: Not Found' }]],
    ['answers with another shape', [200, { user: discordUser() }]],
    ['answers with a time that is none', [200, { ...AUTHORIZATION, expires: 'soon' }]],
    ['answers with half a user', [200, { ...AUTHORIZATION, user: { id: '1' } }]],
    ['answers with a page', [200, '<html>']],
    ['hangs up on', null],
  ] as const)('%s is used again, not the code', async (_, answer) => {
    me = [answer, ME];
    const { ask } = setUp();
    expect((await refusalOf(ask())).code).toBe('upstream');
    expect(routes()).toEqual([EXCHANGE, DESCRIBE]);
    expect(await ask()).toMatchObject({ user: { username: 'ana' } });
    expect(routes()).toEqual([EXCHANGE, DESCRIBE, DESCRIBE]);
    expect(asked[2]?.headers.authorization).toBe(`Bearer ${ACCESS_TOKEN}`);
  });

  it('says nothing of is forgotten a minute after it was given', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    exchange = [TOKEN, REFUSED];
    me = [null, null, ME];
    const { ask } = setUp();
    await refusalOf(ask());
    vi.advanceTimersByTime(60 * SECOND - 1);
    expect((await refusalOf(ask())).code).toBe('upstream');
    vi.advanceTimersByTime(1);
    expect((await refusalOf(ask())).code).toBe('invalid_grant');
    expect(routes()).toEqual([EXCHANGE, DESCRIBE, DESCRIBE, EXCHANGE]);
  });

  it('says nothing of is for the very same grant only', async () => {
    exchange = [TOKEN, REFUSED, REFUSED, REFUSED];
    me = [null, ME];
    const { ask } = setUp();
    const codeVerifier = VERIFIER;
    await refusalOf(ask({ redirectUri: APP, codeVerifier }));
    const others = [
      { redirectUri: APP, codeVerifier: `${VERIFIER}x` },
      { redirectUri: APP },
      { redirectUri: WEB, codeVerifier },
    ];
    for (const other of others) expect((await refusalOf(ask(other))).code).toBe('invalid_grant');
    expect(await ask({ redirectUri: APP, codeVerifier })).toMatchObject({ scopes: ['identify'] });
  });

  it('no longer takes means that the member has withdrawn it', async () => {
    me = [[401, { code: 0, message: '401: Unauthorized' }]];
    const error = await refusalOf(setUp().ask());
    expect(error.code).toBe('invalid_grant');
    expect(error.message).toContain('withdrawn');
  });

  it('limits is told with how long to wait, and used again', async () => {
    const headers = { 'Retry-After': '12' };
    me = [[429, { message: 'slow', retry_after: 12, global: false }, headers]];
    const error = await refusalOf(setUp().ask());
    expect(error.code).toBe('upstream');
    expect(error.retryAfterMs).toBeGreaterThan(10_000);
  });
});

describe('what a failure says', () => {
  it.each([
    ['the code is refused', REFUSED, ME],
    ['the secret is refused', [401, { error: 'invalid_client' }] as const, ME],
    ['Discord fails', [500, ''] as const, ME],
    ['Discord hangs up', null, ME],
    ['Discord says nothing of the token', TOKEN, [500, ''] as const],
    ['the token is refused', TOKEN, [401, { code: 0, message: 'no' }] as const],
    [
      'Discord says all back',
      [400, { error: CODE, error_description: CLIENT_SECRET }] as const,
      ME,
    ],
  ])('has no secret in it, nor has the log, where %s', async (_, first, second) => {
    exchange = [first];
    me = [second];
    const { ask, lines } = setUp();
    const { message, stack = '' } = await refusalOf(ask());
    for (const secret of [CLIENT_SECRET, CODE, ACCESS_TOKEN]) {
      expect(message).not.toContain(secret);
      expect(stack).not.toContain(secret);
      expect(lines.join('\n')).not.toContain(secret);
    }
    expect(message).not.toBe('');
  });
});
