import { describe, expect, it, onTestFinished } from 'vitest';
import { AppError } from '../../src/core/errors.ts';
import { ANA, BEN, createPostbox, HOUR, idAt, member, SECOND, START } from '../support/fixtures.ts';
import {
  asForm,
  asJson,
  CODE,
  createHttpHarness,
  INTROSPECTION_SECRET,
  refusal,
  type HttpHarness,
  type HttpHarnessOptions,
  WEB,
} from '../support/http-harness.ts';

function setUp(options: HttpHarnessOptions = {}): HttpHarness {
  const service = createHttpHarness(options);
  onTestFinished(() => service.close());
  return service;
}

const HERE = '198.51.100.7';
const THERE = '198.51.100.8';
const MINUTE = 60 * SECOND;
const BAD = `lk_api_${'0'.repeat(49)}`;

/** The statuses of so many checks of a bad token, one after the other. */
async function bad(
  { check }: HttpHarness,
  times: number,
  from: string | undefined = HERE,
  headers: Readonly<Record<string, string>> = {},
): Promise<number[]> {
  const statuses: number[] = [];
  for (let time = 0; time < times; time += 1) {
    statuses.push((await check(BAD, from, headers)).status);
  }
  return statuses;
}

describe('refused tokens from one address', () => {
  it('are answered with 429 instead of 401 from the first beyond the limit on', async () => {
    const service = setUp({ failuresPerMinute: 3 });
    expect(await bad(service, 5)).toEqual([401, 401, 401, 429, 429]);
    service.clock.advance(20 * SECOND);
    const response = await service.check('nonsense', HERE);
    expect(response.headers.get('retry-after')).toBe('40');
    expect(response.headers.get('www-authenticate')).toBeNull();
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(await refusal(response)).toEqual([429, 'RateLimited']);
  });

  it('say to wait for a second at least', async () => {
    const service = setUp({ failuresPerMinute: 1 });
    await bad(service, 1);
    service.clock.advance(MINUTE - 1);
    expect((await service.check(BAD, HERE)).headers.get('retry-after')).toBe('1');
  });

  it('are forgotten when the minute ends', async () => {
    const service = setUp({ failuresPerMinute: 2 });
    expect(await bad(service, 3)).toEqual([401, 401, 429]);
    service.clock.advance(MINUTE - 1);
    expect(await bad(service, 1)).toEqual([429]);
    service.clock.advance(1);
    expect(await bad(service, 3)).toEqual([401, 401, 429]);
  });

  it('are forgotten when the clock is set back', async () => {
    const service = setUp({ failuresPerMinute: 1 });
    expect(await bad(service, 2)).toEqual([401, 429]);
    service.clock.advance(-10 * MINUTE);
    expect(await bad(service, 2)).toEqual([401, 429]);
  });

  it('never hold back a good token from there, nor tell a banned account anything else', async () => {
    const service = setUp({ failuresPerMinute: 1 });
    const { token } = await service.token();
    const banned = await service.token(BEN);
    await service.ban(BEN);
    await bad(service, 3);
    expect((await service.check(token, HERE)).status).toBe(200);
    expect((await service.check(banned.token, HERE)).status).toBe(403);
    expect((await service.send('/sessions', asJson({}, token), HERE)).status).toBe(400);
  });

  it('do not count at another address', async () => {
    const service = setUp({ failuresPerMinute: 2 });
    await bad(service, 5);
    expect(await bad(service, 3, THERE)).toEqual([401, 401, 429]);
  });

  it('count on whatever path they come', async () => {
    const service = setUp({ failuresPerMinute: 3 });
    const headers = { Authorization: BAD };
    for (const path of ['/sessions', '/sessions/@me', '/oauth2/@me']) {
      expect((await service.send(path, { headers }, HERE)).status).toBe(401);
    }
    const init = { method: 'DELETE', headers };
    expect((await service.send(`/sessions/${idAt(START)}`, init, HERE)).status).toBe(429);
  });

  it('are not those without any token, and not good ones', async () => {
    const service = setUp({ failuresPerMinute: 1 });
    const { token } = await service.token();
    for (let time = 0; time < 5; time += 1) {
      expect((await service.send('/sessions/@me', {}, HERE)).status).toBe(401);
      expect((await service.check(token, HERE)).status).toBe(200);
    }
    expect(await bad(service, 2)).toEqual([401, 429]);
  });

  it('count together in a /64 network of IPv6, however it is written', async () => {
    const service = setUp({ failuresPerMinute: 2 });
    expect(await bad(service, 1, '2001:db8:0:1::1')).toEqual([401]);
    expect(await bad(service, 1, '2001:db8:0:1:aaaa:bbbb:cccc:dddd')).toEqual([401]);
    expect(await bad(service, 1, '2001:db8:0:1:ffff::')).toEqual([429]);
    expect(await bad(service, 1, '2001:db8:0:2::1')).toEqual([401]);
  });

  it('count as from the same address when IPv4 comes in over IPv6', async () => {
    const service = setUp({ failuresPerMinute: 1 });
    expect(await bad(service, 1, HERE)).toEqual([401]);
    expect(await bad(service, 1, `::ffff:${HERE}`)).toEqual([429]);
    expect(await bad(service, 1, `::FFFF:${HERE}`)).toEqual([429]);
    expect(await bad(service, 1, `::ffff:${THERE}`)).toEqual([401]);
  });

  it('are answered all the same where the connection has no address any more', async () => {
    const service = setUp({ failuresPerMinute: 1, trustedProxies: ['10.0.0.0/8'] });
    expect(await bad(service, 2, '')).toEqual([401, 429]);
  });
});

