import { answer } from './answer.js';
import { keyOf, openAuth } from './better-auth.js';

export { fill } from './better-auth.js';
export const data = 'better-auth';
export const header = (index) => ['x-api-key', keyOf(index)];

export function open(file) {
  const { database, auth } = openAuth(file);
  return {
    async check(index) {
      const { valid } = await auth.api.verifyApiKey({ body: { key: keyOf(index) } });
      return valid;
    },
    close: () => database.close(),
  };
}

export function serve(file) {
  const { auth } = openAuth(file);
  return async (request, response) => {
    const key = request.headers['x-api-key'] ?? '';
    const { valid, key: found } = await auth.api.verifyApiKey({ body: { key } });
    answer(response, valid, { user_id: found?.referenceId, id: found?.id, type: 'api' });
  };
}
