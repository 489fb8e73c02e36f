// A bot's modal, as a dialog.
import { choicesOf } from './choices.js';
import { h } from './elements.js';

/** Opens it in a `world` of people, roles and rooms; `submit` gets the values by custom id. */
export function openModal(modal, world, submit) {
  const readers = new Map();
  const problem = h('p.problem', { role: 'alert' });
  const form = h(
    'form',
    {
      method: 'dialog',
      onsubmit: async (event) => {
        event.preventDefault();
        try {
          await submit(Object.fromEntries([...readers].map(([id, read]) => [id, read()])));
          dialog.close();
        } catch (error) {
          problem.textContent = error.message;
        }
      },
    },
    h('h2', { id: 'modal-title' }, modal.title),
    (modal.components ?? []).map((part) => drawPart(part, { readers, world })),
    problem,
    h(
      'div.row',
      {},
      h('button.button.secondary', { type: 'button', onclick: () => dialog.close() }, 'Cancel'),
      h('button.button.primary', { type: 'submit' }, 'Submit'),
    ),
  );
  const dialog = h(
    'dialog',
    { 'aria-labelledby': 'modal-title', onclose: () => dialog.remove() },
    form,
  );
  document.body.append(dialog);
  dialog.showModal();
}

function drawPart(part, around) {
  if (part.type === 10) return h('p', {}, part.content);
  if (part.type === 18) return drawField(part.component, part, around);
  return (part.components ?? []).map((field) => drawField(field, field, around));
}

function drawField(field, { label, description }, { readers, world }) {
  const { type, custom_id: customId } = field;
  const required = field.required !== false;
  const hint = description ? h('span.small', {}, description) : null;
  if (type === 4) {
    const input = h(field.style === 2 ? 'textarea' : 'input', {
      value: field.value ?? '',
      placeholder: field.placeholder ?? '',
      required,
      minLength: field.min_length ?? 0,
      maxLength: field.max_length ?? 4000,
    });
    readers.set(customId, () => input.value);
    return h('label.field', {}, h('span', {}, label), hint, input);
  }
  if (type === 23) {
    const box = h('input', { type: 'checkbox', checked: field.default === true });
    readers.set(customId, () => box.checked);
    return h('label.check', {}, box, h('span', {}, label), hint);
  }
  if (type === 21 || type === 22) {
    const boxes = field.options.map((option) =>
      h('input', {
        type: type === 21 ? 'radio' : 'checkbox',
        name: customId,
        value: option.value,
        checked: option.default === true,
        required: type === 21 && required,
      }),
    );
    const chosen = () => boxes.filter(({ checked }) => checked).map(({ value }) => value);
    readers.set(customId, () => (type === 21 ? chosen()[0] : chosen()));
    return h(
      'fieldset.field',
      {},
      h('legend', {}, label),
      hint,
      boxes.map((box, index) =>
        h('label.check', {}, box, h('span', {}, field.options[index].label)),
      ),
    );
  }
  const choices = type === 3 ? field.options : choicesOf(type, world);
  if (choices !== undefined) {
    const most = field.max_values ?? 1;
    const preset = new Set((field.default_values ?? []).map(({ id }) => id));
    const list = h(
      'select',
      { multiple: most > 1, required },
      most > 1 ? null : h('option', { value: '' }, field.placeholder ?? 'Make a selection'),
      choices.map(({ value, label: text, default: isDefault }) =>
        h('option', { value, selected: isDefault === true || preset.has(value) }, text),
      ),
    );
    readers.set(customId, () =>
      [...list.selectedOptions].map(({ value }) => value).filter((value) => value !== ''),
    );
    return h('label.field', {}, h('span', {}, label), hint, list);
  }
  return h('p.small', {}, `(a field of type ${type}, which this page does not draw)`);
}
