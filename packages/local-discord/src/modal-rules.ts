import { type FormProblem, invalidForm } from './errors.ts';
import { asList, asNumber, asObject, asString, isObject, type Json } from './json.ts';
import { badLength, missing, selectProblems, tooLong } from './message-rules.ts';
import { Component } from './numbers.ts';

const PARTS_LIMIT = 5;
const TITLE_LIMIT = 45;
const LABEL_LIMIT = 45;
const TEXT_LIMIT = 4000;
const IN_LABELS = new Set<unknown>([
  Component.StringSelect,
  Component.TextInput,
  Component.UserSelect,
  Component.RoleSelect,
  Component.MentionableSelect,
  Component.ChannelSelect,
  Component.FileUpload,
  Component.RadioGroup,
  Component.CheckboxGroup,
  Component.Checkbox,
]);

type Path = readonly (string | number)[];

/** Discord's rules for modals. @throws ApiError */
export function checkModal(modal: Json): void {
  const parts = asList(modal['components']).map(asObject);
  const problems = [
    ...lengthProblems(modal, 'custom_id', { least: 1, most: 100, at: ['data'] }),
    ...lengthProblems(modal, 'title', { least: 1, most: TITLE_LIMIT, at: ['data'] }),
    ...parts.flatMap((part, index) => partProblems(part, ['data', 'components', index])),
  ];
  if (parts.length < 1 || parts.length > PARTS_LIMIT) {
    problems.push(badLength(['data', 'components'], 1, PARTS_LIMIT));
  }
  const ids = parts.flatMap(fieldsOf).map((field) => field['custom_id']);
  const twin = ids.find((id, index) => ids.indexOf(id) !== index);
  if (twin !== undefined) {
    problems.push({
      at: ['data', 'components'],
      code: 'COMPONENT_CUSTOM_ID_DUPLICATED',
      message: 'Component custom id cannot be duplicated',
    });
  }
  if (problems.length > 0) throw invalidForm(...problems);
}

/** What can be filled in, of one part of a modal. */
export function fieldsOf(part: Json): Json[] {
  if (part['type'] === Component.Label) {
    return isObject(part['component']) ? [part['component']] : [];
  }
  return asList(part['components']).map(asObject);
}

function partProblems(part: Json, at: Path): FormProblem[] {
  switch (part['type']) {
    case Component.TextDisplay:
      return [];
    case Component.Label: {
      const field = asObject(part['component']);
      return [
        ...lengthProblems(part, 'label', { least: 1, most: LABEL_LIMIT, at }),
        ...lengthProblems(part, 'description', { least: 0, most: 100, at }),
        ...(IN_LABELS.has(field['type'])
          ? fieldProblems(field, [...at, 'component'])
          : [notOneOf([...at, 'component', 'type'], [...IN_LABELS])]),
        ...(asString(field['label']) === undefined
          ? []
          : [
              {
                at: [...at, 'component', 'label'],
                code: 'TEXT_INPUT_LABEL_NOT_ALLOWED',
                message: 'The label is the one of the component around it',
              },
            ]),
      ];
    }
    case Component.ActionRow: {
      const fields = fieldsOf(part);
      if (fields.length !== 1) return [badLength([...at, 'components'], 1, 1)];
      return fields.flatMap((field) => {
        const here = [...at, 'components', 0];
        return field['type'] === Component.TextInput
          ? [
              ...lengthProblems(field, 'label', { least: 1, most: LABEL_LIMIT, at: here }),
              ...fieldProblems(field, here),
            ]
          : [notOneOf([...here, 'type'], [Component.TextInput])];
      });
    }
    default:
      return [notOneOf([...at, 'type'], [1, 10, 18])];
  }
}

function fieldProblems(field: Json, at: Path): FormProblem[] {
  const problems = lengthProblems(field, 'custom_id', { least: 1, most: 100, at });
  if (field['type'] === Component.StringSelect) problems.push(...selectProblems(field, at));
  if (field['type'] !== Component.TextInput) return problems;
  if (field['style'] !== 1 && field['style'] !== 2)
    problems.push(notOneOf([...at, 'style'], [1, 2]));
  const least = asNumber(field['min_length']) ?? 0;
  const most = asNumber(field['max_length']) ?? TEXT_LIMIT;
  if (least < 0 || most < 1 || most > TEXT_LIMIT || least > most) {
    problems.push(badLength([...at, 'max_length'], Math.max(1, least), TEXT_LIMIT));
  }
  const value = asString(field['value']) ?? '';
  if (value.length > most) problems.push(tooLong([...at, 'value'], most));
  problems.push(...lengthProblems(field, 'placeholder', { least: 0, most: 100, at }));
  return problems;
}

function lengthProblems(
  of: Json,
  member: string,
  { least, most, at }: { least: number; most: number; at: Path },
): FormProblem[] {
  const text = asString(of[member]) ?? '';
  if (text === '' && least > 0) return [missing([...at, member], 'This field is required')];
  return text.length <= most ? [] : [badLength([...at, member], least, most)];
}

function notOneOf(at: Path, allowed: readonly unknown[]): FormProblem {
  return {
    at,
    code: 'UNION_TYPE_CHOICES',
    message: `Value of field "${at.at(-1)}" must be one of (${allowed.join(', ')}).`,
  };
}
