import type { APIUser, UserFlags } from 'discord-api-types/v10';

export function newUser(
  id: string,
  username: string,
  globalName: string | null,
  bot: boolean,
): APIUser {
  return {
    id,
    username,
    global_name: globalName,
    discriminator: bot ? '0001' : '0',
    avatar: null,
    banner: null,
    accent_color: null,
    public_flags: 0 as UserFlags,
    flags: 0 as UserFlags,
    avatar_decoration_data: null,
    primary_guild: null,
    ...(bot ? { bot } : {}),
  };
}
