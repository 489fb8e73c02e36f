import { answer } from './answer.js';
import { openAuth, sessionTokenOf } from './better-auth.js';

export { fill } from './better-auth.js';
export const data = 'better-auth';
export const header = (index) => ['Authorization', `Bearer ${sessionTokenOf(index)}`];

export function open(file) {
  const { database, auth } = openAuth(file);
  return {
    async check(index) {
      const headers = new Headers({ authorization: `Bearer ${sessionTokenOf(index)}` });
      return (await auth.api.getSession({ headers })) !== null;
    },
    close: () => database.close(),
  };
}

export function serve(file) {
  const { auth } = openAuth(file);
  return async (request, response) => {
    const headers = new Headers({ authorization: request.headers.authorization ?? '' });
    const found = await auth.api.getSession({ headers });
    const { id, userId } = found?.session ?? {};
    answer(response, found !== null, { user_id: userId, id, type: 'session' });
  };
}
