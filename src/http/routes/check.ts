import { createRoute } from '@hono/zod-openapi';
import type { Context, MiddlewareHandler } from 'hono';
import { requireWithin } from '../../core/policy/grant.ts';
import type { Policy } from '../../core/policy/policy.ts';
import { createAskedScopes } from '../check/asked-scopes.ts';
import { checkAnswer } from '../check/check-answer.ts';
import { ANY_CHECK_PATH, CHECK_PATH } from '../check/check-path.ts';
import type { Api, Env } from '../env.ts';
import { failures, json, stateSchema } from '../openapi/schemas.ts';

export interface CheckRouteDeps {
  readonly authenticate: MiddlewareHandler<Env>;
  readonly policy: Policy | undefined;
}

/** Is a token valid, and whose is it? Good ones are answered before they come here. */
export function checkRoutes(api: Api, { authenticate, policy }: CheckRouteDeps): void {
  const askedScopes = createAskedScopes();
  const route = createRoute({
    security: [{ token: [] }],
    tags: ['Sessions'],
    method: 'get',
    path: CHECK_PATH,
    operationId: 'checkToken',
    summary: 'Is this token valid?',
    description:
      policy === undefined
        ? 'The answer also has X-Latchkey-User, X-Latchkey-Session and X-Latchkey-Type, for proxies that copy headers. No query is read.'
        : 'The answer also has X-Latchkey-User, -Session, -Type, -Scope, -Roles and -Expires, for proxies that copy headers. With scope, which names one or more scopes with spaces between them, a token that lacks one is refused with 403 InsufficientScope.',
    responses: {
      200: json(stateSchema, 'It is'),
      ...(policy === undefined ? {} : failures(400)),
      ...failures(401, 403, 429),
    },
  });
  // Not validated by the route: no other query is a mistake here.
  api.openAPIRegistry.registerPath(route);
  api.get(CHECK_PATH, authenticate, (context) => {
    const { standing } = context.get('session');
    if (standing !== null) requireWithin(askedScopes(context.req.url), standing);
    return answer(context);
  });

  // OpenAPI has no word for all methods, nor for all that may follow a path.
  api.openAPIRegistry.registerPath({
    ...route,
    path: ANY_CHECK_PATH,
    operationId: 'checkTokenAtAnyPath',
    summary: "Is this token valid? For proxies that keep their caller's method and path",
    description: `As GET ${CHECK_PATH}, whatever the method, and whatever stands after ${ANY_CHECK_PATH}/. Neither query nor body is read.`,
  });
  api.all(ANY_CHECK_PATH, authenticate, answer);
}

function answer(context: Context<Env>) {
  const { userId } = context.get('actor');
  const headers: string[] = [];
  const { text } = checkAnswer({ userId, ...context.get('session') }, headers);
  for (let index = 0; index < headers.length; index += 2) {
    context.header(headers[index] ?? '', headers[index + 1]);
  }
  return context.body(text, 200, { 'Content-Type': 'application/json' });
}
