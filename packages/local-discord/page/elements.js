/**
 * An element with properties and children; text is always set as text, never as HTML.
 * `on…` properties are listeners, names with a hyphen attributes, null children are left out.
 */
export function h(name, properties = {}, ...children) {
  const [tag, ...classes] = name.split('.');
  const element = document.createElement(tag || 'div');
  if (classes.length > 0) element.className = classes.join(' ');
  for (const [key, value] of Object.entries(properties)) {
    if (value === undefined || value === null) continue;
    if (key.startsWith('on')) element.addEventListener(key.slice(2), value);
    else if (key.includes('-') || key === 'role' || key === 'for') element.setAttribute(key, value);
    else if (key === 'style') Object.assign(element.style, value);
    else element[key] = value;
  }
  element.append(
    ...children.flat(Infinity).filter((child) => child !== null && child !== undefined),
  );
  return element;
}

/**
 * Makes the children of `parent` those of `items`, each drawn again only when its data changed: what
 * has the focus, or is scrolled, stays as it is.
 */
export function keep(parent, items, draw) {
  const before = new Map([...parent.children].map((child) => [child.dataset.key, child]));
  const now = items.map(([key, data]) => {
    const text = JSON.stringify(data);
    const old = before.get(key);
    if (old !== undefined && old.drawn === text) return old;
    const element = draw(data);
    element.dataset.key = key;
    element.drawn = text;
    return element;
  });
  const kept = new Set(now);
  for (const child of before.values()) if (!kept.has(child)) child.remove();
  now.forEach((element, index) => {
    if (parent.children[index] !== element)
      parent.insertBefore(element, parent.children[index] ?? null);
  });
}

/** Sends an act; answers what came of it, and throws an error for the reader. */
export async function send(act) {
  const response = await fetch('acts', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(act),
  });
  const body = await response.json();
  const problem = response.ok ? body.problem : body.message;
  if (problem !== undefined) throw new Error(problem);
  return body;
}

let menu;

/** A menu of buttons beside `anchor`; arrow keys walk it, Escape closes it. */
export function openMenu(anchor, label, entries) {
  menu?.remove();
  const opened = h(
    'div.menu',
    { role: 'menu', 'aria-label': label, popover: 'auto' },
    entries.map(([text, choose]) =>
      h('button', {
        type: 'button',
        role: 'menuitem',
        textContent: text,
        onclick: () => {
          opened.remove();
          anchor.focus();
          choose();
        },
      }),
    ),
  );
  menu = opened;
  opened.addEventListener('keydown', (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const all = [...opened.children];
    all.at((all.indexOf(document.activeElement) + step) % all.length)?.focus();
  });
  opened.addEventListener('toggle', (event) => {
    if (event.newState === 'closed') opened.remove();
  });
  document.body.append(opened);
  const { left, bottom } = anchor.getBoundingClientRect();
  opened.showPopover();
  const { width, height } = opened.getBoundingClientRect();
  Object.assign(opened.style, {
    left: `${Math.max(8, Math.min(left, innerWidth - width - 8))}px`,
    top: `${Math.max(8, Math.min(bottom + 4, innerHeight - height - 8))}px`,
  });
  opened.firstElementChild?.focus();
}