const forwarded = (hops: string) => ({ 'X-Forwarded-For': hops });

describe('who sent a request', () => {
  it('is the peer, whatever X-Forwarded-For says, where no proxy is trusted', async () => {
    const service = setUp({ failuresPerMinute: 1 });
    expect(await bad(service, 1, HERE, forwarded('1.2.3.4'))).toEqual([401]);
    expect(await bad(service, 1, HERE, forwarded('5.6.7.8'))).toEqual([429]);
    expect(await bad(service, 1, THERE, forwarded('1.2.3.4'))).toEqual([401]);
  });

  it('is the peer where that is not the proxy that is trusted', async () => {
    const service = setUp({ failuresPerMinute: 1, trustedProxies: ['10.0.0.1'] });
    expect(await bad(service, 1, '10.0.0.2', forwarded('1.2.3.4'))).toEqual([401]);
    expect(await bad(service, 1, '10.0.0.2', forwarded('5.6.7.8'))).toEqual([429]);
  });

  it('is whom a trusted proxy names', async () => {
    const service = setUp({ failuresPerMinute: 1, trustedProxies: ['10.0.0.0/8', 'fd00::/8'] });
    expect(await bad(service, 1, '10.9.8.7', forwarded('1.2.3.4'))).toEqual([401]);
    expect(await bad(service, 1, '10.9.8.7', forwarded('5.6.7.8'))).toEqual([401]);
    expect(await bad(service, 1, '::ffff:10.1.1.1', forwarded('1.2.3.4'))).toEqual([429]);
    expect(await bad(service, 1, 'fd12::1', forwarded('5.6.7.8'))).toEqual([429]);
  });

  it('is the nearest that is no proxy of ours, so that no one can choose their address', async () => {
    const service = setUp({ failuresPerMinute: 1, trustedProxies: ['10.0.0.0/8'] });
    const statuses: number[] = [];
    for (const forged of ['9.9.9.1', '9.9.9.2', '10.0.0.5', 'nonsense']) {
      const headers = forwarded(`${forged}, 1.2.3.4, 10.0.0.2`);
      statuses.push(...(await bad(service, 1, '10.0.0.1', headers)));
    }
    expect(statuses).toEqual([401, 429, 429, 429]);
  });

  it.each(['', ' ', ',', 'unknown', '1.2.3', '_hidden', '1.2.3.4, ,', 'x'.repeat(5_000)])(
    'is the proxy where what that names is %.20j',
    async (hops) => {
      const service = setUp({ failuresPerMinute: 1, trustedProxies: ['10.0.0.1'] });
      expect(await bad(service, 1, '10.0.0.1', forwarded(hops))).toEqual([401]);
      expect(await bad(service, 1, '10.0.0.1')).toEqual([429]);
    },
  );
});

const introspect = (service: HttpHarness, secret: string, from = HERE) =>
  service.send('/introspect', asForm({ token: BAD }, `Bearer ${secret}`), from);

