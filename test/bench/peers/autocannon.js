import { readFileSync } from 'node:fs';
import process from 'node:process';
import autocannon from 'autocannon';

// For machines without wrk: requests with the headers in a file, in turn; prints what came of them.
const [, , url, file, connections, seconds] = process.argv;
const headers = readFileSync(file, 'utf8')
  .trim()
  .split('\n')
  .map((line) => Object.fromEntries([line.split('\t')]));
let next = 0;
const result = await autocannon({
  url,
  connections: Number(connections),
  duration: Number(seconds),
  requests: [
    {
      method: 'GET',
      // One that is made anew: of each request that it is given, it makes one for each connection.
      setupRequest(request) {
        next = (next + 1) % headers.length;
        return { ...request, headers: { ...request.headers, ...headers[next] } };
      },
    },
  ],
});
const failed = result.non2xx + result.errors + result.timeouts;
const counted = { requests: result.requests.total, us: result.duration * 1e6, failed };
process.stdout.write(`${JSON.stringify(counted)}\n`);
