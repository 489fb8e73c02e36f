import type { APIUser } from 'discord-api-types/v10';
import { randomBytes } from 'node:crypto';
import type { Json } from './json.ts';
import { snowflake } from './snowflake.ts';

/** An application as the developer portal shows it. */
export interface LocalApplication {
  readonly id: string;
  readonly name: string;
  readonly clientSecret: string;
  readonly redirectUris: string[];
  /** Of the signatures of interactions over HTTP. */
  readonly verifyKey: string;
}

export interface ApplicationInit {
  readonly name?: string;
  readonly redirectUris?: readonly string[];
}

export function newApplication(init: ApplicationInit = {}): LocalApplication {
  return {
    id: snowflake(),
    name: init.name ?? 'Another application',
    clientSecret: randomBytes(24).toString('base64url'),
    redirectUris: [...(init.redirectUris ?? [])],
    verifyKey: randomBytes(32).toString('hex'),
  };
}

/** As anyone sees it. */
export function describeApplication(application: LocalApplication): Json {
  return {
    id: application.id,
    name: application.name,
    icon: null,
    description: '',
    type: null,
    bot_public: true,
    bot_require_code_grant: false,
    verify_key: application.verifyKey,
    flags: 0,
    flags_new: '0',
  };
}

/** As its own bot sees it. */
export function describeOwnApplication(
  application: LocalApplication,
  about: { bot: APIUser; owner: APIUser; servers: number },
): Json {
  return {
    ...describeApplication(application),
    bot: about.bot,
    redirect_uris: application.redirectUris,
    interactions_endpoint_url: null,
    role_connections_verification_url: null,
    owner: about.owner,
    approximate_guild_count: about.servers,
    approximate_user_install_count: 0,
    approximate_user_authorization_count: 0,
    explicit_content_filter: 0,
    team: null,
    eligible_oauth2_scopes: [],
    integration_types_config: { 0: {} },
  };
}
