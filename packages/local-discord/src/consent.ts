import type { LocalApplication } from './applications.ts';

const SCOPES: ReadonlySet<string> = new Set([
  'activities.read',
  'activities.write',
  'applications.builds.read',
  'applications.builds.upload',
  'applications.commands',
  'applications.commands.permissions.update',
  'applications.entitlements',
  'applications.store.update',
  'bot',
  'connections',
  'dm_channels.read',
  'email',
  'gdm.join',
  'guilds',
  'guilds.join',
  'guilds.members.read',
  'identify',
  'messages.read',
  'openid',
  'relationships.read',
  'role_connections.write',
  'rpc',
  'rpc.activities.write',
  'rpc.notifications.read',
  'rpc.voice.read',
  'rpc.voice.write',
  'voice',
  'webhook.incoming',
]);

/** What PKCE binds a code to. */
export interface Challenge {
  readonly value: string;
  readonly method: 'S256' | 'plain';
}

/** What a consent page asks for. */
export interface Consent {
  readonly application: LocalApplication;
  readonly redirectUri: string;
  readonly scopes: readonly string[];
  readonly state: string | undefined;
  readonly challenge: Challenge | undefined;
}

/** Why the page shows an error instead of a button, in the page's words where they are known. */
export class ConsentError extends Error {}

/** What the query of a consent page asks for, or the error that the page shows. */
export function readConsent(
  query: URLSearchParams,
  applications: ReadonlyMap<string, LocalApplication>,
): Consent {
  const application = applications.get(query.get('client_id') ?? '');
  if (application === undefined) throw new ConsentError('Unknown Application');
  const redirectUri = query.get('redirect_uri') ?? '';
  if (!application.redirectUris.includes(redirectUri)) {
    throw new ConsentError('Invalid OAuth2 redirect_uri');
  }
  if (query.get('response_type') !== 'code') {
    throw new ConsentError('Invalid or missing response_type');
  }
  const scopes = (query.get('scope') ?? '').split(' ').filter((scope) => scope !== '');
  if (scopes.length === 0 || !scopes.every((scope) => SCOPES.has(scope))) {
    throw new ConsentError('The requested scope is invalid, unknown, or malformed.');
  }
  return {
    application,
    redirectUri,
    scopes: [...new Set(scopes)],
    state: query.get('state') ?? undefined,
    challenge: readChallenge(query),
  };
}

function readChallenge(query: URLSearchParams): Challenge | undefined {
  const value = query.get('code_challenge');
  // RFC 7636: plain unless told. Discord's own metadata names S256 only, and products should use it.
  const method = query.get('code_challenge_method') ?? 'plain';
  if (value === null) {
    if (query.has('code_challenge_method')) throw new ConsentError('Missing code_challenge');
    return undefined;
  }
  if (method !== 'S256' && method !== 'plain') {
    throw new ConsentError('Invalid code_challenge_method');
  }
  if (!/^[\w.~-]{43,128}$/.test(value)) throw new ConsentError('Invalid code_challenge');
  return { value, method };
}

/** Where the browser is sent back to. */
export function callbackUrl(consent: Consent, answer: Readonly<Record<string, string>>): string {
  const url = new URL(consent.redirectUri);
  for (const [name, value] of Object.entries(answer)) url.searchParams.set(name, value);
  if (consent.state !== undefined) url.searchParams.set('state', consent.state);
  return url.href;
}

export function consentPage(consent: Consent): string {
  return page(
    `Authorize ${consent.application.name}`,
    `${consent.application.name} wants to access your account: ${consent.scopes.join(', ')}.`,
  );
}

export function errorPage(error: ConsentError): string {
  return page('Error', error.message);
}

function page(title: string, text: string): string {
  return [
    '<!doctype html>',
    '<html lang="en">',
    `<title>${escapeHtml(title)}</title>`,
    `<p>${escapeHtml(text)}</p>`,
    '</html>',
    '',
  ].join('\n');
}

function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
