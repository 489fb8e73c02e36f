import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { environmentSchema } from '../../src/config.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const SOURCE = join(ROOT, 'src');

/** Each source file, by its path below `src`. */
const files = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => ({
    name: name.split(sep).join('/'),
    text: readFileSync(join(SOURCE, name), 'utf8'),
  }));

/** What a file imports: a module of ours by its path below `src`, another by its name. */
function importsOf({ name, text }: (typeof files)[number]): string[] {
  const statements = text.matchAll(
    /^(?:import\s*|(?:import|export)\b[^;'"]*?\bfrom\s*)['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]/gm,
  );
  return Array.from(statements, ([, statically, dynamically]) => {
    const specifier = statically ?? dynamically ?? '';
    if (!specifier.startsWith('.')) return specifier;
    const path = join(SOURCE, dirname(name), specifier);
    return relative(SOURCE, path).split(sep).join('/');
  });
}

/** The part of the product that a file belongs to: a folder, or a file beside them. */
const partOf = (name: string) => (name.includes('/') ? name.slice(0, name.indexOf('/')) : name);

const isOurs = (imported: string) => imported.endsWith('.ts');

/** Which parts each part may import, besides itself. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  core: [],
  store: ['core', 'log.ts'],
  discord: ['core', 'log.ts', 'metrics.ts'],
  http: ['core', 'log.ts', 'metrics.ts'],
  app: ['core', 'store', 'discord', 'http', 'config.ts', 'log.ts', 'metrics.ts', 'version.ts'],
  bin: ['app', 'core', 'store', 'http', 'config.ts', 'log.ts', 'policy-file.ts'],
  'metrics.ts': ['core', 'readings.ts'],
  'readings.ts': ['core'],
  'log.ts': ['core'],
  'config.ts': ['core', 'database-url.ts', 'policy-file.ts'],
  'policy-file.ts': ['core'],
  'database-url.ts': [],
};

/** The most files that stand side by side before a folder hides what it is about. */
const MOST_FILES = 14;

describe('the layout', () => {
  it('is seen by this test', () => {
    const parts = new Set(files.map(({ name }) => partOf(name)));
    for (const part of Object.keys(ALLOWED)) expect(parts).toContain(part);
    const dispatch = files.find(({ name }) => name === 'discord/interactions/dispatch.ts');
    expect(importsOf(dispatch!)).toEqual(
      expect.arrayContaining(['discord.js', 'core/actor.ts', 'discord/interactions/command.ts']),
    );
  });

  it.each(Object.entries(ALLOWED))('%s imports of ours only itself and %j', (part, allowed) => {
    const wrong = files
      .filter(({ name }) => partOf(name) === part)
      .flatMap((file) => importsOf(file).map((imported) => ({ file: file.name, imported })))
      .filter(({ imported }) => isOurs(imported))
      .filter(({ imported }) => ![part, ...allowed].includes(partOf(imported)));
    expect(wrong).toEqual([]);
  });

  it('lets only programs import app, and nobody import a program', () => {
    const all = files.flatMap((file) => importsOf(file).map((path) => [file.name, path] as const));
    const into = (part: string) => all.filter(([, path]) => partOf(path) === part);
    const outside = (part: string) => into(part).filter(([name]) => partOf(name) !== part);
    expect(outside('bin')).toEqual([]);
    expect(outside('app').filter(([name]) => partOf(name) !== 'bin')).toEqual([]);
    expect(outside('app')).not.toEqual([]);
  });

  it('has no folder in which one gets lost', () => {
    const folders = Map.groupBy(files, ({ name }) => dirname(name));
    const crowded = [...folders].filter(([, { length }]) => length > MOST_FILES);
    expect(crowded.map(([folder]) => folder)).toEqual([]);
  });

  it('keeps Discord, HTTP and SQL out of the core', () => {
    const transports =
      /^(discord|@discordjs|discord-api|hono|@hono|drizzle|better-sqlite3|pg$|node:https?$|node:process$)/;
    const wrong = files
      .filter(({ name }) => partOf(name) === 'core')
      .filter((file) => importsOf(file).some((imported) => transports.test(imported)));
    expect(wrong.map(({ name }) => name)).toEqual([]);
  });

  it('keeps each library in its own part', () => {
    const owners: readonly (readonly [RegExp, RegExp])[] = [
      [/^(discord\.js|@discordjs\/|discord-api-types)/, /^discord\//],
      [/^(hono|@hono\/)/, /^http\//],
      [/^(drizzle-orm|better-sqlite3|pg$)/, /^store\//],
    ];
    for (const [library, owner] of owners) {
      const users = files
        .filter((file) => importsOf(file).some((imported) => library.test(imported)))
        .map(({ name }) => name);
      expect(users).not.toEqual([]);
      expect(users.filter((name) => !owner.test(name))).toEqual([]);
    }
  });

  it('reads the environment, the clock and randomness in a program, where the parts are put together, or nowhere', () => {
    const readers = files
      .filter(({ text }) => /process\.env|\bMath\.random\b|\bDate\.now\b|new Date\(\)/.test(text))
      .map(({ name }) => name);
    expect(readers.filter((name) => !['app', 'bin'].includes(partOf(name)))).toEqual([]);
  });

  it('has no circle of imports, not even of types', () => {
    const edges = new Map(files.map((file) => [file.name, importsOf(file).filter(isOurs)]));
    const circles: string[] = [];
    const done = new Set<string>();
    const visit = (name: string, trail: readonly string[]): void => {
      if (trail.includes(name)) circles.push([...trail, name].join(' > '));
      if (trail.includes(name) || done.has(name)) return;
      for (const next of edges.get(name) ?? []) visit(next, [...trail, name]);
      done.add(name);
    };
    for (const { name } of files) visit(name, []);
    expect(circles).toEqual([]);
  });

  it('has no drawer for everything', () => {
    for (const { name } of files) expect(name).not.toMatch(/utils?|helpers?|common|manager|misc/i);
  });
});

describe('a package', () => {
  const PACKAGES = join(ROOT, 'packages');
  const modules = readdirSync(PACKAGES, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(ts|js)$/.test(name) && !name.includes('node_modules'))
    .filter((name) => !name.includes(`${sep}dist${sep}`));

  it('imports no file from outside its own folder', () => {
    expect(modules).not.toEqual([]);
    const wrong = modules.flatMap((name) => {
      const [folder = ''] = name.split(sep);
      const own = join(PACKAGES, folder) + sep;
      const relatives = readFileSync(join(PACKAGES, name), 'utf8').matchAll(
        /(?:from|import)\s*\(?\s*['"](\.[^'"]*)['"]/g,
      );
      return Array.from(relatives, ([, specifier = '']) => specifier)
        .filter((specifier) => !join(PACKAGES, dirname(name), specifier).startsWith(own))
        .map((specifier) => `${name}: ${specifier}`);
    });
    expect(wrong).toEqual([]);
  });
});

const isKey = (line: string) => /^#?\s?[A-Z][A-Z0-9_]*=/.test(line);

describe('.env.example', () => {
  const lines = readFileSync(join(ROOT, '.env.example'), 'utf8').split('\n');
  const keys = lines.filter(isKey).map((line) => /[A-Z][A-Z0-9_]*/.exec(line)?.[0] ?? '');

  it('has exactly the variables that are read', () => {
    expect(keys.toSorted()).toEqual(Object.keys(environmentSchema.shape).toSorted());
  });

  it('has a comment before each', () => {
    const bare = lines.filter((line, index) => {
      const before = lines[index - 1] ?? '';
      return isKey(line) && (isKey(before) || !/^# \S/.test(before));
    });
    expect(bare).toEqual([]);
  });

  it('has no secret', () => {
    const secrets = lines.filter((line) => /^[A-Z_]*(TOKEN|SECRET)=/.test(line));
    for (const line of secrets) expect(line).toMatch(/=$/);
    expect(secrets).not.toEqual([]);
  });
});
