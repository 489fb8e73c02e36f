import type {
  APIAttachment,
  APIEmbed,
  APIMessage,
  APIMessageComponent,
  APIMessageInteractionMetadata,
  APIMessageTopLevelComponent,
  APISelectMenuComponent,
  APIUser,
  MessageType,
} from 'discord-api-types/v10';
import { ApiError, invalidForm, unknownMessage } from './errors.ts';
import { asList, asNumber, asObject, asString, isObject, type Json } from './json.ts';
import type { HouseRules } from './house-rules.ts';
import { checkMessage, couldPing } from './message-rules.ts';
import { Component, Flag, Message } from './numbers.ts';
import { snowflake } from './snowflake.ts';
import type { LocalChannel } from './world.ts';

const NONCE_WINDOW_MS = 5 * 60_000;
const SETTABLE_ON_CREATE =
  Flag.SuppressEmbeds | Flag.Ephemeral | Flag.SuppressNotifications | Flag.ComponentsV2;
const SETTABLE_ON_EDIT = Flag.SuppressEmbeds | Flag.ComponentsV2;

export interface UploadedFile {
  /** The form field, `files[0]`. */
  readonly field: string;
  readonly name: string;
  readonly type: string;
  readonly content: Buffer;
  readonly text: string;
}

export interface LocalAttachment {
  readonly id: string;
  readonly filename: string;
  readonly contentType: string;
  readonly content: Buffer;
  readonly text: string;
}

export interface LocalButton {
  readonly label: string;
  readonly customId: string | undefined;
  readonly url: string | undefined;
  readonly disabled: boolean;
  readonly style: number;
}

export interface LocalSelect {
  readonly type: APISelectMenuComponent['type'];
  readonly customId: string;
  readonly placeholder: string | undefined;
  readonly disabled: boolean;
  readonly minValues: number;
  readonly maxValues: number;
  readonly options: readonly { label: string; value: string; description: string | undefined }[];
}

/** A message that somebody sees. It stays current while the bot edits it. */
export class LocalMessage {
  readonly channel: LocalChannel;
  readonly nonce: string | undefined;
  readonly createdAt = Date.now();
  /** The message as Discord would send it now. */
  raw: APIMessage;
  attachments: readonly LocalAttachment[] = [];
  deleted = false;
  edits = 0;
  /** What its reader did to get it, `/token create`; of an answer only. */
  readonly answers: string | undefined;

  constructor(
    channel: LocalChannel,
    raw: APIMessage,
    nonce: string | undefined,
    answers: string | undefined,
  ) {
    this.channel = channel;
    this.raw = raw;
    this.nonce = nonce;
    this.answers = answers;
  }

  get id(): string {
    return this.raw.id;
  }
  get channelId(): string {
    return this.raw.channel_id;
  }
  get authorId(): string {
    return this.raw.author.id;
  }
  get flags(): number {
    return this.raw.flags ?? 0;
  }
  get ephemeral(): boolean {
    return (this.flags & Flag.Ephemeral) !== 0;
  }
  /** Deferred and not yet filled: the member sees "thinking…". */
  get loading(): boolean {
    return (this.flags & Flag.Loading) !== 0;
  }
  get content(): string {
    return this.raw.content;
  }
  get embeds(): readonly APIEmbed[] {
    return this.raw.embeds;
  }
  get components(): readonly APIMessageTopLevelComponent[] {
    return this.raw.components ?? [];
  }

  /** All that can be read, top to bottom: one line for each text, `[label]` for each control. */
  get text(): string {
    const lines = [this.content, ...this.embeds.flatMap(embedLines)];
    for (const component of walk(this.components)) {
      if (component.type === Component.TextDisplay) lines.push(component.content);
      else if (component.type === Component.Button) {
        const label = 'label' in component ? component.label : undefined;
        if (label !== undefined) lines.push(`[${label}]`);
      } else if (isSelect(component)) {
        if (component.placeholder !== undefined) lines.push(`[${component.placeholder}]`);
        if (component.type === Component.StringSelect) {
          for (const option of component.options) {
            lines.push([option.label, option.description].filter(Boolean).join(': '));
          }
        }
      } else if (component.type === Component.File) {
        lines.push(`[${component.file.url.replace('attachment://', '')}]`);
      }
    }
    return lines.filter((line) => line !== '').join('\n');
  }

