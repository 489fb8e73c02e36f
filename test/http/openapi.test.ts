import addFormats from 'ajv-formats';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it, onTestFinished } from 'vitest';
import { AppError } from '../../src/core/errors.ts';
import type { Store } from '../../src/core/store.ts';
import { ANA, communityMember, idAt, interfering, START } from '../support/fixtures.ts';
import {
  asForm,
  asJson,
  authorized,
  body,
  CODE,
  createHttpHarness,
  INTROSPECTION_SECRET,
  PUBLIC_URL,
  type HttpHarness,
  type HttpHarnessOptions,
  WEB,
} from '../support/http-harness.ts';

type Json = Readonly<Record<string, unknown>>;

interface Answer {
  readonly description: string;
  readonly content?: Readonly<Record<string, { readonly schema: Json }>>;
}

interface Operation {
  readonly operationId?: string;
  readonly tags?: readonly string[];
  readonly description?: string;
  readonly security?: readonly Json[];
  readonly parameters?: readonly { name: string; in: string; required?: boolean; schema: Json }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Json }>> };
  readonly responses: Readonly<Record<string, Answer>>;
}

interface Document {
  readonly openapi: string;
  readonly info: { readonly title: string; readonly version: string };
  readonly servers: readonly { readonly url: string }[];
  readonly tags: readonly { readonly name: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Json; readonly securitySchemes: Json };
}

const HIDDEN = [
  'GET /v10/oauth2/@me',
  'GET /api/v10/oauth2/@me',
  'GET /openapi.json',
  'GET /docs',
] as const;

async function setUp(options?: HttpHarnessOptions): Promise<HttpHarness> {
  const service = createHttpHarness(options);
  onTestFinished(() => service.close());
  await service.connect();
  return service;
}

async function publishedBy(service: HttpHarness): Promise<Document> {
  return (await (await service.send('/openapi.json')).json()) as Document;
}

/** The document of an API with everything on, and the page about it, which are the same in each test. */
const { document, page: documentation } = await (async () => {
  const service = createHttpHarness();
  try {
    const response = await service.send('/docs');
    return { document: await publishedBy(service), page: await response.text() };
  } finally {
    await service.close();
  }
})();

const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({
    name: `${method.toUpperCase()} ${path}`,
    path,
    operation,
  })),
);

/** Every object in a JSON value. */
function* objectsIn(value: unknown): Generator<Json> {
  if (typeof value !== 'object' || value === null) return;
  if (!Array.isArray(value)) yield value as Json;
  for (const inner of Object.values(value)) yield* objectsIn(inner);
}

const ajv = new Ajv2020({ strict: true, allowUnionTypes: true, allErrors: true });
addFormats.default(ajv);
ajv.addKeyword({ keyword: 'example' });
ajv.addKeyword({ keyword: 'paths' });
ajv.addKeyword({ keyword: 'components' });
ajv.addSchema({ $id: 'latchkey', paths: document.paths, components: document.components });

/** The same schema, with its references into the document. */
function within(schema: Json): Json {
  return JSON.parse(
    JSON.stringify(schema).replaceAll('"#/components', '"latchkey#/components'),
  ) as Json;
}

