import {
  type APIActionRowComponent,
  type APIChannel,
  type APIComponentInMessageActionRow,
  type APIMessage,
  ButtonStyle,
  ComponentType,
  DiscordAPIError,
  MessageFlags,
  RateLimitError,
  type RequestData,
  RESTJSONErrorCodes,
  type RESTPostAPIChannelMessageJSONBody,
  Routes,
} from 'discord.js';
import type { SendTestMessage } from '../../core/accounts/notices.ts';
import type { SessionId, UserId } from '../../core/actor.ts';
import { AppError, type Refusal, refuse, upstream } from '../../core/errors.ts';
import type { DeleteMessage } from '../../core/outbox/deletions.ts';
import type { MintedToken } from '../../core/sessions/minted-token.ts';
import type { Session } from '../../core/sessions/session.ts';
import { findTokens } from '../../core/sessions/token.ts';
import type { Policy } from '../../core/policy/policy.ts';
import type { Instant } from '../../core/time.ts';
import type { Deliver, Retract } from '../../core/tokens/delivery.ts';
import type { Log } from '../../log.ts';
import { ALONE, HIDE, writeCustomId } from '../interactions/custom-id.ts';
import { button, instant, plain, relative } from '../render/render.ts';
import { outdated } from '../render/replies.ts';
import type { Attachment } from '../render/reply.ts';
import type { Rest } from '../rest.ts';
import { sayScopes } from '../render/scopes.ts';
import type { Words } from '../words/words.ts';

export interface DeliverDeps {
  readonly rest: Pick<Rest, 'post' | 'patch'>;
  readonly log: Log;
  /** Absent where every token may do everything. */
  readonly policy?: Policy | undefined;
  /** After this long nobody waits for Discord any more. */
  readonly timeoutMs?: number;
}

/**
 * Delivers tokens by direct message: the only way but an HTTP reply in which a token leaves us. A remark says why
 * it comes, where nobody asked for it just now.
 */
export function createDeliver({
  rest,
  log,
  policy,
  timeoutMs,
}: DeliverDeps): (words: Words, remark?: string) => Deliver {
  return (words, remark) => async (minted, deletedAt) => {
    const body = tokenMessage(words, minted, deletedAt, policy, remark);
    const sent = await sendDirectly(rest, minted.session.userId, { body }, timeoutMs);
    return {
      url: sent.url,
      messageRef: `${sent.channel}/${sent.message}`,
      async retract() {
        try {
          await retractMessage(rest, words, sent.channel, sent.message);
          return true;
        } catch (error) {
          log.warn({ err: error, session: minted.session.id }, 'a token could not be taken back');
          return false;
        }
      },
    };
  };
}

async function retractMessage(
  rest: Pick<Rest, 'patch'>,
  words: Words,
  channel: string,
  message: string,
) {
  const body = { content: words('dm.retracted'), components: [] };
  await rest.patch(Routes.channelMessage(channel, message), { body });
}

/** A message that {@link createDeliver} sent, as a press of its button brings it along. */
export interface DeliveredMessage {
  readonly id: string;
  readonly channelId: string;
  readonly content: string;
}

/**
 * Shows a delivered token alone, so that a phone copies nothing else, or with all that was beside it. The
 * token comes from the message itself: nothing is kept of it here.
 */
export function createShowToken(rest: Pick<Rest, 'patch'>, tokenPrefix: string, policy?: Policy) {
  return async (
    words: Words,
    { id, channelId, content }: DeliveredMessage,
    session: Session,
    deletedAt: Instant | null,
    how: 'alone' | 'whole',
  ): Promise<void> => {
    const [token] = findTokens(content, tokenPrefix);
    if (token === undefined) throw outdated();
    const whole = tokenMessage(words, { token, session }, deletedAt, policy);
    const buttons = tokenButtons(words, session, deletedAt, how);
    const body = { content: how === 'alone' ? token : whole.content, components: buttons };
    try {
      await rest.patch(Routes.channelMessage(channelId, id), { body });
    } catch (error) {
      settled(error);
    }
  };
}

export type ShowToken = ReturnType<typeof createShowToken>;

/** As many of the newest messages as Discord tells at once. */
const LOOK_BACK = 100;

/** Finds what {@link createDeliver} may have sent, by its button: Discord tells no nonce of an old message. */
export function createRetract(
  rest: Pick<Rest, 'get' | 'post' | 'patch'>,
  words: () => Words,
): Retract {
  return async ({ userId, sessionId }) => {
    const sought = savedId(userId, sessionId);
    try {
      const body = { recipient_id: userId };
      const { id: channel } = (await rest.post(Routes.userChannels(), { body })) as APIChannel;
      const query = new URLSearchParams({ limit: String(LOOK_BACK) });
      const messages = (await rest.get(Routes.channelMessages(channel), { query })) as APIMessage[];
      const found = messages.find(({ components = [] }) =>
        JSON.stringify(components).includes(sought),
      );
      if (found === undefined) return false;
      await retractMessage(rest, words(), channel, found.id);
      return true;
    } catch (error) {
      return settled(error);
    }
  };
}

/** Already deleted, or where we can never reach it again. */
const GONE = new Set<number | string>([
  RESTJSONErrorCodes.UnknownMessage,
  RESTJSONErrorCodes.UnknownChannel,
  RESTJSONErrorCodes.MissingAccess,
]);

/** True where another attempt would find the same. @throws what may end otherwise the next time */
function settled(error: unknown): true {
  if (error instanceof DiscordAPIError && GONE.has(error.code)) return true;
  if (error instanceof RateLimitError) throw upstream(error, error.retryAfter);
  throw error;
}

