import { asList, asObject, asString, type Json } from './json.ts';
import type { LocalDiscord } from './index.ts';
import type { Exchange } from './interactions.ts';
import type { OptionValue } from './invocation.ts';
import { Blocked, type LocalMember } from './members.ts';
import type { LocalMessage } from './messages.ts';
import type { ModalValue } from './modal.ts';

/** An act that the page asks for and that cannot be done; its message is for the reader. */
export class BadAct extends Error {}

export interface Stage {
  readonly discord: LocalDiscord;
  readonly people: readonly LocalMember[];
  /** The exchanges that were answered with a modal, by interaction id. */
  readonly modals: Map<string, Exchange>;
}

const MOST_MODALS = 20;

/**
 * Does on behalf of a person what the page asks for; answers what the page has to show at once.
 * @throws BadAct
 */
export async function act(stage: Stage, asked: Json): Promise<Json> {
  const person = stage.people.find(({ id }) => id === asked['as']);
  if (person === undefined) throw new BadAct('There is nobody of that id.');
  const channelId = asString(asked['channel']) ?? person.dmChannelId;
  const where = { channelId };
  const text = (member: string): string => asString(asked[member]) ?? '';
  const message = (): LocalMessage => {
    const found = person.sees(channelId).find(({ id }) => id === asked['message']);
    if (found === undefined) throw new BadAct('That message is gone.');
    return found;
  };
  const options = asObject(asked['options']) as Record<string, OptionValue>;
  try {
    switch (asked['do']) {
      case 'say':
        person.say(text('content'), where);
        return {};
      case 'slash':
        return shown(stage, await person.slash(text('line'), options, where));
      case 'autocomplete': {
        const { [text('focused')]: typed = '', ...others } = options;
        const choices = await person.autocomplete(
          text('line'),
          text('focused'),
          String(typed),
          others,
          where,
        );
        return { choices };
      }
      case 'menu': {
        const user = stage.people.find(({ id }) => id === asked['user']);
        return shown(stage, await person.menu(text('name'), user ?? message(), where));
      }
      case 'press':
        return shown(stage, await person.press(message(), text('button')));
      case 'select': {
        const values = asList(asked['values']).map(String);
        return shown(stage, await person.select(message(), values, text('select')));
      }
      case 'submit': {
        const opener = stage.modals.get(text('modal'));
        if (opener === undefined) throw new BadAct('That modal is closed.');
        stage.modals.delete(opener.interactionId);
        const values = asObject(asked['values']) as Record<string, ModalValue>;
        return shown(stage, await person.submit(opener, values));
      }
      case 'locale':
        person.locale = text('locale');
        return {};
      case 'close-dms':
        if (person.dmsAreClosed) person.openDms();
        else person.closeDms();
        return {};
      default:
        throw new BadAct('That is nothing that a person can do here.');
    }
  } catch (error) {
    if (error instanceof Blocked) return { blocked: error.message };
    throw error instanceof BadAct ? error : new BadAct((error as Error).message);
  }
}

function shown({ modals }: Stage, exchange: Exchange): Json {
  if (exchange.modal === undefined) return {};
  modals.set(exchange.interactionId, exchange);
  for (const id of [...modals.keys()].slice(0, -MOST_MODALS)) modals.delete(id);
  return { modal: { id: exchange.interactionId, ...exchange.modal } };
}
