/**
 * What reads the published document: linters, a generator of clients, and people who copy a line of the
 * page about it. They are packages of their own, installed on the first run.
 */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { text as readAll } from 'node:stream/consumers';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { installPackages } from '../support/install-packages.ts';
import { setUp } from '../support/end-to-end.ts';
import { check, newToken } from '../support/tokens.ts';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const ROOT = join(HERE, '../..');
/** Where a generated client finds the packages that it imports. */
const FOLDER = join(HERE, 'node_modules/.client');
const PUBLIC_URL = 'https://latchkey.example';
const WEB = 'https://lamps.example/callback';
const INTROSPECTION_SECRET = 'the-introspection-secret';

installPackages(HERE, 'what reads the OpenAPI document');
const { product, member, ...stage } = await setUp((local) => {
  local.redirectUris.push(WEB);
  return {
    PUBLIC_URL,
    DISCORD_CLIENT_SECRET: local.clientSecret,
    LOGIN_REDIRECT_URIS: WEB,
    INTROSPECTION_SECRET,
  };
});
afterAll(() => stage[Symbol.asyncDispose]());

interface Operation {
  readonly operationId: string;
  readonly responses: Readonly<Record<string, object>>;
}

const text = await (await fetch(`${product.url}/openapi.json`)).text();
const { paths } = JSON.parse(text) as {
  paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
};
const operations = Object.entries(paths).flatMap(([path, methods]) =>
  Object.values(methods).map((operation) => ({ path, ...operation })),
);
mkdirSync(FOLDER, { recursive: true });
const file = join(FOLDER, 'openapi.json');
// Linters name the line.
writeFileSync(file, JSON.stringify(JSON.parse(text), null, 2));

/** Runs a program of JavaScript. None of these needs the network. */
async function run(program: string, ...args: readonly string[]) {
  const env = { REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' };
  return finished(spawn(process.execPath, [program, ...args], { cwd: HERE, env }));
}

/** Not to be waited for in one piece: the local Discord answers in this process. */
async function finished(child: ChildProcessWithoutNullStreams) {
  const [out, error, [status]] = await Promise.all([
    readAll(child.stdout),
    readAll(child.stderr),
    once(child, 'close') as Promise<[number]>,
  ]);
  return { status, said: out + error };
}

const packaged = (program: string) => join(HERE, 'node_modules', program);

describe('nothing is wrong with the document', () => {
  test('in the eyes of Redocly', async () => {
    const { status, said } = await run(
      packaged('.bin/redocly'),
      'lint',
      '--config=redocly.yaml',
      file,
    );
    expect(said).toContain('Your API description is valid');
    expect(said).not.toMatch(/warning/i);
    expect(status).toBe(0);
  });

  test('in the eyes of Spectral', async () => {
    const strictly = ['--ruleset=spectral.yaml', '--fail-severity=hint'];
    const { status, said } = await run(packaged('.bin/spectral'), 'lint', ...strictly, file);
    expect(said).toContain("No results with a severity of 'hint' or higher found!");
    expect(status).toBe(0);
  });
});

describe('a client that is generated', () => {
  const [, example = ''] =
    /^```ts\n([\s\S]*?)^```$/m.exec(readFileSync(join(ROOT, 'docs/client-authors.md'), 'utf8')) ??
    [];

  function compile(name: string, code: string) {
    const source = join(FOLDER, `${name}.ts`);
    writeFileSync(source, code.replaceAll(PUBLIC_URL, product.url));
    const options = `--ignoreConfig --strict --exactOptionalPropertyTypes --noUncheckedIndexedAccess
      --skipLibCheck --module nodenext --target es2024 --lib es2024,dom --types node
      --rewriteRelativeImportExtensions`;
    const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
    return run(tsc, ...options.split(/\s+/), source);
  }

  test('has a method for each operation, under its name', async () => {
    const out = join(FOLDER, 'latchkey.ts');
    const { status, said } = await run(packaged('openapi-typescript/bin/cli.js'), file, '-o', out);
    expect([status, said]).toEqual([0, expect.stringContaining('latchkey.ts')]);
    const generated = readFileSync(out, 'utf8');
    for (const { operationId } of operations) {
      expect(generated).toMatch(new RegExp(`^    ${operationId}: \\{$`, 'm'));
    }
  });

  test('compiles with the lines of docs/client-authors.md, and does what they say', async () => {
    expect(await compile('client', example)).toEqual({ status: 0, said: '' });
    process.env['TOKEN'] = await newToken(member('ada'), 'parent');
    const address = pathToFileURL(join(FOLDER, 'client.js')).href;
    const { createToken, revokeTokens } = (await import(address)) as {
      createToken: (name: string) => Promise<string>;
      revokeTokens: (name: string) => Promise<number>;
    };
    const token = await createToken('for a day');
    expect((await check(product, token)).status).toBe(200);
    await expect(createToken('x'.repeat(81))).rejects.toThrow(/^BadRequest: /);
    expect(await revokeTokens('for a day')).toBe(1);
    expect((await check(product, token)).status).toBe(401);
  });

  test('does not compile where it asks for what there is not', async () => {
    const mistakes = [
      { right: 'data.token', wrong: 'data.tokens', told: /'tokens' does not exist/ },
      { right: "'/sessions/{id}'", wrong: "'/sessions/{ids}'", told: /"\/sessions\/\{ids\}"/ },
      { right: "type: 'api'", wrong: "type: 'login'", told: /"login"/ },
    ];
    for (const { right } of mistakes) expect(example).toContain(right);
    const { said } = await compile(
      'wrong',
      mistakes.reduce((code, { right, wrong }) => code.replace(right, wrong), example),
    );
    for (const { told } of mistakes) expect(said).toMatch(told);
  });
});

/** As a browser shows it. */
const shown = (html: string) =>
  html.replaceAll('&quot;', '"').replaceAll('&#39;', "'").replaceAll('&amp;', '&');

describe('the line of the page', () => {
  test.each(operations)('for $operationId is taken as it stands', async (operation) => {
    const { path, operationId, responses } = operation;
    const page = await (await fetch(`${product.url}/docs`)).text();
    const [, line = ''] =
      new RegExp(`id="${operationId}"[\\s\\S]*?<code>(curl [\\s\\S]*?)</code>`).exec(page) ?? [];
    const quiet = 'curl --silent --output /dev/null --write-out %{http_code}';
    const here = shown(line).replace(/^curl/, quiet).replaceAll(PUBLIC_URL, product.url);
    const env = {
      PATH: process.env['PATH'],
      TOKEN: await newToken(member('ada')),
      INTROSPECTION_SECRET,
    };
    const { said } = await finished(spawn('sh', ['-c', here], { env }));
    // The id in an example is nobody's, and the code has come from nowhere.
    const odd = { exchangeCode: ['400'] }[operationId] ?? (path.includes('{id}') ? ['404'] : []);
    const good = Object.keys(responses).filter((status) => /^[23]/.test(status));
    expect([...good, ...odd]).toContain(said);
  });
});
