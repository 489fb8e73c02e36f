import { readFileSync } from 'node:fs';
import process from 'node:process';
import autocannon from 'autocannon';

// For machines without wrk: requests with the headers in a file, in turn; prints what came of them.
const [, , url, file, connections, seconds] = process.argv;
const requests = readFileSync(file, 'utf8')
  .trim()
  .split('\n')
  .map((line) => ({ method: 'GET', headers: Object.fromEntries([line.split('\t')]) }));
const result = await autocannon({
  url,
  connections: Number(connections),
  duration: Number(seconds),
  requests,
});
const failed = result.non2xx + result.errors + result.timeouts;
const counted = { requests: result.requests.total, us: result.duration * 1e6, failed };
process.stdout.write(`${JSON.stringify(counted)}\n`);
