// The calls between the bot, Discord and whoever else, with what is secret masked until it is pressed.
import { h, keep, send } from './elements.js';

export function createWire() {
  const list = h('ol.calls', { tabIndex: 0, 'aria-label': 'Calls, oldest first' });
  const problems = h('div.violations', { role: 'status' });
  const probe = h('div');
  const element = h(
    'section.pane.wire',
    { 'aria-label': 'What goes over the wire' },
    h('div.head', {}, h('h2', {}, 'What goes over the wire')),
    list,
    problems,
    probe,
  );

  function drawProbe({ label, placeholder }) {
    const input = h('input', { placeholder, autocomplete: 'off', spellcheck: false, id: 'probe' });
    const result = h('output', { id: 'probe-result', for: 'probe', 'aria-live': 'polite' });
    const form = h(
      'form.probe',
      {
        onsubmit: async (event) => {
          event.preventDefault();
          try {
            const { status, body } = await send({ do: 'probe', text: input.value });
            result.replaceChildren(
              h(`span.status.s${Math.floor(status / 100)}`, {}, String(status)),
              ' ',
              masked(body),
            );
          } catch (error) {
            result.textContent = error.message;
          }
        },
      },
      h('label', { for: 'probe' }, label),
      h('div.row', {}, input, h('button.button.primary', { type: 'submit' }, 'Ask')),
      result,
    );
    probe.replaceChildren(form);
  }

  return {
    element,
    show(state) {
      if (state.probe !== null && probe.childElementCount === 0) drawProbe(state.probe);
      const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 40;
      // As much as tells one from another; two that are equal are told apart by their number.
      const seen = new Map();
      keep(
        list,
        state.calls.map((call) => {
          const key = `${call.at} ${call.method} ${JSON.stringify(call.path)}`;
          seen.set(key, (seen.get(key) ?? 0) + 1);
          return [`${key} ${seen.get(key)}`, call];
        }),
        drawCall,
      );
      if (atEnd) list.scrollTop = list.scrollHeight;
      keep(
        problems,
        state.violations.map((pieces, index) => [String(index), pieces]),
        (pieces) => h('p.problem', {}, 'Against the rules: ', masked(pieces)),
      );
    },
  };
}

function drawCall({ from, to, method, path, status, body }) {
  const text = status === undefined ? '…' : String(status);
  return h(
    'li',
    {},
    h('span.way', {}, `${from} → ${to} `),
    h('b.method', {}, method),
    ' ',
    h('span.path', {}, masked(path)),
    ' ',
    h(`span.status.s${Math.floor((status ?? 0) / 100)}`, {}, text),
    body.length === 0 ? null : h('div.payload', {}, masked(body)),
  );
}

/** The pieces of a text, with buttons in the place of secrets. */
function masked(pieces) {
  return pieces.map(({ text: part, isSecret }) => {
    if (!isSecret) return part;
    const hidden = `••••${part.slice(-4)}`;
    const button = h('button.secret', {
      type: 'button',
      textContent: hidden,
      'aria-label': `A token that ends in ${part.slice(-4)}: show it`,
      'aria-pressed': 'false',
      onclick: () => {
        const isShown = button.getAttribute('aria-pressed') === 'true';
        button.setAttribute('aria-pressed', String(!isShown));
        button.setAttribute(
          'aria-label',
          isShown ? `A token that ends in ${part.slice(-4)}: show it` : `${part}: hide it`,
        );
        button.textContent = isShown ? hidden : part;
      },
    });
    return button;
  });
}