describe('what else counts as refused', () => {
  it('is a wrong introspection secret, together with bad tokens', async () => {
    const service = setUp({ failuresPerMinute: 2 });
    expect((await introspect(service, 'wrong')).status).toBe(401);
    expect(await bad(service, 1)).toEqual([401]);
    expect(await refusal(await introspect(service, 'wrong'))).toEqual([429, 'RateLimited']);
    expect((await introspect(service, INTROSPECTION_SECRET)).status).toBe(200);
    expect((await introspect(service, 'wrong', THERE)).status).toBe(401);
  });

  it('is not a bad token that a gateway asks about with the right secret', async () => {
    const service = setUp({ failuresPerMinute: 1 });
    for (let time = 0; time < 5; time += 1) {
      expect((await introspect(service, INTROSPECTION_SECRET)).status).toBe(200);
    }
    expect(await bad(service, 1)).toEqual([401]);
  });

  it('is a login code that Discord refuses, about which it is not asked any more then', async () => {
    const asked: string[] = [];
    const service = setUp({
      failuresPerMinute: 2,
      identify: ({ code }) => {
        asked.push(code);
        return Promise.reject(new AppError({ code: 'invalid_grant', reason: 'code' }));
      },
    });
    await service.connect();
    const post = async (code: string, from = HERE) =>
      (await service.send('/oauth2', asJson({ code: CODE + code, redirect_uri: WEB }), from))
        .status;
    expect([await post('one'), await post('two'), await post('three')]).toEqual([400, 400, 429]);
    expect([await post('four'), await post('five')]).toEqual([429, 429]);
    expect(asked).toEqual(['one', 'two', 'three'].map((code) => CODE + code));
    // Codes and tokens have counts of their own: neither holds up the other.
    expect(await bad(service, 1)).toEqual([401]);
    expect([await post('six', THERE), ...(await bad(service, 1, THERE))]).toEqual([400, 401]);
    service.clock.advance(MINUTE);
    expect(await post('seven')).toBe(400);
  });

  it('is not a login that is wrong in itself, nor one that Discord is away for', async () => {
    const service = setUp({
      failuresPerMinute: 1,
      identify: () => Promise.reject(new AppError({ code: 'upstream', reason: 'discord' })),
    });
    await service.connect();
    const post = async (grant: object) =>
      (await service.send('/oauth2', asJson(grant), HERE)).status;
    for (let time = 0; time < 3; time += 1) {
      expect(await post({ code: CODE, redirect_uri: WEB })).toBe(503);
      expect(await post({ code: CODE, redirect_uri: 'https://evil.example' })).toBe(403);
      expect(await post({ code: CODE, redirect_uri: WEB, code_verifier: 'short' })).toBe(400);
    }
    expect(await bad(service, 1)).toEqual([401]);
  });
});

describe('API tokens that a member makes in an hour', () => {
  const WRITE = { name: 'deploy', type: 'api', expiry: 60 };

  it('are counted over HTTP and Discord together, and ended ones too', async () => {
    const service = setUp({ creationsPerHour: 3 });
    const { deliver, delivered } = createPostbox();
    const first = await service.token();
    const input = { name: 'by the bot', expiresAt: START + HOUR };
    const issued = await service.tokens.createAndDeliver(member(ANA), input, deliver);
    await service.sessions.revoke(member(ANA), issued.session.id);
    expect((await service.send('/sessions', asJson(WRITE, first.token))).status).toBe(200);
    const response = await service.send('/sessions', asJson(WRITE, first.token));
    expect(response.headers.get('retry-after')).toBe('3600');
    expect(await refusal(response)).toEqual([429, 'RateLimited']);
    await expect(
      service.tokens.createAndDeliver(member(ANA), input, deliver),
    ).rejects.toMatchObject({
      code: 'rate_limited',
    });
    expect(delivered).toHaveLength(1);
    expect((await service.token(BEN)).session.userId).toBe(BEN);
  });

  it('are not those that replace another', async () => {
    const service = setUp({ creationsPerHour: 2 });
    const { deliver, delivered } = createPostbox();
    const ended = await service.token();
    await service.sessions.revoke(member(ANA), ended.session.id);
    let { session } = await service.token();
    for (let time = 0; time < 5; time += 1) {
      ({ session } = await service.tokens.rotateAndDeliver(
        member(ANA),
        { id: session.id, graceMs: 0 },
        deliver,
      ));
    }
    const newest = delivered.at(-1)?.token ?? '';
    expect((await service.send('/sessions', asJson(WRITE, newest))).status).toBe(429);
    service.clock.advance(HOUR);
    expect((await service.send('/sessions', asJson(WRITE, newest))).status).toBe(200);
  });

  it('may be rotated twice as often, and then no more for an hour, by bot and HTTP together', async () => {
    const service = setUp({ creationsPerHour: 2, maxApiTokens: 1 });
    const { deliver, delivered } = createPostbox();
    const first = await service.token();
    let { token } = first;
    let { id } = first.session;
    const rotate = () => service.send(`/sessions/${id}/rotate`, asJson({}, token));
    for (let time = 0; time < 3; time += 1) {
      ({ token, id } = (await (await rotate()).json()) as { token: string; id: string });
    }
    const byBot = () => service.tokens.rotateAndDeliver(member(ANA), { id, graceMs: 0 }, deliver);
    ({ id } = (await byBot()).session);
    token = delivered[0]?.token ?? '';
    const refused = await rotate();
    expect(await refusal(refused)).toEqual([429, 'RateLimited']);
    expect(refused.headers.get('retry-after')).toBe('3600');
    await expect(byBot()).rejects.toMatchObject({
      refusal: { code: 'rate_limited', reason: 'rotated', max: 4 },
    });
    expect(delivered).toHaveLength(1);
    service.clock.advance(HOUR);
    expect((await rotate()).status).toBe(200);
  });

  it('may be made again one by one, as the earlier ones become an hour old', async () => {
    const service = setUp({ creationsPerHour: 2 });
    const { token } = await service.token();
    const create = async () => (await service.send('/sessions', asJson(WRITE, token))).status;
    service.clock.advance(10 * MINUTE);
    expect([await create(), await create()]).toEqual([200, 429]);
    service.clock.advance(50 * MINUTE - 1);
    expect(await create()).toBe(429);
    service.clock.advance(1);
    expect([await create(), await create()]).toEqual([200, 429]);
    service.clock.advance(10 * MINUTE);
    expect([await create(), await create()]).toEqual([200, 429]);
  });
});