/** What the document has against an answer of this operation; nothing if it is as published. */
async function faultsOf(name: string, response: Response): Promise<string[]> {
  const operation = operations.find((each) => each.name === name)?.operation;
  if (operation === undefined) return [`${name} is not in the document`];
  const answer = operation.responses[response.status];
  if (answer === undefined) return [`${name} does not answer ${response.status}`];
  const text = await response.text();
  if (answer.content === undefined) return text === '' ? [] : [`a body: ${text}`];
  const [type = ''] = (response.headers.get('content-type') ?? '').split(';');
  const schema = answer.content[type]?.schema;
  if (schema === undefined) return [`type ${type}`];
  const validate = ajv.compile(within(schema));
  return validate(JSON.parse(text))
    ? []
    : (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}

/** What a reference into the document stands for. */
function found(reference: string): unknown {
  const parts = reference.slice('#/'.length).split('/');
  return parts.reduce<unknown>((from, part) => (from as Json)[part], document);
}

describe('the document', () => {
  it('says what it is and where the API answers', () => {
    expect(document.openapi).toMatch(/^3\.1\.\d+$/);
    expect(document.info).toMatchObject({
      title: expect.any(String) as string,
      version: expect.any(String) as string,
    });
    expect(document.servers).toEqual([{ url: PUBLIC_URL }]);
  });

  it('has only paths, methods and statuses that OpenAPI knows, each with a description', () => {
    for (const { path, name, operation } of operations) {
      expect(path).toMatch(/^\//);
      expect(name).toMatch(/^(GET|POST|PUT|PATCH|DELETE) /);
      expect(Object.keys(operation.responses)).not.toEqual([]);
      for (const [status, { description }] of Object.entries(operation.responses)) {
        expect(status).toMatch(/^[2-5]\d\d$/);
        expect(description).not.toBe('');
      }
    }
  });

  it('declares each part of a path as a required parameter, and nothing twice', () => {
    for (const { path, operation } of operations) {
      const { parameters = [] } = operation;
      const inPath = Array.from(path.matchAll(/\{(\w+)\}/g), ([, name]) => name);
      const declared = parameters.filter((each) => each.in === 'path');
      expect(declared.map(({ name }) => name)).toEqual(inPath);
      expect(declared.every(({ required }) => required === true)).toBe(true);
      const keys = parameters.map((each) => `${each.in} ${each.name}`);
      expect(new Set(keys).size).toBe(keys.length);
    }
  });

  it('refers to nothing that it does not have', () => {
    const references = [...objectsIn(document)].flatMap(({ $ref }) =>
      typeof $ref === 'string' ? [$ref] : [],
    );
    expect(references).not.toEqual([]);
    for (const reference of references) expect(found(reference)).toBeInstanceOf(Object);
    const schemes = Object.keys(document.components.securitySchemes);
    const asked = operations.flatMap(({ operation }) => operation.security ?? []);
    expect(asked).not.toEqual([]);
    expect(schemes).toEqual(expect.arrayContaining(asked.flatMap(Object.keys)));
  });

  it('has schemas of JSON Schema 2020-12 only, and nothing of OpenAPI 3.0', () => {
    const schemas = [
      ...Object.values(document.components.schemas as Readonly<Record<string, Json>>),
      ...operations.flatMap(({ operation }) => [
        ...(operation.parameters ?? []).map(({ schema }) => schema),
        ...[operation.requestBody, ...Object.values(operation.responses)].flatMap((each) =>
          Object.values(each?.content ?? {}).map(({ schema }) => schema),
        ),
      ]),
    ];
    expect(schemas.length).toBeGreaterThan(30);
    for (const schema of schemas) {
      expect(ajv.validateSchema(schema)).toBe(true);
      ajv.compile(within(schema));
    }
    for (const object of objectsIn(document)) {
      expect(object).not.toHaveProperty('nullable');
      expect(typeof object['exclusiveMinimum']).not.toBe('boolean');
    }
  });

  it('gives each operation a name of its own, which a client can have for a method', () => {
    const names = operations.map(({ operation }) => operation.operationId);
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) {
      expect(name).toMatch(
        /^(?:check|create|exchange|get|introspect|list|report|revoke|rotate|start)[A-Z]\w*$/,
      );
    }
  });

  it('describes each operation, under a heading that it explains', () => {
    const tags = document.tags.map(({ name }) => name);
    for (const { operation } of operations) {
      expect(operation.description).toMatch(/\S.*\.$/s);
      expect(operation.tags).toHaveLength(1);
    }
    expect(new Set(operations.flatMap(({ operation }) => operation.tags))).toEqual(new Set(tags));
  });

  it('publishes the expiry of a new token as an integer, with its bound in words', async () => {
    const schema = ajv.getSchema('latchkey#/components/schemas/NewSession');
    expect(found('#/components/schemas/NewSession/properties/expiry')).toMatchObject({
      type: 'integer',
      exclusiveMinimum: 0,
      description: expect.stringContaining('less than 9223372036854775.') as string,
    });
    const takes = (expiry: unknown) => schema?.({ name: 'x', type: 'api', expiry });
    expect([1, 9_223_372_036_854_774].map(takes)).toEqual([true, true]);
    expect([0, -1, 1.5, '1', null].map(takes)).toEqual([false, false, false, false, false]);
  });

  it('prints no number that a double has bent', async () => {
    const service = await setUp();
    for (const path of ['/openapi.json', '/docs']) {
      const text = await (await service.send(path)).text();
      expect(text).toContain('9223372036854775');
      expect(text).not.toMatch(/9223372036854776|9\.22\d*e\+?\d+|9007199254740991/);
    }
  });

  it('has every route and no other, but for what is hidden on purpose', async () => {
    const { api } = await setUp();
    // What takes any method is published with one.
    const routes = api.routes
      .filter(({ path }) => !path.includes('*'))
      .map(({ method, path }) => [method.replace('ALL', 'GET'), path.replaceAll(/:(\w+)/g, '{$1}')])
      .map((route) => route.join(' '));
    const published = operations.map(({ name }) => name);
    expect(published).not.toEqual([]);
    expect([...new Set(routes)].toSorted()).toEqual([...published, ...HIDDEN].toSorted());
  });

  it('leaves out what is off', async () => {
    const { paths } = await publishedBy(await setUp({ introspectionSecret: null }));
    expect(paths).toHaveProperty('/revoke');
    expect(paths).not.toHaveProperty('/introspect');
  });
});

interface Case {
  /** A status as it is documented, and the code where there are several reasons. */
  readonly answers: readonly [status: number, code?: string];
  readonly options?: HttpHarnessOptions | (() => HttpHarnessOptions);
  /** Asks for it. */
  readonly ask: (service: HttpHarness) => Response | Promise<Response>;
}

const WRITE = { name: 'deploy', type: 'api', expiry: 60 };
const GRANT = { code: CODE, redirect_uri: WEB };
const UNKNOWN = idAt(START);
const LARGE = 'x'.repeat(17_000);

const unavailable = () => Promise.reject(new AppError({ code: 'unavailable' }));
const refused = () => Promise.reject(new AppError({ code: 'invalid_grant', reason: 'code' }));
const upstream = () => Promise.reject(new AppError({ code: 'upstream', reason: 'discord' }));
const readOnly = {
  through: (store: Store) =>
    interfering(store, { end: unavailable, endFound: unavailable, replace: unavailable }),
};
const counting = { failuresPerMinute: 1 };

/** A member of the community, until Discord does not say any more. */
const memberOnce = (): HttpHarnessOptions => {
  const says = [async () => communityMember()];
  return { findMember: async () => (says.pop() ?? upstream)() };
};

/** The same request twice, the second answer. */
const twice = async (ask: () => Promise<Response>) => {
  await ask();
  return ask();
};

/** What every call answers that needs a token. */
const guarded = (...call: Parameters<typeof checked>): Case[] => {
  const [method, path] = call;
  return [
    {
      answers: [400],
      ask: async (service) =>
        service.call(method, `${path}?access_token=x`, (await service.token()).token),
    },
    ...checked(...call),
  ];
};

/** The same of a check, at whose query nobody looks. */
const checked = (method: string, path: string, ask?: (token: string) => RequestInit): Case[] => {
  const send = ({ send: request }: HttpHarness, token?: string) =>
    request(path, {
      method,
      headers: token === undefined ? {} : { Authorization: token },
      ...(token === undefined ? {} : ask?.(token)),
    });
  return [
    { answers: [401, 'NoAuthToken'], ask: (service) => send(service) },
    { answers: [401, 'InvalidToken'], ask: (service) => send(service, 'nonsense') },
    {
      answers: [403, 'ApiBanned'],
      ask: async (service) => {
        const { token } = await service.token();
        await service.ban();
        return send(service, token);
      },
    },
    {
      answers: [429],
      options: counting,
      ask: (service) => twice(() => send(service, 'nonsense')),
    },
  ];
};

const withToken =
  (ask: (service: HttpHarness, token: string) => Promise<Response>) =>
  async (service: HttpHarness) =>
    ask(service, (await service.token()).token);

const post = (path: string, init: RequestInit) => (service: HttpHarness) =>
  service.send(path, init);

/** What every call answers that reads a body. */
const reads = (path: string, type: 'json' | 'form', authorization = ''): Case[] => {
  const headers = authorization === '' ? undefined : { Authorization: authorization };
  const full =
    type === 'json' ? 'application/json' : ('application/x-www-form-urlencoded' as const);
  return [
    { answers: [400], ask: post(path, body(full, '', headers)) },
    { answers: [413], ask: post(path, body(full, `token=${LARGE}`, headers)) },
    { answers: [415], ask: post(path, body('text/plain', 'x', headers)) },
  ];
};

const login = (init: unknown = GRANT) => post('/oauth2', asJson(init));

const CASES: Readonly<Record<string, readonly Case[]>> = {
  'GET /sessions/@me': [
    ...checked('GET', '/sessions/@me'),
    { answers: [200], ask: withToken(({ check }, token) => check(token)) },
  ],
  'GET /check': [
    ...checked('GET', '/check'),
    ...checked('PATCH', '/check/lamps/1?access_token=x'),
    { answers: [200], ask: withToken(({ call }, token) => call('PUT', '/check/lamps', token)) },
  ],
  'GET /sessions': [
    ...guarded('GET', '/sessions'),
    { answers: [200], ask: withToken(({ call }, token) => call('GET', '/sessions', token)) },
    {
      answers: [200],
      ask: withToken(async ({ call, token: make, sessions, ban, unban, clock, send }, token) => {
        for (const lifetime of [1_000, 2_000, 3_000]) await make(ANA, 'a token', lifetime);
        const ended = await make();
        await sessions.revokeByToken(ended.token, 'r');
        await ban();
        await unban();
        await send('/oauth2', asJson(GRANT));
        clock.advance(2_000);
        return call('GET', '/sessions?state=all&limit=4', token);
      }),
    },
    {
      answers: [200],
      ask: withToken(({ call }, token) => call('GET', '/sessions?type=api&state=live', token)),
    },
    { answers: [400], ask: withToken(({ call }, t) => call('GET', '/sessions?limit=0', t)) },
  ],
  'POST /sessions': [
    ...guarded('POST', '/sessions', (token) => asJson(WRITE, token)),
    {
      answers: [200],
      ask: withToken(({ send }, token) => send('/sessions', asJson(WRITE, token))),
    },
    {
      answers: [200],
      ask: withToken(({ send }, token) =>
        send('/sessions', asJson({ ...WRITE, expiry: 9_223_372_036_854_774 }, token)),
      ),
    },
    {
      answers: [400],
      ask: withToken(({ send }, token) => send('/sessions', asJson({}, token))),
    },
    {
      answers: [403, 'Restricted'],
      ask: withToken(({ send }, t) => send('/sessions', asJson({ ...WRITE, type: 'login' }, t))),
    },
    {
      answers: [409],
      options: { maxApiTokens: 1 },
      ask: withToken(({ send }, token) => send('/sessions', asJson(WRITE, token))),
    },
    {
      answers: [413],
      ask: withToken(({ send }, t) => send('/sessions', asJson({ ...WRITE, name: LARGE }, t))),
    },
    {
      answers: [415],
      ask: withToken(({ send }, Authorization) =>
        send('/sessions', body('text/plain', '{}', { Authorization })),
      ),
    },
    {
      answers: [429],
      options: { creationsPerHour: 1 },
      ask: withToken(({ send }, token) => send('/sessions', asJson(WRITE, token))),
    },
    {
      answers: [503, 'Upstream'],
      options: memberOnce,
      ask: withToken(({ send }, token) => send('/sessions', asJson(WRITE, token))),
    },
    {
      answers: [503, 'InternalError'],
      options: {
        through: (store) => {
          let added = 0;
          const add: Store['add'] = (...input) =>
            added++ === 0 ? store.add(...input) : unavailable();
          return interfering(store, { add });
        },
      },
      ask: withToken(({ send }, token) => send('/sessions', asJson(WRITE, token))),
    },
  ],
  'POST /sessions/{id}/rotate': [
    ...guarded('POST', `/sessions/${UNKNOWN}/rotate`),
    {
      answers: [200],
      ask: async ({ send, token: make }) => {
        const { token, session } = await make();
        return send(`/sessions/${session.id}/rotate`, asJson({ grace: '1h' }, token));
      },
    },
    {
      answers: [200],
      ask: async ({ call, token: make }) => {
        const { token, session } = await make();
        return call('POST', `/sessions/${session.id}/rotate`, token);
      },
    },
    {
      answers: [400],
      ask: withToken(({ send }, t) =>
        send(`/sessions/${UNKNOWN}/rotate`, asJson({ grace: '1y' }, t)),
      ),
    },
    {
      answers: [403, 'Restricted'],
      ask: async ({ send }) => {
        const made = (await (await send('/oauth2', asJson(GRANT))).json()) as {
          session_id: string;
          token: string;
        };
        return send(`/sessions/${made.session_id}/rotate`, asJson({}, made.token));
      },
    },
    {
      answers: [404],
      ask: withToken(({ call }, token) => call('POST', `/sessions/${UNKNOWN}/rotate`, token)),
    },
    {
      answers: [409, 'Conflict'],
      ask: async ({ send, token: make }) => {
        const { token, session } = await make();
        const ask = () => send(`/sessions/${session.id}/rotate`, asJson({ grace: '1h' }, token));
        await ask();
        return ask();
      },
    },
    {
      answers: [413],
      ask: withToken(({ send }, t) =>
        send(`/sessions/${UNKNOWN}/rotate`, asJson({ grace: LARGE }, t)),
      ),
    },
    {
      answers: [415],
      ask: withToken(({ send }, Authorization) =>
        send(`/sessions/${UNKNOWN}/rotate`, body('text/plain', '{}', { Authorization })),
      ),
    },
    {
      answers: [503],
      options: readOnly,
      ask: async ({ send, token: make }) => {
        const { token, session } = await make();
        return send(`/sessions/${session.id}/rotate`, asJson({}, token));
      },
    },
  ],
  'DELETE /sessions': [
    ...guarded('DELETE', '/sessions?except=current').filter(
      ({ answers: [status] }) => status !== 400,
    ),
    {
      answers: [200],
      ask: withToken(async ({ call, token: make }, token) => {
        await make();
        return call('DELETE', '/sessions?except=current', token);
      }),
    },
    { answers: [400], ask: withToken(({ call }, token) => call('DELETE', '/sessions', token)) },
    {
      answers: [503],
      options: readOnly,
      ask: withToken(({ call }, token) => call('DELETE', '/sessions?except=current', token)),
    },
  ],
  'DELETE /sessions/{id}': [
    ...guarded('DELETE', `/sessions/${UNKNOWN}`),
    {
      answers: [204],
      ask: async ({ call, token: make }) => {
        const { token, session } = await make();
        return call('DELETE', `/sessions/${session.id}`, token);
      },
    },
    { answers: [400], ask: withToken(({ call }, token) => call('DELETE', '/sessions/1', token)) },
    {
      answers: [404],
      ask: withToken(({ call }, token) => call('DELETE', `/sessions/${UNKNOWN}`, token)),
    },
    {
      answers: [503],
      options: readOnly,
      ask: withToken(({ call }, token) => call('DELETE', `/sessions/${UNKNOWN}`, token)),
    },
  ],
  'GET /login': [
    { answers: [302], ask: ({ send }) => send(`/login?redirect_uri=${WEB}&state=s`) },
    { answers: [400], ask: ({ send }) => send('/login') },
    { answers: [400], ask: ({ send }) => send(`/login?redirect_uri=${WEB}`) },
    { answers: [403], ask: ({ send }) => send('/login?redirect_uri=https://x.example&state=s') },
    {
      answers: [503],
      options: { identify: null },
      ask: ({ send }) => send(`/login?redirect_uri=${WEB}&state=s`),
    },
  ],
  'POST /oauth2': [
    ...reads('/oauth2', 'json'),
    ...reads('/oauth2', 'form'),
    { answers: [200], ask: login() },
    {
      answers: [200],
      ask: post('/oauth2', asForm({ ...GRANT, grant_type: 'authorization_code' })),
    },
    { answers: [400], ask: post('/oauth2', asForm({ ...GRANT, grant_type: 'password' })) },
    {
      answers: [400],
      options: { identify: refused },
      ask: login(),
    },
    { answers: [403, 'Restricted'], ask: login({ ...GRANT, redirect_uri: `${WEB}/` }) },
    {
      answers: [403, 'ApiBanned'],
      ask: async (service) => {
        await service.ban();
        return login()(service);
      },
    },
    {
      answers: [429],
      options: { ...counting, identify: refused },
      ask: async (service) => {
        await login()(service);
        return login({ ...GRANT, code: `${CODE}2` })(service);
      },
    },
    { answers: [503, 'Upstream'], options: { identify: upstream }, ask: login() },
    { answers: [503, 'Upstream'], options: { identify: null }, ask: login() },
    {
      answers: [503, 'InternalError'],
      options: { through: (store) => interfering(store, { addLogin: unavailable }) },
      ask: login(),
    },
  ],
  'GET /userinfo': [
    ...guarded('GET', '/userinfo'),
    { answers: [200], ask: withToken(({ call }, token) => call('GET', '/userinfo', token)) },
    {
      answers: [200],
      ask: async (service) => {
        const { token } = (await (await login()(service)).json()) as { token: string };
        return service.call('GET', '/userinfo', token);
      },
    },
  ],
  'GET /oauth2/@me': [
    ...guarded('GET', '/oauth2/@me'),
    { answers: [200], ask: withToken(({ call }, token) => call('GET', '/oauth2/@me', token)) },
    {
      answers: [200],
      options: { identify: async () => authorized({ scopes: ['identify', 'guilds'] }) },
      ask: async (service) => {
        const { token } = (await (await login()(service)).json()) as { token: string };
        return service.call('GET', '/oauth2/@me', token);
      },
    },
    {
      answers: [503],
      options: { through: (store) => interfering(store, { findSetting: async () => null }) },
      ask: withToken(({ call }, token) => call('GET', '/oauth2/@me', token)),
    },
  ],
  'POST /revoke': [
    ...reads('/revoke', 'form'),
    { answers: [200], ask: withToken(({ send }, token) => send('/revoke', asForm({ token }))) },
    { answers: [200], ask: post('/revoke', asForm({ token: 'unknown' })) },
    {
      answers: [429],
      options: counting,
      ask: ({ send }) => twice(() => send('/revoke', asForm({ token: 'unknown' }))),
    },
    {
      answers: [503],
      options: readOnly,
      ask: withToken(({ send }, token) => send('/revoke', asForm({ token }))),
    },
  ],
  'POST /leaks': [
    { answers: [202], ask: post('/leaks', asJson({ tokens: ['unknown'] })) },
    { answers: [400], ask: post('/leaks', asJson({ tokens: [] })) },
    { answers: [413], ask: post('/leaks', asJson({ tokens: ['x'.repeat(140_000)] })) },
    { answers: [415], ask: post('/leaks', body('text/plain', 'x')) },
    {
      answers: [429],
      ask: async ({ send }) => {
        for (let index = 0; index < 60; index += 1) {
          await send('/leaks', asJson({ tokens: ['unknown'] }));
        }
        return send('/leaks', asJson({ tokens: ['unknown'] }));
      },
    },
    {
      answers: [503],
      options: readOnly,
      ask: withToken(({ send }, token) => send('/leaks', asJson({ tokens: [token] }))),
    },
  ],
  'POST /introspect': [
    ...reads('/introspect', 'form', INTROSPECTION_SECRET),
    {
      answers: [200],
      ask: withToken(({ send }, t) =>
        send('/introspect', asForm({ token: t }, INTROSPECTION_SECRET)),
      ),
    },
    { answers: [200], ask: post('/introspect', asForm({ token: 'x' }, INTROSPECTION_SECRET)) },
    { answers: [401, 'NoAuthToken'], ask: post('/introspect', asForm({ token: 'x' })) },
    { answers: [401, 'InvalidToken'], ask: post('/introspect', asForm({ token: 'x' }, 'wrong')) },
    {
      answers: [429],
      options: counting,
      ask: ({ send }) => twice(() => send('/introspect', asForm({ token: 'x' }, 'wrong'))),
    },
  ],
  'GET /.well-known/oauth-authorization-server': [
    { answers: [200], ask: ({ send }) => send('/.well-known/oauth-authorization-server') },
    {
      answers: [200],
      options: { identify: null, introspectionSecret: null },
      ask: ({ send }) => send('/.well-known/oauth-authorization-server'),
    },
    { answers: [400], ask: ({ send }) => send('/.well-known/oauth-authorization-server?token=x') },
  ],
  'GET /health': [
    { answers: [200], ask: ({ send }) => send('/health') },
    { answers: [400], ask: ({ send }) => send('/health?token=x') },
    {
      answers: [503],
      options: { gateway: () => 'not connected to Discord' },
      ask: ({ send }) => send('/health'),
    },
  ],
  'GET /health/live': [
    { answers: [200], ask: ({ send }) => send('/health/live') },
    { answers: [400], ask: ({ send }) => send('/health/live?token=x') },
    {
      answers: [503],
      ask: async ({ send, store }) => {
        await store.close();
        return send('/health/live');
      },
    },
  ],
};

describe('each answer', () => {
  it('that is documented has a case, and there is no other case', () => {
    const documented = operations.flatMap(({ name, operation }) =>
      Object.keys(operation.responses).map((status) => `${name} ${status}`),
    );
    const driven = Object.entries(CASES).flatMap(([name, cases]) =>
      cases.map(({ answers: [status] }) => `${name} ${status}`),
    );
    expect([...new Set(driven)].toSorted()).toEqual(documented.toSorted());
  });

  const all = Object.entries(CASES).flatMap(([name, cases]) =>
    cases.map(({ answers, ...rest }) => ({ name, answers: answers.join(' '), ...rest })),
  );

  it.each(all)('of $name with $answers is as published', async ({ name, answers, ...given }) => {
    const { options } = given;
    const service = await setUp(typeof options === 'function' ? options() : options);
    const response = await given.ask(service);
    const text = await response.clone().text();
    expect(await faultsOf(name, response)).toEqual([]);
    const [status, code] = answers.split(' ');
    expect(response.status).toBe(Number(status));
    expect(text).toContain(code === undefined ? '' : `"code":"${code}"`);
    expect(response.headers.has('retry-after') || response.status !== 429).toBe(true);
  });

  it('that is not as published would be found', async () => {
    const name = 'GET /sessions/@me';
    const answer = (status: number, text: string, type = 'application/json') =>
      faultsOf(name, new Response(text, { status, headers: { 'Content-Type': type } }));
    expect(await answer(418, '{}')).toEqual([`${name} does not answer 418`]);
    expect(await answer(401, '{"message":"m","code":"InvalidToken"}')).toEqual([]);
    expect(await answer(401, '{"message":"m","code":"Odd"}')).not.toEqual([]);
    expect(await answer(401, '{}', 'text/html')).toEqual(['type text/html']);
    expect(await answer(200, '{"user_id":1}')).not.toEqual([]);
  });
});

/** What a browser would show of this. */
const shown = (text: string) =>
  text
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&lt;', '<')
    .replaceAll('&amp;', '&');

/** What stands under the link to an operation. */
function partOf(operationId: string | undefined) {
  const [, part = ''] =
    new RegExp(`<div id="${operationId}">([\\s\\S]*?)</details>`).exec(documentation) ?? [];
  const blocks = Array.from(
    part.matchAll(/<pre><code>([\s\S]*?)<\/code><\/pre>/g),
    ([, text = '']) => shown(text),
  );
  return { part, blocks };
}

describe('the page', () => {
  it.each(operations)('has a link to $name, and a line to type', ({ name, operation }) => {
    const { part, blocks } = partOf(operation.operationId);
    expect(part).toContain(`<a href="#${operation.operationId}">`);
    expect(blocks).toHaveLength(2);
    const [line = ''] = blocks;
    const [method, path = ''] = name.split(' ');
    expect(line).toMatch(/^curl /);
    for (const piece of (PUBLIC_URL + path).split('{id}')) expect(line).toContain(piece);
    expect(line).not.toMatch(/[{}](?![^']*')|undefined|\[object/);
    const isPost = / --json | -d | --data-urlencode /.test(line);
    expect(/ -X (\w+)/.exec(line)?.[1] ?? (isPost ? 'POST' : 'GET')).toBe(method);
    expect(/\$(TOKEN|INTROSPECTION_SECRET)"/.test(line)).toBe(
      (operation.security ?? []).length > 0 || path === '/revoke',
    );
  });

  it.each(operations)('shows an answer to $name that is as published', ({ operation }) => {
    const [, answer = ''] = partOf(operation.operationId).blocks;
    const [, status = '', text = 'null'] = /^(\d{3})(?: ([\s\S]+))?$/.exec(answer) ?? [];
    expect(status).toMatch(/^[23]/);
    const schema = operation.responses[status]?.content?.['application/json']?.schema;
    const validate = ajv.compile(schema === undefined ? { type: 'null' } : within(schema));
    expect([validate(JSON.parse(text)), validate.errors]).toEqual([true, null]);
    // What is unknown is not an example.
    expect(text).not.toContain('"…"');
  });

  it('is one main part under one heading, with no level of headings left out', () => {
    expect(documentation.match(/<main>/g)).toHaveLength(1);
    const levels = Array.from(documentation.matchAll(/<h([1-6])[ >]/g), ([, level]) =>
      Number(level),
    );
    expect(levels.filter((level) => level === 1)).toEqual([1]);
    for (const [index, level] of levels.entries()) {
      expect(level).toBeLessThanOrEqual((levels[index - 1] ?? 0) + 1);
    }
  });

  it('tells each failure once', () => {
    const descriptions = operations.flatMap(({ operation }) =>
      Object.entries(operation.responses)
        .filter(([, { content }]) => JSON.stringify(content ?? {}).includes('Failure"'))
        .map(([, { description }]) => description),
    );
    expect(descriptions.length).toBeGreaterThan(50);
    for (const description of new Set(descriptions)) {
      expect(shown(documentation).split(description)).toHaveLength(2);
    }
  });

  it('names every call with its method, and every shape', async () => {
    const { send } = await setUp();
    const page = await (await send('/docs')).text();
    for (const { name, path } of operations) {
      expect(page).toContain(`<code>${path}</code>`);
      expect(page).toContain(`>${name.split(' ')[0]}<`);
    }
    for (const name of Object.keys(document.components.schemas)) {
      expect(page).toContain(`id="${name}"`);
    }
  });

  it('links to nothing that is not on it or beside it', async () => {
    const { send } = await setUp();
    const page = await (await send('/docs')).text();
    const targets = Array.from(page.matchAll(/(?:href|src|action)="([^"]*)"/g), ([, to]) => to);
    expect(targets).toContain('openapi.json');
    for (const target of targets) expect(target).toMatch(/^(#[\w-]+|openapi\.json)$/);
    for (const target of targets.filter((each) => each?.startsWith('#'))) {
      expect(page).toContain(`id="${target?.slice(1)}"`);
    }
  });

  it('has no script and nothing from another address, and its policy allows none', async () => {
    const response = await (await setUp()).send('/docs');
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toMatch(/^text\/html; ?charset=utf-8$/i);
    const page = await response.text();
    expect(page).not.toMatch(
      /<script|javascript:|\son\w+=|@import|url\(|<(img|link|iframe|object)/i,
    );
    const hosts = Array.from(page.matchAll(/https?:\/\/([^\s<"'/&]+)/g), ([, host]) => host);
    // Those of examples are nobody's (RFC 2606).
    for (const host of hosts) expect(host).toMatch(/\.example$/);
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    expect(response.headers.get('referrer-policy')).toBe('no-referrer');
    const policy = (response.headers.get('content-security-policy') ?? '').split(/; */);
    expect(policy).toContain("default-src 'none'");
    expect(policy.filter((part) => part.startsWith('script-src'))).toEqual([]);
    expect(policy.join()).not.toMatch(/https?:|\*|unsafe-eval/);
  });
});
