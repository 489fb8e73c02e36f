// Starts main.ts with what was compiled for an earlier start. This is JavaScript, since Node would load what
// strips types before it is told where that is: 15 MB and a tenth of a second, at each start.
import { fileURLToPath } from 'node:url';

await import('./node-version.js');
// Only now: an older Node has nothing of these names, and would say so before that has run.
const { enableCompileCache, flushCompileCache } = await import('node:module');

enableCompileCache(fileURLToPath(new URL('../../node_modules/.cache/latchkey', import.meta.url)));
await import('./main.ts');
// However this process ends, the next one finds it.
flushCompileCache();
