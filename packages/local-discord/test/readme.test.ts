import { GatewayDispatchEvents } from 'discord.js';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { routes, type Services } from '../src/routes.ts';

const README = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
const SOURCE = new URL('../src/', import.meta.url);
const HELP = readFileSync(new URL('cli.ts', SOURCE), 'utf8');

/** The lines of the block between two comments. */
function listed(name: string): string[] {
  const block = new RegExp(`<!-- ${name} -->\\s*\`\`\`\\w*\n([^\`]*)\n\`\`\``).exec(README)?.[1];
  return block?.split('\n') ?? [];
}

describe('the README', () => {
  it('lists the requests that are played, and no other', () => {
    // What is behind them is reached when one is served.
    const played = routes({} as Services).map(({ method, template }) => `${method} ${template}`);
    expect(listed('routes').toSorted()).toEqual(played.toSorted());
  });

  it('lists the events that are sent, and no other', () => {
    const events = new Set<string>(Object.values(GatewayDispatchEvents));
    const sent = readdirSync(SOURCE)
      .flatMap((name) => [
        ...readFileSync(new URL(name, SOURCE), 'utf8').matchAll(/'([A-Z]+(?:_[A-Z]+)*)'/g),
      ])
      .map(([, text = '']) => text)
      .filter((text) => events.has(text));
    expect(listed('events').toSorted()).toEqual([...new Set(sent)].toSorted());
  });

  it('names each option of the command line', () => {
    const options = Array.from(HELP.matchAll(/ {2}(--[a-z-]+) /g), ([, option]) => `\`${option}\``);
    const missing = options.filter((option) => !README.includes(option));
    expect(options).toContain('`--port`');
    expect(missing).toEqual(['`--help`']);
  });
});
