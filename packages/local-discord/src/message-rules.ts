import { emptyMessage, type FormProblem, invalidForm } from './errors.ts';
import { asList, asNumber, asObject, asString, isObject, type Json } from './json.ts';
import { Button, Component, Flag } from './numbers.ts';

const CONTENT_LIMIT = 2000;
const EMBEDS_LIMIT = 6000;
const ROWS_LIMIT = 5;
const COMPONENTS_LIMIT = 40;
const COMPONENTS_TEXT_LIMIT = 4000;
const IN_ROWS = new Set<unknown>([
  Component.Button,
  Component.StringSelect,
  Component.UserSelect,
  Component.RoleSelect,
  Component.MentionableSelect,
  Component.ChannelSelect,
]);

/** A message as it would be after the request. */
export interface MessageDraft {
  readonly content: string;
  readonly embeds: readonly unknown[];
  readonly components: readonly unknown[];
  readonly flags: number;
  readonly attachments: number;
  /** A poll or stickers: content enough, and not looked at here. */
  readonly other: boolean;
}

/** Discord's rules for messages that the published description does not state. */
export function checkMessage(draft: MessageDraft): void {
  const problems: FormProblem[] = [];
  const isV2 = (draft.flags & Flag.ComponentsV2) !== 0;
  if (draft.content.length > CONTENT_LIMIT) {
    problems.push(tooLong(['content'], CONTENT_LIMIT));
  }
  if (isV2) {
    for (const member of ['content', 'embeds'] as const) {
      if (draft[member].length > 0) {
        problems.push({
          at: [member],
          code: 'MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2',
          message: `The '${member}' field cannot be used when using MessageFlags.IS_COMPONENTS_V2`,
        });
      }
    }
  }
  if (embedText(draft.embeds) > EMBEDS_LIMIT) {
    problems.push({
      at: ['embeds'],
      code: 'MAX_EMBED_SIZE_EXCEEDED',
      message: `Embed size exceeds maximum size of ${EMBEDS_LIMIT}`,
    });
  }
  problems.push(...componentProblems(draft.components, isV2));
  if (problems.length > 0) throw invalidForm(...problems);
  const isEmpty =
    draft.content.trim() === '' &&
    draft.embeds.length === 0 &&
    draft.components.length === 0 &&
    draft.attachments === 0 &&
    !draft.other;
  if (isEmpty) throw emptyMessage();
}

function componentProblems(components: readonly unknown[], isV2: boolean): FormProblem[] {
  const problems: FormProblem[] = [];
  const customIds = new Set<string>();
  let count = 0;
  let text = 0;
  const visit = (value: unknown, at: (string | number)[]): void => {
    const component = asObject(value);
    count += 1;
    if (component['type'] === Component.TextDisplay) {
      text += asString(component['content'])?.length ?? 0;
    }
    const customId = asString(component['custom_id']);
    if (customId !== undefined) {
      if (customIds.has(customId)) {
        problems.push({
          at: [...at, 'custom_id'],
          code: 'COMPONENT_CUSTOM_ID_DUPLICATED',
          message: 'Component custom id cannot be duplicated',
        });
      }
      customIds.add(customId);
      if (customId.length < 1 || customId.length > 100) {
        problems.push(badLength([...at, 'custom_id'], 1, 100));
      }
    }
    problems.push(...ownProblems(component, at));
    asList(component['components']).forEach((child, index) => {
      visit(child, [...at, 'components', index]);
    });
    if (isObject(component['accessory'])) visit(component['accessory'], [...at, 'accessory']);
  };
  components.forEach((component, index) => {
    const type = asObject(component)['type'];
    if (!isV2 && type !== Component.ActionRow) {
      problems.push({
        at: ['components', index, 'type'],
        code: 'UNION_TYPE_CHOICES',
        message: 'Value of field "type" must be one of (1,).',
      });
    } else if (isV2 && (type === Component.Button || type === Component.Thumbnail)) {
      problems.push({
        at: ['components', index, 'type'],
        code: 'UNION_TYPE_CHOICES',
        message: 'Value of field "type" must be one of (1, 9, 10, 12, 13, 14, 17).',
      });
    }
    visit(component, ['components', index]);
  });
  if (!isV2 && components.length > ROWS_LIMIT) {
    problems.push(badLength(['components'], 1, ROWS_LIMIT));
  }
  if (count > COMPONENTS_LIMIT) {
    problems.push({
      at: ['components'],
      code: 'COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED',
      message: `The total number of components cannot exceed ${COMPONENTS_LIMIT}`,
    });
  }
  if (text > COMPONENTS_TEXT_LIMIT) {
    problems.push({
      at: ['components'],
      code: 'COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED',
      message: `The total displayable text size of components exceeds ${COMPONENTS_TEXT_LIMIT}`,
    });
  }
  return problems;
}

function ownProblems(component: Json, at: readonly (string | number)[]): FormProblem[] {
  switch (component['type']) {
    case Component.ActionRow:
      return rowProblems(component, at);
    case Component.Button:
      return buttonProblems(component, at);
    case Component.StringSelect:
      return selectProblems(component, at);
    case Component.TextDisplay:
      return asString(component['content'])?.length === 0
        ? [badLength([...at, 'content'], 1, COMPONENTS_TEXT_LIMIT)]
        : [];
    default:
      return [];
  }
}

