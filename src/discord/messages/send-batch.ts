import {
  type APIChannel,
  type APIMessage,
  DiscordAPIError,
  MessageFlags,
  RateLimitError,
  RESTJSONErrorCodes,
  type RESTPostAPIChannelMessageJSONBody,
  Routes,
} from 'discord.js';
import type { UserId } from '../../core/actor.ts';
import { upstream } from '../../core/errors.ts';
import { ALONE } from '../../core/outbox/batches.ts';
import type { SendBatch } from '../../core/outbox/outbox-relay.ts';
import type { Batch } from '../../core/outbox/store.ts';
import type { Policy } from '../../core/policy/policy.ts';
import { snowflakeAt } from '../../core/snowflake.ts';
import type { Clock, Instant } from '../../core/time.ts';
import { membersIn } from '../render/render-audit.ts';
import { feedPost } from '../render/render-feed.ts';
import { noticeCard } from '../render/render-notices.ts';
import { requestPost } from '../render/render-request.ts';
import type { Card } from '../render/reply.ts';
import type { Rest } from '../rest.ts';
import type { NamesOf } from '../server/member-names.ts';
import type { Words } from '../words/words.ts';

export interface PostDeps {
  /** Absent where every token may do everything. */
  readonly policy?: Policy | undefined;
  readonly rest: Rest;
  readonly clock: Clock;
  /** Where the staff hear of things; null where they do not. Throws while it is not known yet. */
  readonly staffChannelId: () => string | null;
  /** The words for who gets a message; for the staff's channel there is no recipient. */
  readonly wordsFor: (recipient: UserId | null) => Words;
  readonly namesOf: NamesOf;
  readonly appealUrl: string | undefined;
}

/** For so long Discord surely recognises the nonce of an earlier attempt. */
const NONCE_HONOURED_MS = 60_000;
const LOOK_BACK = 100;

/** The recipient can never be reached, so retrying is pointless. */
const HOPELESS = new Set<number | string>([
  RESTJSONErrorCodes.CannotSendMessagesToThisUser,
  RESTJSONErrorCodes.CannotSendMessagesToThisUserDueToHavingNoMutualGuilds,
  RESTJSONErrorCodes.UnknownUser,
]);

/** Brings a batch of events to the staff's channel, or a notice to a member. */
export function createSendBatch(deps: PostDeps): SendBatch {
  const { rest, clock, staffChannelId, wordsFor, namesOf, appealUrl, policy } = deps;

  async function channelFor(recipient: string | null): Promise<string | null> {
    if (recipient === null) return staffChannelId();
    const body = { recipient_id: recipient };
    return ((await rest.post(Routes.userChannels(), { body })) as APIChannel).id;
  }

  /** After a while the nonce is forgotten, but any attempt since the first may have brought it there. */
  async function isThere(channel: string, { id, triedAt }: Batch): Promise<boolean> {
    if (triedAt === null) return false;
    const [now, firstTriedAt] = [clock(), timeOf(id)];
    if (Math.abs(now - firstTriedAt) < NONCE_HONOURED_MS) return false;
    const query = new URLSearchParams({
      limit: String(LOOK_BACK),
      after: snowflakeAt(Math.min(firstTriedAt, now) - NONCE_HONOURED_MS),
    });
    const messages = (await rest.get(Routes.channelMessages(channel), { query })) as APIMessage[];
    return messages.some((message) => JSON.stringify(message).includes(mark(id)));
  }

  async function messageFor(batch: Batch): Promise<RESTPostAPIChannelMessageJSONBody | null> {
    const { id, recipient, events } = batch;
    const words = wordsFor(recipient);
    if (recipient === null) {
      const nameOf = await namesOf(events.flatMap(membersIn));
      const [asked] = events.filter(({ action }) => action === ALONE);
      if (asked !== undefined)
        return carded(id, requestPost(words, policy, asked, mark(id), nameOf));
      return {
        ...once(id),
        ...feedPost(words, events, mark(id), nameOf),
      };
    }
    const notice = noticeCard(batch, { words, now: clock(), appealUrl, policy, mark: mark(id) });
    return carded(id, notice);
  }

  return async (batch) => {
    const { recipient } = batch;
    const body = await messageFor(batch);
    if (body === null) return 'obsolete';
    try {
      const channel = await channelFor(recipient);
      if (channel === null) return 'obsolete';
      if (await isThere(channel, batch)) return 'sent';
      await rest.post(Routes.channelMessages(channel), { body });
      return 'sent';
    } catch (error) {
      if (error instanceof DiscordAPIError && HOPELESS.has(error.code)) {
        return isOfExit(batch) ? 'obsolete' : 'undeliverable';
      }
      if (error instanceof RateLimitError) throw upstream(error, error.retryAfter);
      throw error;
    }
  };
}

/**
 * Who is banned in the server, or left it, often shares none with the bot any more: nothing is wrong then.
 */
function isOfExit({ events }: Batch): boolean {
  return events.some(({ action }) => action === 'account.banned' || action === 'roles.changed');
}

function carded(id: string, card: Card | null): RESTPostAPIChannelMessageJSONBody | null {
  if (card === null) return null;
  const components = [...card.components];
  return { ...once(id), components, flags: MessageFlags.IsComponentsV2 };
}

/** Pings nobody, and is not posted twice. */
function once(id: string): RESTPostAPIChannelMessageJSONBody {
  return {
    allowed_mentions: { parse: [] },
    nonce: id.replaceAll('-', '').slice(-25),
    enforce_nonce: true,
  };
}

/** By which a message of ours is found again. */
function mark(id: string): string {
  return id.slice(-12);
}

/** When a batch got its id: at the first attempt (RFC 9562, section 5.7: the first 48 bits). */
function timeOf(id: string): Instant {
  return Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16);
}
