import { describe, expect, it, onTestFinished } from 'vitest';
import { AppError, refuse } from '../../src/core/errors.ts';
import { oauthDescription } from '../../src/http/oauth-failure.ts';
import { ANA, HOUR, interfering } from '../support/fixtures.ts';
import {
  APP,
  asForm,
  asJson,
  body,
  CODE,
  createHttpHarness,
  type HttpHarness,
  type HttpHarnessOptions,
  VERIFIER,
  WEB,
} from '../support/http-harness.ts';

const FORM = 'application/x-www-form-urlencoded';
const GRANT = { grant_type: 'authorization_code', code: CODE, redirect_uri: WEB };

const FIELDS = new URLSearchParams(GRANT).toString();

type Body = Readonly<Record<string, unknown>>;

async function setUp(options: HttpHarnessOptions = {}): Promise<HttpHarness> {
  const service = createHttpHarness(options);
  onTestFinished(() => service.close());
  await service.connect();
  return service;
}

const read = async (response: Response) => (await response.json()) as Body;

const logIn = async ({ send }: HttpHarness, init: RequestInit): Promise<Response> =>
  send('/oauth2', init);

describe('a login by a ready-made client', () => {
  it('takes a form, and answers as RFC 6749 has it, beside what it has always answered', async () => {
    const service = await setUp();
    const response = await logIn(service, asForm(GRANT));
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toContain('application/json');
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(response.headers.get('pragma')).toBe('no-cache');
    const answer = await read(response);
    expect(answer).toMatchObject({
      user_id: ANA,
      type: 'login',
      user: { id: ANA, username: 'ana' },
      token_type: 'Bearer',
      expires_in: HOUR / 1000,
    });
    expect(answer['access_token']).toBe(answer['token']);
    expect((await service.check(String(answer['access_token']))).status).toBe(200);
  });

  it('answers the same to JSON, which need not name the grant', async () => {
    const service = await setUp();
    const { grant_type: _, ...bare } = GRANT;
    for (const [index, grant] of [bare, GRANT].entries()) {
      const answer = await read(
        await logIn(service, asJson({ ...grant, code: `${CODE}${index}`, protocol: 'x' })),
      );
      expect(answer).toMatchObject({ token: answer['access_token'], expires_in: HOUR / 1000 });
    }
  });

  it('says for an installed app that it lasts for 14 days', async () => {
    const service = await setUp();
    const form = { ...GRANT, redirect_uri: APP, code_verifier: VERIFIER };
    const answer = await read(await logIn(service, asForm(form)));
    expect(answer).toMatchObject({ type: 'app_login', expires_in: 14 * 86_400 });
  });

  it.each([
    ['in the form', { client_id: 'lamps', client_secret: 'anything' }, undefined],
    ['as Basic', {}, `Basic ${btoa('lamps:anything')}`],
    ['as an id alone', { client_id: 'lamps' }, undefined],
    ['with what else clients send', { scope: 'openid', resource: 'https://x.example' }, undefined],
  ])('minds no client credentials: %s', async (_, more, authorization) => {
    const service = await setUp();
    expect((await logIn(service, asForm({ ...GRANT, ...more }, authorization))).status).toBe(200);
  });

  it('takes a form with a charset', async () => {
    const service = await setUp();
    const text = new URLSearchParams(GRANT).toString();
    const type = { 'Content-Type': `${FORM};charset=UTF-8`, 'Content-Length': `${text.length}` };
    const response = await logIn(service, { method: 'POST', headers: type, body: text });
    expect(response.status).toBe(200);
  });
});

/** What RFC 6749, section 5.2, allows in `error_description`. */
const DESCRIPTION = /^[\x20-\x21\x23-\x5B\x5D-\x7E]+$/;

async function refused(response: Response): Promise<unknown[]> {
  expect(response.headers.get('cache-control')).toBe('no-store');
  expect(response.headers.get('pragma')).toBe('no-cache');
  const { message, code, error, error_description, ...more } = await read(response);
  expect(more).toEqual({});
  expect(message).not.toBe('');
  expect(error_description).toMatch(DESCRIPTION);
  return [response.status, code, error];
}

