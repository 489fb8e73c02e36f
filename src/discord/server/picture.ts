import { calculateUserDefaultAvatarIndex, CDN } from '@discordjs/rest';
import type { DiscordUser } from '../../core/accounts/authorization.ts';

const cdn = new CDN();

/** Where Discord shows a user's picture: their own, or the one that Discord chose for them. */
export function pictureOf({ id, avatar }: DiscordUser): string {
  return typeof avatar === 'string'
    ? cdn.avatar(id, avatar)
    : cdn.defaultAvatar(calculateUserDefaultAvatarIndex(id));
}
