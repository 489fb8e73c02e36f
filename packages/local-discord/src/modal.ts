import type { APIModalInteractionResponseCallbackData } from 'discord-api-types/v10';
import { asList, asObject, asString, isObject, type Json } from './json.ts';

/** A text, the values chosen, or whether a box is checked. */
export type ModalValue = string | readonly string[] | boolean;

const ROW = 1;
const TEXT_INPUT = 4;
const LABEL = 18;

/**
 * What a client submits for a modal: what was put in, in the shape in which it was asked for. Values
 * for fields that the modal lacks go out as text inputs, as a forged submission would.
 */
export function fillIn(
  modal: APIModalInteractionResponseCallbackData,
  values: Readonly<Record<string, ModalValue>>,
): Json[] {
  const left = new Map(Object.entries(values));
  let id = 0;
  const answer = (field: Json): Json => {
    const customId = asString(field['custom_id']) ?? '';
    const value = left.get(customId);
    left.delete(customId);
    return { type: field['type'], id: (id += 1), custom_id: customId, ...valueOf(value) };
  };
  const filled = asList(modal.components)
    .map(asObject)
    .flatMap((part): Json[] => {
      if (part['type'] === LABEL && isObject(part['component'])) {
        return [{ type: LABEL, id: (id += 1), component: answer(part['component']) }];
      }
      const fields = asList(part['components']).map(asObject);
      const given = fields.filter(({ custom_id }) => left.has(asString(custom_id) ?? ''));
      return given.length === 0
        ? []
        : [{ type: ROW, id: (id += 1), components: given.map(answer) }];
    });
  for (const [customId, value] of left) {
    const field = { type: TEXT_INPUT, id: id + 2, custom_id: customId, ...valueOf(value) };
    filled.push({ type: ROW, id: id + 1, components: [field] });
    id += 2;
  }
  return filled;
}

function valueOf(value: ModalValue | undefined): Json {
  if (value === undefined) return {};
  return Array.isArray(value) ? { values: value } : { value };
}