describe('a refused login', () => {
  it.each<readonly [string, HttpHarnessOptions, object, readonly unknown[]]>([
    [
      'with a code that Discord refuses',
      { identify: () => Promise.reject(refuse({ code: 'invalid_grant', reason: 'code' })) },
      {},
      [400, 'BadRequest', 'invalid_grant'],
    ],
    ['without a code', {}, { code: undefined }, [400, 'BadRequest', 'invalid_request']],
    [
      'without redirect_uri',
      {},
      { redirect_uri: undefined },
      [400, 'BadRequest', 'invalid_request'],
    ],
    ['with a short verifier', {}, { code_verifier: 'v' }, [400, 'BadRequest', 'invalid_request']],
    [
      'that returns elsewhere',
      {},
      { redirect_uri: 'https://evil.example' },
      [403, 'Restricted', 'access_denied'],
    ],
    [
      'of nobody in the community',
      { findMember: async () => null },
      {},
      [403, 'Restricted', 'access_denied'],
    ],
    [
      'while Discord is away',
      { identify: () => Promise.reject(new AppError({ code: 'upstream', reason: 'discord' })) },
      {},
      [503, 'Upstream', 'temporarily_unavailable'],
    ],
    ['where it is off', { identify: null }, {}, [503, 'Upstream', 'temporarily_unavailable']],
    [
      'for a fault of ours',
      { identify: () => Promise.reject(new TypeError('the secret plan')) },
      {},
      [500, 'InternalError', 'server_error'],
    ],
    [
      'for a disk that is full',
      {
        through: (store) =>
          interfering(store, {
            addLogin: () => Promise.reject(new AppError({ code: 'unavailable' })),
          }),
      },
      {},
      [503, 'InternalError', 'temporarily_unavailable'],
    ],
  ])('%s says so in the words of RFC 6749 too', async (_, options, more, expected) => {
    const fields = Object.entries({ ...GRANT, ...more }).filter(([, value]) => value !== undefined);
    for (const as of [asForm, asJson]) {
      const service = await setUp(options);
      const init = as(Object.fromEntries(fields));
      expect(await refused(await logIn(service, init))).toEqual(expected);
    }
  });

  it('is one that was used, which the second client learns as an invalid grant', async () => {
    const service = await setUp();
    await logIn(service, asForm(GRANT));
    const again = await logIn(service, asForm(GRANT));
    expect(await refused(again)).toEqual([400, 'BadRequest', 'invalid_grant']);
  });

  it('is one of a banned account', async () => {
    const service = await setUp();
    await service.ban();
    const response = await logIn(service, asForm(GRANT));
    expect(await refused(response)).toEqual([403, 'ApiBanned', 'access_denied']);
  });

  it('is one too many', async () => {
    const service = await setUp({
      failuresPerMinute: 1,
      identify: () => Promise.reject(refuse({ code: 'invalid_grant', reason: 'code' })),
    });
    await logIn(service, asForm(GRANT));
    const response = await logIn(service, asForm({ ...GRANT, code: `${CODE}2` }));
    expect(response.headers.has('retry-after')).toBe(true);
    expect(await refused(response)).toEqual([429, 'RateLimited', 'temporarily_unavailable']);
  });

  it.each(['refresh_token', 'client_credentials', 'password', 'Authorization_Code'])(
    'is one by another grant: %j',
    async (grant_type) => {
      const service = await setUp();
      const unsupported = [400, 'BadRequest', 'unsupported_grant_type'];
      for (const form of [
        { ...GRANT, grant_type },
        { grant_type, refresh_token: 'x' },
      ]) {
        expect(await refused(await logIn(service, asForm(form)))).toEqual(unsupported);
        expect(await refused(await logIn(service, asJson(form)))).toEqual(unsupported);
      }
    },
  );

  it.each([
    ['empty', ''],
    ['with an empty grant', `grant_type=&code=${CODE}&redirect_uri=${WEB}`],
    ['without the grant', `code=${CODE}&redirect_uri=${WEB}`],
    ['with the grant twice', `${FIELDS}&grant_type=authorization_code`],
    ['with two codes', `${FIELDS}&code=${CODE}2`],
    ['with the address twice', `${FIELDS}&redirect_uri=${WEB}`],
    ['of nonsense', '%&=%zz&&\0'],
    ['of thousands of names', Array.from({ length: 2_000 }, (_, at) => `a${at}=`).join('&')],
    ['of thousands of the same', 'code=x&'.repeat(2_000)],
    ['as an array', 'grant_type[]=authorization_code&code[]=x'],
    ['with names of ours', '__proto__=x&constructor=y&toString=z'],
  ])('is a form that is %s', async (_, text) => {
    const service = await setUp();
    const response = await logIn(service, body(FORM, text));
    expect(await refused(response)).toEqual([400, 'BadRequest', 'invalid_request']);
  });

  it.each(['', '{', 'null', '[]', '"x"', '{"code":1}', '['.repeat(8_000)])(
    'is JSON that is %.20j',
    async (text) => {
      const service = await setUp();
      const response = await logIn(service, body('application/json', text));
      expect(await refused(response)).toEqual([400, 'BadRequest', 'invalid_request']);
    },
  );

  it('is one without a body', async () => {
    const service = await setUp();
    for (const headers of [{}, { 'Content-Length': '0' }, { 'Content-Type': FORM }]) {
      const response = await logIn(service, { method: 'POST', headers });
      expect(await refused(response)).toEqual([400, 'BadRequest', 'invalid_request']);
    }
  });

  it.each([
    ['text/plain', 415, 'x'],
    ['application/x-www-form-urlencoded', 413, `code=${'x'.repeat(17_000)}`],
    ['application/json', 413, `"${'x'.repeat(17_000)}"`],
  ] as const)('is a body of %s, with %i', async (type, status, text) => {
    const service = await setUp();
    const response = await logIn(service, body(type, text));
    expect(await refused(response)).toEqual([status, 'BadRequest', 'invalid_request']);
  });

  it.each([FORM, 'application/json'])('is %s without an end, whatever its length', async (type) => {
    const service = await setUp();
    const headers = { 'Content-Type': type, 'Transfer-Encoding': 'chunked' };
    let pulled = 0;
    const endless = new ReadableStream({
      pull(controller) {
        pulled += 1;
        controller.enqueue(new TextEncoder().encode('x'.repeat(1_000)));
      },
    });
    const init = { method: 'POST', headers, body: endless, duplex: 'half' } as RequestInit;
    expect(await refused(await logIn(service, init))).toEqual([
      413,
      'BadRequest',
      'invalid_request',
    ]);
    expect(pulled).toBeLessThan(50);
  });

  it('describes itself in the characters that RFC 6749 allows, whatever the message has', () => {
    expect(oauthDescription('"é\\" \n🗝 too')).toMatch(DESCRIPTION);
  });
});