function rowProblems(row: Json, at: readonly (string | number)[]): FormProblem[] {
  const children = asList(row['components']).map(asObject);
  const buttons = children.filter((child) => child['type'] === Component.Button).length;
  const selects = children.length - buttons;
  const stray = children.findIndex((child) => !IN_ROWS.has(child['type']));
  if (stray !== -1) {
    return [
      {
        at: [...at, 'components', stray, 'type'],
        code: 'UNION_TYPE_CHOICES',
        message: 'Value of field "type" must be one of (2, 3, 5, 6, 7, 8).',
      },
    ];
  }
  if (children.length === 0 || buttons > 5) return [badLength([...at, 'components'], 1, 5)];
  if (selects > 1 || (selects === 1 && buttons > 0)) {
    return [
      {
        at: [...at, 'components'],
        code: 'COMPONENT_LAYOUT_WIDTH_EXCEEDED',
        message: 'The specified component exceeds the maximum width',
      },
    ];
  }
  return [];
}

function buttonProblems(button: Json, at: readonly (string | number)[]): FormProblem[] {
  const problems: FormProblem[] = [];
  const hasUrl = typeof button['url'] === 'string';
  const hasCustomId = typeof button['custom_id'] === 'string';
  if (button['style'] === Button.Link) {
    if (!hasUrl) problems.push(missing([...at, 'url'], 'A url is required'));
    if (hasCustomId) {
      problems.push({
        at: [...at],
        code: 'BUTTON_COMPONENT_CUSTOM_ID_URL_MUTUALLY_EXCLUSIVE',
        message: 'A custom id and url cannot both be specified',
      });
    }
  } else if (button['style'] !== Button.Premium) {
    if (!hasCustomId) problems.push(missing([...at, 'custom_id'], 'A custom id is required'));
    if (hasUrl) {
      problems.push({
        at: [...at, 'url'],
        code: 'BUTTON_COMPONENT_INVALID_URL',
        message: 'A url is for link buttons only',
      });
    }
  }
  const label = asString(button['label']) ?? '';
  if (button['style'] !== Button.Premium && label === '' && !isObject(button['emoji'])) {
    problems.push(missing([...at], 'A button must have a label or an emoji'));
  }
  if (label.length > 80) problems.push(tooLong([...at, 'label'], 80));
  return problems;
}

/** What is wrong with a select of texts, wherever it stands. */
export function selectProblems(select: Json, at: readonly (string | number)[]): FormProblem[] {
  const problems: FormProblem[] = [];
  const options = asList(select['options']).map(asObject);
  if (options.length < 1 || options.length > 25) {
    problems.push(badLength([...at, 'options'], 1, 25));
  }
  const values = new Set<unknown>();
  options.forEach((option, index) => {
    if (values.has(option['value'])) {
      problems.push({
        at: [...at, 'options', index, 'value'],
        code: 'SELECT_COMPONENT_OPTION_VALUE_DUPLICATED',
        message: 'The specified option value is already used',
      });
    }
    values.add(option['value']);
    for (const member of ['label', 'value', 'description'] as const) {
      const text = asString(option[member]);
      if (text === undefined) continue;
      if (text.length > 100) problems.push(tooLong([...at, 'options', index, member], 100));
      if (text === '' && member !== 'description') {
        problems.push(missing([...at, 'options', index, member], 'This field is required'));
      }
    }
  });
  const most = asNumber(select['max_values']) ?? 1;
  const least = asNumber(select['min_values']) ?? 1;
  if (most > options.length || least > most) {
    problems.push({
      at: [...at, 'max_values'],
      code: 'SELECT_COMPONENT_MAX_VALUES_INVALID',
      message: 'min_values and max_values must fit the number of options',
    });
  }
  return problems;
}

function embedText(embeds: readonly unknown[]): number {
  let size = 0;
  for (const embed of embeds.map(asObject)) {
    size += asString(embed['title'])?.length ?? 0;
    size += asString(embed['description'])?.length ?? 0;
    size += asString(asObject(embed['footer'])['text'])?.length ?? 0;
    size += asString(asObject(embed['author'])['name'])?.length ?? 0;
    for (const field of asList(embed['fields']).map(asObject)) {
      size += asString(field['name'])?.length ?? 0;
      size += asString(field['value'])?.length ?? 0;
    }
  }
  return size;
}

const MENTION = /@everyone|@here|<@[!&]?\d+>/;

/** Why the message could notify somebody, if it could. */
export function couldPing(body: Json, visibleText: string): string | undefined {
  const allowed = body['allowed_mentions'];
  if (!isObject(allowed)) {
    const mention = MENTION.exec(visibleText)?.[0];
    return mention === undefined ? undefined : `${mention} without allowed_mentions`;
  }
  if (allowed['replied_user'] === true) return 'allowed_mentions.replied_user is true';
  if (allowed['parse'] === undefined || allowed['parse'] === null) {
    // Without `parse` only the listed ones are notified.
    if (Object.keys(allowed).length === 0) return 'allowed_mentions is empty: all are allowed';
  }
  const listed = ['parse', 'users', 'roles'].find((member) => asList(allowed[member]).length > 0);
  return listed === undefined
    ? undefined
    : `allowed_mentions.${listed} is ${JSON.stringify(allowed[listed])}`;
}

export function tooLong(at: readonly (string | number)[], limit: number): FormProblem {
  return {
    at,
    code: 'BASE_TYPE_MAX_LENGTH',
    message: `Must be ${limit} or fewer in length.`,
  };
}

export function badLength(
  at: readonly (string | number)[],
  least: number,
  most: number,
): FormProblem {
  return {
    at,
    code: 'BASE_TYPE_BAD_LENGTH',
    message: `Must be between ${least} and ${most} in length.`,
  };
}

export function missing(at: readonly (string | number)[], message: string): FormProblem {
  return { at, code: 'BASE_TYPE_REQUIRED', message };
}
