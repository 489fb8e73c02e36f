// The line at the bottom of a channel: text, or a command with its options.
import { h } from './elements.js';

const NESTING = new Set([1, 2]);
const MOST_OFFERED = 40;
const TYPED_FOR_MS = 150;
let made = 0;

/**
 * `view()` tells what is offered now: `commands`, `channelName`, `world`; `act` performs and answers.
 * Errors and what automatic moderation says are shown above the line.
 */
export function createComposer(view, act) {
  made += 1;
  const id = `composer-${made}`;
  const notice = h('p.notice', { role: 'alert' });
  const offers = h('ul.offers', {
    role: 'listbox',
    id: `${id}-offers`,
    'aria-label': 'Commands',
    hidden: true,
  });
  const line = h('input.line', {
    type: 'text',
    autocomplete: 'off',
    role: 'combobox',
    'aria-expanded': 'false',
    'aria-controls': `${id}-offers`,
    'aria-autocomplete': 'list',
  });
  const place = h('div.place', {}, line);
  const element = h('div.composer', {}, notice, offers, place);
  const list = createList(line, offers);

  async function perform(asked) {
    notice.textContent = '';
    try {
      const answer = await act(asked);
      if (answer.blocked !== undefined) notice.textContent = answer.blocked;
      return answer.blocked === undefined;
    } catch (error) {
      notice.textContent = error.message;
      return false;
    }
  }

  function offer() {
    const typed = line.value;
    if (!typed.startsWith('/')) return list.show([]);
    const wanted = typed.slice(1).trim().toLowerCase();
    const fitting = leavesOf(view().commands).filter(({ name }) => name.includes(wanted));
    return list.show(
      fitting.slice(0, MOST_OFFERED).map((leaf) => ({
        node: [h('b', {}, `/${leaf.name}`), ' ', h('span.small', {}, leaf.description)],
        choose: () => openForm(leaf),
      })),
    );
  }
  line.addEventListener('input', offer);
  line.addEventListener('focus', offer);
  line.addEventListener('keydown', async (event) => {
    if (list.handle(event) || event.key !== 'Enter' || line.value.trim() === '') return;
    const content = line.value;
    line.value = '';
    if (!(await perform({ do: 'say', content }))) line.value = content;
  });
  line.addEventListener('blur', () => setTimeout(() => list.show([]), 150));

  function openForm(leaf) {
    line.value = '';
    list.show([]);
    const fields = leaf.options.map((option) => drawOption(option, { id, leaf, view, act, read }));
    function read() {
      return Object.fromEntries(
        fields.map(({ name, value }) => [name, value()]).filter(([, value]) => value !== undefined),
      );
    }
    const close = () => {
      form.replaceWith(line);
      line.focus();
    };
    const form = h(
      'form.command',
      {
        'aria-label': `/${leaf.name}`,
        onsubmit: async (event) => {
          event.preventDefault();
          const options = read();
          send.disabled = true;
          if (await perform({ do: 'slash', line: leaf.name, options })) close();
          send.disabled = false;
        },
        onkeydown: (event) => {
          if (event.key === 'Escape' && !event.defaultPrevented) close();
        },
      },
      h('p.pill', {}, `/${leaf.name}`),
      fields.map((field) => field.element),
      h('button.button.secondary', { type: 'button', onclick: close }, 'Cancel'),
    );
    const send = h('button.button.primary', { type: 'submit' }, 'Send');
    form.append(send);
    line.replaceWith(form);
    (form.querySelector('input, select') ?? send).focus();
  }

  return {
    element,
    show() {
      const { channelName } = view();
      line.placeholder = `Message ${channelName}, or / for commands`;
      line.setAttribute('aria-label', line.placeholder);
    },
  };
}

/** Each command that can be sent: of nested ones the innermost. */
function leavesOf(commands) {
  const walk = (options, name, description) => {
    const nested = options.filter(({ type }) => NESTING.has(type));
    if (nested.length === 0) return [{ name, description, options }];
    return nested.flatMap((each) =>
      walk(each.options ?? [], `${name} ${each.name}`, each.description),
    );
  };
  return commands
    .filter(({ type }) => type === 1)
    .flatMap(({ name, description, options }) => walk(options, name, description));
}

