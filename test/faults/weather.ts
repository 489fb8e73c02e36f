import type { LocalMember } from 'local-discord';
import { setTimeout as delay } from 'node:timers/promises';
import type { Chance } from './chance.ts';
import type { Trial } from './trial.ts';

const MESSAGES = /channels\/\d+\/messages$/;
const CALLBACK = /interactions\/\d+\/.*callback/;
const ANSWER = /webhooks\/\d+\/.*messages/;

type Trouble = (trial: Trial, chance: Chance, member: LocalMember) => unknown;

/** What Discord does to a bot on a bad day. */
const TROUBLES: Readonly<Record<string, Trouble>> = {
  'a message fails': ({ discord }, chance) =>
    discord.fail({ method: 'POST', path: MESSAGES, status: 500, times: chance.between(1, 4) }),
  'the answer to a message is lost': ({ discord }, chance) =>
    discord.fail({
      method: 'POST',
      path: MESSAGES,
      status: 500,
      afterEffect: true,
      times: chance.between(1, 4),
    }),
  'the connection breaks after a message': ({ discord }, chance) =>
    discord.fail({
      method: 'POST',
      path: MESSAGES,
      hangUp: chance.next() < 0.5 ? true : 'reset',
      afterEffect: chance.next() < 0.5,
    }),
  'an acknowledgement fails': ({ discord }, chance) =>
    discord.fail({ path: CALLBACK, status: 503, afterEffect: chance.next() < 0.5 }),
  'an answer fails': ({ discord }, chance) =>
    discord.fail({ method: 'PATCH', path: ANSWER, status: 502, times: chance.between(1, 3) }),
  'everything is slow': ({ discord }, chance) =>
    discord.fail({ path: /./, delayMs: chance.between(50, 1_500), times: chance.between(1, 10) }),
  'messages are slow': ({ discord }, chance) =>
    discord.fail({
      method: 'POST',
      path: MESSAGES,
      delayMs: chance.between(500, 4_000),
      afterEffect: chance.next() < 0.5,
      times: 3,
    }),
  'a member takes no messages': (_, chance, member) =>
    member.closeDms(chance.next() < 0.5 ? 50007 : 50278),
  'a member takes messages again': (_, __, member) => member.openDms(),
  'the gateway drops': ({ discord }, chance) =>
    discord.dropGateway({ resumable: chance.next() < 0.5 }),
  'the gateway asks to come again': ({ discord }) => discord.askToReconnect(),
};

/** Troubles of all kinds, one after the other, for so long. */
export async function storm(trial: Trial, chance: Chance, ms: number): Promise<void> {
  const endsAt = Date.now() + ms;
  while (Date.now() < endsAt) {
    const { member } = chance.pick(trial.holders);
    TROUBLES[chance.pick(Object.keys(TROUBLES))]!(trial, chance, member);
    await delay(Math.min(chance.between(200, 2_500), Math.max(endsAt - Date.now(), 0)));
  }
}

export function calm({ discord, holders }: Trial): void {
  discord.heal();
  for (const { member } of holders) member.openDms();
}