  get buttons(): LocalButton[] {
    return [...walk(this.components)]
      .filter((component) => component.type === Component.Button)
      .map((button) => ({
        label: ('label' in button ? button.label : undefined) ?? '',
        customId: 'custom_id' in button ? button.custom_id : undefined,
        url: 'url' in button ? button.url : undefined,
        disabled: button.disabled ?? false,
        style: button.style,
      }));
  }

  get selects(): LocalSelect[] {
    return [...walk(this.components)].filter(isSelect).map((select) => ({
      type: select.type,
      customId: select.custom_id,
      placeholder: select.placeholder,
      disabled: select.disabled ?? false,
      minValues: select.min_values ?? 1,
      maxValues: select.max_values ?? 1,
      options: ('options' in select ? select.options : []).map((option) => ({
        label: option.label,
        value: option.value,
        description: option.description,
      })),
    }));
  }
}

export interface NewMessage {
  readonly channel: LocalChannel;
  readonly author: APIUser;
  readonly body: Json;
  readonly files?: readonly UploadedFile[];
  readonly type?: MessageType;
  readonly applicationId?: string;
  readonly interaction?: APIMessageInteractionMetadata;
  /** A deferral: nothing in it yet. */
  readonly loading?: boolean;
  readonly answers?: string;
}

/** All messages there ever were, ephemeral and deleted ones included. */
export class Messages {
  readonly #all = new Map<string, LocalMessage>();
  readonly #report: (violation: string) => void;
  readonly #changed: () => void;
  readonly #noPings: boolean;

  constructor(report: (violation: string) => void, changed: () => void, rules: HouseRules = {}) {
    this.#report = report;
    this.#changed = changed;
    this.#noPings = rules.noPings ?? false;
  }

  /** A message as the channel's routes know it: neither deleted nor ephemeral. */
  find(channelId: string, id: string): LocalMessage {
    const message = this.#all.get(id);
    if (
      message === undefined ||
      message.channelId !== channelId ||
      message.deleted ||
      message.ephemeral
    ) {
      throw unknownMessage();
    }
    return message;
  }

  /** Oldest first, ephemeral ones left out. */
  history(channelId: string): LocalMessage[] {
    return [...this.#all.values()].filter(
      (message) => message.channelId === channelId && !message.ephemeral,
    );
  }

  /** What stands in the channel before a user's eyes, oldest first. */
  seenBy(userId: string, channelId: string): LocalMessage[] {
    return [...this.#all.values()].filter(
      (message) =>
        message.channelId === channelId &&
        !message.deleted &&
        (!message.ephemeral || message.raw.interaction_metadata?.user.id === userId),
    );
  }

  create(init: NewMessage): LocalMessage {
    const { body } = init;
    const nonce = nonceOf(body['nonce']);
    const twin = nonce === undefined ? undefined : this.#byNonce(init, nonce);
    if (twin !== undefined && body['enforce_nonce'] === true) return twin;

    const flags =
      ((asNumber(body['flags']) ?? 0) & SETTABLE_ON_CREATE) |
      (init.loading === true ? Flag.Loading : 0);
    const message = new LocalMessage(
      init.channel,
      {
        id: snowflake(),
        type: init.type ?? Message.Default,
        channel_id: init.channel.id,
        author: init.author,
        content: '',
        timestamp: new Date().toISOString(),
        edited_timestamp: null,
        tts: false,
        mention_everyone: false,
        mentions: [],
        mention_roles: [],
        attachments: [],
        embeds: [],
        components: [],
        pinned: false,
        flags,
        ...(init.applicationId === undefined ? {} : { application_id: init.applicationId }),
        ...(init.interaction === undefined
          ? {}
          : { interaction_metadata: init.interaction, webhook_id: init.applicationId! }),
      },
      nonce,
      init.answers,
    );
    if (init.loading !== true) this.#fill(message, body, init.files ?? []);
    this.#all.set(message.id, message);
    if (twin !== undefined) this.#report(`two messages for the nonce ${nonce}`);
    this.#changed();
    return message;
  }