describe('a token in the address', () => {
  it.each([
    ['as token', (token: string) => `token=${token}`],
    ['as access_token', (token: string) => `access_token=${token}`],
    ['under another name', (token: string) => `key=${token}`],
    ['after another value of that name', (token: string) => `a=1&a=${token}`],
    ['in the middle of a value', (token: string) => `a=Bearer%20${token}%20`],
    ['as a name', (token: string) => token],
    ['in a name', (token: string) => `a=1&x${token}x=1`],
    ['encoded', (token: string) => `a=${token.replaceAll('_', '%5F')}`],
  ])('is refused %s, although it is good and in the header too', async (_, query) => {
    const { check, send, token: make } = setUp();
    const { token } = await make();
    const headers = { Authorization: token };
    for (const path of ['/sessions', '/oauth2/@me', '/health', '/openapi.json', '/nowhere']) {
      const response = await send(`${path}?${query(token)}`, { headers });
      const text = await response.clone().text();
      expect(text).not.toContain(token);
      expect(await refusal(response)).toEqual([400, 'BadRequest']);
    }
    expect((await check(token)).status).toBe(200);
  });

  it('is refused where it stands alone, and does not get into the log', async () => {
    const { send, token: make, lines } = setUp();
    const { token } = await make();
    expect((await send(`/sessions?token=${token}`)).status).toBe(400);
    expect((await send('/sessions?token=')).status).toBe(400);
    expect((await send(`/sessions/${token}`)).status).toBe(405);
    expect(lines.length).toBeGreaterThanOrEqual(3);
    expect(lines.join('')).not.toContain(token);
  });

  it.each(['/sessions/@me', '/check', '/check/lamps'])(
    'of a check is neither refused nor taken, since it may be meant for another API: %s',
    async (path) => {
      const { check, send, token: make, lines } = setUp();
      const { token } = await make();
      for (const query of [
        `token=${token}`,
        `access_token=${token}`,
        token,
        'token=x',
        '%',
        'a=%ff',
      ]) {
        const good = await send(`${path}?${query}`, { headers: { Authorization: token } });
        expect(good.status).toBe(200);
        expect(await refusal(await send(`${path}?${query}`))).toEqual([401, 'NoAuthToken']);
        const wrong = await send(`${path}?${query}`, { headers: { Authorization: BAD } });
        expect(await refusal(wrong)).toEqual([401, 'InvalidToken']);
      }
      expect((await check(token)).status).toBe(200);
      expect(lines.length).toBeGreaterThan(12);
      expect(lines.join('')).not.toContain(token);
    },
  );

  it('is not what only sounds like one', async () => {
    const { call, token } = setUp();
    const made = await token();
    for (const query of ['type=api', 'tokens=1', 'my_token_id=1', 'a=lk_api_short']) {
      expect((await call('GET', `/sessions?${query}`, made.token)).status).toBe(200);
    }
  });
});