/** Deletes a message that {@link createDeliver} sent. */
export function createDeleteOwnMessage(rest: Pick<Rest, 'delete'>): DeleteMessage {
  return async (messageRef) => {
    const [channel = '', message = ''] = messageRef.split('/');
    try {
      await rest.delete(Routes.channelMessage(channel, message));
    } catch (error) {
      settled(error);
    }
  };
}

/** Sends a member a message by which they see that messages arrive. */
export function createSendTestMessage(rest: Pick<Rest, 'post'>): (words: Words) => SendTestMessage {
  return (words) => async (userId) => {
    await sendWithoutToken(rest, userId, { body: { content: words('greeting') } });
  };
}

/** Sends a file to a member. */
export function createSendFile(rest: Pick<Rest, 'post'>) {
  return async (userId: string, { content, files }: Attachment): Promise<string> => {
    const flags = MessageFlags.SuppressNotifications;
    const body = { content, flags, allowed_mentions: { parse: [] } };
    return (await sendWithoutToken(rest, userId, { body, files: [...files] })).url;
  };
}

/** Where it fails, nothing is said of a token. */
async function sendWithoutToken(...message: Parameters<typeof sendDirectly>) {
  try {
    return await sendDirectly(...message);
  } catch (error) {
    if (!(error instanceof AppError) || error.code === 'dm_closed') throw error;
    throw error.code === 'unconfirmed'
      ? refuse({ code: 'unconfirmed', reason: 'message' }, { cause: error })
      : undelivered('not_sent', error);
  }
}

/** @throws AppError `dm_closed`, `undelivered` or `unconfirmed` */
async function sendDirectly(
  rest: Pick<Rest, 'post'>,
  userId: string,
  message: RequestData,
  timeoutMs = 30_000,
): Promise<{ channel: string; message: string; url: string }> {
  const signal = AbortSignal.timeout(timeoutMs);
  let isUnderWay = false;
  try {
    const opened = await rest.post(Routes.userChannels(), {
      body: { recipient_id: userId },
      signal,
    });
    const { id: channel } = opened as APIChannel;
    isUnderWay = true;
    const sent = await rest.post(Routes.channelMessages(channel), { ...message, signal });
    const { id } = sent as APIMessage;
    return { channel, message: id, url: `https://discord.com/channels/@me/${channel}/${id}` };
  } catch (error) {
    throw explain(error, isUnderWay);
  }
}

/** The direct message: the token alone on its line, hidden from lock screens and passers-by. */
export function tokenMessage(
  words: Words,
  { token, session }: MintedToken,
  deletedAt: Instant | null,
  policy?: Policy,
  remark?: string,
): RESTPostAPIChannelMessageJSONBody {
  const name = plain(session.name ?? '');
  const when = instant(words, session.expiresAt, session.createdAt);
  return {
    content: [
      session.replaces === null
        ? words('dm.title', { name, when })
        : words('dm.title.new', { name, when }),
      ...(remark === undefined ? [] : [remark]),
      `||${token}||`,
      ...sayScopes(words, policy, session.scope),
      words('dm.care'),
      ...(deletedAt === null ? [] : [words('dm.deleted', { when: relative(deletedAt) })]),
    ].join('\n'),
    flags: MessageFlags.SuppressNotifications | MessageFlags.SuppressEmbeds,
    allowed_mentions: { parse: [] },
    // Discord takes at most 25 characters; these hold all that is random in the id.
    nonce: session.id.replaceAll('-', '').slice(-25),
    enforce_nonce: true,
    components: tokenButtons(words, session, deletedAt, 'whole'),
  };
}

function tokenButtons(
  words: Words,
  { userId, id }: Session,
  deletedAt: Instant | null,
  how: 'alone' | 'whole',
): APIActionRowComponent<APIComponentInMessageActionRow>[] {
  const until = deletedAt === null ? '' : Math.floor(deletedAt / 1000).toString(36);
  const turn =
    how === 'whole'
      ? button(words('dm.alone'), ALONE.write(userId, { id, until }), ButtonStyle.Primary)
      : button(words('dm.hide'), HIDE.write(userId, { id, until }));
  const saved = button(words('dm.saved'), savedId(userId, id), ButtonStyle.Success);
  return [{ type: ComponentType.ActionRow, components: [turn, saved] }];
}

/** Names the session too: by that a message is found again. */
function savedId(userId: UserId, sessionId: SessionId): string {
  return writeCustomId('saved', userId, sessionId);
}

function explain(error: unknown, isUnderWay: boolean): AppError {
  if (error instanceof RateLimitError) return undelivered('held', error);
  if (error instanceof DiscordAPIError) {
    switch (error.code) {
      case RESTJSONErrorCodes.CannotSendMessagesToThisUser:
      case RESTJSONErrorCodes.CannotSendMessagesToThisUserDueToHavingNoMutualGuilds:
        return refuse({ code: 'dm_closed' }, { cause: error });
      case RESTJSONErrorCodes.OpeningDirectMessagesTooFast:
        return undelivered('held', error);
      default:
        return undelivered('refused', error);
    }
  }
  return isUnderWay
    ? refuse({ code: 'unconfirmed', reason: 'token' }, { cause: error })
    : undelivered('unanswered', error);
}

function undelivered(
  reason: Extract<Refusal, { code: 'undelivered' }>['reason'],
  cause: unknown,
): AppError {
  return refuse({ code: 'undelivered', reason }, { cause });
}
