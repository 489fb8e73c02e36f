import type { Config } from '../config.ts';
import type { Store } from '../core/store.ts';
import type { Clock } from '../core/time.ts';
import { pictureOf } from '../discord/server/picture.ts';
import { type ApiDeps, createApi } from '../http/api.ts';
import { createTokenCheck } from '../http/check/token-check.ts';
import { requestIds } from '../http/request/request-id.ts';
import { type Listening, serve } from '../http/server/server.ts';
import type { Log } from '../log.ts';
import type { Meter } from '../metrics.ts';
import type { Core } from './core.ts';

export interface HttpDeps {
  readonly config: Config;
  readonly core: Pick<Core, 'sessions' | 'tokens' | 'leaks'> & Pick<ApiDeps, 'logins'>;
  readonly store: Pick<Store, 'ping' | 'isWritable'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly meter: Meter;
  /** Null while interactions arrive from Discord, else the reason why they do not. */
  readonly gateway: () => string | null;
}

/** The HTTP API, listening. */
export function startHttp(deps: HttpDeps): Promise<Listening> {
  const { config, core, store, clock, log, meter, gateway } = deps;
  const { host, port, failuresPerMinute, trustedProxies, corsOrigins } = config.http;
  const { publicUrl, introspectionSecret, policy } = config;
  const api = createApi({
    failuresPerMinute,
    trustedProxies,
    corsOrigins,
    sessions: core.sessions,
    tokens: core.tokens,
    logins: core.logins,
    leaks: core.leaks,
    clock,
    healthChecks: {
      database: () => store.ping(),
      isWritable: () => store.isWritable(),
      gateway,
      log,
    },
    log,
    meter,
    pictureOf,
    publicUrl,
    introspectionSecret,
    policy,
  });
  const isOpen = corsOrigins.length > 0;
  const newRequestId = requestIds(trustedProxies);
  const check = createTokenCheck({ sessions: core.sessions, log, meter, newRequestId, isOpen });
  return serve(api, host, port, 'HTTP_PORT', check);
}
