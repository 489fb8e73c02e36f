import { ApplicationCommandType } from 'discord.js';
import type { MentionCommand } from '../words/words.ts';

/** What Discord says of a command that it has. */
export interface RegisteredCommand {
  readonly id: string;
  readonly name: string;
  readonly type?: ApplicationCommandType | undefined;
}

/** Commands by their ids in Discord, so that a message can open one where it names it. */
export function createCommandMentions() {
  const ids = new Map<string, string>();
  return {
    learn(commands: readonly RegisteredCommand[]): void {
      for (const { id, name, type = ApplicationCommandType.ChatInput } of commands) {
        if (type === ApplicationCommandType.ChatInput) ids.set(name, id);
      }
    },

    /** `</token rotate:id>`, or what is typed while the id is not known. */
    mention: ((name) => {
      const id = ids.get(name.split(' ')[0] ?? '');
      return id === undefined ? `\`/${name}\`` : `</${name}:${id}>`;
    }) satisfies MentionCommand,
  };
}

export type CommandMentions = ReturnType<typeof createCommandMentions>;
