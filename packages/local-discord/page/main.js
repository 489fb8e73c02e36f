// The page: people side by side, what goes over the wire beside them, a tour above.
import { createComposer } from './composer.js';
import { h, keep, send } from './elements.js';
import { avatar, drawMessage } from './message.js';
import { openModal } from './modal.js';
import { createWire } from './wire.js';

const $ = (id) => document.getElementById(id);
const SIDE_BY_SIDE = 2;
const TICK_MS = 20_000;

let state;
let now = Date.now();
const panes = [];
const wire = createWire();

function createPane(index) {
  /** Whose eyes, and what they look at; the first room unless told. */
  let personId;
  let channelId;
  const dismissed = new Set();
  const list = h('div.messages', { tabIndex: 0, role: 'log' });
  const who = h('select', {
    'aria-label': `Person on side ${index + 1}`,
    onchange: () => look(who.value, state.server.rooms[0].id),
  });
  const language = h('select', {
    'aria-label': 'Language of their client',
    onchange: () => act({ do: 'locale', locale: language.value }),
  });
  const dms = h('button.toggle', {
    type: 'button',
    textContent: 'DMs closed',
    title: 'Whether they take direct messages from this server',
    onclick: () => act({ do: 'close-dms' }),
  });
  const channels = h('div.channels', { role: 'group', 'aria-label': 'Channels' });
  const face = h('span.face');
  const composer = createComposer(context, act);
  const element = h(
    'section.pane',
    { id: `side-${index + 1}` },
    h('div.head', {}, face, who, language, dms),
    channels,
    list,
    composer.element,
  );

  const person = () => state.people.find(({ id }) => id === personId);
  function context() {
    const { commands, dm } = person();
    const room = state.server.rooms.find(({ id }) => id === channelId);
    return {
      commands: channelId === dm ? commands.dm : commands.server,
      channelName: room === undefined ? `@${state.botName}` : `#${room.name}`,
      world: world(person().locale),
    };
  }
  async function act(asked) {
    const answer = await send({ as: personId, channel: channelId, ...asked });
    if (answer.modal !== undefined) {
      openModal(answer.modal, world(person().locale), (values) =>
        act({ do: 'submit', modal: answer.modal.id, values }),
      );
    }
    return answer;
  }
  /** For what has no place of its own where an error could stand. */
  async function doAct(asked) {
    element.setAttribute('aria-busy', 'true');
    try {
      await act(asked);
    } catch (error) {
      say(error.message);
    } finally {
      element.removeAttribute('aria-busy');
    }
  }

  function look(id, channel) {
    personId = id;
    channelId = channel;
    show();
    list.scrollTop = list.scrollHeight;
  }

  function show() {
    personId ??= state.people[index]?.id ?? state.people[0].id;
    channelId ??= state.server.rooms[Math.min(index, state.server.rooms.length - 1)].id;
    const { name, locale, dm, seen, dmsAreClosed, isIn } = person();
    element.setAttribute('aria-label', name);
    list.setAttribute('aria-label', `What ${name} sees`);
    face.replaceChildren(avatar({ id: personId, name }));
    fill(
      who,
      state.people.map((each) => [each.id, each.isIn ? each.name : `${each.name} (left)`]),
      personId,
    );
    language.hidden = state.locales.length < 2;
    fill(
      language,
      state.locales.map((each) => [each, languageName(each)]),
      locale,
    );
    dms.setAttribute('aria-pressed', String(dmsAreClosed));
    keep(
      channels,
      [
        ...state.server.rooms.map(({ id, name: room }) => [id, `# ${room}`]),
        [dm, `@ ${state.botName}`],
      ].map(([id, label]) => [
        `${personId} ${id}`,
        {
          id,
          label,
          isOpen: id === channelId,
          count: id === channelId ? 0 : unread(id, seen[id].length),
        },
      ]),
      ({ id, label, isOpen, count }) =>
        h(
          'button.channel',
          {
            type: 'button',
            'aria-current': isOpen ? 'true' : null,
            onclick: () => look(personId, id),
          },
          label,
          count > 0 ? h('span.count', { 'aria-label': `${count} new` }, String(count)) : null,
        ),
    );
    read.set(`${personId} ${channelId}`, seen[channelId].length);
    const { commands, world: around } = context();
    const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 60;
    const messages = seen[channelId].filter(({ id }) => !dismissed.has(id));
    const menus = commands.filter(({ type }) => type !== 1).map(({ name: each }) => each);
    keep(
      list,
      messages.map((message) => [message.id, [message, locale, menus, personId, isIn]]),
      ([message]) =>
        drawMessage(message, {
          world: around,
          commands,
          doAct,
          dismiss: (id) => {
            dismissed.add(id);
            show();
          },
        }),
    );
    element.classList.toggle('empty', messages.length === 0);
    if (atEnd) list.scrollTop = list.scrollHeight;
    composer.show();
  }
  const read = new Map();
  const unread = (id, count) => Math.max(0, count - (read.get(`${personId} ${id}`) ?? 0));

  return { element, show, look, person: () => personId, name: () => person().name };
}

