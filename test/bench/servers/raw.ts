import { createServer, type ServerResponse } from 'node:http';
import process from 'node:process';
import { openOurs } from '../ours.ts';
import { listenAndTell } from './listen.ts';

// The same check on node:http, with no more around it than it takes to answer.
const { sessions } = openOurs(process.argv[2] ?? '');

async function check(header: string | undefined, response: ServerResponse): Promise<void> {
  const verdict = await sessions.verify((header ?? '').replace(/^bearer +/i, ''));
  const isValid = verdict.is === 'valid';
  const body = JSON.stringify(
    isValid
      ? {
          user_id: verdict.userId,
          id: verdict.id,
          state: 'normal',
          type: verdict.type,
          expiry: new Date(verdict.expiresAt).toISOString(),
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
