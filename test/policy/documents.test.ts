import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { environmentSchema } from '../../src/config.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const README_LINES = 150;

const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');

/** Every page that is ours, by its path. */
const pages = readdirSync(ROOT, { recursive: true, encoding: 'utf8' }).filter(
  (path) => path.endsWith('.md') && !/(^|\/)(node_modules|data)\//.test(path),
);

/** A page without its code, which may look like links and headings. */
const proseOf = (path: string) => read(path).replaceAll(/^( *)```[\s\S]*?^\1```$/gm, '');

/** The anchors that GitHub gives to headings: repeated ones are numbered. */
function anchorsOf(path: string): Set<string> {
  const seen = new Map<string, number>();
  const headings = proseOf(path).matchAll(/^#{1,6} +(.+)$/gm);
  return new Set(
    Array.from(headings, ([, heading = '']) => {
      const text = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
      const anchor = text.replaceAll(/[^\p{L}\p{N}\p{M}_ -]/gu, '').replaceAll(' ', '-');
      const before = seen.get(anchor) ?? 0;
      seen.set(anchor, before + 1);
      return before === 0 ? anchor : `${anchor}-${before}`;
    }),
  );
}

/** The pictures of a page, with what is read in place of each. */
function picturesOf(path: string): { path: string; alt: string }[] {
  const tags = proseOf(path).matchAll(/<img src="([^"]*)" width="\d+" alt="([^"]*)" \/>/g);
  return Array.from(tags, ([, src = '', alt = '']) => ({ path: join(dirname(path), src), alt }));
}

/** The targets of a page's links, but for those that lead to other sites. */
function linksOf(path: string): string[] {
  const links = proseOf(path).matchAll(/\]\(([^)\s]+)\)/g);
  return Array.from(links, ([, target = '']) => target).filter((to) => !/^[a-z]+:/.test(to));
}

const pagesLinkedFrom = (page: string) =>
  linksOf(page)
    .map((link) => join(dirname(page), link.split('#')[0] ?? ''))
    .filter((path) => path.endsWith('.md'));

describe('the documents', () => {
  it('are seen by this test', () => {
    expect(pages).toEqual(expect.arrayContaining(['README.md', join('docs', 'members.md')]));
    expect(linksOf('README.md')).toContain('docs/operators.md#install-with-systemd');
    expect(anchorsOf(join('docs', 'operators.md'))).toContain('install-with-systemd');
  });

  it.each(pages)('have no dead link in %s', (page) => {
    const dead = linksOf(page).filter((link) => {
      const [file = '', anchor] = link.split('#');
      const path = file === '' ? page : relative(ROOT, join(ROOT, dirname(page), file));
      if (!existsSync(join(ROOT, path))) return true;
      return anchor !== undefined && !anchorsOf(path).has(anchor);
    });
    expect(dead).toEqual([]);
  });

  // The changelog and the decisions tell of what was.
  const present = pages.filter((page) => !/CHANGELOG|decisions/.test(page));
  it.each(present)('name in %s only files that exist', (page) => {
    const named = read(page).matchAll(/`((?:src|test|docs|deploy|packages|drizzle)\/[\w./-]+)`/g);
    const missing = Array.from(named, ([, path = '']) => path);
    expect(missing.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });

  it.each(present)('name in %s only scripts that exist', (page) => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    const named = Array.from(read(page).matchAll(/npm run ([\w:]+)/g), ([, name = '']) => name);
    expect(named.filter((name) => !(name in scripts))).toEqual([]);
  });

  it('are all reached from the README, in one step or two', () => {
    const fromReadme = pagesLinkedFrom('README.md');
    const reached = new Set([...fromReadme, ...fromReadme.flatMap(pagesLinkedFrom)]);
    const own = pages.filter((page) => !page.startsWith('packages') && page !== 'README.md');
    expect(own.filter((page) => !reached.has(page))).toEqual([]);
  });

  it('show each picture of docs/pictures, and say what is in it', () => {
    const shown = pages.flatMap(picturesOf);
    const folder = join('docs', 'pictures');
    const drawn = readdirSync(join(ROOT, folder)).filter((name) => name.endsWith('.png'));
    const paths = new Set(shown.map(({ path }) => path));
    expect([...paths].toSorted()).toEqual(drawn.map((name) => join(folder, name)).toSorted());
    for (const { alt } of shown) expect(alt.length).toBeGreaterThan(40);
    const tags = pages.map((page) => proseOf(page).split('<img').length - 1);
    expect(shown.length).toBe(tags.reduce((sum, count) => sum + count, 0));
  });

  it(`keep the README to ${README_LINES} lines`, () => {
    expect(read('README.md').trimEnd().split('\n').length).toBeLessThanOrEqual(README_LINES);
  });
});

describe('docs/configuration.md', () => {
  const rows = Array.from(
    read('docs/configuration.md').matchAll(/^\| `([A-Z][A-Z0-9_]*)` +\| (\S.*?) +\|/gm),
    ([, name = '', value = '']) => [name, value] as const,
  );

  it('has exactly the variables that are read', () => {
    const names = rows.map(([name]) => name);
    expect(names.toSorted()).toEqual(Object.keys(environmentSchema.shape).toSorted());
  });

  it('has the defaults that .env.example has', () => {
    const example = read('.env.example');
    const shown = rows.map(([name, value]) => {
      const [, given = ''] = new RegExp(`^${name}=(.*)$`, 'm').exec(example) ?? [];
      // What depends on another variable is described, and not set.
      const unset = /none|required|HTTP_HOST|PUBLIC_URL/.test(value) ? value : 'none';
      return { name, value, expected: given === '' ? unset : `\`${given}\`` };
    });
    expect(shown.filter(({ value, expected }) => value !== expected)).toEqual([]);
  });

  it('has the defaults that the schema has', () => {
    const env = environmentSchema.parse({ DISCORD_TOKEN: 'x' }) as Record<string, unknown>;
    const plain = rows.filter(([name]) => ['string', 'number'].includes(typeof env[name]));
    expect(plain.length).toBeGreaterThan(10);
    for (const [name, value] of plain) {
      if (/TOKEN$|URL$|EVERY$/.test(name)) continue;
      expect({ name, value }).toEqual({ name, value: `\`${String(env[name])}\`` });
    }
  });
});

describe('the table of hard cases', () => {
  const folder = join(ROOT, 'test/postgres');
  const page = readFileSync(join(folder, 'README.md'), 'utf8');

  it('names tests that are there', () => {
    const missing: string[] = [];
    for (const row of page.split('\n').filter((line) => line.startsWith('| '))) {
      let tests = '';
      for (const [, file, name] of row.matchAll(/`([^`]+\.ts)`|"([^"]+)"/g)) {
        if (file !== undefined) {
          tests = readFileSync(join(folder, file), 'utf8').replaceAll(String.raw`\'`, "'");
        } else if (name !== undefined && !tests.includes(name)) missing.push(name);
      }
    }
    expect(missing).toEqual([]);
  });
});
