import { ComponentType } from 'discord.js';
import { describe, expect, it } from 'vitest';
import {
  buttons,
  card,
  census,
  dateTime,
  day,
  instant,
  label,
  linkButton,
  named,
  plain,
  relative,
  text,
} from '../../../src/discord/render/render.ts';
import type { Card } from '../../../src/discord/render/reply.ts';
import { english } from '../../../src/discord/words/words.ts';
import { DAY, newSession, START } from '../../support/fixtures.ts';

const session = (overrides: Parameters<typeof newSession>[0]) => newSession(overrides).session;

const HOSTILE = [
  '@everyone',
  '@here',
  '<@100000000000000001>',
  '<@&1>',
  '<#1>',
  '</token create:1>',
  '<t:0:R>',
  '<:emoji:1>',
  ':smile:',
  '[x](http://evil)',
  'http://evil.example',
  '<http://evil.example>',
  '**bold**',
  '_x_ *y* ~~z~~ `code` ```fence``` ||spoiler||',
  '# heading',
  '-# small',
  '> quote',
  '- list',
  '1. list',
  '\\@everyone',
  '\\\\`',
];

describe('a name in a text', () => {
  it.each(HOSTILE)('%j neither formats, mentions nor links', (name) => {
    // Discord reads a backslash before punctuation as "this is only a character".
    const escaped = plain(name);
    const left = escaped.replace(/\\[!-/:-@[-`{-~]/g, '');
    expect(left).not.toMatch(/[!-/:-@[-`{-~]/);
    expect(escaped.replace(/\\([!-/:-@[-`{-~])/g, '$1')).toBe(name);
  });

  it('stays as it is where there is nothing to escape', () => {
    for (const name of ['deploy', 'déjà vu', '日本語 2', '🗝']) expect(plain(name)).toBe(name);
  });

  it('is escaped wherever a session is named', () => {
    for (const name of HOSTILE) {
      expect(named(english, session({ name }))).toBe(`**${plain(name)}** \`…Zz09\``);
    }
    expect(named(english, session({ name: null, type: 'app_login' }))).toBe(
      '**app login** `…Zz09`',
    );
  });
});

describe('a label in a menu', () => {
  it.each([
    ['a short name', 'deploy'],
    ['the longest name', 'x'.repeat(80)],
    ['the longest name in emoji', '🗝'.repeat(80)],
    ['the longest name in families', '👩‍👩‍👧'.repeat(16)],
    ['a name that is longer than any', '🗝'.repeat(300)],
    ['no name', null],
  ])('has 1 to 100 characters with %s', (_, name) => {
    for (const type of ['login', 'app_login', 'api'] as const) {
      const words = label(english, session({ name, type }));
      // Discord counts characters, not what JavaScript makes of them.
      expect(Array.from(words).length).toBeLessThanOrEqual(100);
      expect(words.isWellFormed()).toBe(true);
      expect(words).toContain('Zz09');
    }
  });

  it('has the name, the ending of the token and whether it was used, in that order', () => {
    expect(label(english, session({ name: 'deploy' }))).toBe('deploy …Zz09 · never used');
    expect(label(english, session({ name: 'deploy', lastUsedAt: START }))).toBe(
      'deploy …Zz09 · API token',
    );
    expect(label(english, session({ name: null, type: 'login' }))).toBe('login …Zz09 · never used');
  });
});

describe('instants and numbers', () => {
  it('are shown in the zone of the reader, in whole seconds', () => {
    const at = START + 999;
    const seconds = START / 1_000;
    expect(dateTime(at)).toBe(`<t:${seconds}:f>`);
    expect(day(at)).toBe(`<t:${seconds}:D>`);
    expect(relative(at)).toBe(`<t:${seconds}:R>`);
  });

  it.each([
    [DAY, 'f'],
    [2 * DAY - 1, 'f'],
    [2 * DAY, 'D'],
    [-2 * DAY, 'D'],
  ])('have their time of day within two days only: %i', (distance, style) => {
    const at = START + distance;
    const seconds = Math.floor(at / 1_000);
    expect(instant(english, at, START)).toBe(`<t:${seconds}:${style}> (<t:${seconds}:R>)`);
  });

  it('agree with their nouns, and have their "and"', () => {
    expect(census(english, { login: 0, app_login: 1, api: 2 })).toBe(
      '**1 app login** and **2 API tokens**',
    );
    expect(census(english, { login: 1, app_login: 2, api: 1 })).toMatch(/, .* and /);
  });
});

it('a card is one container', () => {
  const built: Card = card(text('hello'), buttons(linkButton('Open', 'https://discord.com/')));
  expect(built.components).toHaveLength(1);
  expect(built.components[0]).toMatchObject({
    type: ComponentType.Container,
    components: [{ type: ComponentType.TextDisplay, content: 'hello' }, { components: [{}] }],
  });
});
