import type {
  APIApplicationCommandOptionChoice,
  CommandInteractionOptionResolver,
  Message,
  RESTPostAPIChatInputApplicationCommandsJSONBody,
  RESTPostAPIContextMenuApplicationCommandsJSONBody,
} from 'discord.js';
import type { Accounts } from '../../core/accounts/accounts.ts';
import type { Notices, SendTestMessage } from '../../core/accounts/notices.ts';
import type { OwnData } from '../../core/accounts/own-data.ts';
import type { Member, Staff } from '../../core/actor.ts';
import type { Leaks } from '../../core/sessions/leaks.ts';
import type { Sessions } from '../../core/sessions/sessions.ts';
import type { Confirmations } from '../../core/staff/confirmations.ts';
import type { StaffActions } from '../../core/staff/staff.ts';
import type { Clock } from '../../core/time.ts';
import type { Deliver } from '../../core/tokens/delivery.ts';
import type { Tokens } from '../../core/tokens/tokens.ts';
import type { Attachment, Reply } from '../render/reply.ts';
import type { AutomodRule } from '../server/automod-rule.ts';
import type { StaffChannel } from '../server/staff-channel.ts';

/** What commands and components work with. */
export interface Services {
  readonly sessions: Sessions;
  readonly tokens: Tokens;
  readonly accounts: Accounts;
  readonly staff: StaffActions;
  readonly confirmations: Confirmations;
  readonly leaks: Leaks;
  readonly automodRule: AutomodRule;
  readonly staffChannel: StaffChannel;
  /** Deletes a message that somebody else wrote, if the bot may. */
  readonly deleteReportedMessage: (route: `/${string}`) => Promise<boolean>;
  readonly ownData: OwnData;
  readonly notices: Notices;
  readonly sendTestMessage: SendTestMessage;
  readonly deliver: Deliver;
  /** Sends a file in a direct message and returns the message's address. */
  readonly sendFile: (userId: string, attachment: Attachment) => Promise<string>;
  readonly clock: Clock;
}

/** What a component answers if its message is to go away. */
export const REMOVE = Symbol('remove');

export interface Context<Actor = Member> extends Services {
  readonly actor: Actor;
}

type Options = Pick<CommandInteractionOptionResolver, 'getString' | 'getUser' | 'get'>;

export interface CommandContext<Actor = Member> extends Context<Actor> {
  /** Discord's name of who typed it. */
  readonly username: string;
  readonly options: Options;
}

export interface AutocompleteContext<Actor = Member> extends Context<Actor> {
  /** What the member has typed so far. */
  readonly typed: string;
  readonly options: Pick<Options, 'get'>;
}

export interface ComponentContext<Actor = Member> extends Context<Actor> {
  readonly args: readonly string[];
  /** What was chosen in a select menu. */
  readonly values: readonly string[];
}

export interface MessageContext extends Context {
  readonly message: Message;
  readonly channelId: string | null;
  /** Whether the bot may delete what others wrote there. */
  readonly mayDelete: boolean;
}

export type Choice = APIApplicationCommandOptionChoice<string>;

interface Handlers<Actor> {
  /** What Discord shows of it. */
  readonly data: RESTPostAPIChatInputApplicationCommandsJSONBody;
  /** What each subcommand does, under its name. */
  readonly subcommands: Readonly<
    Record<string, (context: CommandContext<Actor>) => Promise<Reply | Attachment>>
  >;
  /** By subcommand and option: `create expires`. Must not change anything. */
  readonly autocomplete?: Readonly<
    Record<string, (context: AutocompleteContext<Actor>) => Promise<readonly Choice[]>>
  >;
}

/** A slash command: for every member, or for staff in their channel only. */
export type Command =
  | ({ readonly audience: 'member' } & Handlers<Member>)
  | ({ readonly audience: 'staff' } & Handlers<Staff>);

export type MemberCommand = Extract<Command, { audience: 'member' }>;
export type StaffCommand = Extract<Command, { audience: 'staff' }>;

/** A command in the menu of a message, for everyone. */
export interface MessageCommand {
  readonly data: RESTPostAPIContextMenuApplicationCommandsJSONBody;
  readonly run: (context: MessageContext) => Promise<Reply>;
}

type Run<Actor> = (context: ComponentContext<Actor>) => Promise<Reply | typeof REMOVE>;

/** A button or select menu, found by the first part of its custom id. */
export type Component = {
  readonly name: string;
  /** Whether it answers with a new message or, as it does if absent, by an update of its own. */
  readonly reply?: 'new' | 'update';
} & (
  | { readonly audience: 'member'; readonly run: Run<Member> }
  | { readonly audience: 'staff'; readonly run: Run<Staff> }
);
