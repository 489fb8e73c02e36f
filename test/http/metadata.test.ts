import { describe, expect, it, onTestFinished } from 'vitest';
import {
  createHttpHarness,
  PUBLIC_URL,
  refusal,
  type HttpHarnessOptions,
} from '../support/http-harness.ts';

const PATH = '/.well-known/oauth-authorization-server';

function setUp(options: HttpHarnessOptions = {}) {
  const service = createHttpHarness(options);
  onTestFinished(() => service.close());
  return service;
}

async function metadata(options: HttpHarnessOptions = {}, path = PATH) {
  const response = await setUp(options).send(path);
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toContain('application/json');
  return (await response.json()) as Readonly<Record<string, unknown>>;
}

describe('the metadata of RFC 8414', () => {
  it('says where everything is, and how', async () => {
    expect(await metadata()).toEqual({
      issuer: PUBLIC_URL,
      authorization_endpoint: `${PUBLIC_URL}/login`,
      token_endpoint: `${PUBLIC_URL}/oauth2`,
      token_endpoint_auth_methods_supported: ['none'],
      response_types_supported: ['code'],
      response_modes_supported: ['query'],
      grant_types_supported: ['authorization_code'],
      code_challenge_methods_supported: ['S256'],
      revocation_endpoint: `${PUBLIC_URL}/revoke`,
      revocation_endpoint_auth_methods_supported: ['none'],
      introspection_endpoint: `${PUBLIC_URL}/introspect`,
      introspection_endpoint_auth_methods_supported: [
        'client_secret_basic',
        'client_secret_post',
        'Bearer',
      ],
      userinfo_endpoint: `${PUBLIC_URL}/userinfo`,
      service_documentation: `${PUBLIC_URL}/docs`,
    });
  });

  it('says nothing of introspection where that is off', async () => {
    const names = Object.keys(await metadata({ introspectionSecret: null }));
    expect(names).toContain('revocation_endpoint');
    expect(names.filter((name) => name.startsWith('introspection'))).toEqual([]);
  });

  it('says nothing of logging in where that is off, and that nothing else takes its place', async () => {
    const { response_types_supported, grant_types_supported, ...more } = await metadata({
      identify: null,
    });
    // Absent they would mean that the usual ones are there.
    expect([response_types_supported, grant_types_supported]).toEqual([[], []]);
    expect(Object.keys(more).toSorted()).toEqual([
      'introspection_endpoint',
      'introspection_endpoint_auth_methods_supported',
      'issuer',
      'revocation_endpoint',
      'revocation_endpoint_auth_methods_supported',
      'service_documentation',
      'userinfo_endpoint',
    ]);
  });

  it('names only endpoints that are there', async () => {
    for (const options of [{}, { introspectionSecret: null }, { identify: null }]) {
      const service = setUp(options);
      const answer = (await (await service.send(PATH)).json()) as Record<string, unknown>;
      const endpoints = Object.entries(answer).filter(([name]) => name.endsWith('_endpoint'));
      expect(endpoints.length).toBeGreaterThan(1);
      for (const [, url] of endpoints) {
        const { status } = await service.send(new URL(String(url)).pathname);
        // Not with GET, or not without a token; but there.
        expect([400, 401, 405]).toContain(status);
      }
    }
  });

  it('is about the issuer to the letter, and is found where RFC 8414 puts it', async () => {
    const publicUrl = 'https://example.org/auth/latchkey';
    for (const path of [PATH, `${PATH}/auth/latchkey`]) {
      expect(await metadata({ publicUrl }, path)).toMatchObject({
        issuer: publicUrl,
        token_endpoint: `${publicUrl}/oauth2`,
      });
    }
    const elsewhere = await setUp({ publicUrl }).send(`${PATH}/auth`);
    expect(await refusal(elsewhere)).toEqual([404, 'NotFound']);
    const nothing = await setUp().send(`${PATH}/auth/latchkey`);
    expect(await refusal(nothing)).toEqual([404, 'NotFound']);
  });

  it('is for whoever asks, and is not kept beyond a restart that changes it', async () => {
    const { send } = setUp();
    const response = await send(PATH, { headers: { Authorization: 'nonsense' } });
    expect([response.status, response.headers.get('cache-control')]).toEqual([200, 'no-store']);
    expect((await send(PATH, { method: 'HEAD' })).status).toBe(200);
    expect((await send(PATH, { method: 'POST' })).status).toBe(405);
  });

  it('is no OpenID provider’s', async () => {
    const { send } = setUp();
    expect((await send('/.well-known/openid-configuration')).status).toBe(404);
  });
});
