import type {
  APIApplicationCommandOptionChoice,
  APIMessageTopLevelComponent,
  CommandInteractionOptionResolver,
  RESTPostAPIChatInputApplicationCommandsJSONBody,
} from 'discord.js';
import type { Member } from '../core/actor.ts';
import type { Clock, Deliver } from '../core/ports.ts';
import type { Sessions } from '../core/sessions.ts';

/** What commands and components work with. */
export interface Services {
  readonly sessions: Sessions;
  readonly deliver: Deliver;
  readonly clock: Clock;
}

/** Components v2: laid out, and with buttons. */
export interface Card {
  readonly components: readonly APIMessageTopLevelComponent[];
}

/** What a handler answers: a sentence or a card. */
export type Reply = string | Card;

/** What a component answers if its message is to go away. */
export const REMOVE = Symbol('remove');

export interface Context extends Services {
  readonly actor: Member;
}

export interface CommandContext extends Context {
  readonly options: Pick<CommandInteractionOptionResolver, 'getString'>;
}

export interface AutocompleteContext extends Context {
  /** What the member has typed so far. */
  readonly typed: string;
}

export interface ComponentContext extends Context {
  readonly args: readonly string[];
  /** What was chosen in a select menu. */
  readonly values: readonly string[];
}

export type Choice = APIApplicationCommandOptionChoice<string>;

/** A slash command: what Discord shows of it and what each subcommand does, under its name. */
export interface Command {
  readonly data: RESTPostAPIChatInputApplicationCommandsJSONBody;
  readonly subcommands: Readonly<Record<string, (context: CommandContext) => Promise<Reply>>>;
  /** By subcommand and option: `create expires`. Must not change anything. */
  readonly autocomplete?: Readonly<
    Record<string, (context: AutocompleteContext) => Promise<readonly Choice[]>>
  >;
}

/** A button or select menu, found by the first part of its custom id. It changes its own message. */
export interface Component {
  readonly name: string;
  readonly run: (context: ComponentContext) => Promise<Reply | typeof REMOVE>;
}
