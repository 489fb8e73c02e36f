// A message as its reader sees it.
import { choicesOf } from './choices.js';
import { h, openMenu } from './elements.js';
import { blocks } from './markup.js';

const BUTTON_STYLES = { 1: 'primary', 2: 'secondary', 3: 'success', 4: 'danger', 5: 'link' };
const LINK = 5;
const SELECTS = new Set([3, 5, 6, 7, 8]);
const USER_COMMAND = 2;
const MESSAGE_COMMAND = 3;

/**
 * `view` is what the reader sees around it: `world` to name mentions, `person`, `commands` that are
 * offered here, `doAct` to act and `dismiss` for what only they see.
 */
export function drawMessage(message, view) {
  const { world, commands, doAct } = view;
  const menus = commands.filter(({ type }) => type === MESSAGE_COMMAND);
  const users = commands.filter(({ type }) => type === USER_COMMAND);
  const author = h(
    users.length > 0 && !message.isBot ? 'button.author' : 'span.author',
    users.length > 0 && !message.isBot
      ? {
          type: 'button',
          'aria-haspopup': 'menu',
          onclick: (event) =>
            openMenu(
              event.currentTarget,
              `Apps for ${message.author.name}`,
              users.map(({ name }) => [
                name,
                () => doAct({ do: 'menu', name, user: message.author.id }),
              ]),
            ),
        }
      : {},
    message.author.name,
  );
  const more =
    menus.length > 0 && !message.isEphemeral
      ? h('button.more', {
          type: 'button',
          'aria-haspopup': 'menu',
          'aria-label': 'Apps for this message',
          textContent: '⋯',
          onclick: (event) =>
            openMenu(
              event.currentTarget,
              'Apps for this message',
              menus.map(({ name }) => [
                name,
                () => doAct({ do: 'menu', name, message: message.id }),
              ]),
            ),
        })
      : null;
  return h(
    `article.message${message.isEphemeral ? '.ephemeral' : ''}`,
    { 'aria-label': `Message by ${message.author.name}` },
    message.answers === null || message.by === null
      ? null
      : h('p.answers', {}, h('b', {}, message.by), ' used ', h('span.used', {}, message.answers)),
    avatar(message.author, message.isBot),
    h(
      'div.body',
      {},
      h(
        'p.byline',
        {},
        author,
        message.isBot ? h('span.app', {}, 'APP') : null,
        h(
          'time',
          { dateTime: new Date(message.at).toISOString() },
          clockTime(message.at, world.locale),
        ),
      ),
      message.isLoading
        ? h('p.thinking', {}, `${message.author.name} is thinking…`)
        : [
            ...blocks(message.content, world),
            message.isEdited && message.content !== '' ? h('p.edited', {}, '(edited)') : null,
            ...message.embeds.map((embed) => drawEmbed(embed, world)),
            ...message.components.map((component) => draw(component, message, view)),
            ...message.files.map(({ filename, length }) =>
              h(
                'p.file',
                {},
                h('span', { 'aria-hidden': 'true' }, '📄 '),
                `${filename} (${length} bytes)`,
              ),
            ),
          ],
      message.isEphemeral
        ? h(
            'p.only',
            {},
            'Only you can see this · ',
            h(
              'button.plain',
              { type: 'button', onclick: () => view.dismiss(message.id) },
              'Dismiss message',
            ),
          )
        : null,
    ),
    more,
  );
}

export function avatar({ id, name }, isBot = false) {
  const hue = Number(BigInt(id) % 360n);
  return h(
    'span.avatar',
    {
      'aria-hidden': 'true',
      style: { backgroundColor: isBot ? '#3b405a' : `hsl(${hue} 35% 36%)` },
    },
    isBot ? '🔑' : name.slice(0, 1).toUpperCase(),
  );
}

function draw(component, message, view) {
  const inner = (children = []) => children.map((child) => draw(child, message, view));
  const { type } = component;
  if (SELECTS.has(type)) return drawSelect(component, message, view);
  switch (type) {
    case 1:
      return h('div.row', {}, inner(component.components));
    case 2:
      return drawButton(component, message, view);
    case 9:
      return h(
        'div.section',
        {},
        h('div', {}, inner(component.components)),
        inner([component.accessory]),
      );
    case 10:
      return h('div.text', {}, blocks(component.content, view.world));
    case 14:
      return component.divider === false ? h('div.gap') : h('hr');
    case 17: {
      const card = h('div.card', {}, inner(component.components));
      if (typeof component.accent_color === 'number') {
        card.style.borderLeftColor = `#${component.accent_color.toString(16).padStart(6, '0')}`;
      }
      return card;
    }
    case 13:
      return null;
    default:
      return h('p.small', {}, `(a component of type ${type}, which this page does not draw)`);
  }
}

function drawButton(button, message, { doAct }) {
  const { style, label, emoji, url, custom_id: customId } = button;
  const text = [emoji?.name, label].filter(Boolean).join(' ');
  const name = `button.${BUTTON_STYLES[style] ?? 'secondary'}`;
  if (style === LINK) {
    return h(`a.${name}`, { href: url, target: '_blank', rel: 'noreferrer noopener' }, `${text} ↗`);
  }
  return h(
    `button.${name}`,
    {
      type: 'button',
      disabled: button.disabled === true,
      onclick: () => doAct({ do: 'press', message: message.id, button: customId }),
    },
    text,
  );
}

/** With one value to choose it acts at once, with several on a press of the button beside it. */
function drawSelect(select, message, { doAct, world }) {
  const { custom_id: customId, placeholder, min_values: least = 1, max_values: most = 1 } = select;
  const options = select.type === 3 ? select.options : choicesOf(select.type, world);
  const label = placeholder ?? 'Make a selection';
  const choose = (values) => doAct({ do: 'select', message: message.id, select: customId, values });
  const list = h(
    'select',
    {
      'aria-label': label,
      multiple: most > 1,
      disabled: select.disabled === true,
      onchange: () => {
        if (most === 1 && list.value !== '') choose([list.value]);
      },
    },
    most > 1 ? null : h('option', { value: '' }, label),
    options.map((option) =>
      h(
        'option',
        { value: option.value, selected: option.default === true },
        [option.label, option.description].filter(Boolean).join(' – '),
      ),
    ),
  );
  if (most === 1) return list;
  return h(
    'div.choice',
    {},
    h('p.small', {}, `${label} (${least} to ${most})`),
    list,
    h(
      'button.button.secondary',
      {
        type: 'button',
        onclick: () => choose([...list.selectedOptions].map(({ value }) => value)),
      },
      'Choose',
    ),
  );
}

function drawEmbed(embed, world) {
  const card = h(
    'div.card.embed',
    {},
    embed.author?.name ? h('p.small', {}, embed.author.name) : null,
    embed.title ? h('p.heading.level-3', {}, embed.title) : null,
    embed.description ? blocks(embed.description, world) : null,
    (embed.fields ?? []).map(({ name, value }) =>
      h('div', {}, h('strong', {}, name), blocks(value, world)),
    ),
    embed.footer?.text ? h('p.small', {}, embed.footer.text) : null,
  );
  if (typeof embed.color === 'number') {
    card.style.borderLeftColor = `#${embed.color.toString(16).padStart(6, '0')}`;
  }
  return card;
}

function clockTime(at, locale) {
  return new Date(at).toLocaleTimeString(locale, { hour: '2-digit', minute: '2-digit' });
}
