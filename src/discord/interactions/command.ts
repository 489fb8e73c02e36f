import type {
  APIApplicationCommandOptionChoice,
  APIMessage,
  RESTPostAPIChatInputApplicationCommandsJSONBody,
  RESTPostAPIContextMenuApplicationCommandsJSONBody,
} from 'discord.js';
import type { Accounts } from '../../core/accounts/accounts.ts';
import type { Notices, SendTestMessage } from '../../core/accounts/notices.ts';
import type { OwnData } from '../../core/accounts/own-data.ts';
import type { Member, Staff } from '../../core/actor.ts';
import type { Leaks } from '../../core/sessions/leaks.ts';
import type { Sessions } from '../../core/sessions/sessions.ts';
import type { HeldRolesActions } from '../../core/policy/held-roles.ts';
import type { Requests } from '../../core/requests/requests.ts';
import type { Policy } from '../../core/policy/policy.ts';
import type { Confirmations } from '../../core/staff/confirmations.ts';
import type { StaffActions } from '../../core/staff/staff.ts';
import type { Clock } from '../../core/time.ts';
import type { Deliver } from '../../core/tokens/delivery.ts';
import type { Tokens } from '../../core/tokens/tokens.ts';
import type { ShowToken } from '../messages/deliver.ts';
import type { Modal } from '../render/modal.ts';
import type { Attachment, Reply } from '../render/reply.ts';
import type { AutomodRule } from '../server/automod-rule.ts';
import type { NamesOf } from '../server/member-names.ts';
import type { ServerName } from '../server/server-name.ts';
import type { StaffChannel } from '../server/staff-channel.ts';
import type { Words } from '../words/words.ts';
import type { Options, Person, PressedMessage } from './invocation.ts';

/** What commands and components work with. */
export interface Services {
  readonly sessions: Sessions;
  readonly tokens: Tokens;
  readonly requests: Requests;
  readonly accounts: Accounts;
  readonly staff: StaffActions;
  readonly heldRoles: HeldRolesActions;
  readonly confirmations: Confirmations;
  readonly leaks: Leaks;
  readonly automodRule: AutomodRule;
  readonly staffChannel: StaffChannel;
  /** Deletes a message that somebody else wrote, if the bot may. */
  readonly deleteReportedMessage: (route: `/${string}`) => Promise<boolean>;
  readonly ownData: OwnData;
  readonly notices: Notices;
  readonly sendTestMessage: (words: Words) => SendTestMessage;
  /** `remark` says why a token comes, where its owner did not ask just now. */
  readonly deliver: (words: Words, remark?: string) => Deliver;
  /** Sends a file in a direct message and returns the message's address. */
  readonly sendFile: (userId: string, attachment: Attachment) => Promise<string>;
  /** Shows a token alone in its message, or all of that message again. */
  readonly showToken: ShowToken;
  /** What members are called, for staff. */
  readonly namesOf: NamesOf;
  readonly serverName: ServerName;
  /** What the tokens open. */
  readonly tokenUrl: string;
  /** Where the banned can turn to. */
  readonly appealUrl: string | undefined;
  /** Absent where every token may do everything. */
  readonly policy: Policy | undefined;
  readonly clock: Clock;
}

/** What a component answers if its message is to go away. */
export const REMOVE = Symbol('remove');

/** What a component answers if its message is as it should be. */
export const DONE = Symbol('done');

export interface Context<Who = Member> extends Services {
  readonly actor: Who;
  /** In the language of who asks. */
  readonly words: Words;
}

export interface CommandContext<Who = Member> extends Context<Who> {
  /** Discord's name of who typed it. */
  readonly username: string;
  /** Whether it was typed in the conversation with the bot, where its direct messages are. */
  readonly isInBotDm: boolean;
  readonly options: Options;
}

export interface AutocompleteContext<Who = Member> extends Context<Who> {
  /** What the member has typed so far. */
  readonly typed: string;
  readonly options: Pick<Options, 'userId'>;
}

export interface ComponentContext<Who = Member> extends Context<Who> {
  readonly args: readonly string[];
  /** What was chosen in a select menu. */
  readonly values: readonly string[];
  /** What was typed or chosen in its modal, by the custom ids of the fields. */
  readonly fields: ReadonlyMap<string, string>;
  /** On which it is. */
  readonly message: PressedMessage;
}

export interface MessageContext extends Context {
  readonly message: APIMessage;
  readonly channelId: string | null;
  /** Whether the bot may delete what others wrote there. */
  readonly mayDelete: boolean;
}

export type Choice = APIApplicationCommandOptionChoice<string>;

interface Handlers<Who> {
  /** What Discord shows of it. */
  readonly data: RESTPostAPIChatInputApplicationCommandsJSONBody;
  /** What each subcommand does, under its name. */
  readonly subcommands: Readonly<
    Record<string, (context: CommandContext<Who>) => Promise<Reply | Attachment>>
  >;
  /** By subcommand and option: `create expires`. Must not change anything. */
  readonly autocomplete?: Readonly<
    Record<string, (context: AutocompleteContext<Who>) => Promise<readonly Choice[]>>
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

/** A command in the menu of a member, for staff. */
export interface UserCommand {
  readonly data: RESTPostAPIContextMenuApplicationCommandsJSONBody;
  readonly run: (context: Context<Staff> & { readonly target: Person }) => Promise<Reply>;
}

interface Used<Who> {
  readonly run: (context: ComponentContext<Who>) => Promise<Reply | typeof REMOVE | typeof DONE>;
  /**
   * The modal that it opens; it runs when that is sent, and asks again who may. Discord wants it within
   * 3 seconds of the press: nothing may be asked of Discord for it. Its custom id is the component's.
   */
  readonly modal?: (context: ComponentContext<Who>) => Promise<Modal>;
}

/** A button or select menu, found by the first part of its custom id. */
export type Component = {
  readonly name: string;
  /** Whether it answers with a new message or, as it does if absent, by an update of its own. */
  readonly reply?: 'new' | 'update';
  /** For any of the staff, not only for whom its message was made. */
  readonly isShared?: boolean;
} & (
  ({ readonly audience: 'member' } & Used<Member>) | ({ readonly audience: 'staff' } & Used<Staff>)
);
