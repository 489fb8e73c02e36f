import { BlockList } from 'node:net';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { createLeaks } from '../../../src/core/sessions/leaks.ts';
import { pictureOf } from '../../../src/discord/server/picture.ts';
import { createApi } from '../../../src/http/api.ts';
import { createTokenCheck } from '../../../src/http/check/token-check.ts';
import { requestIds } from '../../../src/http/request/request-id.ts';
import { createHttpServer } from '../../../src/http/server/server.ts';
import { createLog } from '../../../src/log.ts';
import { silentMeter } from '../../../src/metrics.ts';
import { openOurs } from '../ours.ts';
import { POLICY } from '../policed.ts';
import { listenAndTell } from './listen.ts';

// Latchkey's HTTP API as app.ts puts it together, without the bot.
const { values, positionals } = parseArgs({
  options: { policy: { type: 'boolean' } },
  allowPositionals: true,
});
const [place = '', ...corsOrigins] = positionals;
const policy = values.policy === true ? POLICY : undefined;
const { store, sessions, tokens } = openOurs(place, policy);
const log = createLog({ level: 'info', secrets: [], write: (line) => process.stdout.write(line) });
const leaks = createLeaks({ store, clock: Date.now, tokenPrefix: 'lk' });
const api = createApi({
  pictureOf,
  sessions,
  tokens,
  leaks,
  logins: undefined,
  clock: Date.now,
  healthChecks: {
    database: () => store.ping(),
    isWritable: () => store.isWritable(),
    gateway: () => null,
    log,
  },
  log,
  meter: silentMeter,
  publicUrl: 'http://127.0.0.1',
  introspectionSecret: undefined,
  failuresPerMinute: 120,
  trustedProxies: new BlockList(),
  corsOrigins,
  policy,
});
const isOpen = corsOrigins.length > 0;
const newRequestId = requestIds(new BlockList());
const check = createTokenCheck({ sessions, log, meter: silentMeter, newRequestId, isOpen });
await listenAndTell(createHttpServer(api, check));
