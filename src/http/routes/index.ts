import type { Api } from '../env.ts';
import { type CheckRouteDeps, checkRoutes } from './check.ts';
import { type DocumentationDeps, documentationRoutes } from './documentation.ts';
import { type HealthChecks, healthRoutes } from './health.ts';
import { type LeakRouteDeps, leakRoutes } from './leaks.ts';
import { type LoginRouteDeps, loginRoutes } from './login.ts';
import { type MetadataDeps, metadataRoutes } from './metadata.ts';
import { type OAuth2RouteDeps, oauth2Routes } from './oauth2.ts';
import { scopeRoutes } from './scopes.ts';
import { type SessionRouteDeps, sessionRoutes } from './sessions.ts';
import { type TokenRouteDeps, tokenRoutes } from './tokens.ts';
import { type UserinfoDeps, userinfoRoutes } from './userinfo.ts';

export type RouteDeps = CheckRouteDeps &
  SessionRouteDeps &
  LoginRouteDeps &
  OAuth2RouteDeps &
  UserinfoDeps &
  TokenRouteDeps &
  LeakRouteDeps &
  MetadataDeps &
  DocumentationDeps & { readonly healthChecks: HealthChecks };

/** Every route that there is. */
export function addRoutes(api: Api, deps: RouteDeps): void {
  checkRoutes(api, deps);
  sessionRoutes(api, deps);
  loginRoutes(api, deps);
  oauth2Routes(api, deps);
  userinfoRoutes(api, deps);
  tokenRoutes(api, deps);
  scopeRoutes(api, deps);
  leakRoutes(api, deps);
  metadataRoutes(api, deps);
  healthRoutes(api, deps.healthChecks);
  documentationRoutes(api, deps);
}
