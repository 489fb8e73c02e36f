import {
  type APIMessage,
  type APIMessageSnapshotFields,
  ApplicationCommandType,
  ApplicationIntegrationType,
  InteractionContextType,
  Routes,
} from 'discord.js';
import type { Reply } from '../../render/reply.ts';
import { english } from '../../words/words.ts';
import { afterwards } from '../afterwards.ts';
import type { MessageCommand, MessageContext } from '../command.ts';

/** The message command *Revoke leaked token*, for everyone. */
export const reportCommand: MessageCommand = {
  data: {
    type: ApplicationCommandType.Message,
    name: english('command.report'),
    contexts: [InteractionContextType.Guild, InteractionContextType.BotDM],
    integration_types: [ApplicationIntegrationType.GuildInstall],
  },
  run: report,
};

async function report(context: MessageContext): Promise<Reply> {
  const { leaks, actor, message, channelId, mayDelete, words } = context;
  const { hasToken, isOurs } = await leaks.report(actor, textOf(message), channelId);
  if (!hasToken) return words('report.none');
  // Anybody can write what only looks like a token: nobody's message goes for that.
  if (isOurs && mayDelete && channelId !== null) {
    const deleted = await context.deleteReportedMessage(
      Routes.channelMessage(channelId, message.id),
    );
    if (deleted) {
      const recorded = leaks.recordDeletion(actor, message.author.id, channelId);
      await afterwards(recorded, () => {});
    }
  }
  // The same whether a token was live or not: who reports must not learn which are.
  return words('report.thanks');
}

/** All that can be read in a message and in what it forwards; not what is in its files. */
function textOf(message: APIMessage): string {
  const forwarded = message.message_snapshots ?? [];
  return JSON.stringify([message, ...forwarded.map((each) => each.message)].map(readable));
}

function readable(message: APIMessage | APIMessageSnapshotFields) {
  const { content, embeds, components, attachments } = message;
  const poll = 'poll' in message ? message.poll : undefined;
  const files = attachments.map(({ filename, description }) => [filename, description]);
  return [content, embeds, components, poll, files];
}
