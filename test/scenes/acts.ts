import type { Exchange, LocalMember, LocalMessage } from 'local-discord';
import type { World } from './world.ts';

/** What the member sees as the answer. */
export function replyOf({ reply, followups }: Exchange): LocalMessage {
  const message = followups.at(-1) ?? reply;
  if (message === undefined) throw new Error('nothing was answered');
  return message;
}

export const tokenIn = ({ text }: LocalMessage): string =>
  /lk_api_[0-9A-Za-z]{49}/.exec(text)?.[0] ?? '';

/** The custom ids of what can be pressed in a message. */
export const idsOf = ({ buttons }: LocalMessage): readonly string[] =>
  buttons.flatMap(({ customId, disabled }) => (customId === undefined || disabled ? [] : customId));

/** What a component does is the first part of its custom id. */
function find(message: LocalMessage, does: string): string {
  const id = idsOf(message).find((each) => each.split(':')[0] === does);
  if (id === undefined) throw new Error(`no button does ${does} in: ${message.text}`);
  return id;
}

export const can = (message: LocalMessage, does: string): boolean =>
  idsOf(message).some((id) => id.split(':')[0] === does);

export async function press(
  who: LocalMember,
  message: LocalMessage,
  does: string,
): Promise<Exchange> {
  return who.press(message, find(message, does));
}

/** The answer to such a press is an edit of the message, and nothing else. */
export async function pressInPlace(
  { soon }: World,
  who: LocalMember,
  message: LocalMessage,
  does: string,
): Promise<void> {
  const { edits } = message;
  await who.press(message, find(message, does), { until: 'sent' });
  await soon('the edit', () => (message.edits > edits ? true : undefined));
}

/** The last direct message. */
export function newest({ dms, username }: LocalMember): LocalMessage {
  const message = dms.at(-1);
  if (message === undefined) throw new Error(`${username} got no message`);
  return message;
}

/** What Discord's client would not send is sent, too. */
export const RAW = { raw: true } as const;

/** Each button, whatever the one before has made of it; a modal is sent with what it is asked for. */
export async function pressAll(who: LocalMember, message: LocalMessage): Promise<void> {
  for (const id of idsOf(message)) {
    const pressed = await who.pressCustomId(id, message, RAW);
    if (pressed.modal !== undefined) {
      await who.submit(pressed, { typed: 'pi', name: 'banana', reason: 'Spam' }, RAW);
    }
  }
}
