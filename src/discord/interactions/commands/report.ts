import {
  ApplicationCommandType,
  ApplicationIntegrationType,
  InteractionContextType,
  type Message,
  type MessageSnapshot,
  Routes,
} from 'discord.js';
import type { Reply } from '../../render/reply.ts';
import type { MessageCommand, MessageContext } from '../command.ts';

/** The message command *Revoke leaked token*, for everyone. */
export const reportCommand: MessageCommand = {
  data: {
    type: ApplicationCommandType.Message,
    name: 'Revoke leaked token',
    contexts: [InteractionContextType.Guild, InteractionContextType.BotDM],
    integration_types: [ApplicationIntegrationType.GuildInstall],
  },
  run: report,
};

/** One sentence, whether a token was live or not: who reports must not learn which tokens are. */
const THANKS =
  'Thank you. If there was a live token in that message, it no longer works, and its owner will be told.';

async function report(context: MessageContext): Promise<Reply> {
  const { leaks, actor, message, channelId, mayDelete } = context;
  const { hasToken, isOurs } = await leaks.report(actor, textOf(message), channelId);
  if (!hasToken) return 'There is no token of ours in that message.';
  // Anybody can write what only looks like a token: nobody's message goes for that.
  if (isOurs && mayDelete && channelId !== null) {
    const deleted = await context.deleteReportedMessage(
      Routes.channelMessage(channelId, message.id),
    );
    if (deleted) await leaks.recordDeletion(actor, message.author.id, channelId);
  }
  return THANKS;
}

/** All that can be read in a message and in what it forwards; not what is in its files. */
function textOf(message: Message): string {
  return JSON.stringify([message, ...message.messageSnapshots.values()].map(readable));
}

function readable({ content, embeds, components, attachments }: Message | MessageSnapshot) {
  const files = [...(attachments?.values() ?? [])];
  return [content, embeds, components, files.map(({ name, description }) => [name, description])];
}
