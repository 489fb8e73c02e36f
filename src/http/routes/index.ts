import type { Api } from '../env.ts';
import { documentationRoutes, type DocumentationDeps } from './documentation.ts';
import { healthRoutes, type Vitals } from './health.ts';
import { leakRoutes, type LeakRouteDeps } from './leaks.ts';
import { oauth2Routes, type OAuth2RouteDeps } from './oauth2.ts';
import { sessionRoutes, type SessionRouteDeps } from './sessions.ts';
import { tokenRoutes, type TokenRouteDeps } from './tokens.ts';

export type RouteDeps = SessionRouteDeps &
  OAuth2RouteDeps &
  TokenRouteDeps &
  LeakRouteDeps &
  DocumentationDeps & { readonly vitals: Vitals };

/** Every route that there is. */
export function addRoutes(api: Api, deps: RouteDeps): void {
  sessionRoutes(api, deps);
  oauth2Routes(api, deps);
  tokenRoutes(api, deps);
  leakRoutes(api, deps);
  healthRoutes(api, deps.vitals);
  documentationRoutes(api, deps);
}
