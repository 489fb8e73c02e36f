import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { installPackages } from '../support/install-packages.ts';

const HERE = fileURLToPath(new URL('.', import.meta.url));
/** Where they find the packages that they import. */
const FOLDER = join(HERE, 'node_modules/.examples');

export const installClients = () => installPackages(HERE, 'the OAuth clients');

/**
 * The examples of a document in docs/ as modules, by name. Nothing is changed in them but addresses:
 * `replaced` says which.
 */
export async function readExamples(document: string, replaced: Readonly<Record<string, string>>) {
  const text = await readFile(join(HERE, '../../docs', document), 'utf8');
  const examples = new Map(
    Array.from(text.matchAll(/^```js (\S+)\n([\s\S]*?)^```$/gm), ([, name = '', code = '']) => [
      name,
      Object.entries(replaced).reduce((done, [from, to]) => done.replaceAll(from, to), code),
    ]),
  );
  await mkdir(FOLDER, { recursive: true });

  return {
    names: [...examples.keys()],
    async load<Module>(name: string): Promise<Module> {
      const code = examples.get(name);
      if (code === undefined) throw new Error(`docs/${document} has no example named ${name}`);
      const file = join(FOLDER, `${name.replaceAll(/\W/g, '-')}.mjs`);
      await writeFile(file, code);
      return (await import(pathToFileURL(file).href)) as Module;
    },
  };
}
