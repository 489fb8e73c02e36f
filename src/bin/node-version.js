// Ends a start on a Node that is too old in a sentence. It is run, or imported, before anything that such
// a Node cannot load; this is JavaScript, and of an old kind, for the same reason.
import { readFileSync } from 'node:fs';
import process from 'node:process';

const file = new URL('../../package.json', import.meta.url);
const needed = JSON.parse(readFileSync(file, 'utf8')).engines.node.replace('>=', '');
const { node } = process.versions;

if (isOlder(node, needed)) {
  process.stderr.write(
    `Latchkey needs Node ${needed} or later; this is Node ${node} (${process.execPath}). Run "npm ci", which brings a newer one along on Linux and on Intel Macs, or install one.\n`,
  );
  process.exit(1);
}

function isOlder(version, least) {
  const [one, other] = [version, least].map((each) => each.split('.').map(Number));
  const differing = one.findIndex((number, index) => number !== other[index]);
  return differing !== -1 && one[differing] < other[differing];
}
