import { createServer, type ServerResponse } from 'node:http';
import process from 'node:process';
import { hashToken } from '../../../src/core/sessions/token.ts';
import { createPool } from '../pool.ts';
import { listenAndTell } from './listen.ts';

// What one would write first: node:http, the driver's pool, and one prepared statement.
const pool = createPool(process.argv[2] ?? '');

async function check(header: string | undefined, response: ServerResponse): Promise<void> {
  const row = await pool.find(hashToken((header ?? '').replace(/^bearer +/i, '')));
  const isValid = row !== undefined && row.ended_at === null && Number(row.expires_at) > Date.now();
  const body = JSON.stringify(
    isValid
      ? {
          user_id: row.user_id,
          id: row.id,
          state: 'normal',
          type: row.type,
          expiry: new Date(Number(row.expires_at)).toISOString(),
        }
      : { message: 'no' },
  );
  response.writeHead(isValid ? 200 : 401, {
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(body),
  });
  response.end(body);
}

await listenAndTell(
  createServer(({ headers }, response) => void check(headers.authorization, response)),
);