function fill(select, entries, chosen) {
  const text = JSON.stringify(entries);
  if (select.drawn !== text) {
    select.drawn = text;
    select.replaceChildren(...entries.map(([value, label]) => h('option', { value }, label)));
  }
  if (select.value !== chosen) select.value = chosen;
}

function languageName(locale) {
  return new Intl.DisplayNames([locale], { type: 'language' }).of(locale) ?? locale;
}

function world(locale) {
  return {
    locale,
    now,
    names: state.names,
    rooms: new Map(state.server.rooms.map(({ id, name }) => [id, name])),
    roles: new Map(state.server.roles.map(({ id, name }) => [id, name])),
  };
}

function say(text) {
  const toast = h('p.toast', {}, text);
  $('live').classList.remove('hidden');
  $('live').replaceChildren(toast);
  setTimeout(() => toast.remove(), 8000);
}

async function runStep(index, button) {
  button.disabled = true;
  try {
    const { looks, says } = await send({ do: 'step', index });
    for (const { person, channel } of looks) {
      const pane = panes.find((each) => each.person() === person) ?? panes[0];
      pane.look(person, channel);
      if (looks.length === 1) showTab(panes.indexOf(pane));
    }
    $('says').textContent = says;
  } catch (error) {
    $('says').textContent = error.message;
  } finally {
    button.disabled = false;
  }
}

function showTour() {
  $('tour').hidden = state.steps.length === 0;
  const next = state.steps.findIndex(({ isDone }) => !isDone);
  keep(
    $('steps'),
    state.steps.map(({ label, isDone }, index) => [
      String(index),
      { label, isDone, index, isNext: index === next },
    ]),
    ({ label, isDone, index, isNext }) =>
      h(
        'li',
        {},
        h(
          `button.step${isDone ? '.done' : ''}${isNext ? '.next' : ''}`,
          {
            type: 'button',
            id: `step-${index + 1}`,
            disabled: !isNext,
            'aria-current': isNext ? 'step' : null,
            onclick: (event) => runStep(index, event.currentTarget),
          },
          h('span.number', { 'aria-hidden': 'true' }, isDone ? '✓' : String(index + 1)),
          label,
          isDone ? h('span.hidden', {}, ' (done)') : null,
        ),
      ),
  );
}

function showSwitches() {
  keep(
    $('switches'),
    state.switches.map((each, index) => [String(index), { ...each, index }]),
    ({ label, isOn, index }) =>
      h(
        'button.toggle',
        {
          type: 'button',
          'aria-pressed': isOn === null ? null : String(isOn),
          onclick: () => send({ do: 'switch', index }).catch((error) => say(error.message)),
        },
        label,
      ),
  );
}

function showTab(index) {
  [...$('panes').children].forEach((child, at) => child.classList.toggle('shown', at === index));
  [...$('tabs').children].forEach((tab, at) =>
    tab.setAttribute('aria-pressed', String(at === index)),
  );
}

function showAll() {
  if (panes.length === 0) {
    const count = Math.min(SIDE_BY_SIDE, state.people.length);
    for (let index = 0; index < count; index += 1) panes.push(createPane(index));
    $('panes').append(...panes.map(({ element }) => element), wire.element);
    $('panes').dataset.sides = String(count);
    for (const pane of panes) pane.show();
    $('tabs').append(
      ...[...panes.map((pane) => pane.name()), 'Wire'].map((label, index) =>
        h('button.tab', { type: 'button', onclick: () => showTab(index) }, label),
      ),
    );
    showTab(0);
  }
  for (const pane of panes) pane.show();
  panes.forEach((pane, index) => {
    if ($('tabs').children[index].textContent !== pane.name()) {
      $('tabs').children[index].textContent = pane.name();
    }
  });
  wire.show(state);
  showTour();
  showSwitches();
  document.title = `${state.botName} in a local Discord`;
}

const events = new EventSource('events');
events.addEventListener('message', ({ data }) => {
  state = JSON.parse(data);
  now = state.now;
  showAll();
});
events.addEventListener('error', () =>
  say('The local Discord does not answer. Is it still running?'),
);
events.addEventListener('open', () => $('live').replaceChildren());
setInterval(() => {
  now += TICK_MS;
}, TICK_MS);
