// Discord's numbers by name. discord-api-types is reached through discord.js only, so its enums
// serve as types here and never as values.
import type {
  ApplicationCommandOptionType,
  ApplicationCommandType,
  ApplicationIntegrationType,
  ButtonStyle,
  ChannelType,
  ComponentType,
  InteractionContextType,
  InteractionType,
  MessageType,
} from 'discord-api-types/v10';

export const Component = {
  ActionRow: 1 as ComponentType.ActionRow,
  Button: 2 as ComponentType.Button,
  StringSelect: 3 as ComponentType.StringSelect,
  TextInput: 4 as ComponentType.TextInput,
  UserSelect: 5 as ComponentType.UserSelect,
  RoleSelect: 6 as ComponentType.RoleSelect,
  MentionableSelect: 7 as ComponentType.MentionableSelect,
  ChannelSelect: 8 as ComponentType.ChannelSelect,
  Section: 9 as ComponentType.Section,
  TextDisplay: 10 as ComponentType.TextDisplay,
  Thumbnail: 11 as ComponentType.Thumbnail,
  MediaGallery: 12 as ComponentType.MediaGallery,
  File: 13 as ComponentType.File,
  Separator: 14 as ComponentType.Separator,
  Container: 17 as ComponentType.Container,
  Label: 18 as ComponentType.Label,
  FileUpload: 19 as ComponentType.FileUpload,
  RadioGroup: 21 as ComponentType,
  CheckboxGroup: 22 as ComponentType,
  Checkbox: 23 as ComponentType,
} as const;

export const Button = {
  Link: 5 as ButtonStyle.Link,
  Premium: 6 as ButtonStyle.Premium,
} as const;

export const Command = {
  ChatInput: 1 as ApplicationCommandType.ChatInput,
  User: 2 as ApplicationCommandType.User,
  Message: 3 as ApplicationCommandType.Message,
} as const;

export const Option = {
  Subcommand: 1 as ApplicationCommandOptionType.Subcommand,
  SubcommandGroup: 2 as ApplicationCommandOptionType.SubcommandGroup,
  String: 3 as ApplicationCommandOptionType.String,
  Integer: 4 as ApplicationCommandOptionType.Integer,
  Boolean: 5 as ApplicationCommandOptionType.Boolean,
  User: 6 as ApplicationCommandOptionType.User,
  Channel: 7 as ApplicationCommandOptionType.Channel,
  Role: 8 as ApplicationCommandOptionType.Role,
  Mentionable: 9 as ApplicationCommandOptionType.Mentionable,
  Number: 10 as ApplicationCommandOptionType.Number,
  Attachment: 11 as ApplicationCommandOptionType.Attachment,
} as const;

export const Kind = {
  Command: 2 as InteractionType.ApplicationCommand,
  Component: 3 as InteractionType.MessageComponent,
  Autocomplete: 4 as InteractionType.ApplicationCommandAutocomplete,
  Modal: 5 as InteractionType.ModalSubmit,
} as const;

export const Callback = {
  Message: 4,
  DeferredMessage: 5,
  DeferredUpdate: 6,
  Update: 7,
  Autocomplete: 8,
  Modal: 9,
} as const;

export const Context = {
  Guild: 0 as InteractionContextType.Guild,
  BotDm: 1 as InteractionContextType.BotDM,
} as const;

export const Installation = {
  Guild: 0 as ApplicationIntegrationType.GuildInstall,
} as const;

export const Channel = {
  Text: 0 as ChannelType.GuildText,
  Dm: 1 as ChannelType.DM,
  PublicThread: 11 as ChannelType.PublicThread,
  Forum: 15 as ChannelType.GuildForum,
} as const;

export const Message = {
  Default: 0 as MessageType.Default,
  ChatInputReply: 20 as MessageType.ChatInputCommand,
  ContextMenuReply: 23 as MessageType.ContextMenuCommand,
} as const;

export const Flag = {
  SuppressEmbeds: 1 << 2,
  Ephemeral: 1 << 6,
  Loading: 1 << 7,
  SuppressNotifications: 1 << 12,
  ComponentsV2: 1 << 15,
} as const;

export const Permission = {
  BanMembers: 1n << 2n,
  Administrator: 1n << 3n,
  ManageGuild: 1n << 5n,
  ViewAuditLog: 1n << 7n,
  ViewChannel: 1n << 10n,
  SendMessages: 1n << 11n,
  ManageMessages: 1n << 13n,
  // View, send, embed, attach, read history, external emoji, application commands.
  Everyone:
    (1n << 10n) | (1n << 11n) | (1n << 14n) | (1n << 15n) | (1n << 16n) | (1n << 18n) | (1n << 31n),
} as const;

export const Intent = {
  Guilds: 1 << 0,
  GuildMembers: 1 << 1,
  GuildModeration: 1 << 2,
  GuildPresences: 1 << 8,
  MessageContent: 1 << 15,
  AutoModerationConfiguration: 1 << 20,
  AutoModerationExecution: 1 << 21,
} as const;