  edit(message: LocalMessage, body: Json, files: readonly UploadedFile[] = []): LocalMessage {
    if (message.deleted) throw unknownMessage();
    const wasLoading = message.loading;
    this.#fill(message, body, files);
    message.edits += 1;
    message.raw = {
      ...message.raw,
      flags: message.flags & ~Flag.Loading,
      // Filling a deferral is not an edit that the member sees as one.
      edited_timestamp: wasLoading ? null : new Date().toISOString(),
    };
    this.#changed();
    return message;
  }

  delete(message: LocalMessage): void {
    if (message.deleted) throw unknownMessage();
    message.deleted = true;
    this.#changed();
  }

  /** What the body says replaces what was; what it leaves out stays. */
  #fill(message: LocalMessage, body: Json, files: readonly UploadedFile[]): void {
    const { raw } = message;
    const flags = message.flags | ((asNumber(body['flags']) ?? 0) & SETTABLE_ON_EDIT);
    if (!isTextOrNothing(body['content'])) {
      throw invalidForm({
        at: ['content'],
        code: 'STRING_TYPE_CONVERT',
        message: 'Could not interpret as string.',
      });
    }
    const content = 'content' in body ? (asString(body['content']) ?? '') : raw.content;
    const embeds = 'embeds' in body ? asList(body['embeds']) : raw.embeds;
    const components = 'components' in body ? asList(body['components']) : (raw.components ?? []);
    const attachments = attach(message.attachments, body, files);
    checkMessage({
      content,
      embeds,
      components,
      flags,
      attachments: attachments.length,
      other: isObject(body['poll']) || asList(body['sticker_ids']).length > 0,
    });
    message.attachments = attachments;
    message.raw = {
      ...raw,
      content,
      flags,
      embeds: embeds.map((embed) => ({ type: 'rich', ...asObject(embed) })) as APIEmbed[],
      components: complete(components, attachments),
      attachments: attachments.map((attachment) => describeAttachment(message, attachment)),
    };
    const ping = this.#noPings ? couldPing(body, message.text) : undefined;
    if (ping !== undefined) this.#report(`a message could notify somebody: ${ping}`);
  }

  #byNonce(init: NewMessage, nonce: string): LocalMessage | undefined {
    return [...this.#all.values()].find(
      (message) =>
        message.nonce === nonce &&
        message.authorId === init.author.id &&
        message.channelId === init.channel.id &&
        Date.now() - message.createdAt < NONCE_WINDOW_MS,
    );
  }
}

/** Every component, depth first, in the order in which it is read. */
export function* walk(
  components: readonly APIMessageComponent[],
): Generator<APIMessageComponent, void, undefined> {
  for (const component of components) {
    yield component;
    if ('components' in component) yield* walk(component.components);
    if ('accessory' in component) yield* walk([component.accessory]);
  }
}

function isSelect(component: APIMessageComponent): component is APISelectMenuComponent {
  return (
    component.type === Component.StringSelect ||
    component.type === Component.UserSelect ||
    component.type === Component.RoleSelect ||
    component.type === Component.MentionableSelect ||
    component.type === Component.ChannelSelect
  );
}

function embedLines(embed: APIEmbed): string[] {
  return [
    embed.author?.name,
    embed.title,
    embed.description,
    ...(embed.fields ?? []).flatMap((field) => [field.name, field.value]),
    embed.footer?.text,
  ].filter((line) => line !== undefined);
}

