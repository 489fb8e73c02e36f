import {
  type APILabelComponent,
  type APIModalInteractionResponseCallbackData,
  type APISelectMenuOption,
  ComponentType,
  TextInputStyle,
} from 'discord.js';
import { shorten } from './render.ts';

/** A modal, whose custom id is that of the component that opens it. */
export type Modal = Omit<APIModalInteractionResponseCallbackData, 'custom_id'>;

/** What Discord allows for a title and for a label. */
const LONGEST_CAPTION = 45;

export function modal(title: string, ...components: APILabelComponent[]): Modal {
  return { title: shorten(title, LONGEST_CAPTION), components };
}

export interface TextField {
  readonly label: string;
  /** Under which what was typed arrives. */
  readonly id: string;
  readonly longest: number;
  readonly isRequired?: boolean;
  /** Several lines of it can be seen. */
  readonly isLong?: boolean;
  /** What stands in it already. */
  readonly value?: string;
}

/** Text to type. */
export function textField(field: TextField): APILabelComponent {
  const { label, id, longest, isRequired = false, isLong = false, value } = field;
  return {
    type: ComponentType.Label,
    label: shorten(label, LONGEST_CAPTION),
    component: {
      type: ComponentType.TextInput,
      custom_id: id,
      style: isLong ? TextInputStyle.Paragraph : TextInputStyle.Short,
      max_length: longest,
      required: isRequired,
      ...(value === undefined ? {} : { value }),
    },
  };
}

/** One of a few, the first of which is chosen already. */
export function choiceField(
  label: string,
  id: string,
  options: readonly Pick<APISelectMenuOption, 'label' | 'value'>[],
): APILabelComponent {
  return {
    type: ComponentType.Label,
    label: shorten(label, LONGEST_CAPTION),
    component: {
      type: ComponentType.StringSelect,
      custom_id: id,
      required: true,
      options: options.map((option, index) => ({ ...option, default: index === 0 })),
    },
  };
}
