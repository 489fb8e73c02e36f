/** What every peer answers over HTTP: as much as Latchkey does, in one write. */
export function answer(response, isGood, found) {
  const body = JSON.stringify(isGood ? { ...found, state: 'normal' } : { message: 'no' });
  response.writeHead(isGood ? 200 : 401, {
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(body),
  });
  response.end(body);
}
