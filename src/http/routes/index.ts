import type { Api } from '../env.ts';
import { checkRoutes, type CheckRouteDeps } from './check.ts';
import { documentationRoutes, type DocumentationDeps } from './documentation.ts';
import { healthRoutes, type Vitals } from './health.ts';
import { oauth2Routes, type OAuth2RouteDeps } from './oauth2.ts';
import { sessionRoutes, type SessionRouteDeps } from './sessions.ts';
import { tokenRoutes, type TokenRouteDeps } from './tokens.ts';

export type RouteDeps = CheckRouteDeps &
  SessionRouteDeps &
  OAuth2RouteDeps &
  TokenRouteDeps &
  DocumentationDeps & { readonly vitals: Vitals };

/** Every route that there is. */
export function addRoutes(api: Api, deps: RouteDeps): void {
  checkRoutes(api, deps);
  sessionRoutes(api, deps);
  oauth2Routes(api, deps);
  tokenRoutes(api, deps);
  healthRoutes(api, deps.vitals);
  documentationRoutes(api, deps);
}