function isTextOrNothing(value: unknown): boolean {
  return value === undefined || value === null || typeof value === 'string';
}

function nonceOf(nonce: unknown): string | undefined {
  if (typeof nonce === 'number') return nonce.toString();
  return asString(nonce);
}

/** The components as Discord sends them back: numbered, with the defaults written out. */
function complete(
  components: readonly unknown[],
  attachments: readonly LocalAttachment[],
): APIMessageTopLevelComponent[] {
  let nextId = 1;
  const finish = (value: unknown): Json => {
    const given = Object.fromEntries(
      Object.entries(asObject(value)).filter(([, member]) => member !== null),
    );
    const id = asNumber(given['id']);
    const component: Record<string, unknown> = {
      ...given,
      id: id === undefined || id === 0 ? nextId++ : id,
    };
    switch (component['type']) {
      case Component.Container:
        component['accent_color'] ??= null;
        component['spoiler'] ??= false;
        break;
      case Component.Separator:
        component['divider'] ??= true;
        component['spacing'] ??= 1;
        break;
      case Component.StringSelect:
      case Component.UserSelect:
      case Component.RoleSelect:
      case Component.MentionableSelect:
      case Component.ChannelSelect:
        component['min_values'] ??= 1;
        component['max_values'] ??= 1;
        break;
      case Component.Thumbnail:
        component['media'] = media(component['media']);
        component['description'] ??= null;
        component['spoiler'] ??= false;
        break;
      case Component.MediaGallery:
        component['items'] = asList(component['items']).map((item) => ({
          description: null,
          spoiler: false,
          ...asObject(item),
          media: media(asObject(item)['media']),
        }));
        break;
      case Component.File: {
        component['file'] = media(component['file']);
        const url = asString(asObject(component['file'])['url']) ?? '';
        const name = url.replace('attachment://', '');
        const attachment = attachments.find(({ filename }) => filename === name);
        component['name'] = name;
        component['size'] = attachment?.content.length ?? 0;
        component['spoiler'] ??= false;
        break;
      }
      default:
    }
    if (Array.isArray(component['components'])) {
      component['components'] = component['components'].map(finish);
    }
    if (isObject(component['accessory'])) {
      component['accessory'] = finish(component['accessory']);
    }
    return component;
  };
  // Checked against the rules for components before.
  return components.map(finish) as unknown as APIMessageTopLevelComponent[];
}

function media(value: unknown): Json {
  const url = asString(asObject(value)['url']) ?? '';
  return { id: snowflake(), url, proxy_url: url };
}

function attach(
  present: readonly LocalAttachment[],
  body: Json,
  files: readonly UploadedFile[],
): LocalAttachment[] {
  const listed = body['attachments'];
  // A listed id is either that of a kept attachment or the number of an uploaded file.
  const kept = Array.isArray(listed)
    ? present.filter(({ id }) => listed.some((entry) => String(asObject(entry)['id']) === id))
    : present;
  const added = files.map((file) => {
    const number = /\[(\d+)\]/.exec(file.field)?.[1];
    const entry = asList(listed)
      .map(asObject)
      .find((candidate) => String(candidate['id']) === number);
    return {
      id: snowflake(),
      filename: asString(entry?.['filename']) ?? file.name,
      contentType: file.type,
      content: file.content,
      text: file.text,
    };
  });
  if (kept.length + added.length > 10) {
    throw new ApiError(400, 30015, 'Maximum number of attachments in a message reached (10)');
  }
  return [...kept, ...added];
}

function describeAttachment(message: LocalMessage, attachment: LocalAttachment): APIAttachment {
  const url = `https://cdn.discordapp.com/attachments/${message.channelId}/${attachment.id}/${attachment.filename}`;
  return {
    id: attachment.id,
    filename: attachment.filename,
    size: attachment.content.length,
    url,
    proxy_url: url,
    content_type: attachment.contentType,
    ...(message.ephemeral ? { ephemeral: true } : {}),
  };
}
