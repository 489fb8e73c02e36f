/**
 * Makes `dist`, the package as it is published: JavaScript, its types and a package.json that names
 * them. In here the sources serve, so that nothing has to be built before a test.
 *
 *     npm run build --workspace local-discord && npm pack ./packages/local-discord/dist
 */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const HERE = import.meta.dirname;
const DIST = join(HERE, 'dist');
const require = createRequire(import.meta.url);
const tsc = join(dirname(require.resolve('typescript/package.json')), 'bin', 'tsc');

rmSync(DIST, { recursive: true, force: true });
mkdirSync(DIST);
execFileSync(process.execPath, [tsc, '--project', join(HERE, 'tsconfig.build.json')], {
  stdio: 'inherit',
});
for (const name of ['page', 'example', 'README.md'])
  cpSync(join(HERE, name), join(DIST, name), { recursive: true });
cpSync(fileURLToPath(new URL('../../LICENSE', import.meta.url)), join(DIST, 'LICENSE'));

/** Where a source's JavaScript is. */
const built = (source: string): string =>
  source.replace('./src/', './lib/').replace(/\.ts$/, '.js');
const mapped = (paths: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(paths).map(([name, source]) => [name, built(source)]));

interface Manifest extends Record<string, unknown> {
  readonly exports: Record<string, string>;
  readonly bin: Record<string, string>;
}
const {
  scripts: _scripts,
  devDependencies: _devDependencies,
  ...manifest
} = JSON.parse(readFileSync(join(HERE, 'package.json'), 'utf8')) as Manifest;
const published = { ...manifest, exports: mapped(manifest.exports), bin: mapped(manifest.bin) };
writeFileSync(join(DIST, 'package.json'), `${JSON.stringify(published, null, 2)}\n`);
