import { describe, expect, it, onTestFinished } from 'vitest';
import {
  asForm,
  createHttpHarness,
  INTROSPECTION_SECRET,
  type HttpHarness,
  type HttpHarnessOptions,
} from '../../support/http-harness.ts';

const HERE = '198.51.100.7';

async function setUp(options: HttpHarnessOptions = {}) {
  const service = createHttpHarness(options);
  onTestFinished(() => service.close());
  const { token } = await service.token();
  return { ...service, token };
}

const basic = (text: string) => `Basic ${Buffer.from(text, 'utf8').toString('base64')}`;

async function introspect(
  { send, token }: Pick<HttpHarness, 'send'> & { token: string },
  header?: string,
  more: Readonly<Record<string, string>> = {},
) {
  const response = await send('/introspect', asForm({ token, ...more }, header), HERE);
  const { active, code, error } = (await response.json()) as Record<string, unknown>;
  const challenge = response.headers.get('www-authenticate');
  return { status: response.status, active, code, error, challenge };
}

const ACTIVE = { status: 200, active: true, challenge: null };

describe('the introspection secret', () => {
  it.each([
    ['Basic', basic(`lamps-api:${INTROSPECTION_SECRET}`), {}],
    ['Basic in any case', basic(`x:${INTROSPECTION_SECRET}`).replace('Basic', 'bAsIc  '), {}],
    ['Basic with no id', basic(`:${INTROSPECTION_SECRET}`), {}],
    ['Basic with an encoded id', basic(`a%3Ab:${INTROSPECTION_SECRET}`), {}],
    ['a form', undefined, { client_id: 'lamps-api', client_secret: INTROSPECTION_SECRET }],
    ['a form without an id', undefined, { client_secret: INTROSPECTION_SECRET }],
    ['Bearer', `Bearer ${INTROSPECTION_SECRET}`, { client_id: 'lamps-api' }],
  ])('is taken as %s', async (_, header, more) => {
    expect(await introspect(await setUp(), header, more)).toMatchObject(ACTIVE);
  });

  it.each(['pa:ss%41+word=/?&123', '100%-sure+of+it!', '%zz%zz%zz%zz%zz%zz'])(
    'is taken encoded, as RFC 6749 has it, and as it is: %s',
    async (introspectionSecret) => {
      const service = await setUp({ introspectionSecret });
      const encoded = new URLSearchParams({ s: introspectionSecret }).toString().slice(2);
      for (const secret of [introspectionSecret, encoded]) {
        expect(await introspect(service, basic(`lamps:${secret}`))).toMatchObject(ACTIVE);
      }
      const more = { client_secret: introspectionSecret };
      expect(await introspect(service, undefined, more)).toMatchObject(ACTIVE);
    },
  );

  it.each([
    ['another one', basic(`lamps:${INTROSPECTION_SECRET}x`)],
    ['a part of it', basic(`lamps:${INTROSPECTION_SECRET.slice(0, -1)}`)],
    ['an empty one', basic('lamps:')],
    ['no colon', basic(INTROSPECTION_SECRET)],
    ['it as the id', basic(`${INTROSPECTION_SECRET}:`)],
    ['nothing', 'Basic '],
    ['no base64', `Basic ${INTROSPECTION_SECRET}`],
    ['a lot', basic(`lamps:${'x'.repeat(9_000)}`)],
    ['no text', `Basic ${Buffer.from([0x3a, 0xff, 0xfe]).toString('base64')}`],
  ])('is not %s after Basic', async (_, header) => {
    expect(await introspect(await setUp(), header)).toEqual({
      status: 401,
      active: undefined,
      code: 'InvalidToken',
      error: 'invalid_client',
      challenge: 'Basic realm="Latchkey"',
    });
  });

  it('is not another one in the form', async () => {
    for (const client_secret of ['wrong', '', `${INTROSPECTION_SECRET} `]) {
      expect(await introspect(await setUp(), undefined, { client_secret })).toEqual({
        status: 401,
        active: undefined,
        code: 'InvalidToken',
        error: 'invalid_client',
        challenge: 'Basic realm="Latchkey"',
      });
    }
  });

  it('is not the token that is asked about', async () => {
    const service = await setUp();
    const { token } = service;
    for (const ask of [
      introspect(service, basic(`x:${token}`)),
      introspect(service, undefined, { client_secret: token }),
    ]) {
      expect((await ask).status).toBe(401);
    }
  });

  it('is asked for, by each way in which it may come in a header', async () => {
    expect(await introspect(await setUp())).toEqual({
      status: 401,
      active: undefined,
      code: 'NoAuthToken',
      error: 'invalid_client',
      challenge: 'Bearer realm="Latchkey", Basic realm="Latchkey"',
    });
  });

  it('comes in one way only', async () => {
    const service = await setUp();
    for (const header of [`Bearer ${INTROSPECTION_SECRET}`, basic(`x:${INTROSPECTION_SECRET}`)]) {
      const more = { client_secret: INTROSPECTION_SECRET };
      expect(await introspect(service, header, more)).toMatchObject({
        status: 400,
        error: 'invalid_request',
      });
    }
  });

  it('counts where it is wrong, in whichever way it came', async () => {
    const service = await setUp({ failuresPerMinute: 2 });
    const statuses: number[] = [];
    for (const [header, more] of [
      [basic('x:wrong'), {}],
      [undefined, { client_secret: 'wrong' }],
      [basic('x:wrong'), {}],
      [undefined, { client_secret: 'wrong' }],
      [basic(`x:${INTROSPECTION_SECRET}`), {}],
    ] as const) {
      statuses.push((await introspect(service, header, more)).status);
    }
    expect(statuses).toEqual([401, 401, 429, 429, 200]);
  });

  it('twice in a form is a bad form', async () => {
    const { send } = await setUp();
    const text = `token=x&client_secret=${INTROSPECTION_SECRET}&client_secret=y`;
    const headers = {
      'Content-Type': 'application/x-www-form-urlencoded',
      'Content-Length': `${text.length}`,
    };
    const response = await send('/introspect', { method: 'POST', headers, body: text });
    expect(response.status).toBe(400);
  });
});
