import type { APIMessageTopLevelComponent } from 'discord.js';
import type { Words } from '../words/words.ts';

export interface AttachedFile {
  readonly name: string;
  readonly data: Buffer;
}

/** Components v2: laid out, and with buttons. */
export interface Card {
  readonly components: readonly APIMessageTopLevelComponent[];
}

/** A sentence with a file. */
export interface Attachment {
  readonly content: string;
  readonly files: readonly AttachedFile[];
}

/** What a handler answers: a sentence or a card. */
export type Reply = string | Card;

/** A refusal of the commands' own: what was typed, or pressed, is no good. It's said in the reader's words. */
export class Declined extends Error {
  override readonly name = 'Declined';
  readonly say: (words: Words) => Reply;

  constructor(say: (words: Words) => Reply) {
    super('declined');
    this.say = say;
  }
}
