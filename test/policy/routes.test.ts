import { describe, expect, it, onTestFinished } from 'vitest';
import { createHttpHarness } from '../support/http-harness.ts';
import { ANA, idAt, newBan, SECOND, STAFF, START } from '../support/fixtures.ts';

/** What anyone may ask. Whoever adds to this list says why in the commit. */
const OPEN = [
  'GET /health',
  'GET /health/live',
  'GET /login',
  'POST /oauth2',
  'POST /revoke',
  'POST /introspect',
  'POST /leaks',
  'GET /.well-known/oauth-authorization-server',
  'GET /openapi.json',
  'GET /docs',
];

/** What is tried where any method is taken. */
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND'];

function setUp() {
  const api = createHttpHarness();
  onTestFinished(() => api.close());
  const routes = api.api.routes
    .filter(({ path }) => !path.includes('*'))
    .flatMap(({ method, path }) =>
      (method === 'ALL' ? METHODS : [method]).map((each) => `${each} ${path}`),
    );
  return { ...api, routes: [...new Set(routes)] };
}

const parse = (route: string) => {
  const [method = '', path = ''] = route.split(' ');
  return { method, path: path.replaceAll(/:\w+(\{[^}]*\})?/g, idAt(START)) };
};

describe('each route', () => {
  it('is walked by this test', () => {
    const { routes } = setUp();
    expect(routes).toEqual(
      expect.arrayContaining(['GET /sessions/@me', 'POST /sessions', 'DELETE /sessions/:id']),
    );
    expect(routes).toEqual(expect.arrayContaining(METHODS.map((method) => `${method} /check`)));
    expect(routes).toEqual(expect.arrayContaining(OPEN.slice(0, 2)));
  });

  it('but those for anyone refuses who sends no token, and who sends a bad one', async () => {
    const { routes, call } = setUp();
    for (const route of routes.filter((each) => !OPEN.includes(each))) {
      const { method, path } = parse(route);
      for (const header of [undefined, '', 'nonsense', 'Bearer ', `lk_api_${'0'.repeat(49)}`]) {
        const body = method === 'POST' ? {} : undefined;
        const { status, headers } = await call(method, path, header, body);
        expect({
          route,
          header,
          status,
          challenge: headers.get('www-authenticate')?.split(' ')[0],
          cache: headers.get('cache-control'),
        }).toEqual({ route, header, status: 401, challenge: 'Bearer', cache: 'no-store' });
      }
    }
  });

  it('but those for anyone refuses a banned account', async () => {
    const { routes, call, token, accounts } = setUp();
    const made = await token();
    await accounts.ban(STAFF, newBan(ANA));
    for (const route of routes.filter((each) => !OPEN.includes(each))) {
      const { method, path } = parse(route);
      const response = await call(method, path, made.token, method === 'POST' ? {} : undefined);
      const body = await response.text();
      expect({ route, status: response.status }).toEqual({ route, status: 403 });
      expect(body).toContain(method === 'HEAD' ? '' : '"ApiBanned"');
    }
  });

  it('never answers bad input with a failure of ours', async () => {
    const { routes, call, token, lines, clock } = setUp();
    const failed: string[] = [];
    const hostile = ['', ' ', '\0', '%00', '../..', "'", '\u202E', '🗝', '{}', '[]', '1e999'];
    for (const route of routes) {
      const { method, path } = parse(route);
      for (const bad of hostile) {
        // So much at once would be refused.
        clock.advance(60 * SECOND);
        const { token: good } = await token();
        const query = `?cursor=${encodeURIComponent(bad)}&type=${encodeURIComponent(bad)}`;
        const body = method === 'POST' ? { name: bad, type: bad, expiry: bad } : undefined;
        const address = path.replace(idAt(START), encodeURIComponent(bad) || 'x') + query;
        const { status } = await call(method, address, good, body);
        // 502 and 503 are Discord's or the configuration's; 500 would be a fault of ours.
        if (status === 500) failed.push(`${route} ${JSON.stringify(bad)}`);
        await call('DELETE', `/sessions/${idAt(START)}`, good);
        await (await call('GET', '/sessions', good)).json();
        const { sessions } = (await (await call('GET', '/sessions', good)).json()) as {
          sessions: { id: string }[];
        };
        for (const { id } of sessions) await call('DELETE', `/sessions/${id}`, good);
      }
    }
    expect(failed).toEqual([]);
    expect(lines.filter((line) => line.includes('a request failed'))).toEqual([]);
  });
});
