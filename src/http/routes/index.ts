import type { Api } from '../env.ts';
import { checkRoutes, type CheckRouteDeps } from './check.ts';
import { documentationRoutes, type DocumentationDeps } from './documentation.ts';
import { healthRoutes, type Vitals } from './health.ts';
import { leakRoutes, type LeakRouteDeps } from './leaks.ts';
import { loginRoutes, type LoginRouteDeps } from './login.ts';
import { metadataRoutes, type MetadataDeps } from './metadata.ts';
import { oauth2Routes, type OAuth2RouteDeps } from './oauth2.ts';
import { sessionRoutes, type SessionRouteDeps } from './sessions.ts';
import { tokenRoutes, type TokenRouteDeps } from './tokens.ts';
import { userinfoRoutes, type UserinfoDeps } from './userinfo.ts';

export type RouteDeps = CheckRouteDeps &
  SessionRouteDeps &
  LoginRouteDeps &
  OAuth2RouteDeps &
  UserinfoDeps &
  TokenRouteDeps &
  LeakRouteDeps &
  MetadataDeps &
  DocumentationDeps & { readonly vitals: Vitals };

/** Every route that there is. */
export function addRoutes(api: Api, deps: RouteDeps): void {
  checkRoutes(api, deps);
  sessionRoutes(api, deps);
  loginRoutes(api, deps);
  oauth2Routes(api, deps);
  userinfoRoutes(api, deps);
  tokenRoutes(api, deps);
  leakRoutes(api, deps);
  metadataRoutes(api, deps);
  healthRoutes(api, deps.vitals);
  documentationRoutes(api, deps);
}