/** A listbox under the keys of an input. */
function createList(input, box) {
  let entries = [];
  let active = -1;

  function mark(index) {
    active = index;
    [...box.children].forEach((child, at) =>
      child.setAttribute('aria-selected', String(at === index)),
    );
    const marked = box.children[index];
    marked?.scrollIntoView({ block: 'nearest' });
    if (marked === undefined) input.removeAttribute('aria-activedescendant');
    else input.setAttribute('aria-activedescendant', marked.id);
  }
  function show(now) {
    entries = now;
    box.replaceChildren(
      ...now.map(({ node, choose }, index) =>
        h(
          'li',
          {
            role: 'option',
            id: `${box.id}-${index}`,
            onmousedown: (event) => {
              event.preventDefault();
              choose();
            },
          },
          node,
        ),
      ),
    );
    box.hidden = now.length === 0;
    input.setAttribute('aria-expanded', String(now.length > 0));
    mark(now.length > 0 ? 0 : -1);
  }
  return {
    show,
    /** Whether the key was meant for the list. */
    handle(event) {
      if (entries.length === 0) return false;
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (step !== undefined) mark((active + step + entries.length) % entries.length);
      else if (event.key === 'Enter' || event.key === 'Tab') entries[active].choose();
      else if (event.key === 'Escape') show([]);
      else return false;
      event.preventDefault();
      return true;
    },
  };
}

function drawOption(option, around) {
  const { name, description, type, required = false } = option;
  const fieldId = `${around.id}-${name}`;
  const head = h(
    'label',
    { for: fieldId, title: description },
    name,
    required ? null : h('span.small', {}, ' (optional)'),
  );
  const { input, value, more = null } = drawInput(option, { ...around, fieldId });
  Object.assign(input, { id: fieldId, required });
  input.setAttribute('aria-description', description);
  return {
    name,
    value,
    element: h('div.option', {}, head, input, more, h('span.small.hint', {}, description)),
    type,
  };
}

function drawInput(option, { fieldId, leaf, view, act, read }) {
  const { world } = view();
  const entries =
    {
      5: [
        ['true', 'True'],
        ['false', 'False'],
      ],
      6: Object.entries(world.names).map(([id, text]) => [id, `@${text}`]),
      7: [...world.rooms].map(([id, text]) => [id, `# ${text}`]),
      8: [...world.roles],
      9: [...Object.entries(world.names).map(([id, text]) => [id, `@${text}`]), ...world.roles],
    }[option.type] ?? option.choices?.map(({ name, value }) => [String(value), name]);
  const typed = (text) => {
    if (text === '') return undefined;
    if (option.type === 5) return text === 'true';
    return option.type === 4 || option.type === 10 ? Number(text) : text;
  };
  if (entries !== undefined) {
    const input = h(
      'select',
      {},
      h('option', { value: '' }, '–'),
      entries.map(([value, text]) => h('option', { value }, text)),
    );
    return { input, value: () => typed(input.value) };
  }
  const isNumber = option.type === 4 || option.type === 10;
  const input = h('input', {
    type: isNumber ? 'number' : 'text',
    autocomplete: 'off',
    maxLength: option.max_length,
    min: option.min_value,
    max: option.max_value,
    step: option.type === 10 ? 'any' : undefined,
  });
  if (option.autocomplete !== true) return { input, value: () => typed(input.value) };

  const box = h('ul.offers', {
    role: 'listbox',
    id: `${fieldId}-offers`,
    'aria-label': option.name,
    hidden: true,
  });
  for (const [key, text] of [
    ['role', 'combobox'],
    ['aria-expanded', 'false'],
    ['aria-controls', box.id],
  ]) {
    input.setAttribute(key, text);
  }
  const list = createList(input, box);
  let chosen;
  let timer;
  let asked = 0;
  async function offer() {
    asked += 1;
    const mine = asked;
    const options = { ...read(), [option.name]: input.value };
    const { choices } = await act({
      do: 'autocomplete',
      line: leaf.name,
      focused: option.name,
      options,
    }).catch(() => ({ choices: [] }));
    if (mine !== asked || document.activeElement !== input) return;
    list.show(
      choices.map((choice) => ({
        node: choice.name,
        choose: () => {
          chosen = choice;
          input.value = choice.name;
          list.show([]);
        },
      })),
    );
  }
  input.addEventListener('input', () => {
    chosen = undefined;
    clearTimeout(timer);
    timer = setTimeout(() => void offer(), TYPED_FOR_MS);
  });
  input.addEventListener('focus', () => {
    if (chosen === undefined) void offer();
  });
  input.addEventListener('keydown', (event) => list.handle(event));
  input.addEventListener('blur', () => setTimeout(() => list.show([]), TYPED_FOR_MS));
  return { input, value: () => chosen?.value ?? typed(input.value), more: box };
}
