// Starts main.ts with what was compiled for an earlier start. This is JavaScript, since Node would load what
// strips types before it is told where that is: 15 MB and a tenth of a second, at each start.
import { enableCompileCache, flushCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';

enableCompileCache(fileURLToPath(new URL('../node_modules/.cache/latchkey', import.meta.url)));
await import('./main.ts');
// However this process ends, the next one finds it.
flushCompileCache();
