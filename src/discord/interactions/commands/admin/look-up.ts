import {
  ApplicationCommandType,
  ApplicationIntegrationType,
  InteractionContextType,
  PermissionFlagsBits,
} from 'discord.js';
import { english } from '../../../words/words.ts';
import type { UserCommand } from '../../command.ts';
import { memberDetails } from './user.ts';

/** *Look up* in the menu of a member: what `/admin user` shows. */
export const lookUpCommand = (roleIds: readonly string[]): UserCommand => ({
  data: {
    type: ApplicationCommandType.User,
    name: english('command.look_up'),
    contexts: [InteractionContextType.Guild],
    integration_types: [ApplicationIntegrationType.GuildInstall],
    ...(roleIds.length === 0
      ? { default_member_permissions: PermissionFlagsBits.ManageGuild.toString() }
      : {}),
  },
  run: (context) => memberDetails(context, context.target.id),
});
