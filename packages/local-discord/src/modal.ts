import type { APIModalInteractionResponseCallbackData } from 'discord-api-types/v10';
import { asList, asNumber, asObject, asString, type Json } from './json.ts';
import { fieldsOf } from './modal-rules.ts';
import { Component } from './numbers.ts';

/** A text, the values chosen, or whether a box is checked. */
export type ModalValue = string | readonly string[] | boolean;

type Modal = APIModalInteractionResponseCallbackData;
type Values = Readonly<Record<string, ModalValue>>;

/** Whose ids are chosen in each field of a modal that takes some. */
export interface ChosenIds {
  readonly userIds: readonly string[];
  readonly roleIds: readonly string[];
  readonly channelIds: readonly string[];
}

const idOf = (field: Json): string => asString(field['custom_id']) ?? '';
const fieldsIn = (modal: Modal): Json[] => asList(modal.components).map(asObject).flatMap(fieldsOf);

/**
 * What a client submits for a modal: what was put in, in the shape in which it was asked for, and
 * what stood there from the start where nothing was. Values for fields that the modal lacks go out
 * as text inputs, as a forged submission would.
 */
export function fillIn(modal: Modal, values: Values): Json[] {
  const left = new Map(Object.entries(values));
  let id = 0;
  const answer = (field: Json): Json => {
    const value = left.get(idOf(field)) ?? initialValue(field);
    left.delete(idOf(field));
    return { type: field['type'], id: (id += 1), custom_id: idOf(field), ...valueOf(value) };
  };
  const filled = asList(modal.components)
    .map(asObject)
    .map((part): Json => {
      const { type } = part;
      const fields = fieldsOf(part);
      if (type === Component.Label) return { type, id: (id += 1), component: answer(fields[0]!) };
      if (fields.length === 0) return { type, id: (id += 1) };
      return { type, id: (id += 1), components: fields.map(answer) };
    });
  for (const [customId, value] of left) {
    const field = { type: Component.TextInput, id: id + 2, custom_id: customId, ...valueOf(value) };
    filled.push({ type: Component.ActionRow, id: id + 1, components: [field] });
    id += 2;
  }
  return filled;
}

/** Refuses what Discord's client would not submit. */
export function checkValues(modal: Modal, values: Values): void {
  const fields = fieldsIn(modal);
  for (const customId of Object.keys(values)) {
    if (!fields.some((field) => idOf(field) === customId)) {
      throw new Error(`the modal has no field ${customId}`);
    }
  }
  for (const field of fields) checkValue(field, values[idOf(field)] ?? initialValue(field));
}

export function chosenIds(modal: Modal, values: Values): ChosenIds {
  const of = (...types: readonly number[]): string[] =>
    fieldsIn(modal)
      .filter(({ type }) => types.includes(asNumber(type) ?? 0))
      .flatMap((field) => asList(values[idOf(field)]).map(String));
  return {
    userIds: of(Component.UserSelect, Component.MentionableSelect),
    roleIds: of(Component.RoleSelect, Component.MentionableSelect),
    channelIds: of(Component.ChannelSelect),
  };
}

function checkValue(field: Json, value: ModalValue | undefined): void {
  const refuse = (reason: string): never => {
    throw new Error(`the field ${idOf(field)} ${reason}`);
  };
  const { type } = field;
  const isRequired = field['required'] !== false;
  if (type === Component.TextInput) {
    if (typeof value !== 'string') return refuse('takes a text');
    if (value === '') return isRequired ? refuse('cannot be empty') : undefined;
    const least = asNumber(field['min_length']) ?? 0;
    const most = asNumber(field['max_length']) ?? 4000;
    if (value.length < least) refuse(`takes ${least} characters at least`);
    if (value.length > most) refuse(`takes ${most} characters at most`);
    return;
  }
  if (type === Component.Checkbox) {
    return typeof value === 'boolean' ? undefined : refuse('takes a boolean');
  }
  const chosen = type === Component.RadioGroup && typeof value === 'string' ? [value] : value;
  if (type === Component.RadioGroup && value === undefined && !isRequired) return;
  if (!Array.isArray(chosen)) return refuse('takes a list of values');
  if (chosen.length === 0 && !isRequired) return;
  const least = asNumber(field['min_values']) ?? 1;
  const most = asNumber(field['max_values']) ?? (type === Component.CheckboxGroup ? 10 : 1);
  if (chosen.length < least || chosen.length > most) refuse(`takes ${least} to ${most} values`);
  if (field['options'] === undefined) return;
  const offered = asList(field['options']).map((option) => asObject(option)['value']);
  const stranger = chosen.find((each: unknown) => !offered.includes(each));
  if (stranger !== undefined) refuse(`has no option ${String(stranger)}`);
}

/** What stands in a field when the modal opens. */
function initialValue(field: Json): ModalValue | undefined {
  const preset = asList(field['options'])
    .map(asObject)
    .filter((option) => option['default'] === true)
    .map((option) => String(option['value']));
  switch (field['type']) {
    case Component.TextInput:
      return asString(field['value']) ?? '';
    case Component.RadioGroup:
      return preset[0];
    case Component.Checkbox:
      return field['default'] === true;
    case Component.StringSelect:
    case Component.CheckboxGroup:
      return preset;
    default:
      return asList(field['default_values']).map((each) => String(asObject(each)['id']));
  }
}

function valueOf(value: ModalValue | undefined): Json {
  if (value === undefined) return { value: null };
  return Array.isArray(value) ? { values: value } : { value };
}