const cors = (response: Response) =>
  Object.fromEntries([...response.headers].filter(([name]) => name.startsWith('access-control-')));

const preflight = ({ send }: HttpHarness, origin: string, method = 'POST') =>
  send('/sessions', {
    method: 'OPTIONS',
    headers: {
      Origin: origin,
      'Access-Control-Request-Method': method,
      'Access-Control-Request-Headers': 'authorization,content-type',
    },
  });

describe('browsers of other origins', () => {
  const ORIGIN = 'https://app.example';
  const OTHER = 'https://evil.example';
  const ORIGINS = { corsOrigins: [ORIGIN, 'http://localhost:5173'] };

  it('get no permission unless one is configured', async () => {
    const service = setUp();
    const { token } = await service.token();
    const response = await service.check(token, HERE, { Origin: ORIGIN });
    expect([response.status, cors(response)]).toEqual([200, {}]);
    expect(response.headers.get('vary')).toBeNull();
    const asked = await preflight(service, ORIGIN);
    expect([asked.status, cors(asked)]).toEqual([405, {}]);
  });

  it.each(ORIGINS.corsOrigins)('may read the answers where %s is allowed', async (origin) => {
    const service = setUp(ORIGINS);
    const { token } = await service.token();
    const answers = [
      await service.check(token, HERE, { Origin: origin }),
      await service.check('nonsense', HERE, { Origin: origin }),
      await service.send('/nowhere', { headers: { Origin: origin } }),
      await service.send('/sessions?token=x', { headers: { Origin: origin } }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([200, 401, 404, 400]);
    for (const response of answers) {
      expect(response.headers.get('access-control-allow-origin')).toBe(origin);
      expect(response.headers.get('access-control-allow-credentials')).toBeNull();
      const exposed = response.headers.get('access-control-expose-headers')?.toLowerCase();
      expect(exposed?.split(/, */)).toEqual(
        expect.arrayContaining(['retry-after', 'www-authenticate', 'x-request-id']),
      );
      expect(response.headers.get('vary')).toMatch(/\borigin\b/i);
    }
  });

  it('may ask before what they need to send', async () => {
    const service = setUp(ORIGINS);
    for (const method of ['GET', 'POST', 'DELETE']) {
      const response = await preflight(service, ORIGIN, method);
      expect([response.status, await response.text()]).toEqual([204, '']);
      const allowed = cors(response);
      expect(allowed['access-control-allow-origin']).toBe(ORIGIN);
      expect(allowed['access-control-allow-methods']?.split(/, */)).toContain(method);
      const headers = allowed['access-control-allow-headers']?.toLowerCase().split(/, */);
      expect(headers).toEqual(expect.arrayContaining(['authorization', 'content-type']));
      expect(Number(allowed['access-control-max-age'])).toBeGreaterThan(0);
      expect(allowed).not.toHaveProperty('access-control-allow-credentials');
      expect(response.headers.get('vary')).toMatch(/\borigin\b/i);
    }
  });

  it('are told apart in caches from what no page has sent', async () => {
    const service = setUp(ORIGINS);
    const { token } = await service.token();
    const answers = [
      await service.check(token),
      await service.check('nonsense'),
      await service.send('/nowhere'),
      await service.send('/sessions', { method: 'OPTIONS' }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([200, 401, 404, 405]);
    for (const response of answers) {
      expect(response.headers.get('vary')).toBe('Origin');
      expect(cors(response)).toEqual({});
    }
  });

  it.each([
    OTHER,
    `${ORIGIN}.evil.example`,
    `${ORIGIN}:8443`,
    'http://app.example',
    'null',
    '*',
    '',
  ])('may not where it is %j', async (origin) => {
    const service = setUp(ORIGINS);
    const { token } = await service.token();
    const response = await service.check(token, HERE, { Origin: origin });
    for (const answer of [response, await preflight(service, origin)]) {
      expect(answer.headers.get('access-control-allow-origin')).toBeNull();
      expect(answer.headers.get('access-control-allow-credentials')).toBeNull();
      expect(answer.headers.get('vary')).toMatch(/\borigin\b/i);
    }
  });
});
