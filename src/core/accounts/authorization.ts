import type { UserId } from '../actor.ts';
import type { SettingStore } from '../settings.ts';
import { storableIn } from '../storable.ts';
import type { Instant } from '../time.ts';

/** A Discord user as Discord describes it; what is named here is what we look at. */
export interface DiscordUser {
  readonly id: UserId;
  readonly username: string;
  readonly global_name?: string | null | undefined;
  readonly avatar?: string | null | undefined;
  readonly bot?: boolean | undefined;
  readonly [field: string]: unknown;
}

/** A Discord application as Discord describes it. */
export interface Application {
  readonly id: string;
  readonly name: string;
  readonly [field: string]: unknown;
}

/**
 * What a member allowed an application in Discord: its answer to "Get Current Authorization
 * Information" (Discord, OAuth2). `user` is absent unless `identify` was granted.
 */
export interface Authorization {
  readonly application: Application;
  readonly scopes: readonly string[];
  readonly expiresAt: Instant;
  readonly user?: DiscordUser | undefined;
}

/** What is kept of the authorization behind an account's newest login. */
export interface KnownAuthorization {
  readonly user: DiscordUser;
  readonly scopes: readonly string[];
  readonly expiresAt: Instant;
  readonly checkedAt: Instant;
}

const APPLICATION = 'application';

/** What Discord last said of our own application; null before the bot was ever connected. */
export async function findApplication(
  store: Pick<SettingStore, 'findSetting'>,
): Promise<Application | null> {
  return ((await store.findSetting(APPLICATION)) as Application | undefined) ?? null;
}

export async function saveApplication(
  store: Pick<SettingStore, 'saveSetting'>,
  application: Application,
): Promise<void> {
  await store.saveSetting(APPLICATION, storableIn(application));
}
