import {
  type APIChannel,
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
import type { Instant } from '../../core/time.ts';
import type { Deliver, Retract } from '../../core/tokens/delivery.ts';
import type { Log } from '../../log.ts';
import { writeCustomId } from '../interactions/custom-id.ts';
import { instant, plain, relative } from '../render/render.ts';
import { GREETING, RETRACTED } from '../render/replies.ts';
import type { Attachment } from '../render/reply.ts';
import type { Rest } from '../rest.ts';

export interface DeliverDeps {
  readonly rest: Pick<Rest, 'post' | 'patch'>;
  readonly log: Log;
  /** The address that the tokens open, for the curl line. */
  readonly tokenUrl: string;
  /** After this long nobody waits for Discord any more. */
  readonly timeoutMs?: number;
}

/** Delivers tokens by direct message: the only way but an HTTP reply in which a token leaves us. */
export function createDeliver({ rest, log, tokenUrl, timeoutMs }: DeliverDeps): Deliver {
  return async (minted, deletedAt) => {
    const body = tokenMessage(minted, tokenUrl, deletedAt);
    const sent = await sendDirectly(rest, minted.session.userId, { body }, timeoutMs);
    return {
      url: sent.url,
      messageRef: `${sent.channel}/${sent.message}`,
      async retract() {
        try {
          await retractMessage(rest, sent.channel, sent.message);
          return true;
        } catch (error) {
          log.warn({ err: error, session: minted.session.id }, 'a token could not be taken back');
          return false;
        }
      },
    };
  };
}

async function retractMessage(rest: Pick<Rest, 'patch'>, channel: string, message: string) {
  const body = { content: RETRACTED, components: [] };
  await rest.patch(Routes.channelMessage(channel, message), { body });
}

/** As many of the newest messages as Discord tells at once. */
const LOOK_BACK = 100;

/** Finds what {@link createDeliver} may have sent, by its button: Discord tells no nonce of an old message. */
export function createRetract(rest: Pick<Rest, 'get' | 'post' | 'patch'>): Retract {
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
      await retractMessage(rest, channel, found.id);
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
export function createSendTestMessage(rest: Pick<Rest, 'post'>): SendTestMessage {
  return async (userId) => {
    await sendWithoutToken(rest, userId, { body: { content: GREETING } });
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
  { token, session }: MintedToken,
  tokenUrl: string,
  deletedAt: Instant | null,
): RESTPostAPIChannelMessageJSONBody {
  return {
    content: [
      `Your ${session.replaces === null ? '' : 'new '}API token **${plain(session.name ?? '')}**${session.replaces === null ? '' : ', in place of the old one'}. Tap to show it:`,
      `||\`${token}\`||`,
      `It works until ${instant(session.expiresAt)}. Send it in the \`Authorization\` header:`,
      '```sh',
      "TOKEN='paste it here'",
      `curl -H "Authorization: Bearer $TOKEN" '${tokenUrl}'`,
      '```',
      'Whoever has it can act as you: never post it. If it leaks, revoke it with `/session revoke`. It is shown only here, so save it where you need it.',
      ...(deletedAt === null ? [] : [`This message will be deleted ${relative(deletedAt)}.`]),
    ].join('\n'),
    flags: MessageFlags.SuppressNotifications | MessageFlags.SuppressEmbeds,
    allowed_mentions: { parse: [] },
    // Discord takes at most 25 characters; these hold all that is random in the id.
    nonce: session.id.replaceAll('-', '').slice(-25),
    enforce_nonce: true,
    components: [
      {
        type: ComponentType.ActionRow,
        components: [
          {
            type: ComponentType.Button,
            style: ButtonStyle.Success,
            label: 'Saved, delete this message',
            custom_id: savedId(session.userId, session.id),
          },
        ],
      },
    ],
  };
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
